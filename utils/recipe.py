"""The recipes of the record runs: VGG16 fine-tuned on all of CIFAR-10 within an hour.

Notebook 07 explains their ingredients; `python -m utils.record_run` follows one of them.
"""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from utils import model
from utils.data import PictureSet, untuned
from utils.muon import ConvMuon
from utils.settings import Settings

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions and filters of VGG16
CALIBRATION = 500  # pictures that the first statistics of batch norm are taken from


@dataclass(frozen=True)
class Recipe:
    """All choices of a run; the defaults are those of the best recorded run."""

    stages: tuple[tuple[int, int], ...] = ((24, 7), (28, 3), (32, 5))  # side in px, epochs
    batch_size: int = 256
    pretrained: bool = True
    frozen_blocks: int = 0  # so many of the first ones stay as pretrained
    batch_norm: bool = True  # in the blocks that are trained
    keep_edges: bool = False  # pool what lies beyond the last pair of pixels, too
    muon: bool = False  # else Nesterov SGD
    peak_rate: float = 0.15
    warm_up: float = 0.2  # share of all steps
    decay_rate: bool = True  # along a cosine to zero; else the rate stays at its peak
    flips: bool = True
    shift: int = 3  # px, left, right, up and down
    hole: int = 8  # px, side of the grey square that hides a part of each picture
    label_smoothing: float = 0.1
    weight_decay: float = 5e-3  # times the learning rate, at every step
    seed: int = 0

    @property
    def sides(self) -> list[int]:
        """The picture side of each epoch."""
        return [side for side, epochs in self.stages for _ in range(epochs)]


# What an hour affords without bfloat16: half the epochs, each of them cheaper.
MUON = Recipe(
    stages=((24, 3), (32, 4)),
    batch_size=768,
    frozen_blocks=2,
    keep_edges=True,
    muon=True,
    peak_rate=0.06,
    warm_up=0.15,
    hole=0,
    weight_decay=0.0,
)
RECIPES = {"sgd": Recipe(), "muon": MUON}


@keras.saving.register_keras_serializable(package="transfer")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch norm computed by TensorFlow's fused operation, which a CPU runs faster.

    Statistics and parameters stay float32 whatever the precision of the feature maps.
    """

    def __init__(self, **options):
        super().__init__(autocast=False, **options)

    def call(self, inputs, training=None, mask=None):
        fused = tf.compat.v1.nn.fused_batch_norm
        gamma, beta = self.gamma.value, self.beta.value
        mean, variance = self.moving_mean, self.moving_variance
        if not training:
            return fused(
                inputs, gamma, beta, mean.value, variance.value, self.epsilon, is_training=False
            )[0]
        outputs, batch_mean, batch_variance = fused(inputs, gamma, beta, epsilon=self.epsilon)
        for kept, seen in ((mean, batch_mean), (variance, batch_variance)):
            kept.assign(self.momentum * kept.value + (1 - self.momentum) * seen)
        return outputs


def build_network(
    recipe: Recipe, settings: Settings, pictures: np.ndarray, num_classes: int
) -> keras.Model:
    """VGG16 for pictures of any side from 16 px: uint8 or float RGB 0..255 -> logits.

    With `recipe.batch_norm` each convolution that is trained is followed by a batch norm that at
    first changes nothing: what `pictures` show of each filter's mean and spread is put into its
    parameters. A global max pooling stands for block5_pool. At 32 px that is the same, and so is
    `recipe.keep_edges`; but 24 px are 3 before block4_pool, which leaves out the third without it.
    """
    inputs = keras.Input((None, None, 3), name="pictures")
    x = model.preprocess(inputs)
    for block, (repeats, filters) in enumerate(BLOCKS, start=1):
        trainable = block > recipe.frozen_blocks
        normalised = recipe.batch_norm and trainable
        for place in range(1, repeats + 1):
            x = keras.layers.Conv2D(
                filters,
                kernel_size=3,
                padding="same",
                use_bias=not normalised,
                kernel_initializer="he_normal",
                trainable=trainable,
                name=f"block{block}_conv{place}",
            )(x)
            if normalised:
                norm = FusedBatchNormalization(
                    momentum=0.9, epsilon=1e-5, name=f"block{block}_norm{place}"
                )
                x = norm(x)
            x = keras.layers.ReLU(name=f"block{block}_relu{place}")(x)
        if block < len(BLOCKS):
            padding = "same" if recipe.keep_edges else "valid"
            x = keras.layers.MaxPooling2D(padding=padding, name=f"block{block}_pool")(x)
    x = keras.layers.GlobalMaxPooling2D(name="block5_pool")(x)
    logits = keras.layers.Dense(num_classes, dtype="float32", name="predictions")(x)
    network = keras.Model(inputs, logits, name="vgg16_of_the_record")
    if recipe.pretrained:
        _take_over(network, model.build_base(settings), pictures[:CALIBRATION])
    return network


def _take_over(network: keras.Model, base: keras.Model, pictures: np.ndarray) -> None:
    """Give `network` the convolutions of `base`; with batch norm, such that nothing changes."""
    convolutions = [layer for layer in base.layers if isinstance(layer, keras.layers.Conv2D)]
    seen = keras.Model(base.input, [layer.input for layer in convolutions])
    inputs = seen.predict(model.preprocess(pictures.astype("float32")), verbose=0)
    scale_before = 1.0
    for layer, maps in zip(convolutions, inputs, strict=True):
        kernel, bias = layer.get_weights()
        ours = network.get_layer(layer.name)
        if ours.use_bias:
            ours.set_weights([kernel, bias])
            continue
        sums = keras.ops.conv(maps.astype("float32"), kernel, padding="same")
        sums = keras.ops.convert_to_numpy(sums).reshape(-1, kernel.shape[-1])
        mean, spread = sums.mean(0), sums.std(0) + 1e-6
        # Batch norm hides the length of a kernel, but the learning rate does not: give all
        # filters the length that they would have been initialised with.
        length = np.sqrt(2 * kernel.shape[2] / kernel.shape[3])
        ratio = length / np.sqrt((kernel**2).sum((0, 1, 2)) + 1e-12)
        scale = 1 / spread.mean()  # ReLU and the next batch norm let a common factor pass
        gain = ratio * scale_before
        ours.set_weights([kernel * ratio])
        network.get_layer(layer.name.replace("conv", "norm")).set_weights(
            [spread * scale, (bias + mean) * scale, mean * gain, (spread * gain) ** 2]
        )
        scale_before = scale


def fold(network: keras.Model, settings: Settings, num_classes: int) -> keras.Model:
    """The plain VGG16 with softmax that computes the same: batch norm goes into the kernels."""
    base = model.build_base(settings, pretrained=False)
    plain = model.join(base, model.linear_head(num_classes), name="record")
    for layer in base.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        kernel, *bias = network.get_layer(layer.name).get_weights()
        if not bias:
            norm = network.get_layer(layer.name.replace("conv", "norm"))
            gamma, beta, mean, variance = norm.get_weights()
            scale = gamma / np.sqrt(variance + norm.epsilon)
            kernel, bias = kernel * scale, [beta - mean * scale]
        layer.set_weights([kernel, *bias])
    head = plain.get_layer("head").get_layer("predictions")
    head.set_weights(network.get_layer("predictions").get_weights())
    return plain


def compile_network(network: keras.Model, recipe: Recipe, steps: int) -> None:
    """Muon or SGD whose rate warms up, then decays along a cosine over `steps` in all."""
    warm_up = max(1, round(recipe.warm_up * steps))
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=recipe.peak_rate / 10,
        warmup_target=recipe.peak_rate,
        warmup_steps=warm_up,
        decay_steps=max(1, steps - warm_up),
        alpha=0.0 if recipe.decay_rate else 1.0,
    )
    if recipe.muon:
        optimizer = ConvMuon(
            rate,
            momentum=0.9,
            ns_steps=3,
            adam_lr_ratio=0.05,
            weight_decay=recipe.weight_decay,
            adam_weight_decay=recipe.weight_decay,
        )
    else:
        optimizer = keras.optimizers.SGD(
            rate, momentum=0.9, nesterov=True, weight_decay=recipe.weight_decay
        )
    network.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing
        ),
        metrics=["accuracy"],
    )


def training_batches(pictures: PictureSet, num_classes: int, recipe: Recipe, epoch: int):
    """One epoch's batches, moved, flipped, with a hole, at this epoch's size.

    Order and chance depend on the recipe's seed and the epoch alone, so that a run that was
    killed goes on as if it had not been.
    """
    images, labels = tf.constant(pictures.images), tf.one_hot(pictures.labels, num_classes)
    side = recipe.sides[epoch]

    def draw(step, rows):
        seed = tf.stack([recipe.seed * 1_000 + epoch, tf.cast(step, tf.int32)])
        batch = _move(tf.gather(images, rows), side, recipe, seed)
        return _cut_hole(batch, recipe, seed), tf.gather(labels, rows)

    rows = tf.data.Dataset.range(len(pictures))
    rows = rows.shuffle(len(pictures), seed=recipe.seed * 1_000 + epoch)
    batch_size = min(recipe.batch_size, len(pictures))
    batches = rows.batch(batch_size, drop_remainder=True)
    return untuned(batches.enumerate().map(draw).prefetch(2))


def plain_batches(pictures: PictureSet, num_classes: int, side: int):
    """The pictures in order and whole, at `side` pixels."""
    dataset = tf.data.Dataset.from_tensor_slices(
        (pictures.images, tf.one_hot(pictures.labels, num_classes))
    )

    def resize(batch, labels):
        return _transform(batch, side, flips=1.0, moves=tf.zeros([2, tf.shape(batch)[0]])), labels

    return untuned(dataset.batch(250).map(resize).prefetch(2))


def _move(batch, side: int, recipe: Recipe, seed):
    count = tf.shape(batch)[0]
    flips = tf.ones([count])
    if recipe.flips:
        flips = tf.sign(tf.random.stateless_uniform([count], seed) - 0.5)
    moves = tf.random.stateless_uniform([2, count], seed + 1_000_000, -recipe.shift, recipe.shift)
    return _transform(batch, side, flips, tf.round(moves))


def _transform(batch, side: int, flips, moves):
    """Flip (-1 or 1), move (px) and resize to `side` in one operation; borders are mirrored."""
    before = batch.shape[1]
    ones, centre = tf.ones_like(moves[0]), (side - 1) / 2
    scale = before / side
    across, down = scale * flips * ones, scale * ones
    left, top = (before - 1) / 2 + moves[0], (before - 1) / 2 + moves[1]
    zeros = tf.zeros_like(ones)
    transforms = tf.stack(
        [across, zeros, left - centre * across, zeros, down, top - centre * down, zeros, zeros],
        axis=1,
    )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(batch, tf.float32),
        transforms=transforms,
        output_shape=[side, side],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def _cut_hole(batch, recipe: Recipe, seed):
    """Hide one square of each picture behind the grey that preprocessing turns into zeros."""
    if not recipe.hole:
        return batch
    count, side = tf.shape(batch)[0], batch.shape[1]
    reach = recipe.hole * side / 64  # half of the hole; it is given for 32 px
    centres = tf.random.stateless_uniform([2, count, 1], seed + 2_000_000, 0, side)
    near = tf.abs(tf.range(side, dtype=tf.float32) + 0.5 - centres) < reach
    hidden = (near[0][:, :, None] & near[1][:, None, :])[..., None]
    grey = tf.constant(model.IMAGENET_MEANS[::-1])
    return tf.where(hidden, grey, batch)
