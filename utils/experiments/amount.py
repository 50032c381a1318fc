"""How much data, how similar: what notebook 06 measures of each way of using VGG16."""

import itertools
import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from utils import model
from utils.data import PictureSet, PictureSets, image_batches, make_dataset
from utils.experiments.results import COLUMNS
from utils.settings import Settings
from utils.training import mirror, warm_up_and_cosine

BLOCKS = (1, 2, 3, 4, 5)
PROBES = {f"linear probe after block {block}": block for block in BLOCKS}
NEAREST_MEAN = "nearest class mean"
STRENGTHS = (0.003, 0.03, 0.3)  # scikit-learn's C; the validation set chooses
EPOCHS = {50: 12, 200: 8, 1_000: 5, 5_000: 2}  # of a whole network, by number of pictures
RULE = [  # of thumb: its words, the data, the numbers of pictures, the cases it advises
    ("little data, similar: freeze the base", "cifar10", (50, 200), list(PROBES)[4:]),
    ("little data, unlike: low-level layers", "digits", (50, 200), list(PROBES)[:3]),
    ("little data, unlike: low-level layers", "sounds", (50, 200), list(PROBES)[:3]),
    ("much data: fine-tune", "cifar10", (5_000,), ["fine-tuned"]),
]


def plan(labels: np.ndarray, counts: tuple[int, ...], seeds: range, whole: dict) -> list[tuple]:
    """What can be measured with these training labels: cases, numbers of pictures, seeds.

    A number below one picture per class is left out; one that the data cannot give becomes all
    pictures, with one seed, and so do data for which no number is left. A whole network (`whole`:
    case and most pictures) is always trained on the smallest number.
    """
    classes, everything = len(np.unique(labels)), len(labels)
    counts = sorted({min(n, everything) for n in counts if n >= classes} or {everything})
    most = dict.fromkeys([*PROBES, NEAREST_MEAN], everything) | whole
    return [
        (case, count, seed)
        for case in most
        for count in counts
        if count <= max(most[case], counts[0])
        for seed in (seeds if count < everything else seeds[:1])
    ]


def subset(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices of `count` pictures in which each class keeps its fraction of `labels`.

    If `count` allows, no class is left out. Another seed chooses other pictures.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))  # of a picture in its class, from 0 to just below 1
    for label in np.unique(labels):
        members = order[labels[order] == label]
        place[members] = np.arange(len(members)) / len(members)
    return order[np.argsort(place[order], kind="stable")][:count]


def part(pictures: PictureSet, count: int, seed: int = 0) -> PictureSet:
    """A `subset` of the pictures."""
    rows = subset(pictures.labels, count, seed)
    return PictureSet(pictures.images[rows], pictures.labels[rows])


def feature_extractor(base: keras.Model) -> keras.Model:
    """Pictures RGB 0..255 -> what `base` makes of them."""
    pictures = keras.Input(base.input_shape[1:])
    return keras.Model(pictures, base(model.preprocess(pictures)))


def block_features(base: keras.Model, images: np.ndarray) -> dict[int, np.ndarray]:
    """What a head reads after each block: {block: float32 [n, channels]}.

    The mean of each map, scaled for each picture to mean 0 and standard deviation 1.
    """
    outputs = []
    for block in BLOCKS:
        means = keras.layers.GlobalAveragePooling2D()(base.get_layer(f"block{block}_pool").output)
        scaled = keras.layers.LayerNormalization(center=False, scale=False, dtype="float32")
        outputs.append(scaled(means))
    extractor = feature_extractor(keras.Model(base.input, outputs))
    return dict(zip(BLOCKS, extractor.predict(image_batches(images), verbose=0), strict=True))


@threadpool_limits.wrap(limits=1)  # on a busy machine more threads wait for each other
def fit_probe(features, labels, validation_features, validation_labels) -> LogisticRegression:
    """A linear softmax classifier; the validation set chooses the strength of its penalty."""
    fits = [LogisticRegression(C=c, max_iter=300).fit(features, labels) for c in STRENGTHS]
    return max(fits, key=lambda fit: fit.score(validation_features, validation_labels))


def nearest_mean(features, labels, others) -> np.ndarray:
    """For each of `others` the class whose mean of `features` is nearest."""
    classes = np.unique(labels)
    means = np.stack([features[labels == label].mean(axis=0) for label in classes])
    squares = (means**2).sum(axis=1) - 2 * others @ means.T  # distances up to a constant
    return classes[squares.argmin(axis=1)]


def timed(function: Callable, *arguments) -> tuple[object, float]:
    """What the function returns, and its seconds."""
    begun = time.perf_counter()
    return function(*arguments), time.perf_counter() - begun


class WholeNetwork:
    """VGG16 with a linear head, trained again and again from the same start."""

    def __init__(self, settings: Settings, num_classes: int, pretrained: bool):
        base = model.build_base(settings, pretrained=pretrained)
        self.network = model.join(base, model.linear_head(num_classes), name="whole")
        optimizer = keras.optimizers.AdamW(0.0, weight_decay=0.01)  # `fit` sets the rate
        self.network.compile(optimizer, loss="sparse_categorical_crossentropy")
        optimizer.build(self.network.trainable_variables)
        self.variables = [*self.network.variables, *optimizer.variables]
        self.start = [keras.ops.convert_to_numpy(v) for v in self.variables]
        blank = np.zeros((2, *base.input_shape[1:]), "uint8")
        self.fit(PictureSet(blank, np.zeros(2, "int64")), epochs=1)  # traces the graph

    def reset(self, head: LogisticRegression | None = None) -> None:
        """Return to the start, with the weights of a linear probe as the head where given."""
        for variable, value in zip(self.variables, self.start, strict=True):
            variable.assign(value)
        if head is not None:
            kernel, bias = head.coef_.T, head.intercept_
            if len(bias) == 1:  # of two classes scikit-learn keeps the difference
                kernel, bias = kernel * [[0, 1]], bias * [0, 1]
            self.network.get_layer("head").get_layer("predictions").set_weights([kernel, bias])

    def fit(self, pictures: PictureSet, epochs: int) -> None:
        """Train on mirrored pictures, with notebook 04's rate."""
        batch_size = min(32, max(1, len(pictures) // 5))
        batches = make_dataset(pictures, batch_size=batch_size, shuffle=True).map(mirror)
        schedule, steps = warm_up_and_cosine(epochs * len(batches)), itertools.count()

        def set_rate(batch, logs):  # the schedule itself would need a new optimizer each time
            self.network.optimizer.learning_rate = float(schedule(next(steps)))

        callbacks = [keras.callbacks.LambdaCallback(on_train_batch_begin=set_rate)]
        self.network.fit(batches, shuffle=False, epochs=epochs, callbacks=callbacks, verbose=0)


def measure(
    name: str, sets: PictureSets, settings: Settings, planned: list[tuple], most_epochs: int = 20
) -> Iterator[dict]:
    """Yield one row (see `results.COLUMNS["amount"]`) for each key of the plan.

    Seconds of a linear probe include the features of its training pictures, at the speed measured
    on 100. Those of fine-tuning do not include the probe that its head starts from.
    """
    base, whole, cost = model.build_base(settings), {}, {}
    train, validation, test = (
        block_features(base, p.images) for p in (sets.train, sets.validation, sets.test)
    )
    batch = keras.ops.convert_to_tensor(sets.train.images[:100].astype("float32"))
    for block in BLOCKS:  # called without `predict`, which would trace a graph each time
        cut = model.cut_base(base, f"block{block}_pool")
        cut(batch[:10])
        cost[block] = timed(cut, batch)[1] / len(batch)
    for case, count, seed in planned:
        rows, block = subset(sets.train.labels, count, seed), PROBES.get(case, BLOCKS[-1])
        features, labels = train[block][rows], sets.train.labels[rows]
        known = (features, labels, validation[block], sets.validation.labels)
        if case == NEAREST_MEAN:
            answers, seconds = timed(nearest_mean, features, labels, test[block])
            seconds += cost[block] * count
        elif case in PROBES:
            probe, seconds = timed(fit_probe, *known)
            answers, seconds = probe.predict(test[block]), seconds + cost[block] * count
        else:
            pretrained = case == "fine-tuned"
            keras.utils.set_random_seed(seed)
            if case not in whole:
                whole = {case: WholeNetwork(settings, len(sets.class_names), pretrained)}
            whole[case].reset(fit_probe(*known) if pretrained else None)
            epochs = min(most_epochs, next((e for n, e in EPOCHS.items() if count <= n), 2))
            _, seconds = timed(whole[case].fit, part(sets.train, count, seed), epochs)
            images = image_batches(sets.test.images)
            answers = whole[case].network.predict(images, verbose=0).argmax(axis=1)
        right = float(np.mean(answers == sets.test.labels))
        yield dict(zip(COLUMNS["amount"], (name, case, count, seed, right, seconds), strict=True))


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the seeds, per data set, case and number of pictures."""
    grouped = table.groupby(["data", "case", "pictures"], sort=False)
    means = grouped.agg(accuracy=("accuracy", "mean"), std=("accuracy", "std"),
                        seconds=("seconds", "mean"), seeds=("seed", "nunique"))  # fmt: skip
    return means.reset_index()


def is_clear(one: pd.Series, other: pd.Series) -> bool:
    """Whether two rows of `summary`, of several seeds, differ by more than twice the error."""
    error = np.sqrt((one["std"] ** 2 + other["std"] ** 2) / min(one.seeds, other.seeds))
    return bool(abs(one.accuracy - other.accuracy) > 2 * error)


def ranked(table: pd.DataFrame) -> dict[tuple[str, int], pd.DataFrame]:
    """For each data set and number of pictures the summary of all trainings, the best first."""
    means = summary(table[table.case != NEAREST_MEAN]).sort_values("accuracy", ascending=False)
    return dict(list(means.groupby(["data", "pictures"])))


def decision_map(table: pd.DataFrame) -> pd.DataFrame:
    """Winner and accuracy per data set and number; the runner-up, too, unless the lead is clear."""
    words = {}
    for key, part in ranked(table).items():
        names = part.case.head(1 if is_clear(part.iloc[0], part.iloc[1]) else 2)
        words[key] = f"{' or '.join(names)}: {part.accuracy.iloc[0]:.3f}"
    return pd.Series(words).str.replace("linear probe after ", "").unstack().fillna("")


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """The rule of thumb's advice against the best other case, one row per comparison."""
    groups, rows = ranked(table), []
    for rule, data, counts, advised in RULE:
        for part in (groups[data, n] for n in counts if (data, n) in groups):
            named = part.case.isin(advised)
            if not named.any():
                continue
            one, other = part[named].iloc[0], part[~named].iloc[0]
            verdict = "holds" if one.accuracy > other.accuracy else "fails"
            if not is_clear(one, other):
                verdict = "no clear difference" if one.seeds > 1 else f"{verdict}, one seed"
            found = (one.case, one.accuracy, other.case, other.accuracy, verdict)
            rows.append((rule, data, one.pictures, *found))
    columns = ["rule", "data", "pictures", "advised", "accuracy", "best other", "its accuracy"]
    return pd.DataFrame(rows, columns=[*columns, "verdict"])
