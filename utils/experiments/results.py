"""Recorded results: one tidy table per experiment in data/results/, with its provenance.

NAME.csv holds numbers, one row per measurement; NAME.json holds command, seed, revision, versions,
machine, settings and date. Notebooks and pages read them here. Imports no TensorFlow.
"""

import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
from pathlib import Path

import pandas as pd

from utils import files
from utils.settings import REPOSITORY, Settings, describe

RESULTS = REPOSITORY / "data" / "results"
RECORD = [
    "epoch", "side", "minutes", "learning_rate", "loss", "training_accuracy", "validation_accuracy",
]  # fmt: skip
RECORD_TEST = ["test_pictures", "accuracy", "flip_averaged", "minutes"]
COLUMNS = {
    "amount": ["data", "case", "pictures", "seed", "accuracy", "seconds"],
    "steps": ["step", "pictures_per_second", "seconds", "accuracy"],
    "growth": ["way", "pictures", "seconds", "megabytes"],
    "sizes": ["side", "batch_size", "pictures_per_second", "accuracy"],
    "record": RECORD,
    "record-test": RECORD_TEST,
    # Recorded by code that only the revision named in the JSON file has:
    "record-muon": RECORD,
    "record-muon-test": RECORD_TEST,
    "recipes": ["recipe", "epoch", "seconds", "pictures_per_second", "validation_accuracy"],
    "ingredients": ["recipe", "seed", "validation_accuracy"],
    "optimizers": ["recipe", "seed", "seconds", "validation_accuracy"],
    "pytorch": ["library", "side", "batch_size", "round", "pictures_per_second"],
}
TEXTS = {"data", "case", "step", "way", "recipe", "library"}  # all other columns are numbers
PROVENANCE = {"command", "seed", "revision", "settings", "versions", "machine", "date"}
OLDER_CASES = {"no training": "nearest class mean"} | {
    f"linear after block {block}": f"linear probe after block {block}" for block in range(1, 6)
}
AGAIN = "`python -m utils.experiments` records it; `git checkout -- data/results` restores it."
STAND_IN = (
    "Recorded with earlier stand-in weights, pretrained on Tiny ImageNet; to be measured again."
)
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")


class ResultsError(ValueError):
    """A results file is missing or does not hold what its name says."""


def load(name: str, *, data: str | None = None, folder: Path = RESULTS) -> pd.DataFrame:
    """The table of one experiment, one of COLUMNS.

    Raises:
        ResultsError: a file is missing or damaged, has the wrong columns or no rows, holds text
            instead of numbers, or was not recorded on `data`, such as "cifar10".
    """
    path = folder / f"{name}.csv"
    try:
        table = pd.read_csv(path)
        if not set(table) >= set(COLUMNS[name]):
            raise ValueError(f"its columns are {list(table)}, expected: {COLUMNS[name]}")
        table = table[COLUMNS[name]]  # older files may hold more
        if table.empty:
            raise ValueError("it has no rows")
        for column in set(table) - TEXTS:
            if not pd.api.types.is_numeric_dtype(table[column]):
                raise ValueError(f"not all of column {column} are numbers")
        recorded_on = provenance_of(name, folder=folder)["settings"]["data"]
        if data not in (None, recorded_on):
            raise ValueError(f"it was recorded on {recorded_on}, not on {data}")
    except FileNotFoundError:
        raise ResultsError(f"There is no {path.name} in data/results. {AGAIN}") from None
    except ValueError as error:  # pandas's own errors are ValueErrors, too
        raise ResultsError(f"{path.name} cannot be used: {error}. {AGAIN}") from error
    return table.replace({"case": OLDER_CASES}) if "case" in table else table


def provenance_of(name: str, *, folder: Path = RESULTS) -> dict:
    """The content of NAME.json; raises ResultsError where it is missing or incomplete."""
    about = files.read_json(folder / f"{name}.json")
    if not set(about) >= PROVENANCE or "data" not in about["settings"]:
        raise ResultsError(f"{name}.json does not say where {name}.csv comes from")
    return about


def load_or_say(name: str, **options) -> pd.DataFrame | None:
    """The table, after one printed line on where it comes from; None if it cannot be used.

    The notebook continues without it. Results recorded with stand-in weights are marked.
    """
    try:
        table = load(name, **options)
    except ResultsError as error:
        print(f"Without the recorded results: {error}")
        return None
    about = provenance_of(name, folder=options.get("folder", RESULTS))
    made = [about[key] for key in ("date", "machine")] + [about["settings"].get("precision")]
    print(f"{name}.csv: {', '.join(map(str, made))}, revision {about['revision']}.")
    if about["settings"].get("weights") == "bundled":
        print(STAND_IN)
    return table


def save(name: str, table: pd.DataFrame, about: dict, *, folder: Path = RESULTS) -> Path:
    """Write table and provenance, both or neither; returns the table's path."""
    if list(table) != COLUMNS[name]:
        raise ValueError(f"{name} has the columns {COLUMNS[name]}, not {list(table)}.")
    path = folder / f"{name}.csv"
    with files.whole_file(path) as one, files.whole_file(path.with_suffix(".json")) as other:
        table.to_csv(one, index=False, float_format="%.5g")
        other.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return path


def provenance(settings: Settings, command: str) -> dict:
    """How a result is made: command, seed, revision, settings, versions, machine and date."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True)
        return done.stdout.strip()

    changed = ", utils changed since" if git("status", "--porcelain", "utils") else ""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    chosen = describe(settings)
    for name in ("data", "weights"):  # no path of this machine in a published file
        chosen[name] = Path(chosen[name]).name
    return {
        "command": command,
        "seed": 0,
        "revision": (git("rev-parse", "--short", "HEAD") or "unknown") + changed,
        "settings": chosen,
        "versions": versions | {"python": platform.python_version()},
        "machine": f"{cpu_name()}, {os.cpu_count()} cores, {platform.system()}",
        "date": datetime.date.today().isoformat(),
    }


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name from Linux's list, elsewhere from Python."""
    try:
        names = re.findall(r"model name\s*:\s*(.+)", cpuinfo.read_text(encoding="utf-8"))
    except OSError:
        names = []
    return names[0].strip() if names else platform.processor() or platform.machine()
