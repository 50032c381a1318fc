"""How much data, how similar: each way of using VGG16 at each number of pictures, several seeds.

Taught in notebook 06, which measures the reader's own; `make evidence` records the full table.
"""

import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestCentroid

from utils import model
from utils.data import PictureSet, PictureSets, image_batches, make_dataset
from utils.results import COLUMNS
from utils.settings import Settings
from utils.training import mirror, warm_up_and_cosine

BLOCKS = (1, 2, 3, 4, 5)
STRENGTHS = (0.003, 0.03, 0.3)  # scikit-learn's C; the validation set chooses
EPOCHS = {50: 12, 200: 8, 1_000: 5, 5_000: 2}  # of training a whole network
LONG = 5_000  # pictures; from here on a whole network is trained with one seed only
NO_TRAINING = "no training"
RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")


def linear_case(block: int) -> str:
    """The name of a linear classifier behind one block: "linear after block 3"."""
    return f"linear after block {block}"


def block_features(base: keras.Model, images: np.ndarray) -> dict[int, np.ndarray]:
    """What the head of notebook 02 makes of each block's maps: {block: float32 [n, channels]}.

    The mean of each map, scaled for each picture to mean 0 and standard deviation 1.
    """
    pooled = []
    for block in BLOCKS:
        means = keras.layers.GlobalAveragePooling2D()(base.get_layer(f"block{block}_pool").output)
        scaled = keras.layers.LayerNormalization(center=False, scale=False, dtype="float32")
        pooled.append(scaled(means))
    pictures = keras.Input(base.input_shape[1:])
    extractor = keras.Model(pictures, keras.Model(base.input, pooled)(model.preprocess(pictures)))
    features = extractor.predict(image_batches(images), verbose=0)
    return {block: f.astype("float32") for block, f in zip(BLOCKS, features, strict=True)}


def rows_of(
    labels: np.ndarray, counts: tuple[int, ...], seeds: range
) -> dict[tuple[int, int], np.ndarray]:
    """The members to train on, for each count and seed: {(count, seed): indices}.

    A count that leaves nothing out comes once, as there is one choice only. Counts with less than
    one picture for each class are left out.
    """
    classes, rows = len(np.unique(labels)), {}
    for count in counts:
        if count < classes:
            continue
        if count > len(labels) - classes:
            rows.setdefault((len(labels), seeds[0]), np.arange(len(labels)))
            continue
        for seed in seeds:
            rows[count, seed] = subset(labels, count, seed)
    return rows


def subset(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices of `count` members with the classes' shares of `labels`; another seed, others."""
    everyone = np.arange(len(labels))
    if count >= len(labels):
        return everyone
    chosen, _ = train_test_split(everyone, train_size=count, stratify=labels, random_state=seed)
    return chosen


def fit_linear(features, labels, validation_features, validation_labels) -> LogisticRegression:
    """A linear softmax classifier; how strongly it is held back is chosen on the validation set."""
    fits = [
        LogisticRegression(C=strength, max_iter=300).fit(features, labels)
        for strength in STRENGTHS
    ]
    return max(fits, key=lambda fit: fit.score(validation_features, validation_labels))


def read_joules(path: Path = RAPL) -> float:
    """The processor package's energy counter, in joules; nan where it cannot be read."""
    try:
        return int(path.read_text()) / 1e6
    except (OSError, ValueError):
        return float("nan")


class _FollowSchedule(keras.callbacks.Callback):
    """Notebook 04's rate for each step; a new number of steps needs no new optimizer."""

    def __init__(self, steps: int):
        super().__init__()
        self.schedule, self.step = warm_up_and_cosine(steps), 0

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = float(self.schedule(self.step))
        self.step += 1


class WholeNetwork:
    """VGG16 with a linear head, trained again and again from the same start."""

    def __init__(self, settings: Settings, num_classes: int, *, pretrained: bool):
        base = model.build_base(settings, pretrained=pretrained)
        self.network = model.join(base, model.linear_head(num_classes), name="whole")
        optimizer = keras.optimizers.AdamW(0.0, weight_decay=0.01)  # `train` sets the rate
        self.network.compile(optimizer, loss="sparse_categorical_crossentropy")
        self.network.optimizer.build(self.network.trainable_variables)
        self.start = self.network.get_weights()
        self.start_of_optimizer = [v.numpy() for v in self.network.optimizer.variables]
        self.traced = set()

    def train(self, pictures: PictureSet, epochs: int, head: LogisticRegression | None = None) -> float:
        """Train from the start, the head from `head` where given; returns the seconds."""
        batch_size = min(32, len(pictures) // 5)
        if batch_size not in self.traced:  # Keras prepares itself once for each shape
            self._fit(pictures.first(batch_size), batch_size, epochs=1)
            self.traced.add(batch_size)
        self.network.set_weights(self.start)
        if head is not None:
            kernel, bias = head.coef_.T, head.intercept_
            if kernel.shape[1] == 1:  # of two classes scikit-learn keeps the difference
                kernel, bias = kernel * [[0, 1]], bias * [0, 1]
            self.network.get_layer("head").get_layer("predictions").set_weights([kernel, bias])
        optimizer = self.network.optimizer
        for variable, value in zip(optimizer.variables, self.start_of_optimizer, strict=True):
            variable.assign(value)
        begun, whole = time.perf_counter(), len(pictures) // batch_size * batch_size
        self._fit(pictures.first(whole), batch_size, epochs)
        return time.perf_counter() - begun

    def _fit(self, pictures: PictureSet, batch_size: int, epochs: int) -> None:
        batches = make_dataset(pictures, batch_size=batch_size, shuffle=True)
        follow = _FollowSchedule(epochs * len(batches))
        self.network.fit(
            batches.map(mirror), shuffle=False, epochs=epochs, callbacks=[follow], verbose=0
        )

    def accuracy(self, pictures: PictureSet) -> float:
        answers = self.network.predict(image_batches(pictures.images), verbose=0)
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

    Linear classifiers come first: they are cheap. `whole_counts` says at which numbers of pictures
    a whole network is trained, for the cases "from scratch" and "fine-tuned".

    Seconds of linear classifiers include computing the features of their training pictures, as
    many as they use, at the speed measured on 100. Seconds of fine-tuning do not include those of
    the linear classifier after block 5 that its head starts from. Joules are those of training
    alone, without features.
    """
    base = model.build_base(settings)
    features, costs = {}, {}
    for part in ("train", "validation", "test"):
        features[part] = block_features(base, getattr(sets, part).images)
    for block in BLOCKS:
        costs[block] = _seconds_per_picture(base, block, sets.train.images)
    labels, validation, test = sets.train.labels, sets.validation.labels, sets.test.labels

    def row(case, count, seed, accuracy, seconds, seconds_per_picture, joules):
        seconds += seconds_per_picture * count
        values = (name, case, count, seed, accuracy, seconds, joules)
        return dict(zip(COLUMNS["amount"], values, strict=True))

    heads = {}
    for (count, seed), rows in rows_of(labels, counts, seeds).items():
        for block in BLOCKS:
            begun, spent = time.perf_counter(), read_joules()
            fit = fit_linear(
                features["train"][block][rows],
                labels[rows],
                features["validation"][block],
                validation,
            )
            seconds, joules = time.perf_counter() - begun, read_joules() - spent
            accuracy = fit.score(features["test"][block], test)
            yield row(linear_case(block), count, seed, accuracy, seconds, costs[block], joules)
        heads[count, seed] = fit  # behind the last block: where fine-tuning starts
        begun, spent, last = time.perf_counter(), read_joules(), BLOCKS[-1]
        means = NearestCentroid()
        with warnings.catch_warnings():  # of features that do not vary; they do no harm
            warnings.simplefilter("ignore", UserWarning)
            means.fit(features["train"][last][rows], labels[rows])
        seconds, joules = time.perf_counter() - begun, read_joules() - spent
        accuracy = means.score(features["test"][last], test)
        yield row(NO_TRAINING, count, seed, accuracy, seconds, costs[last], joules)
    for case, pretrained in (("from scratch", False), ("fine-tuned", True)):
        network = None
        for (count, seed), rows in rows_of(labels, whole_counts.get(case, ()), seeds).items():
            if count >= LONG and seed != seeds[0]:
                continue
            keras.utils.set_random_seed(seed)
            network = network or WholeNetwork(
                settings, len(sets.class_names), pretrained=pretrained
            )
            pictures = PictureSet(sets.train.images[rows], labels[rows])
            head, spent = heads[count, seed] if pretrained else None, read_joules()
            seconds = network.train(pictures, min(most_epochs, epochs_for(count)), head)
            joules = read_joules() - spent
            yield row(case, count, seed, network.accuracy(sets.test), seconds, 0, joules)


def num_measurements(
    sets: PictureSets,
    counts: tuple[int, ...],
    seeds: range,
    whole_counts: dict[str, tuple[int, ...]],
) -> int:
    """How many rows `measure` yields."""
    labels = sets.train.labels
    linear = len(rows_of(labels, counts, seeds)) * (len(BLOCKS) + 1)
    whole = [key for these in whole_counts.values() for key in rows_of(labels, these, seeds)]
    return linear + sum(count < LONG or seed == seeds[0] for count, seed in whole)


def epochs_for(count: int) -> int:
    """The epochs that a whole network is trained for on so many pictures."""
    return next((epochs for most, epochs in EPOCHS.items() if count <= most), 2)


def _seconds_per_picture(base: keras.Model, block: int, images: np.ndarray) -> float:
    """Seconds of a forward pass; called without `predict`, which would prepare itself each time."""
    cut = model.cut_base(base, f"block{block}_pool")
    batch = keras.ops.convert_to_tensor(images[:100].astype("float32"))
    cut(batch[:10])
    begun = time.perf_counter()
    cut(batch)
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
