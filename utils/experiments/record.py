"""The record run: fine-tune VGG16 on all training pictures by recipe.py, then test it once.

    python -m utils.experiments record

Killed at any moment, the same command resumes after the last finished epoch; delete the folder
`record` of the outputs to start over.
"""

import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from utils import files
from utils.data import PictureSet, PictureSets, image_batches, load_sets
from utils.experiments import recipe, results
from utils.experiments.recipe import Recipe
from utils.settings import Settings

NETWORK, CURVE = "network.keras", "curve.csv"


class Keep(keras.callbacks.Callback):
    """One row of the curve per epoch; with a folder, network and curve are written there.

    Minutes add up over interruptions.
    """

    def __init__(self, folder: Path | None, sides: list[int], rows: list[dict]):
        super().__init__()
        self.folder, self.sides, self.rows = folder, sides, rows
        self.before = rows[-1]["minutes"] if rows else 0.0
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        minutes = self.before + (time.monotonic() - self.start) / 60
        rate = float(self.model.optimizer.learning_rate)
        numbers = (logs["loss"], logs["accuracy"], logs["val_accuracy"])
        values = (epoch + 1, self.sides[epoch], minutes, rate, *numbers)
        self.rows.append(dict(zip(results.RECORD, values, strict=True)))
        if self.folder is not None:
            with (  # the curve is renamed first: a kill in between leaves a row too many, not less
                files.whole_file(self.folder / NETWORK) as network_file,
                files.whole_file(self.folder / CURVE) as curve_file,
            ):
                self.model.save(network_file)
                pd.DataFrame(self.rows).to_csv(curve_file, index=False)


def train(
    chosen: Recipe,
    settings: Settings,
    sets: PictureSets,
    *,
    folder: Path | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> tuple[keras.Model, pd.DataFrame]:
    """Follow the recipe; returns the network with batch norm and its curve.

    With a `folder`, what it holds of an earlier run is resumed.
    """
    keras.utils.set_random_seed(chosen.seed)
    num_classes, sides = len(sets.class_names), chosen.sides
    steps = len(sets.train) // min(chosen.batch_size, len(sets.train))  # an epoch
    if folder and (folder / NETWORK).exists():
        network = keras.models.load_model(folder / NETWORK)
        done = int(network.optimizer.iterations) // steps
        rows = pd.read_csv(folder / CURVE).head(done).to_dict("records")
        print(f"Resuming after epoch {done} of {len(sides)}.")
    else:
        network = recipe.build_network(settings, sets.train.images, num_classes)
        recipe.compile_network(network, chosen, len(sides) * steps)
        done, rows = 0, []
    keep = Keep(folder, sides, rows)
    for epoch in range(done, len(sides)):
        network.fit(
            recipe.training_batches(sets.train, num_classes, chosen, epoch),
            shuffle=False,  # the dataset shuffles itself
            validation_data=recipe.plain_batches(sets.validation, num_classes, sides[epoch]),
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=[keep, *callbacks],
            verbose=2,
        )
    return network, pd.DataFrame(keep.rows)


def accuracies(network: keras.Model, pictures: PictureSet) -> tuple[float, float]:
    """Accuracy on the pictures, and on the mean of the answers to each and its mirror image."""
    plain, mirrored = (
        network.predict(image_batches(images, 250), verbose=0).astype("float32")
        for images in (pictures.images, pictures.images[:, :, ::-1])
    )
    both = plain + mirrored
    return tuple(float(np.mean(p.argmax(axis=1) == pictures.labels)) for p in (plain, both))


def run(settings: Settings, chosen: Recipe | None = None) -> None:
    """Train, fold, test once and record the result in data/results/."""
    start, chosen = time.monotonic(), chosen or Recipe()
    settings = replace(settings, side=max(chosen.sides))
    about = results.provenance(settings, "python -m utils.experiments record")
    about["recipe"] = vars(chosen)
    sets = load_sets(settings)
    loading = (time.monotonic() - start) / 60
    folder = settings.folder / "record"
    network, curve = train(chosen, settings, sets, folder=folder)
    plain = recipe.fold(network, settings, len(sets.class_names))
    with files.whole_file(folder / "model.keras") as temporary:
        plain.save(temporary)
    print(f"Validation, plain and flip-averaged: {accuracies(plain, sets.validation)}")
    minutes = loading + curve.minutes.iloc[-1]
    test = pd.DataFrame(
        [[len(sets.test), *accuracies(plain, sets.test), minutes]], columns=results.RECORD_TEST
    )
    print(curve.to_string(index=False), test.to_string(index=False), sep="\n")
    results.save("record", curve, about)
    results.save("record-test", test, about)
