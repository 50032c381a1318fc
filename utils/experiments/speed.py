"""What makes training faster, one step at a time, measured.

Taught in notebook 07; `python -m utils.experiments speed` records the same on CIFAR-10.
"""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from utils import model
from utils.data import PictureSet, PictureSets, image_batches, make_dataset, resize, untuned
from utils.experiments.amount import block_features, feature_extractor, fit_probe, part, timed
from utils.experiments.results import COLUMNS
from utils.settings import Settings
from utils.training import HEAD_RATE, compile_for_classes

SWITCHES = (  # what each step changes; the first is where the well-known tutorials stand
    ("naive", {}),
    ("without autotune", {"autotune": False}),
    ("linear head", {"head": "linear"}),
    ("32 px, not 48", {"side": 32}),
    ("arrays, not files", {"files": False}),
    ("bfloat16", {"precision": "mixed_bfloat16"}),
    ("batches of 128", {"batch_size": 128}),
    ("features once", {"features_once": True}),
)


@dataclass(frozen=True)
class Way:
    """One way of training a head on a frozen base."""

    side: int = 48
    precision: str = "float32"
    head: str = "classic"
    files: bool = True
    autotune: bool = True
    batch_size: int = 32
    features_once: bool = False


class HeadTraining:
    """A frozen VGG16 and a new head, to be trained in one way."""

    def __init__(self, way: Way, settings: Settings, num_classes: int):
        self.way, classic = way, way.head == "classic"
        base = model.build_base(replace(settings, side=way.side))
        base.trainable = False
        head = classic_head(num_classes) if classic else model.linear_head(num_classes)
        self.network = model.join(base, head, name="network")
        self.extractor = feature_extractor(base)
        self.trained = head if way.features_once else self.network
        compile_for_classes(self.trained, keras.optimizers.Adam(1e-4 if classic else HEAD_RATE))

    def fit(self, pictures: PictureSet, epochs: int, batches=None) -> None:
        """Train on the pictures, or on `batches` of them that come from files."""
        if self.way.features_once:
            images = image_batches(pictures.images, self.way.batch_size)
            features = self.extractor.predict(images, verbose=0).astype("float32")
            pictures, batches = PictureSet(features, pictures.labels), None
        batches = batches or make_dataset(pictures, batch_size=self.way.batch_size, shuffle=True)
        self.trained.fit(batches, shuffle=False, epochs=epochs, verbose=0)

    def seconds(self, pictures: PictureSet, epochs: int, batches=None) -> float:
        """Seconds of `fit`, without those in which Keras traces its graphs on a first batch."""
        self.fit(pictures.first(self.way.batch_size), 1, batches and batches.take(1))
        return timed(self.fit, pictures, epochs, batches)[1]


def classic_head(num_classes: int) -> keras.Sequential:
    """The head of the old recipe: Flatten, two Dense 4096, softmax; 19 million parameters."""
    layers = [
        keras.layers.Flatten(),
        keras.layers.Dense(4096, activation="relu"),
        keras.layers.Dense(4096, activation="relu"),
        keras.layers.Dense(num_classes, activation="softmax", dtype="float32"),
    ]
    return keras.Sequential(layers, name="head")


def write_folders(pictures: PictureSet, class_names: list[str], folder: Path) -> None:
    """Each picture as a PNG file in the folder of its class."""
    for name in class_names:  # Keras wants a folder for each, even an empty one
        (folder / name).mkdir(parents=True, exist_ok=True)
    for place, (image, label) in enumerate(zip(pictures.images, pictures.labels, strict=True)):
        target = folder / class_names[label] / f"{place:05d}.png"
        target.write_bytes(tf.io.encode_png(image).numpy())


@contextlib.contextmanager
def dtype_policy(precision: str) -> Iterator[None]:
    """Keras's global dtype policy inside the block; the former one afterwards, come what may."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)


def measure_steps(
    sets: PictureSets, settings: Settings, *, pictures: int, epochs: int, switches=SWITCHES
) -> Iterator[dict]:
    """Yield one row per step: seconds of training the head for `epochs`, validation accuracy.

    A step keeps what those before it switched on; bfloat16 is left out where settings say float32.
    """
    train, validation = sets.train.first(pictures), sets.validation.first(pictures)
    way, names = Way(), sets.class_names
    with tempfile.TemporaryDirectory() as folder:
        write_folders(train, names, Path(folder))
        for step, changes in switches:
            if "precision" in changes:
                if settings.precision == "float32":
                    continue
                changes = {"precision": settings.precision}
                step = settings.precision.removeprefix("mixed_")
            way, batches = replace(way, **changes), None
            small, others = (resize(p.images, way.side) for p in (train, validation))
            if way.files:
                batches = keras.utils.image_dataset_from_directory(
                    folder, class_names=names, image_size=(way.side, way.side),
                    batch_size=way.batch_size, seed=0, verbose=False,
                )  # fmt: skip
                batches = batches if way.autotune else untuned(batches)
            keras.utils.set_random_seed(0)
            with dtype_policy(way.precision):
                training = HeadTraining(way, settings, len(names))
                seconds = training.seconds(PictureSet(small, train.labels), epochs, batches)
                answers = training.network.predict(image_batches(others), verbose=0)
            rate = len(train) * epochs / seconds
            accuracy = float(np.mean(answers.argmax(axis=1) == validation.labels))
            yield dict(zip(COLUMNS["steps"], (step, rate, seconds, accuracy), strict=True))


def measure_sizes(
    sets: PictureSets, settings: Settings, *, sides: tuple[int, ...], pictures: int
) -> Iterator[dict]:
    """Yield speed of the frozen base and accuracy of a linear probe after it, at each side."""
    train, validation = part(sets.train, pictures), sets.validation.first(pictures)
    for side in sides:
        base = model.build_base(replace(settings, side=side))
        images, others = resize(train.images, side), resize(validation.images, side)
        known, unknown = (block_features(base, p)[5] for p in (images, others))
        fit = fit_probe(known, train.labels, unknown, validation.labels)
        values = (side, 100, predict_rate(base, images), fit.score(unknown, validation.labels))
        yield dict(zip(COLUMNS["sizes"], values, strict=True))


def predict_rate(network: keras.Model, images: np.ndarray, batch_size: int = 100) -> float:
    """Pictures per second of `predict`, after one batch to warm up."""
    network.predict(image_batches(images[:batch_size], batch_size), verbose=0)
    begun = time.perf_counter()
    network.predict(image_batches(images, batch_size), verbose=0)
    return len(images) / (time.perf_counter() - begun)


def fit_rate(network: keras.Model, pictures: PictureSet, batch_size: int = 32) -> float:
    """Pictures per second of `fit`, after one batch to warm up; `network` must be compiled."""
    count = len(pictures) // batch_size * batch_size or len(pictures)  # whole batches
    for few in (pictures.first(batch_size), pictures.first(count)):
        batches, begun = make_dataset(few, batch_size=batch_size), time.perf_counter()
        network.fit(batches, shuffle=False, verbose=0)
    return count / (time.perf_counter() - begun)
