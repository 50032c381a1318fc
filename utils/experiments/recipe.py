"""The record run's recipe: VGG16 from ImageNet's weights, fine-tuned on all of CIFAR-10 (07)."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from utils import model
from utils.data import PictureSet, make_dataset, resize, untuned
from utils.settings import Settings
from utils.weights import FILTERS, vgg16_kernels


@dataclass(frozen=True)
class Recipe:
    """All choices of a run; the defaults are those of the recorded one."""

    stages: tuple[tuple[int, int], ...] = ((24, 7), (28, 3), (32, 5))  # side in px, epochs
    batch_size: int = 256
    peak_rate: float = 0.15
    warm_up: float = 0.2  # fraction of all steps
    shift: int = 3  # px, left, right, up and down
    hole: int = 8  # px, side of the grey square that hides a part of each picture
    label_smoothing: float = 0.1
    weight_decay: float = 5e-3  # times the learning rate, at every step
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


def build_network(settings: Settings, pictures: np.ndarray, num_classes: int) -> keras.Model:
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
            x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
            x = FusedBatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
            x = keras.layers.ReLU()(x)
        if block < len(FILTERS):
            x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.GlobalMaxPooling2D(name="block5_pool")(x)
    logits = keras.layers.Dense(num_classes, dtype="float32", name="predictions")(x)
    network = keras.Model(inputs, logits, name="vgg16_of_the_record")
    _copy_convolutions(model.build_base(settings), network, pictures[:500])
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
    head = keras.Sequential([keras.layers.GlobalAveragePooling2D(), classify], name="head")
    plain = model.join(base, head, name="record")
    classify.set_weights(network.get_layer("predictions").get_weights())
    return plain


def compile_network(network: keras.Model, recipe: Recipe, steps: int) -> None:
    """Nesterov SGD whose rate warms up, then decays along a cosine to zero in `steps` steps."""
    warm_up = max(1, round(recipe.warm_up * steps))
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.peak_rate / 10, max(1, steps - warm_up),
        warmup_target=recipe.peak_rate, warmup_steps=warm_up,
    )  # fmt: skip
    optimizer = keras.optimizers.SGD(rate, 0.9, nesterov=True, weight_decay=recipe.weight_decay)
    loss = keras.losses.CategoricalCrossentropy(True, label_smoothing=recipe.label_smoothing)
    network.compile(optimizer, loss, metrics=["accuracy"])


def training_batches(pictures: PictureSet, num_classes: int, recipe: Recipe, epoch: int):
    """One epoch's batches at this epoch's side, moved, flipped, each picture with a hole.

    The recipe's seed and the epoch alone determine them, so that a killed run can be resumed.
    """
    images, labels = tf.constant(pictures.images), tf.one_hot(pictures.labels, num_classes)
    side, seed = recipe.sides[epoch], recipe.seed * 1_000 + epoch

    def draw(step, rows):
        seeds = [tf.stack([seed + k * 1_000_000, tf.cast(step, tf.int32)]) for k in range(3)]
        batch = _flip_and_move(tf.gather(images, rows), side, recipe.shift, *seeds[:2])
        return _cut_hole(batch, recipe.hole, seeds[2]), tf.gather(labels, rows)

    rows = tf.data.Dataset.range(len(pictures)).shuffle(len(pictures), seed=seed)
    rows = rows.batch(min(recipe.batch_size, len(pictures)), drop_remainder=True)
    return untuned(rows.enumerate().map(draw).prefetch(2))


def plain_batches(pictures: PictureSet, num_classes: int, side: int):
    """The pictures in order and whole, at `side` pixels."""
    small = PictureSet(resize(pictures.images, side), pictures.labels)
    batches = make_dataset(small, batch_size=250)
    return batches.map(lambda images, labels: (images, tf.one_hot(labels, num_classes)))


def _flip_and_move(batch, side: int, shift: int, flip_seed, move_seed):
    """Flip, move by up to `shift` px and resize in one operation; borders are mirrored."""
    before, count = batch.shape[1], tf.shape(batch)[0]
    flips = tf.sign(tf.random.stateless_uniform([count], flip_seed) - 0.5)  # -1 or 1
    moves = tf.round(tf.random.stateless_uniform([2, count], move_seed, -shift, shift))
    scale, centre = before / side, (side - 1) / 2
    across, down = scale * flips, scale * tf.ones([count])
    left, top = (before - 1) / 2 + moves[0], (before - 1) / 2 + moves[1]
    zeros = tf.zeros([count])
    rows = [across, zeros, left - centre * across, zeros, down, top - centre * down, zeros, zeros]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(batch, tf.float32), transforms=tf.stack(rows, axis=1), fill_value=0.0,
        output_shape=[side, side], interpolation="BILINEAR", fill_mode="REFLECT",
    )  # fmt: skip


def _cut_hole(batch, hole: int, seed):
    """Hide one square of each picture behind the grey that preprocessing turns into zeros."""
    count, side = tf.shape(batch)[0], batch.shape[1]
    reach = hole * side / 64  # half of the hole, which is given for 32 px
    centres = tf.random.stateless_uniform([2, count, 1], seed, 0, side)
    near = tf.abs(tf.range(side, dtype=tf.float32) + 0.5 - centres) < reach
    hidden = (near[0][:, :, None] & near[1][:, None, :])[..., None]
    return tf.where(hidden, tf.constant(model.IMAGENET_MEANS[::-1]), batch)
