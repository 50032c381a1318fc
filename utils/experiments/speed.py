"""How soon a way of training is as good as a slow one, and how fast VGG16 runs.

Taught in notebook 07; `python -m utils.experiments speed old-recipe` records it on CIFAR-10.
"""

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import keras
import numpy as np

from utils import model
from utils.data import PictureSet, PictureSets, image_batches, make_dataset, resize
from utils.experiments.amount import block_features, feature_extractor, fit_probe
from utils.experiments.results import COLUMNS
from utils.settings import SMALLEST_SIDE, Settings
from utils.training import HEAD_RATE, WHOLE_RATE, compile_for_classes, mirror

HEAD_PICTURES, HEAD_EPOCHS = 2_000, 10  # at most, for the head that fine-tuning starts from
WARM_UP = 0.2  # fraction of the training in which the rate climbs, as in notebook 04


@dataclass(frozen=True)
class Way:
    """A way of fine-tuning VGG16; with the defaults, notebook 07's slow one."""

    budget: float  # seconds
    side: int = 48
    precision: str = "float32"
    batch_size: int = 32
    recipe: str = "ours"  # or "old", or "repaired": the old one with the right preprocessing

    def rate(self, done: float) -> float:
        """The learning rate when this fraction of the training is over."""
        if self.recipe != "ours":
            return 1e-4
        peak = WHOLE_RATE * (self.batch_size / 32) ** 0.5
        falling = 0.5 + 0.5 * math.cos(math.pi * max(0.0, done - WARM_UP) / (1 - WARM_UP))
        return peak * min(done / WARM_UP, falling)


def levers(settings: Settings, budget: float) -> dict[str, Way]:
    """The slow way, each change of it that notebook 07 tries, and all changes together."""
    side = max(SMALLEST_SIDE, settings.side * 2 // 3)
    changes = {settings.precision.removeprefix("mixed_"): {"precision": settings.precision}}
    if settings.precision == "float32":
        changes = {}
    changes |= {"batches of 128": {"batch_size": 128}, f"{side} px": {"side": side}}
    changes["all together"] = {name: v for change in changes.values() for name, v in change.items()}
    slow = Way(budget, settings.side)
    return {"slow way": slow} | {name: replace(slow, **v) for name, v in changes.items()}


def old_recipes(settings: Settings, budget: float) -> dict[str, Way]:
    """The old recipe as written and with its preprocessing repaired, against notebook 04's way."""
    ours = Way(budget, precision=settings.precision)
    return {
        "old recipe": Way(budget, recipe="old"),
        "old recipe, preprocessing repaired": Way(budget, recipe="repaired"),
        "ours": ours,
        "ours, in a tenth of the time": replace(ours, budget=budget / 10),
    }


class Clock(keras.callbacks.Callback):
    """Sets the rate, validates on the way, and ends `fit` when the training is over.

    It is over after the way's budget, or, if `pictures` is given, after so many training pictures.
    The first batch, for which Keras traces its graph, and all validating take no time on this
    clock. What was spent before, on the head, goes to `spent`.
    """

    def __init__(
        self, way: Way, validation: PictureSet, *, pictures: int | None = None, checks: int = 10
    ):
        super().__init__()
        self.way, self.validation, self.pictures, self.checks = way, validation, pictures, checks
        self.spent, self.seconds, self.since = 0.0, 0.0, None  # the seconds are those of `fit`
        self.seen, self.due = 0, 0  # training pictures, checks
        self.curve = []  # pairs of seconds, the spent ones included, and validation accuracy

    @property
    def done(self) -> float:
        """Which fraction of the training is over."""
        if self.pictures:
            return min(1.0, self.seen / self.pictures)
        return min(1.0, self.seconds / max(1e-9, self.way.budget - self.spent))

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = self.way.rate(self.done)

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.seconds += now - (self.since or now)
        self.seen += self.way.batch_size
        if self.done * self.checks >= self.due:
            answers = self.model.predict(image_batches(self.validation.images), verbose=0)
            accuracy = float(np.mean(answers.argmax(axis=1) == self.validation.labels))
            self.curve.append((self.spent + self.seconds, accuracy))
            self.due = int(self.done * self.checks) + 1
            self.model.stop_training = self.done == 1
            now = time.perf_counter()
        self.since = now


@contextlib.contextmanager
def dtype_policy(precision: str) -> Iterator[None]:
    """Keras's global dtype policy inside the block; the former one afterwards, come what may."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)


def measure_ways(
    ways: dict[str, Way], sets: PictureSets, settings: Settings,
    *, seed: int = 0, checks: int = 10, as_many_pictures: bool = False,
) -> Iterator[dict]:  # fmt: skip
    """Yield a row for each check of each way; see `results.COLUMNS["old-recipe"]`.

    Each way trains for its budget. With `as_many_pictures` only the first one does; the others see
    as many pictures as that one has seen, under the same schedule, in whatever time they take.
    """
    count, parts = None, (sets.train, sets.validation)
    for name, way in ways.items():
        pictures, validation = (PictureSet(resize(p.images, way.side), p.labels) for p in parts)
        clock = Clock(way, validation, pictures=count, checks=checks)
        keras.utils.set_random_seed(seed)
        with dtype_policy(way.precision):
            train(clock, pictures, len(sets.class_names), replace(settings, side=way.side))
        count = clock.seen if as_many_pictures and count is None else count
        for point in clock.curve:
            yield dict(zip(COLUMNS["old-recipe"], (name, *point), strict=True))


def train(clock: Clock, pictures: PictureSet, num_classes: int, settings: Settings) -> None:
    """Train a new network in the clock's way, until it says stop."""
    batches = make_dataset(pictures, batch_size=clock.way.batch_size, shuffle=True)
    if clock.way.recipe == "ours":
        network = model.build_case("fine-tuned", settings, num_classes)
        clock.spent = start_head(network, pictures.first(HEAD_PICTURES))
        batches, optimizer = batches.map(mirror), keras.optimizers.AdamW(0.0, weight_decay=0.01)
    else:
        network = old_network(settings, num_classes, repaired=clock.way.recipe == "repaired")
        optimizer = keras.optimizers.Adam(0.0)
    compile_for_classes(network, optimizer)
    network.fit(batches, shuffle=False, epochs=1_000_000, callbacks=[clock], verbose=0)


def old_network(settings: Settings, num_classes: int, repaired: bool) -> keras.Model:
    """The old recipe's network: VGG16, all of it to be trained, and the classic head."""
    base = model.build_base(settings)
    pictures = keras.Input(base.input_shape[1:])
    seen = model.preprocess(pictures) if repaired else keras.layers.Rescaling(1 / 255)(pictures)
    head = [keras.layers.Flatten(), *(keras.layers.Dense(4096, "relu") for _ in range(2))]
    head.append(keras.layers.Dense(num_classes, "softmax", dtype="float32"))
    return keras.Model(pictures, keras.Sequential(head)(base(seen)))


def start_head(network: keras.Model, pictures: PictureSet) -> float:
    """Run the base once, train the head on its features; seconds, without those of tracing."""
    base, head = network.layers[-2:]
    extractor = feature_extractor(base)
    compile_for_classes(head, keras.optimizers.Adam(HEAD_RATE))
    for few, epochs in ((pictures.first(32), 1), (pictures, HEAD_EPOCHS)):
        begun = time.perf_counter()
        features = extractor.predict(image_batches(few.images), verbose=0).astype("float32")
        batches = make_dataset(PictureSet(features, few.labels), shuffle=True)
        head.fit(batches, shuffle=False, epochs=epochs, verbose=0)
    return time.perf_counter() - begun


def measure_sizes(sets: PictureSets, settings: Settings, sides: tuple[int, ...]) -> Iterator[dict]:
    """Yield speed of the frozen base and accuracy of a linear probe after it, at each side."""
    train, validation = sets.train, sets.validation
    for side in sides:
        base = model.build_base(replace(settings, side=side))
        images, others = resize(train.images, side), resize(validation.images, side)
        known, unknown = (block_features(base, p)[5] for p in (images, others))
        fit = fit_probe(known, train.labels, unknown, validation.labels)
        score = fit.score(unknown, validation.labels)
        values = (side, predict_rate(base, images[:500]), score, len(validation))
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
