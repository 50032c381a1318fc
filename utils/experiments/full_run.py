"""The record run: fine-tune VGG16 on all training pictures by recipe.py, then test it once.

Killed at any moment, `python -m utils.experiments record` resumes after the last finished epoch;
delete the folder `record` of the outputs to start over.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from utils import files
from utils.data import PictureSet, PictureSets, load_sets
from utils.experiments import recipe
from utils.experiments.amount import part
from utils.experiments.results import COLUMNS, provenance, save
from utils.settings import Settings

NETWORK, CURVE = "network.keras", "curve.csv"


class Keep(keras.callbacks.Callback):
    """Writes network and curve after each epoch; minutes add up over interruptions."""

    def __init__(self, folder: Path, sides: list[int], rows: list[dict]):
        super().__init__()
        self.folder, self.sides, self.rows = folder, sides, rows
        self.start = time.monotonic() - 60 * (rows[-1]["minutes"] if rows else 0)

    def on_epoch_end(self, epoch, logs=None):
        minutes = (time.monotonic() - self.start) / 60
        values = (epoch + 1, self.sides[epoch], minutes, float(self.model.optimizer.learning_rate))
        values += (logs["loss"], logs["accuracy"], logs["val_accuracy"])
        self.rows.append(dict(zip(COLUMNS["record"], values, strict=True)))
        network, curve = self.folder / NETWORK, self.folder / CURVE
        # The curve is renamed first: a kill in between leaves a row too many, which is cut off.
        with files.whole_file(network) as network_file, files.whole_file(curve) as curve_file:
            self.model.save(network_file)
            pd.DataFrame(self.rows).to_csv(curve_file, index=False)


def train(
    chosen: recipe.Recipe, settings: Settings, sets: PictureSets, folder: Path
) -> tuple[keras.Model, pd.DataFrame]:
    """Follow the recipe, from where `folder` holds it; the network with batch norm, its curve."""
    keras.utils.set_random_seed(chosen.seed)
    num_classes, sides = len(sets.class_names), chosen.sides
    steps = len(sets.train) // min(chosen.batch_size, len(sets.train))  # in an epoch
    done, rows = 0, []
    if (folder / NETWORK).exists():
        network = keras.models.load_model(folder / NETWORK)
        done = int(network.optimizer.iterations) // steps
        rows = pd.read_csv(folder / CURVE).head(done).to_dict("records")
        print(f"Resuming after epoch {done} of {len(sides)}.")
    else:
        network = recipe.build_network(chosen, settings, sets.train.images, num_classes)
        recipe.compile_network(network, chosen, len(sides) * steps)
    keep = Keep(folder, sides, rows)
    for epoch in range(done, len(sides)):
        network.fit(
            recipe.training_batches(sets.train, num_classes, chosen, epoch), shuffle=False,
            validation_data=recipe.plain_batches(sets.validation, num_classes, sides[epoch]),
            initial_epoch=epoch, epochs=epoch + 1, callbacks=[keep], verbose=2,
        )  # fmt: skip
    return network, pd.DataFrame(keep.rows)


def accuracies(network: keras.Model, pictures: PictureSet, side: int) -> tuple[float, ...]:
    """Accuracy on the pictures, on the mean answer to each and its mirror image, and of six views.

    The six: both, and both moved aslant by a pixel to either side.
    """
    answers, found = 0.0, []
    for move in (0, -1, 1):
        for mirrored in (False, True):
            views = recipe.view(pictures.images, side, mirrored=mirrored, move=move)
            answers = answers + np.log(network.predict(views, verbose=0) + 1e-9)
            found.append(float(np.mean(answers.argmax(axis=1) == pictures.labels)))
    return found[0], found[1], found[-1]


def measure_ingredients(settings: Settings, *, pictures: int = 5_000, epochs: int = 4) -> None:
    """Record what the recipe loses without each of its ingredients, on a part of the pictures."""
    whole = recipe.Recipe(stages=((32, epochs),))
    changes = {  # SGD needs batch norm at its rate, and Muon without it a smaller one
        "the whole recipe": {}, "without pretrained weights": {"pretrained": False},
        "without batch norm, a third of the rate": {"batch_norm": False, "peak_rate": 0.01},
        "SGD instead of Muon": {"muon": False},
        "without mirroring and shifts": {"mirrored": False, "shift": 0},
        "without label smoothing": {"label_smoothing": 0.0},
    }  # fmt: skip
    settings = replace(settings, side=32)
    sets, rows = load_sets(settings), []
    about = provenance(settings, "python -m utils.experiments ingredients")
    parts = {"train": part(sets.train, pictures), "validation": part(sets.validation, 2_000)}
    sets = replace(sets, **parts)
    for name, change in changes.items():
        with tempfile.TemporaryDirectory() as folder:
            _, curve = train(replace(whole, **change), settings, sets, Path(folder))
        keras.backend.clear_session()
        keras.config.set_dtype_policy(settings.precision)  # which the session had
        last = curve.iloc[-1]
        rows.append((name, whole.seed, 60 * last.minutes, last.validation_accuracy))
        print(*rows[-1], flush=True)
    save("ingredients", pd.DataFrame(rows, columns=COLUMNS["ingredients"]), about)


def run(settings: Settings, chosen: recipe.Recipe | None = None) -> None:
    """Train, fold, test once, and record curve and test result in data/results/."""
    start, chosen = time.monotonic(), chosen or recipe.Recipe()
    about = provenance(settings, "python -m utils.experiments record")
    sets, folder = load_sets(replace(settings, side=32)), settings.folder / "record"
    loading = (time.monotonic() - start) / 60
    side = chosen.sides[-1]
    settings = replace(settings, side=side)
    network, curve = train(chosen, settings, sets, folder)
    plain = recipe.fold(network, settings, len(sets.class_names))
    with files.whole_file(folder / "model.keras") as temporary:
        plain.save(temporary)
    print(f"Validation, one, two and six views: {accuracies(plain, sets.validation, side)}")
    minutes = loading + curve.minutes.iloc[-1]
    tested = (len(sets.test), *accuracies(plain, sets.test, side), minutes)
    test = pd.DataFrame([tested], columns=COLUMNS["record-test"])
    for name, table in {"record": curve, "record-test": test}.items():
        print(table.to_string(index=False))
        save(name, table, about | {"recipe": vars(chosen)})
