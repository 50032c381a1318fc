"""The record run's recipe: VGG16 from ImageNet's weights, fine-tuned on all of CIFAR-10 (07)."""

from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from utils import model
from utils.data import PictureSet, untuned
from utils.settings import Settings
from utils.weights import FILTERS, vgg16_kernels


@dataclass(frozen=True)
class Recipe:
    """All choices of a run; the defaults are those of the recorded one.

    They were screened by short runs on 10,000 pictures, and chosen by 5,000 validation pictures.
    """

    stages: tuple[tuple[int, int], ...] = ((32, 7), (48, 6))  # side in px, epochs
    batch_size: int = 500
    peak_rate: float = 0.03  # length of a step, in lengths of the kernel
    warm_up: float = 0.15  # fraction of all steps
    shift: int = 2  # px, left, right, up and down
    mirrored: bool = True  # in every other epoch
    label_smoothing: float = 0.2
    muon: bool = True  # else Nesterov SGD at 0.1
    batch_norm: bool = True
    pretrained: bool = True
    seed: int = 0

    @property
    def sides(self) -> list[int]:
        """The picture side of each epoch."""
        return [side for side, epochs in self.stages for _ in range(epochs)]


@keras.saving.register_keras_serializable(package="transfer")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch norm computed by TensorFlow's fused operation, which is faster on a CPU.

    Statistics and parameters stay float32 whatever the precision of the feature maps.
    """

    def __init__(self, **options):
        super().__init__(autocast=False, **options)

    def call(self, inputs, training=None, mask=None):
        fused, kept = tf.compat.v1.nn.fused_batch_norm, (self.moving_mean, self.moving_variance)
        values = (self.gamma.value, self.beta.value)
        if not training:
            values += (*(variable.value for variable in kept), self.epsilon)
            return fused(inputs, *values, is_training=False)[0]
        outputs, *seen = fused(inputs, *values, epsilon=self.epsilon)
        for variable, new in zip(kept, seen, strict=True):
            variable.assign(self.momentum * variable.value + (1 - self.momentum) * new)
        return outputs


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
        matrix = keras.ops.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        turned = self.zeropower_via_newtonschulz5(matrix, self.ns_steps)
        # An orthogonal matrix is as long as the root of its shorter side.
        length = keras.ops.norm(keras.ops.reshape(variable, (-1,)))
        step = lr * length / min(turned.shape) ** 0.5
        self.assign_sub(variable, step * keras.ops.reshape(turned, variable.shape))


@keras.saving.register_keras_serializable(package="transfer")
class UpAndDown(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that climbs to `peak` in `warm_up` steps, then falls in a line to 0 at `steps`."""

    def __init__(self, peak: float, warm_up: int, steps: int):
        self.peak, self.warm_up, self.steps = peak, warm_up, steps

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        up = (step + 1) / self.warm_up
        down = (self.steps - step) / max(1, self.steps - self.warm_up)
        return self.peak * keras.ops.clip(keras.ops.minimum(up, down), 0.0, 1.0)

    def get_config(self):
        return {"peak": self.peak, "warm_up": self.warm_up, "steps": self.steps}


def build_network(
    recipe: Recipe, settings: Settings, pictures: np.ndarray, num_classes: int
) -> keras.Model:
    """VGG16 for pictures of any side from 16 px: uint8 or float RGB 0..255 -> logits.

    After each convolution stands a batch norm that at first changes nothing: what `pictures` show
    of each filter's mean and standard deviation is put into its parameters. A global max pooling
    replaces block5_pool; at 32 px that is the same.
    """
    inputs = keras.Input((None, None, 3), name="pictures")
    x = model.preprocess(inputs)
    for block, widths in FILTERS.items():
        for place, filters in enumerate(widths, start=1):
            name = f"block{block}_conv{place}"
            how = {"padding": "same", "use_bias": not recipe.batch_norm, "name": name}
            x = keras.layers.Conv2D(filters, 3, **how)(x)
            if recipe.batch_norm:
                x = FusedBatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
            x = keras.layers.ReLU()(x)
        if block < len(FILTERS):
            x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.GlobalMaxPooling2D(name="block5_pool", dtype="float32")(x)
    logits = keras.layers.Dense(num_classes, dtype="float32", name="predictions")(x)
    network = keras.Model(inputs, logits, name="vgg16_of_the_record")
    base = model.build_base(replace(settings, side=pictures.shape[1]), pretrained=recipe.pretrained)
    if recipe.batch_norm:
        _copy_convolutions(base, network, pictures[:500])
    else:
        for name in vgg16_kernels():
            network.get_layer(name).set_weights(base.get_layer(name).get_weights())
    return network


def _copy_convolutions(base: keras.Model, network: keras.Model, pictures: np.ndarray) -> None:
    """Give `network` the convolutions of `base`, with batch norms that change nothing."""
    seen = keras.Model(base.input, [base.get_layer(name).input for name in vgg16_kernels()])
    inputs = seen.predict(model.preprocess(pictures.astype("float32")), verbose=0)
    scale_before = 1.0
    for name, maps in zip(vgg16_kernels(), inputs, strict=True):
        kernel, bias = base.get_layer(name).get_weights()
        sums = keras.ops.conv(maps.astype("float32"), kernel, padding="same")
        sums = keras.ops.convert_to_numpy(sums).reshape(-1, kernel.shape[-1])
        mean, std = sums.mean(0), sums.std(0) + 1e-6
        # Batch norm hides the length of a kernel, but the learning rate does not: give all
        # filters the length that they would have been initialised with.
        length = np.sqrt(2 * kernel.shape[2] / kernel.shape[3])
        ratio = length / np.sqrt((kernel**2).sum((0, 1, 2)) + 1e-12)
        scale = 1 / std.mean()  # a common factor passes through ReLU and the next batch norm
        gain = ratio * scale_before
        network.get_layer(name).set_weights([kernel * ratio])
        statistics = [std * scale, (bias + mean) * scale, mean * gain, (std * gain) ** 2]
        network.get_layer(f"{name}_norm").set_weights(statistics)
        scale_before = scale


def fold(network: keras.Model, settings: Settings, num_classes: int) -> keras.Model:
    """The plain VGG16 with softmax that computes the same: batch norm goes into the kernels."""
    base = model.build_base(settings, pretrained=False)
    for name in vgg16_kernels():
        (kernel,) = network.get_layer(name).get_weights()
        norm = network.get_layer(f"{name}_norm")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        base.get_layer(name).set_weights([kernel * scale, beta - mean * scale])
    classify = keras.layers.Dense(num_classes, activation="softmax", dtype="float32")
    pool = keras.layers.GlobalMaxPooling2D(dtype="float32")
    head = keras.Sequential([pool, classify], name="head")
    plain = model.join(model.cut_base(base, "block5_conv3"), head, name="record")
    classify.set_weights(network.get_layer("predictions").get_weights())
    return plain


def compile_network(network: keras.Model, recipe: Recipe, steps: int) -> None:
    """The optimizer, whose rate warms up, then falls to zero at the last of so many steps."""
    warm_up, options = max(1, round(recipe.warm_up * steps)), {"momentum": 0.9}
    if recipe.muon:
        rate = UpAndDown(recipe.peak_rate, warm_up, steps)
        options |= {"ns_steps": 3, "adam_lr_ratio": 0.05, "adam_weight_decay": 0.0}
        optimizer = ConvMuon(rate, weight_decay=None, **options)
    else:
        optimizer = keras.optimizers.SGD(UpAndDown(0.1, warm_up, steps), nesterov=True, **options)
    loss = keras.losses.CategoricalCrossentropy(True, label_smoothing=recipe.label_smoothing)
    network.compile(optimizer, loss, metrics=["accuracy"])


def training_batches(pictures: PictureSet, num_classes: int, recipe: Recipe, epoch: int):
    """One epoch's batches at this epoch's side, moved, and mirrored in every other epoch.

    The recipe's seed and the epoch alone determine them, so that a killed run can be resumed.
    """
    images, labels = tf.constant(pictures.images), tf.one_hot(pictures.labels, num_classes)
    side, seed = recipe.sides[epoch], recipe.seed * 1_000 + epoch
    first = np.random.default_rng(recipe.seed).choice([-1.0, 1.0], len(pictures))
    mirrored = tf.constant(first * (-1) ** epoch if recipe.mirrored else abs(first), "float32")

    def draw(step, rows):
        move_seed = tf.stack([seed, tf.cast(step, tf.int32)])
        batch = _flip_and_move(
            tf.gather(images, rows), side, recipe.shift, tf.gather(mirrored, rows), move_seed
        )
        return batch, tf.gather(labels, rows)

    rows = tf.data.Dataset.range(len(pictures)).shuffle(len(pictures), seed=seed)
    rows = rows.batch(min(recipe.batch_size, len(pictures)), drop_remainder=True)
    return untuned(rows.enumerate().map(draw).prefetch(2))


def plain_batches(pictures: PictureSet, num_classes: int, side: int):
    """The pictures in order and whole, at `side` pixels."""
    labels = tf.one_hot(pictures.labels, num_classes)
    return tf.data.Dataset.zip(
        view(pictures.images, side), tf.data.Dataset.from_tensor_slices(labels).batch(250)
    )


def view(images: np.ndarray, side: int, *, mirrored: bool = False, move: int = 0):
    """Batches of all pictures as training shows them: at `side`, mirrored, moved aslant by px."""

    def draw(batch):
        flips = tf.fill([tf.shape(batch)[0]], -1.0 if mirrored else 1.0)
        return _transform(batch, side, flips, tf.ones([2, 1]) * move)

    return untuned(tf.data.Dataset.from_tensor_slices(images).batch(250).map(draw).prefetch(2))


def _flip_and_move(batch, side: int, shift: int, flips, move_seed):
    size = [2, tf.shape(batch)[0]]
    moves = tf.random.stateless_uniform(size, move_seed, -shift - 0.5, shift + 0.5)
    return _transform(batch, side, flips, tf.round(moves))


def _transform(batch, side: int, flips, moves):
    """Flip (-1), move (px) and resize to `side` in one operation; borders are mirrored."""
    before = batch.shape[1]
    scale, centre = before / side, (side - 1) / 2
    across, down = scale * flips, scale * tf.ones_like(flips)
    left, top = (before - 1) / 2 + moves[0], (before - 1) / 2 + moves[1]
    zeros = tf.zeros_like(flips)
    rows = [across, zeros, left - centre * across, zeros, down, top - centre * down, zeros, zeros]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(batch, tf.float32), transforms=tf.stack(rows, axis=1), fill_value=0.0,
        output_shape=[side, side], interpolation="BILINEAR", fill_mode="REFLECT",
    )  # fmt: skip
