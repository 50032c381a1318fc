"""Muon for convolutions: the optimizer of the record run."""

import keras


@keras.saving.register_keras_serializable(package="transfer")
class ConvMuon(keras.optimizers.Muon):
    """Keras's Muon, which is for matrices, for the kernels of convolutions; Adam for the rest.

    A kernel (height, width, channels in, filters) is read as a matrix of height * width * channels
    by filters. Its momentum is made nearly orthogonal, so that a step goes about equally far in
    all its directions, those with small gradients included; and the step is `learning_rate` times
    as long as the kernel. All other variables take steps of Adam at `adam_lr_ratio` times the rate.

    Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
    which reads convolutions the same way.
    """

    def _should_use_adamw(self, variable):
        return len(variable.shape) != 4

    def _muon_update_step(self, gradient, variable, lr, m):
        self.assign(m, self.momentum * m + gradient)
        ahead = gradient + self.momentum * m if self.nesterov else m
        matrix = keras.ops.reshape(ahead, (-1, variable.shape[-1]))
        turned = self.zeropower_via_newtonschulz5(matrix, self.ns_steps)
        # An orthogonal matrix is as long as the root of its shorter side.
        length = keras.ops.norm(keras.ops.reshape(variable, (-1,)))
        step = lr * length / min(turned.shape) ** 0.5
        self.assign_sub(variable, step * keras.ops.reshape(turned, variable.shape))
