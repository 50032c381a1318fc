"""The networks that notebook 08 builds in its cells, for measuring them over seeds."""

from collections.abc import Iterator
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

from utils import model, training
from utils.data import PictureSet, make_dataset, untuned
from utils.download import keras_home
from utils.experiments.amount import timed
from utils.settings import Settings

MOVING = ("block4", "block5")  # what is fine-tuned, besides the head
EPOCHS, BATCH, RATE = 20, 16, 3e-5  # epochs and rate at most
BASES = {  # besides VGG16, where Keras's cache holds their weights
    "EfficientNetV2B0": "efficientnetv2-b0_notop.h5",
    "MobileNetV3Large": "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
    "ConvNeXtTiny": "convnext_tiny_notop.h5",
}


def means_after(base: keras.Model, block: int):
    """What a head reads after a block: [batch, channels], as notebook 08 builds it."""
    maps = base.get_layer(f"block{block}_pool").output
    means = keras.layers.GlobalAveragePooling2D(dtype="float32")(maps)
    return keras.layers.LayerNormalization(center=False, scale=False, dtype="float32")(means)


def features_after(extractor: keras.Model, images: np.ndarray) -> np.ndarray:
    """What the extractor makes of pictures and of their mirror images: [2, n, channels]."""
    views = images, images[:, :, ::-1]
    return np.stack([extractor.predict(v, batch_size=BATCH, verbose=0) for v in views])


def vgg16_features(side: int, settings: Settings) -> keras.Model:
    """Pictures -> the means after block 4 and those after block 5, side by side: [n, 1024]."""
    base = model.build_base(replace(settings, side=side))
    both = keras.layers.Concatenate(dtype="float32")([means_after(base, k) for k in (4, 5)])
    pictures = keras.Input((side, side, 3), name="pictures")
    seen = keras.Model(base.input, both, name="base")(model.preprocess(pictures))
    return keras.Model(pictures, seen)


def classifier(side: int, settings: Settings, probe: LogisticRegression) -> keras.Model:
    """VGG16 with a probe on blocks 4 and 5 as its head; only the last blocks can be trained."""
    extractor = vgg16_features(side, settings)
    num_classes = len(probe.classes_)
    head = keras.layers.Dense(num_classes, activation="softmax", dtype="float32", name="head")
    network = keras.Model(extractor.input, head(extractor.output))
    kernel, bias = probe.coef_.T, probe.intercept_
    if len(bias) == 1:  # of two classes scikit-learn keeps the difference
        kernel, bias = kernel * [[0, 1]], bias * [0, 1]
    head.set_weights([kernel, bias])
    for layer in network.get_layer("base").layers:
        layer.trainable = layer.name.startswith(MOVING)
    return network


def augmented(picture: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """One training picture [side, side, 3], mirrored, shifted, darker or brighter, by chance."""
    by = picture.shape[0] // 16
    padded = tf.pad(picture, [[by, by], [by, by], [0, 0]], "REFLECT")
    moved = tf.image.random_crop(tf.image.random_flip_left_right(padded), picture.shape)
    return tf.image.random_brightness(moved, 0.2), label


def fine_tune(
    network: keras.Model, train: PictureSet, validation: PictureSet, seed: int, seconds: float
) -> None:
    """As many epochs as fit into the seconds, EPOCHS at most; the weights of the best one."""
    batches = tf.data.Dataset.from_tensor_slices((train.images, train.labels))
    batches = batches.shuffle(len(train), seed=seed).map(augmented).batch(BATCH).prefetch(2)
    batches, checks = untuned(batches), make_dataset(validation, batch_size=BATCH)
    training.compile_for_classes(network, keras.optimizers.SGD(0.0))  # changes nothing
    network.fit(batches.take(1), shuffle=False, verbose=0)
    _, three = timed(lambda: network.fit(batches.take(3), shuffle=False, verbose=0))
    epoch = three / min(3, len(batches)) * (len(batches) + len(checks) / 3)
    epochs = int(np.clip(seconds / epoch, 1, EPOCHS))
    steps = epochs * len(batches)
    warm_up = max(1, steps // 5)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm_up), warmup_target=RATE, warmup_steps=warm_up
    )
    training.compile_for_classes(network, keras.optimizers.AdamW(rate, weight_decay=0.01))
    best = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    network.fit(
        batches, shuffle=False, validation_data=checks, epochs=epochs, callbacks=[best], verbose=0
    )


def other_bases(side: int) -> Iterator[tuple[str, keras.Model]]:
    """Those of BASES whose weights are in Keras's cache. They bring their preprocessing along."""
    for name, file in BASES.items():
        weights = keras_home() / "models" / file
        if weights.is_file():
            how = {"include_top": False, "input_shape": (side, side, 3), "pooling": "avg"}
            yield name, getattr(keras.applications, name)(weights=str(weights), **how)


def scaled(features: np.ndarray) -> np.ndarray:
    """Features as a head reads them: each picture's numbers with mean 0 and deviation 1."""
    features = features.astype("float32")
    centred = features - features.mean(axis=-1, keepdims=True)
    return centred / (features.std(axis=-1, keepdims=True) + 1e-6)
