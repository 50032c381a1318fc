"""Trained networks kept on disk: the model, its history, and what it was trained on.

Notebook 04 writes them; notebook 05 reads them.
"""

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import keras
import pandas as pd
import pooch

from utils import files
from utils.data import PictureSets
from utils.model import count_parameters
from utils.picture_folders import DataError
from utils.settings import Settings


@dataclass
class Run:
    """One trained case: `history` has one row an epoch; `seconds` is the training's wall time."""

    case: str
    network: keras.Model
    history: pd.DataFrame
    seconds: float

    @property
    def trainable_parameters(self) -> int:
        return count_parameters(self.network.trainable_variables)


def run_folder(settings: Settings, case: str) -> Path:
    """outputs/<edition>/<case>, where everything about one case lies."""
    return settings.folder / case.replace(" ", "-")


def fingerprint(settings: Settings, sets: PictureSets) -> dict[str, str]:
    """Digests of what a network is made from: its pictures, and the weights it started from."""
    pictures = hashlib.sha256()
    for part in (sets.train, sets.validation):
        pictures.update(part.images.tobytes() + part.labels.tobytes())
    weights = settings.weights
    if Path(weights).is_file():
        weights = pooch.file_hash(weights, alg="sha256")[:12]
    return {"pictures": pictures.hexdigest()[:12], "weights": weights}


def save_run(run: Run, settings: Settings, sets: PictureSets) -> Path:
    """Save the model, history.csv and run.json, all or none; returns their folder.

    Raises:
        files.CannotWriteError: the disk is full or the folder read-only.
    """
    folder = run_folder(settings, run.case)
    optimizer = getattr(run.network, "optimizer", None)  # there is none before compiling
    if optimizer and not optimizer.built:
        optimizer.build(run.network.trainable_variables)  # or Keras warns on reload
    about = {
        "seconds": run.seconds,
        "class_names": sets.class_names,
        "made_from": fingerprint(settings, sets),
    }
    with (
        files.whole_file(folder / "run.json") as about_file,  # the last one to get its name
        files.whole_file(folder / "history.csv") as history_file,
        files.whole_file(folder / "model.keras") as model_file,
    ):
        run.network.save(model_file)
        run.history.to_csv(history_file, index=False)
        about["model"] = pooch.file_hash(str(model_file), alg="sha256")[:12]
        about_file.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return folder


def load_run(case: str, settings: Settings, sets: PictureSets) -> Run | None:
    """The saved run of this case; None, after saying why, where there is none that can be used.

    Raises:
        DataError: the model was trained on other classes than the pictures have.
    """
    folder = run_folder(settings, case)
    path, about = folder / "model.keras", files.read_json(folder / "run.json")
    if not path.exists():
        return None
    try:
        history = pd.read_csv(folder / "history.csv")
        keys = ("class_names", "made_from", "seconds", "model")
        known, made_from, seconds, digest = (about[key] for key in keys)
    except (FileNotFoundError, KeyError, ValueError):  # pandas's own errors are ValueErrors
        print(f"{case}: the saved run is incomplete.")
        return None
    check_classes(path, known, sets.class_names)
    if made_from != fingerprint(settings, sets):
        print(f"{case}: the saved run was made from other pictures or weights.")
        return None
    if not pooch.file_hash(str(path), alg="sha256").startswith(digest):
        print(f"{case}: the saved model is damaged (it is not the one that this run has left).")
        return None
    try:
        return Run(case, keras.models.load_model(path), history, seconds)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        print(f"{case}: the saved model is damaged ({error or 'it ends too early'}).")
        return None


def check_classes(path: Path, known: list[str], given: list[str]) -> None:
    """Raise DataError where a model knows other classes than the pictures have."""
    if known != given:
        odd = ", ".join(sorted(set(known) ^ set(given))) or "none, but their order differs"
        raise DataError(
            f"The model {path} was trained on {len(known)} classes, the pictures have {len(given)};"
            f" in only one of them: {odd}.\nExecute notebook 04 to train on these pictures."
        )
