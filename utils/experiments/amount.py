"""How much data, how similar: what notebook 06 measures of each way of using VGG16.

A seed draws training, validation and test pictures, initial weights and order, so a spread over
seeds holds the luck of all of them. All ways get a seed's pictures alike: compare them in pairs.
"""

import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from threadpoolctl import threadpool_limits

from utils import model
from utils.data import PictureSet, PictureSets, image_batches, make_dataset, resize
from utils.experiments.results import COLUMNS
from utils.settings import Settings
from utils.training import mirror, warm_up_and_cosine

BLOCKS = {1: (3, 3), 2: (2, 2), 3: (2, 1), 4: (1, 1), 5: (1, 1)}  # means of a map: rows, columns
PROBES = {f"linear probe after block {block}": block for block in BLOCKS}
LAST, LOW, EARLIER = list(PROBES)[4], list(PROBES)[:3], list(PROBES)[:4]
CONTROLS = (NEAREST_MEAN, PIXELS, RANDOM) = "nearest class mean", "raw pixels", "random base"
WHOLE = (FINE_TUNED, SMALL) = "fine-tuned", "small network from scratch"
STRENGTHS = (0.001, 0.01, 0.1)  # scikit-learn's C; the validation set chooses
EPOCHS = {50: 15, 200: 8, 1_000: 5, 5_000: 3}  # of fine-tuning, by number of pictures; then 1
NOT_MIRRORED = ("digits", "sounds")  # a mirrored 2 is no 2, and a mirrored rising tone falls
RULE = [  # of thumb: its words, the data, the numbers of pictures, the ways it advises
    ("not many, similar: freeze the base", "cifar10", (50, 200, 1_000, 5_000), [LAST]),
    ("not many, unlike: cut after block 1 to 3", "digits", (50, 200), LOW),
    ("not many, unlike: cut after block 1 to 3", "sounds", (50, 200), LOW),
    ("not many, unlike: cut after block 1 to 4", "digits", (50, 200), EARLIER),
    ("not many, unlike: cut after block 1 to 4", "sounds", (50, 200), EARLIER),
    ("many (tens of thousands): fine-tune", "cifar10", (45_000,), [FINE_TUNED]),
]
VERDICTS = {"ahead": "holds", "behind": "fails", "unclear": "no clear difference"}


def plan(labels: np.ndarray, counts: tuple[int, ...], whole: dict[str, int]) -> list[tuple]:
    """What can be measured with these training labels: pairs of case and number of pictures.

    A number that is not above one picture per class is left out; one that the data cannot give
    becomes all pictures, and so do data for which no number is left. A whole network (`whole`:
    case and most pictures) is always trained on the smallest number.
    """
    classes, everything = len(np.unique(labels)), len(labels)
    counts = sorted({min(n, everything) for n in counts if n > classes} or {everything})
    most = dict.fromkeys([*PROBES, *CONTROLS], everything) | whole
    return [(c, n) for n in counts for c in most if n <= max(most[c], counts[0])]


def subset(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices of `count` pictures in which each class keeps its fraction of `labels`.

    If `count` allows, no class is left out. Another seed chooses other pictures; a smaller count
    chooses a part of them.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))  # of a picture in its class, from 0 to just below 1
    for label in np.unique(labels):
        members = order[labels[order] == label]
        place[members] = np.arange(len(members)) / len(members)
    return order[np.argsort(place[order], kind="stable")][:count]


def part(pictures: PictureSet, count: int, seed: int = 0, share: int = 0) -> PictureSet:
    """The `share`-th `count` pictures of the order that the seed draws: shares are disjoint."""
    rows = subset(pictures.labels, (share + 1) * count, seed)[share * count :]
    return PictureSet(pictures.images[rows], pictures.labels[rows])


def feature_extractor(base: keras.Model) -> keras.Model:
    """Pictures RGB 0..255 -> what `base` makes of them."""
    pictures = keras.Input(base.input_shape[1:])
    return keras.Model(pictures, base(model.preprocess(pictures)))


def block_extractor(base: keras.Model) -> keras.Model:
    """Pictures -> what a probe reads after each block, a list of float32 [n, 512 or 576].

    Means of the maps (see `BLOCKS`), scaled for each picture to mean 0 and deviation 1.
    """
    outputs = []
    for block, (rows, columns) in BLOCKS.items():
        maps = base.get_layer(f"block{block}_pool").output
        size = maps.shape[1] // rows, maps.shape[2] // columns
        means = keras.layers.AveragePooling2D(size, dtype="float32")(maps)
        scaled = keras.layers.LayerNormalization(center=False, scale=False, dtype="float32")
        outputs.append(scaled(keras.layers.Flatten()(means)))
    return feature_extractor(keras.Model(base.input, outputs))


def by_block(extractor: keras.Model, images: np.ndarray) -> dict[int, np.ndarray]:
    """What a `block_extractor` makes of pictures, by block."""
    return dict(zip(BLOCKS, extractor.predict(image_batches(images), verbose=0), strict=True))


def block_features(base: keras.Model, images: np.ndarray) -> dict[int, np.ndarray]:
    """What a probe reads after each block of `base`: see `block_extractor`."""
    return by_block(block_extractor(base), images)


def pixels(images: np.ndarray) -> np.ndarray:
    """The pictures themselves, at 16 px, about 0: float32 [n, 768]."""
    return resize(images, 16).reshape(len(images), -1).astype("float32") / 64 - 2


@threadpool_limits.wrap(limits=1)  # on a busy machine more threads wait for each other
def fit_probe(features, labels, validation_features, validation_labels) -> LogisticRegression:
    """A linear softmax classifier; the validation set chooses the strength of its penalty."""
    fits = [LogisticRegression(C=c, max_iter=1_000).fit(features, labels) for c in STRENGTHS]
    return max(fits, key=lambda fit: fit.score(validation_features, validation_labels))


def timed(function: Callable, *arguments) -> tuple[object, float]:
    """What the function returns, and its seconds."""
    begun = time.perf_counter()
    return function(*arguments), time.perf_counter() - begun


def small_network(side: int, num_classes: int) -> keras.Model:
    """Four convolutions with batch norm, for a training from random weights."""
    layers = [keras.Input((side, side, 3)), keras.layers.Rescaling(1 / 64, offset=-2)]
    for filters in (32, 64, 128, 256):
        layers += [
            keras.layers.Conv2D(filters, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(),
        ]
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dropout(model.DROPOUT)]
    layers += [keras.layers.Dense(num_classes, activation="softmax", dtype="float32")]
    return keras.Sequential(layers)


class WholeNetwork:
    """A network of which everything is trained, again and again from the same start."""

    def __init__(self, network: keras.Model):
        self.network = network
        optimizer = keras.optimizers.AdamW(0.0, weight_decay=0.01)  # `fit` sets the rate
        network.compile(optimizer, loss="sparse_categorical_crossentropy")
        optimizer.build(network.trainable_variables)
        self.variables = [*network.variables, *optimizer.variables]
        self.start = [keras.ops.convert_to_numpy(v) for v in self.variables]
        blank = np.zeros((2, *network.input_shape[1:]), "uint8")
        self.fit(PictureSet(blank, np.zeros(2, "int64")), lambda seconds, step: 0.0)  # traces
        self.reset()

    def reset(self, head: LogisticRegression | None = None) -> None:
        """Return to the start, with the weights of a linear probe as the head where given."""
        for variable, value in zip(self.variables, self.start, strict=True):
            variable.assign(value)
        if head is not None:
            kernel, bias = head.coef_.T, head.intercept_
            if len(bias) == 1:  # of two classes scikit-learn keeps the difference
                kernel, bias = kernel * [[0, 1]], bias * [0, 1]
            self.network.get_layer("head").get_layer("predictions").set_weights([kernel, bias])

    def fit(
        self, pictures: PictureSet, rate: Callable, seed: int = 0, mirrored: bool = True
    ) -> None:
        """Train, on mirrored pictures or not, until `rate(seconds, step)` is not above 0."""
        batches = make_dataset(pictures, batch_size=batch_size(pictures), shuffle=True, seed=seed)
        batches = batches.map(mirror) if mirrored else batches
        optimizer, begun = self.network.optimizer, time.perf_counter()

        def set_rate(batch, logs):  # before a step, and after it for the next one
            now = float(rate(time.perf_counter() - begun, int(optimizer.iterations)))
            optimizer.learning_rate = max(0.0, now)
            self.network.stop_training = now <= 0

        callback = keras.callbacks.LambdaCallback(
            on_train_batch_begin=set_rate, on_train_batch_end=set_rate
        )
        self.network.fit(batches, shuffle=False, epochs=100_000, callbacks=[callback], verbose=0)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The most probable class of each picture."""
        return self.network.predict(image_batches(images), verbose=0).argmax(axis=1)


def batch_size(pictures: PictureSet) -> int:
    """32, or less where that would give less than five steps in an epoch."""
    return min(32, max(1, len(pictures) // 5))


def by_steps(pictures: PictureSet, most_epochs: int) -> Callable:
    """Notebook 04's warm-up and cosine over the epochs that this number of pictures gets."""
    epochs = min(most_epochs, next((e for n, e in EPOCHS.items() if len(pictures) <= n), 1))
    steps = epochs * -(-len(pictures) // batch_size(pictures))
    schedule = warm_up_and_cosine(steps)
    return lambda _, step: max(1e-9, schedule(step)) if step < steps else 0.0


def by_seconds(budget: float) -> Callable:
    """A cosine from 0.002 to 0 over so many seconds."""
    return lambda seconds, _: 0.001 * (1 + np.cos(np.pi * min(1.0, seconds / budget)))


class Measurements:
    """All ways of using VGG16 on one kind of pictures; `draw(seed)` gives a seed's pictures."""

    def __init__(self, name: str, draw: Callable[[int], PictureSets], settings: Settings):
        self.name, self.draw, self.settings = name, draw, settings
        base = model.build_base(settings)
        self.extractor, self.cost = block_extractor(base), {}
        batch = keras.ops.convert_to_tensor(draw(0).train.images[:100].astype("float32"))
        for block in BLOCKS:  # called without `predict`, which would trace a graph each time
            cut = model.cut_base(base, f"block{block}_pool")
            cut(batch[:10])
            self.cost[block] = timed(cut, batch)[1] / len(batch)
        self.whole = None

    def rows(self, planned: list[tuple], seed: int, most_epochs: int = 20) -> Iterator[dict]:
        """Yield one row (see `results.COLUMNS["amount"]`) for each pair of the plan.

        There are as many validation pictures as training pictures, where there are enough. The
        seconds of a probe include the features of its training pictures, at the speed measured on
        100; those of fine-tuning do not include the probe that its head starts from. The small
        network trains for the seconds of fine-tuning.
        """
        keras.utils.set_random_seed(seed)
        sets = self.draw(seed)
        parts = (sets.train, sets.validation, sets.test)
        features, random, budget = [by_block(self.extractor, p.images) for p in parts], [], 0
        if any(case == RANDOM for case, _ in planned):
            untrained = block_extractor(model.build_base(self.settings, pretrained=False))
            random = [by_block(untrained, p.images) for p in parts]
        for case, count in planned:
            chosen = [subset(p.labels, count, seed) for p in parts[:2]]
            chosen.append(np.arange(len(sets.test)))
            labels = [p.labels[rows] for p, rows in zip(parts, chosen, strict=True)]

            def take(source, chosen=chosen):
                return [values[rows] for values, rows in zip(source, chosen, strict=True)]

            def probe(values, labels=labels):
                return fit_probe(values[0], labels[0], values[1], labels[1])

            block = PROBES.get(case, 5)
            cost = self.cost[block] * count
            values = take([f[block] for f in features])
            if case in WHOLE:
                images = take([p.images for p in parts])
                pictures, extra = PictureSet(images[0], labels[0]), 0
                mirrored = self.name not in NOT_MIRRORED
                if case == FINE_TUNED:
                    fitted, rate = self.fine_tuned(probe(values)), by_steps(pictures, most_epochs)
                else:
                    fitted = WholeNetwork(small_network(self.settings.side, len(sets.class_names)))
                    rate = by_seconds(budget)
                _, seconds = timed(fitted.fit, pictures, rate, seed, mirrored)
                budget, values = seconds, images
            elif case == RANDOM:
                tries = [take([f[block] for f in random]) for block in BLOCKS]
                scores = [probe(tried).score(tried[1], labels[1]) for tried in tries]
                values, extra = tries[int(np.argmax(scores))], cost
                fitted, seconds = timed(probe, values)
            elif case == PIXELS:
                values = [pixels(images) for images in take([p.images for p in parts])]
                (fitted, seconds), extra = timed(probe, values), 0
            elif case == NEAREST_MEAN:
                (fitted, seconds), extra = timed(NearestCentroid().fit, values[0], labels[0]), cost
            else:
                (fitted, seconds), extra = timed(probe, values), cost
            right = [np.mean(fitted.predict(values[k]) == labels[k]) for k in (1, 2)]
            numbers = (seed, len(sets.test), *map(float, right), seconds + extra)
            yield dict(zip(COLUMNS["amount"], (self.name, case, count, *numbers), strict=True))

    def fine_tuned(self, head: LogisticRegression) -> WholeNetwork:
        """VGG16 with its pretrained weights, and the probe after block 5 as its head."""
        if self.whole is None:
            linear = model.linear_head(len(head.classes_))
            base = model.build_base(self.settings)
            self.whole = WholeNetwork(model.join(base, linear, name="whole"))
        self.whole.reset(head)
        return self.whole


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the seeds, per data set, case and number of pictures."""
    grouped = table.groupby(["data", "case", "pictures"], sort=False)
    means = grouped.agg(accuracy=("accuracy", "mean"), std=("accuracy", "std"),
                        validation=("validation_accuracy", "mean"), seconds=("seconds", "mean"),
                        seeds=("seed", "nunique"))  # fmt: skip
    return means.reset_index()


def by_validation(rows: pd.DataFrame) -> list[str]:
    """The cases, the best first: by how many others each beats in mean validation accuracy.

    Two cases are compared over the seeds that both have. Of level cases the cheaper comes first.
    """
    scores = rows.pivot(index="seed", columns="case", values="validation_accuracy")
    scores = scores[[case for case in (*PROBES, *WHOLE) if case in scores]]
    beaten_by = {
        case: np.sign(scores.sub(scores[case], axis=0).mean().round(6)).sum() for case in scores
    }
    return sorted(beaten_by, key=beaten_by.get)


def difference(one: pd.DataFrame, other: pd.DataFrame) -> tuple[float, float]:
    """Lead of one way over another in test accuracy, and half its 95 % interval.

    Both tables hold a row per seed, of the same pictures. Of several seeds: Student's t of the
    paired differences. Of one: the error of the test set alone, as if the answers of the two were
    independent, which makes it wider than need be; the luck of training is not in it.
    """
    pairs = one.merge(other, on="seed", suffixes=("", "_other"))
    leads = pairs.accuracy - pairs.accuracy_other
    if len(leads) > 1:
        return leads.mean(), stats.t.ppf(0.975, len(leads) - 1) * leads.std() / len(leads) ** 0.5
    accuracies = pairs[["accuracy", "accuracy_other"]].to_numpy()
    variance = (accuracies * (1 - accuracies)).sum() / pairs.test_pictures.iloc[0]
    return leads.iloc[0], 1.96 * variance**0.5


def standing(one: pd.DataFrame, other: pd.DataFrame) -> str:
    """Whether one way is "ahead" of another or "behind" it, or "unclear": see `difference`."""
    lead, error = difference(one, other)
    if abs(lead) <= error:
        return "unclear"
    return "ahead" if lead > 0 else "behind"


def groups(table: pd.DataFrame) -> dict[tuple[str, int], dict[str, pd.DataFrame]]:
    """The ways that compete, per data set and number of pictures: rows by case, best first.

    Validation accuracy orders them, see `by_validation`.
    """
    competing = table[table.case.isin([*PROBES, *WHOLE])]
    return {
        key: {case: rows[rows.case == case] for case in by_validation(rows)}
        for key, rows in competing.groupby(["data", "pictures"])
    }


def short(case: str) -> str:
    """The name of a way, for a narrow column."""
    return case.removeprefix("linear probe after ").removesuffix(" from scratch")


def decision_map(table: pd.DataFrame) -> pd.DataFrame:
    """The way that validation prefers, and how the others compare on the test pictures.

    A row per data set and number of pictures. Each name is followed by its mean test accuracy; the
    seeds are those of the preferred way. Ways named in no column are clearly behind it.
    """
    columns = {"ahead": "clearly ahead of it", "unclear": "too close to call"}
    found = {}
    for key, ways in groups(table).items():
        first, *others = ways
        named = {"validation prefers": [first]} | {column: [] for column in columns.values()}
        for case in others:
            place = standing(ways[case], ways[first])
            if place in columns:
                named[columns[place]].append(case)
        words = {
            column: ", ".join(f"{short(case)} {ways[case].accuracy.mean():.3f}" for case in cases)
            for column, cases in named.items()
        }
        missing = [short(case) for case in (*PROBES, *WHOLE) if case not in ways]
        seeds = ways[first].seed.nunique()
        found[key] = words | {"not measured": ", ".join(missing), "seeds": seeds}
    return pd.DataFrame.from_dict(found, orient="index").rename_axis(["data", "pictures"])


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """The rule's advice against the other ways: of each side the one that validation prefers.

    One of the two is the way that validation prefers of all, so the decision map agrees.
    """
    found, rows = groups(table), []
    for rule, data, counts, advised in RULE:
        for count in counts:
            ways = found.get((data, count), {})
            sides = [[c for c in ways if (c in advised) == side] for side in (True, False)]
            if not all(sides):
                continue
            name, rival = (side[0] for side in sides)
            one, other = ways[name], ways[rival]
            verdict = VERDICTS[standing(one, other)]
            if len(set(one.seed) & set(other.seed)) == 1:
                verdict += ", one seed"
            accuracies = (short(name), one.accuracy.mean(), short(rival), other.accuracy.mean())
            rows.append((rule, data, count, *accuracies, *difference(one, other), verdict))
    columns = ["rule", "data", "pictures", "advised", "accuracy", "other", "its accuracy"]
    return pd.DataFrame(rows, columns=[*columns, "lead", "plus or minus", "verdict"])
