"""How much data, how similar: each way of using VGG16 at each number of pictures, several seeds.

Taught in notebook 06, which measures the reader's own; `make evidence` records the full table.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from utils import model
from utils.data import PictureSet, PictureSets
from utils.results import COLUMNS
from utils.settings import Settings
from utils.training import FINE_TUNING_RATE, SCRATCH_RATE

BLOCKS = (1, 2, 3, 4, 5)
STRENGTHS = (0.001, 0.01, 0.1)  # scikit-learn's C; the validation set chooses
EPOCHS = {50: 12, 200: 8, 1_000: 4, 5_000: 2}  # of training a whole network
LONG = 5_000  # pictures; from here on a whole network is trained with one seed only
NO_TRAINING = "no training"
RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")


def linear_case(block: int) -> str:
    """The name of a linear classifier behind one block: "linear after block 3"."""
    return f"linear after block {block}"


def block_features(base: keras.Model, images: np.ndarray) -> dict[int, np.ndarray]:
    """The mean of each feature map after each block: {block: float32 [n, channels]}."""
    pooled = [
        keras.layers.GlobalAveragePooling2D()(base.get_layer(f"block{block}_pool").output)
        for block in BLOCKS
    ]
    pictures = keras.Input(base.input_shape[1:])
    extractor = keras.Model(pictures, keras.Model(base.input, pooled)(model.preprocess(pictures)))
    features = extractor.predict(images, batch_size=100, verbose=0)
    return {block: f.astype("float32") for block, f in zip(BLOCKS, features, strict=True)}


def subset(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices of `count` members with the classes' shares of `labels`; another seed, others."""
    everyone = np.arange(len(labels))
    if count >= len(labels):
        return everyone
    chosen, _ = train_test_split(everyone, train_size=count, stratify=labels, random_state=seed)
    return chosen


def fit_linear(features, labels, validation_features, validation_labels) -> Pipeline:
    """A linear softmax classifier; how strongly it is held back is chosen on the validation set."""
    fits = [
        make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300)).fit(
            features, labels
        )
        for strength in STRENGTHS
    ]
    return max(fits, key=lambda fit: fit.score(validation_features, validation_labels))


def read_joules(path: Path = RAPL) -> float:
    """The processor package's energy counter, in joules; nan where it cannot be read."""
    try:
        return int(path.read_text()) / 1e6
    except (OSError, ValueError):
        return float("nan")


class WholeNetwork:
    """VGG16 with a linear head, trained again and again from the same start."""

    def __init__(self, settings: Settings, num_classes: int, *, pretrained: bool):
        self.rate = FINE_TUNING_RATE if pretrained else SCRATCH_RATE
        base = model.build_base(settings, pretrained=pretrained)
        self.network = model.join(base, model.linear_head(num_classes), name="whole")
        self.network.compile(
            optimizer=keras.optimizers.Adam(self.rate), loss="sparse_categorical_crossentropy"
        )
        self.network.optimizer.build(self.network.trainable_variables)
        self.start = self.network.get_weights()
        self.traced = set()

    def train(self, pictures: PictureSet, epochs: int, head: Pipeline | None = None) -> float:
        """Train from the start, the head from `head` where given; returns the seconds."""
        batch_size = min(32, len(pictures) // 5)
        if batch_size not in self.traced:  # Keras prepares itself once for each shape
            self._fit(pictures.images[:batch_size], pictures.labels[:batch_size], batch_size, 1)
            self.traced.add(batch_size)
        self.network.set_weights(self.start)
        if head is not None:
            scaler, linear = head[0], head[1]
            kernel = (linear.coef_ / scaler.scale_).T
            bias = linear.intercept_ - scaler.mean_ @ kernel
            self.network.get_layer("head").get_layer("predictions").set_weights([kernel, bias])
        for variable in self.network.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.network.optimizer.learning_rate = self.rate
        begun, whole = time.perf_counter(), len(pictures) // batch_size * batch_size
        self._fit(pictures.images[:whole], pictures.labels[:whole], batch_size, epochs)
        return time.perf_counter() - begun

    def _fit(self, images, labels, batch_size: int, epochs: int) -> None:
        self.network.fit(images, labels, batch_size=batch_size, epochs=epochs, verbose=0)

    def accuracy(self, pictures: PictureSet) -> float:
        answers = self.network.predict(pictures.images, batch_size=100, verbose=0)
        return float(np.mean(answers.argmax(1) == pictures.labels))


def measure(
    name: str,
    sets: PictureSets,
    settings: Settings,
    *,
    counts: tuple[int, ...],
    seeds: range,
    whole_counts: dict[str, tuple[int, ...]],
    most_epochs: int = 20,
) -> Iterator[dict]:
    """Yield one row (see `results.COLUMNS["amount"]`) per case, number of pictures and seed.

    Seconds are those of training; of linear classifiers with computing their features (as many
    as they use, at the speed measured on all). Linear classifiers come first: they are cheap.
    `whole_counts` says at which numbers of pictures a whole network is trained, for the cases
    "from scratch" and "fine-tuned".
    """
    base = model.build_base(settings)
    features, costs = {}, {}
    for part in ("train", "validation", "test"):
        features[part] = block_features(base, getattr(sets, part).images)
    for block in BLOCKS:
        costs[block] = _seconds_per_picture(base, block, sets.train.images)
    labels, validation, test = sets.train.labels, sets.validation.labels, sets.test.labels

    def row(case, count, seed, accuracy, seconds, joules=float("nan")):
        return dict(
            zip(
                COLUMNS["amount"],
                (name, case, count, seed, accuracy, seconds, joules),
                strict=True,
            )
        )

    heads = {}
    for count in counts:
        for seed in seeds if count < len(labels) else seeds[:1]:  # of all there is one choice
            rows = subset(labels, count, seed)
            for block in BLOCKS:
                begun, spent = time.perf_counter(), read_joules()
                fit = fit_linear(
                    features["train"][block][rows],
                    labels[rows],
                    features["validation"][block],
                    validation,
                )
                seconds = time.perf_counter() - begun + costs[block] * len(rows)
                accuracy = fit.score(features["test"][block], test)
                joules = read_joules() - spent
                yield row(linear_case(block), len(rows), seed, accuracy, seconds, joules)
            heads[count, seed] = fit  # behind the last block: where fine-tuning starts
            begun, last = time.perf_counter(), BLOCKS[-1]
            means = make_pipeline(StandardScaler(), NearestCentroid())
            means.fit(features["train"][last][rows], labels[rows])
            accuracy = means.score(features["test"][last], test)
            seconds = time.perf_counter() - begun + costs[last] * len(rows)
            yield row(NO_TRAINING, len(rows), seed, accuracy, seconds)
    for case, pretrained in (("from scratch", False), ("fine-tuned", True)):
        network = None
        for count in whole_counts.get(case, ()):
            for seed in seeds if count < LONG else seeds[:1]:
                keras.utils.set_random_seed(seed)
                network = network or WholeNetwork(
                    settings, len(sets.class_names), pretrained=pretrained
                )
                rows = subset(labels, count, seed)
                pictures = PictureSet(sets.train.images[rows], labels[rows])
                spent = read_joules()
                epochs = min(most_epochs, EPOCHS[count])
                head = heads.get((count, seed), heads[count, seeds[0]])
                seconds = network.train(pictures, epochs, head if pretrained else None)
                joules = read_joules() - spent
                yield row(case, len(rows), seed, network.accuracy(sets.test), seconds, joules)


def _seconds_per_picture(base: keras.Model, block: int, images: np.ndarray) -> float:
    cut = model.cut_base(base, f"block{block}_pool")
    batch = keras.ops.convert_to_tensor(images[:200].astype("float32"))
    cut.predict(batch, batch_size=100, verbose=0)
    begun = time.perf_counter()
    cut.predict(batch, batch_size=100, verbose=0)
    return (time.perf_counter() - begun) / len(batch)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the seeds of each data set, case and number of pictures."""
    grouped = table.groupby(["data", "case", "pictures"], sort=False)
    return grouped.agg(
        accuracy=("accuracy", "mean"),
        spread=("accuracy", "std"),
        seconds=("seconds", "mean"),
        seeds=("seed", "nunique"),
    ).reset_index()


def winners(table: pd.DataFrame) -> pd.DataFrame:
    """The best case at each data set and number of pictures, and by how much it leads.

    `sure` says whether the lead is more than twice its standard error.
    """
    rows = []
    for (data, pictures), part in summary(table).groupby(["data", "pictures"], sort=False):
        part = part[part.case != NO_TRAINING]
        ordered = part.sort_values("accuracy", ascending=False)
        best, second = ordered.iloc[0], ordered.iloc[1]
        error = np.sqrt((best.spread**2 + second.spread**2) / min(best.seeds, second.seeds))
        lead = best.accuracy - second.accuracy
        rows.append(
            {
                "data": data,
                "pictures": pictures,
                "case": best.case,
                "accuracy": best.accuracy,
                "second": second.case,
                "lead": lead,
                "sure": bool(lead > 2 * error),  # False too where one seed gives no error
            }
        )
    return pd.DataFrame(rows)
