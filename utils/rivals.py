"""The old recipe against ours on the same pictures, and what each ingredient of ours is worth.

Recorded by `make evidence`; notebook 07 shows the tables.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from utils import model, record_run, speed
from utils.amount import block_features, fit_linear
from utils.data import PictureSets, untuned
from utils.recipe import Recipe
from utils.settings import Settings

OLD_SIDE, OLD_RATE = 48, 1e-4
OURS_LINEAR, OURS_WHOLE = "ours: linear on features", "ours: record's recipe"
WHOLE = "the whole recipe"
# For a tenth of the data: smaller batches, with a smaller rate, so that there are enough steps.
SHORT = Recipe(stages=((24, 2), (32, 1)), batch_size=64, peak_rate=0.05)
ABLATED = replace(SHORT, stages=((24, 1), (32, 1)))
INGREDIENTS = {  # what leaving out each means
    WHOLE: ABLATED,
    "pretrained weights": replace(ABLATED, pretrained=False),
    "batch norm": replace(ABLATED, batch_norm=False, peak_rate=0.02),
    "flips and shifts": replace(ABLATED, flips=False, shift=0),
    "hole": replace(ABLATED, hole=0),
    "label smoothing": replace(ABLATED, label_smoothing=0.0),
    "small pictures first": replace(ABLATED, stages=((32, 2),)),
    "decay of the rate": replace(ABLATED, decay_rate=False, peak_rate=ABLATED.peak_rate / 3),
}


# The step from one recipe to the other, at the same two epochs.
BARE = replace(ABLATED, hole=0)
FROZEN = replace(BARE, frozen_blocks=2)
TURNED = replace(FROZEN, muon=True, batch_size=256, peak_rate=0.04, weight_decay=0.0)
OPTIMIZERS = {
    "SGD on all blocks": BARE,
    "SGD, two blocks frozen": FROZEN,
    "Muon, two blocks frozen": TURNED,
    "with edges kept, too": replace(TURNED, keep_edges=True),
}


class Clock(keras.callbacks.Callback):
    """Training seconds and validation accuracy after each epoch."""

    def __init__(self, name: str, pictures: int):
        super().__init__()
        self.name, self.pictures, self.rows, self.spent = name, pictures, [], 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter()

    def on_test_begin(self, logs=None):  # validation is no part of what is compared
        self.trained = time.perf_counter() - self.begun

    def on_epoch_end(self, epoch, logs=None):
        self.spent += self.trained
        self.rows.append(
            _row(
                self.name, epoch + 1, self.spent, self.pictures / self.trained, logs["val_accuracy"]
            )
        )


def _row(name, epoch, seconds, rate, accuracy) -> dict:
    return {
        "recipe": name,
        "epoch": epoch,
        "seconds": seconds,
        "pictures_per_second": rate,
        "validation_accuracy": float(accuracy),
    }


def old_recipe(sets: PictureSets, settings: Settings, epochs: int) -> list[dict]:
    """As written: class folders, 48 px, values times 1/255, float32, classic head, Adam.

    Copies of it differ in their learning rate; 1e-4 is one that trains.
    """
    kept = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)
    clock = Clock("old recipe", len(sets.train))
    with tempfile.TemporaryDirectory() as folder:
        batches = {}
        for part in ("train", "validation"):
            target = Path(folder) / part
            speed.write_folders(getattr(sets, part), sets.class_names, target)
            files = speed.folder_batches(target, sets.class_names, OLD_SIDE, 32)
            small = files.map(lambda images, labels: (images / 255, labels))
            batches[part] = untuned(small.prefetch(2))
        network = keras.Sequential(
            [
                keras.applications.VGG16(
                    include_top=False,
                    weights=model.weights_argument(settings),
                    input_shape=(OLD_SIDE, OLD_SIDE, 3),
                ),
                speed.classic_head(len(sets.class_names)),
            ]
        )
        network.compile(
            optimizer=keras.optimizers.Adam(OLD_RATE),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        network.fit(
            batches["train"],
            validation_data=batches["validation"],
            epochs=epochs,
            shuffle=False,
            callbacks=[clock],
            verbose=2,
        )
    keras.config.set_dtype_policy(kept)
    return clock.rows


def our_recipes(sets: PictureSets, settings: Settings) -> list[dict]:
    """A linear classifier on features, and the record's recipe at its short length."""
    base = model.build_base(settings)
    block_features(base, sets.train.images[:100])  # warm up
    begun = time.perf_counter()
    features = block_features(base, sets.train.images)[5]
    others = block_features(base, sets.validation.images)[5]
    fit = fit_linear(features, sets.train.labels, others, sets.validation.labels)
    seconds = time.perf_counter() - begun
    accuracy = fit.score(others, sets.validation.labels)
    rows = [_row(OURS_LINEAR, 1, seconds, len(sets.train) / seconds, accuracy)]
    clock = Clock(OURS_WHOLE, len(sets.train))
    record_run.train(SHORT, settings, sets, also=[clock])
    return rows + clock.rows


def times_as_fast(table: pd.DataFrame) -> dict[str, float]:
    """How many times less each of ours trains until it is as good as the old recipe's best.

    nan where it never is.
    """
    old = table[table.recipe == "old recipe"]
    best = old.loc[old.validation_accuracy.idxmax()]
    ratios = {}
    for name in (OURS_LINEAR, OURS_WHOLE):
        part = table[table.recipe == name]
        good = part[part.validation_accuracy >= best.validation_accuracy]
        ratios[name] = float(best.seconds / good.seconds.min()) if len(good) else float("nan")
    return ratios


def measure_ingredients(
    sets: PictureSets, settings: Settings, seeds: range, done: set = frozenset()
) -> Iterator[dict]:
    """Yield the validation accuracy of the short recipe, whole and without each ingredient.

    All are flip-averaged but one. Pairs of recipe and seed that are `done` are left out.
    """
    for seed in seeds:
        for name, chosen in INGREDIENTS.items():
            if (name, seed) in done:
                continue
            network, _ = record_run.train(replace(chosen, seed=seed), settings, sets)
            plain, averaged = record_run.accuracies(network, sets.validation)
            answers = {name: averaged}
            if name == WHOLE:  # its prediction is flip-averaged, so that is one ingredient more
                answers = {WHOLE: averaged, "flip-averaged prediction": plain}
            for recipe, accuracy in answers.items():
                yield {
                    "recipe": recipe,
                    "seed": seed,
                    "validation_accuracy": float(np.round(accuracy, 5)),
                }


def compare_optimizers(sets: PictureSets, settings: Settings) -> Iterator[dict]:
    """Yield training seconds and flip-averaged validation accuracy, from SGD to Muon."""
    for name, chosen in OPTIMIZERS.items():
        clock = Clock(name, len(sets.train))
        network, _ = record_run.train(chosen, settings, sets, also=[clock])
        yield {
            "recipe": name,
            "seed": chosen.seed,
            "seconds": clock.spent,
            "validation_accuracy": record_run.accuracies(network, sets.validation)[1],
        }
