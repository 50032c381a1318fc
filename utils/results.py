"""Recorded results: one tidy table per experiment in data/results/, beside where it comes from.

NAME.csv holds numbers, one row a measurement; NAME.json tells command, seed, revision, versions,
machine, data, weights and date. Notebooks and README read them here.
"""

import json
from pathlib import Path

import pandas as pd

from utils import files
from utils.settings import REPOSITORY

RESULTS = REPOSITORY / "data" / "results"
RECORD = [
    "epoch", "side", "minutes", "learning_rate", "loss", "training_accuracy",
    "validation_accuracy",
]  # fmt: skip
RECORD_TEST = ["test_pictures", "accuracy", "flip_averaged", "minutes"]
COLUMNS = {
    "amount": ["data", "case", "pictures", "seed", "accuracy", "seconds", "joules"],
    "steps": ["step", "pictures_per_second", "seconds", "accuracy"],
    "growth": ["way", "pictures", "seconds", "megabytes"],
    "sizes": ["side", "batch_size", "pictures_per_second", "accuracy"],
    "recipes": ["recipe", "epoch", "seconds", "pictures_per_second", "validation_accuracy"],
    "record": RECORD,
    "record-test": RECORD_TEST,
    "record-muon": RECORD,  # for processors without bfloat16
    "record-muon-test": RECORD_TEST,
    "ingredients": ["recipe", "seed", "validation_accuracy"],
    "optimizers": ["recipe", "seed", "seconds", "validation_accuracy"],
    "pytorch": ["library", "side", "batch_size", "round", "pictures_per_second"],
}  # fmt: skip
ABOUT = {"command", "seed", "revision", "settings", "versions", "machine", "date"}


class ResultsError(ValueError):
    """A results file is missing or not what its name says; the message tells what to do."""


def load(name: str, *, data: str | None = None, folder: Path | None = None) -> pd.DataFrame:
    """The table of one experiment.

    Args:
        name: an experiment, one of COLUMNS.
        data: the short name of the pictures that it must come from, such as "cifar10".
        folder: where the files lie; data/results by default.

    Raises:
        ResultsError: a file is missing or damaged, has other columns, no rows or values that are
            no numbers, or comes from other data.
    """
    path = (folder or RESULTS) / f"{name}.csv"
    again = "`make evidence` records it anew, `git checkout -- data/results` brings it back."
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise ResultsError(f"There is no {path.name} in {shown(path.parent)}. {again}") from None
    except ValueError as error:  # pandas's own errors are ValueErrors
        raise ResultsError(f"{path.name} cannot be read as a table ({error}). {again}") from None
    if list(table) != COLUMNS[name]:
        raise ResultsError(
            f"{path.name} has the columns {', '.join(table)}; expected: "
            f"{', '.join(COLUMNS[name])}. {again}"
        )
    if table.empty:
        raise ResultsError(f"{path.name} has no rows. {again}")
    for column in NUMBERS & set(table):
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise ResultsError(f"{path.name}: not all of column {column} are numbers. {again}")
    about = provenance_of(name, folder=folder)
    if data is not None and about["settings"]["data"] != data:
        raise ResultsError(
            f"{path.name} was recorded on {about['settings']['data']}, not on {data}. {again}"
        )
    return table


NUMBERS = {column for columns in COLUMNS.values() for column in columns} - {
    "data", "case", "step", "way", "recipe", "library",
}  # fmt: skip


def provenance_of(name: str, *, folder: Path | None = None) -> dict:
    """Where the table comes from; raises ResultsError where that is not known."""
    path = (folder or RESULTS) / f"{name}.json"
    about = files.read_json(path)
    lacking = sorted(ABOUT - set(about))
    if lacking or "data" not in about.get("settings", {}):
        raise ResultsError(
            f"{path.name} does not say where {name}.csv comes from (it lacks "
            f"{', '.join(lacking) or 'the data'}). `make evidence` records both anew."
        )
    return about


def load_or_say(name: str, **options) -> pd.DataFrame | None:
    """The table, or None after printing why there is none: the notebook goes on without it."""
    try:
        return load(name, **options)
    except ResultsError as error:
        print(f"Without the recorded results: {error}")
        return None


def save(name: str, table: pd.DataFrame, about: dict, *, folder: Path | None = None) -> Path:
    """Write table and provenance, both or none; returns the table's path."""
    if list(table) != COLUMNS[name]:
        raise ValueError(f"{name} has the columns {COLUMNS[name]}, not {list(table)}.")
    path = (folder or RESULTS) / f"{name}.csv"
    with (
        files.whole_file(path) as table_file,
        files.whole_file(path.with_suffix(".json")) as about_file,
    ):
        table.to_csv(table_file, index=False, float_format="%.5g")
        about_file.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return path


def shown(folder: Path) -> str:
    """The folder as seen from the repository, where it lies in it."""
    return str(folder.relative_to(REPOSITORY)) if folder.is_relative_to(REPOSITORY) else str(folder)
