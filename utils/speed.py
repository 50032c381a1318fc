"""What makes training faster, one step at a time, measured.

Taught in notebook 07; `make evidence` records the same on CIFAR-10. `python -m utils.speed SIDE
BATCH_SIZE STEPS [PRECISION]` prints the rate of training as its environment sets it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from utils import model
from utils.data import PictureSet, PictureSets, image_batches, make_dataset, untuned
from utils.settings import REPOSITORY, Settings
from utils.training import HEAD_RATE

SWITCHES = (  # what each step changes; the first is where the well-known tutorials stand
    ("naive", {}),
    ("no tf.data tuner", {"tuner": False}),
    ("linear head", {"head": "linear"}),
    ("32 px, not 48", {"side": 32}),
    ("arrays, not files", {"files": False}),
    ("bfloat16", {"precision": "mixed_bfloat16"}),
    ("batches of 128", {"batch_size": 128}),
    ("features once", {"features_once": True}),
)


@dataclass
class Way:
    """One way of training a head on a frozen base."""

    side: int = 48
    precision: str = "float32"
    head: str = "classic"
    files: bool = True
    tuner: bool = True
    batch_size: int = 32
    features_once: bool = False


def classic_head(num_classes: int) -> keras.Sequential:
    """The head of the old recipe: Flatten, two Dense 4096, softmax; 19 million parameters."""
    return keras.Sequential(
        [
            keras.layers.Flatten(),
            keras.layers.Dense(4096, activation="relu"),
            keras.layers.Dense(4096, activation="relu"),
            keras.layers.Dense(num_classes, activation="softmax", dtype="float32"),
        ],
        name="head",
    )


def write_folders(pictures: PictureSet, class_names: list[str], folder: Path) -> None:
    """Each picture as a PNG file in the folder of its class."""
    for name in class_names:  # Keras wants a folder of each, be it empty
        (folder / name).mkdir(parents=True, exist_ok=True)
    for place, (image, label) in enumerate(zip(pictures.images, pictures.labels, strict=True)):
        target = folder / class_names[label] / f"{place:05d}.png"
        target.write_bytes(tf.io.encode_png(image).numpy())


def folder_batches(folder: Path, class_names: list[str], side: int, batch_size: int):
    """Batches read and resized from files at every epoch, as most tutorials do."""
    return keras.utils.image_dataset_from_directory(
        folder,
        class_names=class_names,
        image_size=(side, side),
        batch_size=batch_size,
        seed=0,
        verbose=False,
    )


def resized(images: np.ndarray, side: int) -> np.ndarray:
    """Pictures [n, h, w, 3] at side x side, uint8."""
    if images.shape[1] == side:
        return images
    pictures = keras.ops.image.resize(images.astype("float32"), (side, side), antialias=True)
    return keras.ops.convert_to_numpy(pictures).round().clip(0, 255).astype("uint8")


def measure_steps(
    sets: PictureSets, settings: Settings, *, pictures: int, epochs: int, switches=SWITCHES
) -> Iterator[dict]:
    """Yield one row per step: training the head for `epochs`, seconds, validation accuracy.

    A step keeps what those before it among the `switches` switched on. bfloat16 is left out where
    the processor does not compute in it; the rows tell.
    """
    train = sets.train.first(pictures)
    kept = keras.config.dtype_policy()
    way, validation = Way(), sets.validation.first(pictures)
    with tempfile.TemporaryDirectory() as folder:
        write_folders(train, sets.class_names, Path(folder))
        for step, changes in switches:
            if changes.get("precision", "float32") != "float32":
                if settings.precision == "float32":
                    continue
                changes = {"precision": settings.precision}
                step = settings.precision.removeprefix("mixed_")
            for name, value in changes.items():
                setattr(way, name, value)
            keras.config.set_dtype_policy(way.precision)
            keras.utils.set_random_seed(0)
            seconds, network = _train(way, settings, train, sets.class_names, Path(folder), epochs)
            images = resized(validation.images, way.side)
            answers = network.predict(image_batches(images), verbose=0)
            yield {
                "step": step,
                "pictures_per_second": len(train) * epochs / seconds,
                "seconds": seconds,
                "accuracy": float(np.mean(answers.argmax(1) == validation.labels)),
            }
    keras.config.set_dtype_policy(kept)


def _train(way: Way, settings, train: PictureSet, class_names, folder: Path, epochs: int):
    base = keras.applications.VGG16(
        include_top=False,
        weights=model.weights_argument(settings),
        input_shape=(way.side, way.side, 3),
        name="vgg16",
    )
    base.trainable = False
    make_head = classic_head if way.head == "classic" else model.linear_head
    head = make_head(len(class_names))
    network = model.join(base, head, name="network")
    rate = 1e-4 if way.head == "classic" else HEAD_RATE
    trained = head if way.features_once else network
    trained.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    small = PictureSet(resized(train.images, way.side), train.labels)
    if way.files:
        batches = folder_batches(folder, class_names, way.side, way.batch_size)
        batches = batches if way.tuner else untuned(batches)
    else:
        batches = make_dataset(small, batch_size=way.batch_size, shuffle=True)
    extractor = keras.Model(network.input, base(model.preprocess(network.input)))
    if way.features_once:
        extractor.predict(image_batches(small.images[: way.batch_size], way.batch_size), verbose=0)
        nothing = np.zeros((way.batch_size, *base.output_shape[1:]), "float32")
        labels = np.zeros(way.batch_size, "int64")
        nothing = make_dataset(PictureSet(nothing, labels), batch_size=way.batch_size)
        head.fit(nothing, shuffle=False, verbose=0)
    else:  # Keras prepares itself once; that is no part of what is compared
        network.fit(batches.take(1), shuffle=False, verbose=0)
    begun = time.perf_counter()
    if way.features_once:
        features = extractor.predict(image_batches(small.images, way.batch_size), verbose=0)
        known = PictureSet(features.astype("float32"), small.labels)
        batches = make_dataset(known, batch_size=way.batch_size, shuffle=True)
        head.fit(batches, shuffle=False, epochs=epochs, verbose=0)
    else:
        network.fit(batches, shuffle=False, epochs=epochs, verbose=0)
    return time.perf_counter() - begun, network


def matrix_peak(precision: str, side: int = 2_048, rounds: int = 5) -> float:
    """The best measured rate of a matrix product, in operations per second (2 per multiply-add)."""
    kind = "float32" if precision == "float32" else precision.removeprefix("mixed_")
    left = tf.cast(tf.random.normal([side, side]), kind)

    @tf.function
    def product():
        return tf.matmul(left, left)

    product()
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        product().numpy()
        seconds.append(time.perf_counter() - begun)
    return 2 * side**3 / min(seconds)


def operations(base: keras.Model) -> int:
    """Operations of one forward pass over one picture, 2 for each multiply-add of a convolution."""
    total = 0
    for layer in base.layers:
        if isinstance(layer, keras.layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += 2 * height * width * int(np.prod(layer.kernel.shape))
    return total


def predict_rate(network: keras.Model, images: np.ndarray, batch_size: int = 100) -> float:
    """Pictures per second of `predict`, after one batch to warm up."""
    network.predict(image_batches(images[:batch_size], batch_size), verbose=0)
    begun = time.perf_counter()
    network.predict(image_batches(images, batch_size), verbose=0)
    return len(images) / (time.perf_counter() - begun)


def fit_rate(network: keras.Model, pictures: PictureSet, batch_size: int = 32) -> float:
    """Pictures per second of `fit`, after one batch to warm up; `network` must be compiled."""
    whole = len(pictures) // batch_size * batch_size
    for count in (batch_size, whole):
        batches = make_dataset(pictures.first(count), batch_size=batch_size)
        begun = time.perf_counter()
        network.fit(batches, shuffle=False, verbose=0)
    return whole / (time.perf_counter() - begun)


def pipeline_rate(dataset: tf.data.Dataset, epochs: int = 3) -> float:
    """Pictures per second that a dataset delivers when nothing is computed with them."""
    begun, count = time.perf_counter(), 0
    for _ in range(epochs):
        for images, _ in dataset:
            count += len(images)
    return count / (time.perf_counter() - begun)


def vgg16_rate(side: int, batch_size: int, steps: int) -> float:
    """Pictures per second of training a whole VGG16 from random weights on random pictures."""
    base = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(side, side, 3), pooling="avg"
    )
    network = keras.Sequential([base, keras.layers.Dense(10, dtype="float32")])
    network.compile(
        optimizer=keras.optimizers.SGD(1e-3, momentum=0.9, nesterov=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    chance = np.random.default_rng(0)
    count = batch_size * steps
    images = chance.normal(size=(count, side, side, 3)).astype("float32")
    labels = chance.integers(10, size=count)
    return fit_rate(network, PictureSet(images, labels), batch_size)


def onednn_rate(value: str, side: int, batch_size: int, steps: int) -> float:
    """`vgg16_rate` in float32 with TF_ENABLE_ONEDNN_OPTS at "0" or "1".

    TensorFlow reads the variable once, so a value other than this process's needs another process.
    """
    if os.environ["TF_ENABLE_ONEDNN_OPTS"] == value:
        kept = keras.config.dtype_policy()
        keras.config.set_dtype_policy("float32")
        rate = vgg16_rate(side, batch_size, steps)
        keras.config.set_dtype_policy(kept)
        return rate
    words = [sys.executable, "-m", "utils.speed", str(side), str(batch_size), str(steps)]
    other = os.environ | {"TF_ENABLE_ONEDNN_OPTS": value, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        words, env=other, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        check=True,
    )  # fmt: skip
    return float(done.stdout.split()[-1])


def measure_growth(
    sets: PictureSets, settings: Settings, *, counts: tuple[int, ...], epochs: int
) -> Iterator[dict]:
    """Yield seconds and megabytes of arrays held, for each way at each number of pictures."""
    base = model.build_base(settings)
    base.trainable = False
    network = model.join(base, model.linear_head(len(sets.class_names)), name="network")
    network.compile(
        optimizer=keras.optimizers.Adam(HEAD_RATE), loss="sparse_categorical_crossentropy"
    )
    head = network.layers[-1]
    extractor = keras.Model(network.input, base(model.preprocess(network.input)))
    head.compile(optimizer=keras.optimizers.Adam(HEAD_RATE), loss="sparse_categorical_crossentropy")
    fit_rate(network, sets.train.first(64))
    nothing = PictureSet(np.zeros((32, *base.output_shape[1:]), "float32"), np.zeros(32, "int64"))
    extractor.predict(image_batches(sets.train.images[:100]), verbose=0)
    head.fit(make_dataset(nothing), shuffle=False, verbose=0)
    for count in counts:
        rows = np.arange(count) % len(sets.train)
        pictures = PictureSet(sets.train.images[rows], sets.train.labels[rows])
        begun = time.perf_counter()
        network.fit(make_dataset(pictures, shuffle=True), shuffle=False, epochs=epochs, verbose=0)
        yield {
            "way": "base in the loop",
            "pictures": count,
            "seconds": time.perf_counter() - begun,
            "megabytes": pictures.images.nbytes / 1e6,
        }
        begun = time.perf_counter()
        features = extractor.predict(image_batches(pictures.images), verbose=0).astype("float32")
        known = make_dataset(PictureSet(features, pictures.labels), shuffle=True)
        head.fit(known, shuffle=False, epochs=epochs, verbose=0)
        yield {
            "way": "features once",
            "pictures": count,
            "seconds": time.perf_counter() - begun,
            "megabytes": (pictures.images.nbytes + features.nbytes) / 1e6,
        }


def measure_sizes(
    sets: PictureSets, settings: Settings, *, sides: tuple[int, ...], pictures: int
) -> pd.DataFrame:
    """At each picture side: speed of the frozen base, and what a linear classifier makes of it."""
    from utils.amount import fit_linear

    train, validation, rows = sets.train.first(pictures), sets.validation.first(pictures), []
    for side in sides:
        base = keras.applications.VGG16(
            include_top=False,
            weights=model.weights_argument(settings),
            input_shape=(side, side, 3),
            pooling="avg",
        )
        inputs = keras.Input((side, side, 3))
        extractor = keras.Model(inputs, base(model.preprocess(inputs)))
        images, others = resized(train.images, side), resized(validation.images, side)
        extractor.predict(image_batches(images[:100]), verbose=0)  # warm up
        begun = time.perf_counter()
        features = extractor.predict(image_batches(images), verbose=0).astype("float32")
        rate = len(images) / (time.perf_counter() - begun)
        others = extractor.predict(image_batches(others), verbose=0).astype("float32")
        fit = fit_linear(features, train.labels, others, validation.labels)
        rows.append(
            {
                "side": side,
                "batch_size": 100,
                "pictures_per_second": rate,
                "accuracy": fit.score(others, validation.labels),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Print the rate of training a whole VGG16, as this process's environment sets it."""
    side, batch_size, steps = (int(word) for word in sys.argv[1:4])
    if sys.argv[4:]:
        keras.config.set_dtype_policy(sys.argv[4])
    print(f"{vgg16_rate(side, batch_size, steps):.1f}")


if __name__ == "__main__":
    main()
