"""Fine-tune VGG16 on all training pictures by utils/recipe.py, and test it once.

    make record            or: TRANSFER_SIZE=full python -m utils.record_run --write

Where the processor computes in bfloat16 the recipe is "sgd"; elsewhere "muon", whose hour holds
fewer and cheaper epochs. --recipe chooses.
Killed at any moment, the same command goes on after the last finished epoch. With --write the
curve and the test result go to data/results/.
"""

import argparse
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from utils import checkpoints, data, files, recipe, record, results
from utils.recipe import Recipe
from utils.settings import Settings, choose_settings

CURVE = "curve.csv"
NAMES = {"sgd": "record", "muon": "record-muon"}  # of the recorded results


class Curve(keras.callbacks.Callback):
    """One row an epoch, kept in a file where one is named; minutes add up over interruptions."""

    def __init__(self, path: Path | None, sides: list[int], done: int):
        super().__init__()
        self.path, self.sides = path, sides
        kept = pd.read_csv(path).head(done) if done else pd.DataFrame()
        self.rows = kept.to_dict("records")
        self.before = self.rows[-1]["minutes"] if self.rows else 0.0
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        minutes = self.before + (time.monotonic() - self.start) / 60
        self.rows.append(
            {
                "epoch": epoch + 1,
                "side": self.sides[epoch],
                "minutes": minutes,
                "learning_rate": float(self.model.optimizer.learning_rate),
                "loss": logs["loss"],
                "training_accuracy": logs["accuracy"],
                "validation_accuracy": logs["val_accuracy"],
            }
        )
        if self.path is not None:
            with files.whole_file(self.path) as temporary:
                pd.DataFrame(self.rows).to_csv(temporary, index=False)


def train(
    chosen: Recipe,
    settings: Settings,
    sets: data.PictureSets,
    *,
    folder: Path | None = None,
    also: list[keras.callbacks.Callback] | None = None,
) -> tuple[keras.Model, pd.DataFrame]:
    """Follow the recipe; returns the network with batch norm and its curve.

    With a `folder`, checkpoints and curve are kept there, and what it holds is gone on from.
    """
    keras.utils.set_random_seed(chosen.seed)
    num_classes, sides = len(sets.class_names), chosen.sides
    network, done = checkpoints.load_newest(folder) if folder else (None, 0)
    if network is None:
        network = recipe.build_network(chosen, settings, sets.train.images, num_classes)
        batch_size = min(chosen.batch_size, len(sets.train))
        recipe.compile_network(network, chosen, len(sides) * (len(sets.train) // batch_size))
    curve = Curve(folder and folder / CURVE, sides, done)
    callbacks = [curve, *([checkpoints.Checkpoint(folder)] if folder else []), *(also or [])]
    for epoch in range(done, len(sides)):
        network.fit(
            recipe.training_batches(sets.train, num_classes, chosen, epoch),
            shuffle=False,  # the dataset shuffles itself
            validation_data=recipe.plain_batches(sets.validation, num_classes, sides[epoch]),
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=callbacks,
            verbose=2,
        )
    return network, pd.DataFrame(curve.rows)


def accuracies(network: keras.Model, pictures: data.PictureSet) -> tuple[float, float]:
    """Accuracy on the pictures, and on the mean of the answers to each and its mirror image."""
    plain, mirrored = (
        network.predict(data.image_batches(images, 250), verbose=0).astype("float32")
        for images in (pictures.images, pictures.images[:, :, ::-1])
    )
    both = plain + mirrored
    return tuple(float(np.mean(p.argmax(1) == pictures.labels)) for p in (plain, both))


def name_for(settings: Settings) -> str:
    """The recipe that makes most of an hour in the number format of this machine."""
    return "muon" if settings.precision == "float32" else "sgd"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record it in data/results/")
    parser.add_argument("--recipe", choices=[*recipe.RECIPES], help="by the number format if none")
    options = parser.parse_args(arguments)
    start, settings = time.monotonic(), choose_settings(side=32)
    print(settings, flush=True)
    name = options.recipe or name_for(settings)
    chosen = recipe.RECIPES[name]
    print(f"recipe     {name}: {len(chosen.sides)} epochs", flush=True)
    keras.config.set_dtype_policy(settings.precision)
    about = record.provenance(settings, "make record") | {"recipe": vars(chosen)}
    sets = data.load_sets(settings)
    loading = (time.monotonic() - start) / 60
    folder = settings.folder / NAMES[name]
    network, curve = train(chosen, settings, sets, folder=folder)
    plain = recipe.fold(network, settings, len(sets.class_names))
    with files.whole_file(folder / "model.keras") as temporary:
        plain.save(temporary)
    print(f"Validation, plain and flip-averaged: {accuracies(plain, sets.validation)}")
    accuracy, flip_averaged = accuracies(plain, sets.test)
    minutes = loading + curve.minutes.iloc[-1]
    print(curve.to_string(index=False))
    print(f"Test, once: accuracy {accuracy:.4f}, flip-averaged {flip_averaged:.4f}")
    print(f"{minutes:.1f} minutes of loading and training; model in {folder / 'model.keras'}")
    if options.write:
        test = [[len(sets.test), accuracy, flip_averaged, minutes]]
        test = pd.DataFrame(test, columns=results.COLUMNS["record-test"])
        results.save(NAMES[name], curve, about)
        results.save(f"{NAMES[name]}-test", test, about)
    return 0


if __name__ == "__main__":
    sys.exit(main())
