"""Recorded results: one tidy table per experiment in data/results/, with its provenance.

NAME.csv holds numbers, one row per measurement; NAME.json holds command, seed, revision, versions,
machine, settings and date. Notebooks read them here. Imports no TensorFlow.
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
from scipy import stats

from utils import files
from utils.settings import REPOSITORY, Settings

RESULTS = REPOSITORY / "data" / "results"
COLUMNS = {  # of what is recorded; for other files only the revision in their JSON has the code
    "amount": [
        "data", "case", "pictures", "seed", "test_pictures", "validation_accuracy", "accuracy",
        "seconds",
    ],
    "steps": ["way", "seed", "seconds", "validation_accuracy"],
    "sizes": ["side", "pictures_per_second", "accuracy", "validation_pictures"],
    "old-recipe": ["way", "seconds", "validation_accuracy"],
    "fine-tuning": ["way", "seed", "epoch", "loss", "val_accuracy", "val_loss", "seconds"],
    "ingredients": ["recipe", "seed", "seconds", "validation_accuracy"],
    "record": [
        "epoch", "side", "minutes", "learning_rate", "loss", "training_accuracy",
        "validation_accuracy",
    ],
    "photographs": [
        "data", "side", "way", "seed", "test_pictures", "validation_accuracy", "accuracy",
        "seconds",
    ],
    "machines": [
        "way", "workers", "batch", "steps", "seconds", "pictures_per_second", "compute", "update",
        "accuracy",
    ],
    "record-test": ["test_pictures", "accuracy", "flip_averaged", "six_views", "minutes"],
}  # fmt: skip


def load_or_say(name: str, *, data: str = "cifar10", folder: Path = RESULTS) -> pd.DataFrame | None:
    """The recorded table NAME.csv, after a printed line on where it comes from.

    None after a line on why where it cannot be used: a file is missing or damaged, lacks a
    column, or was recorded on other data. The notebook continues without it.
    """
    try:
        table = pd.read_csv(folder / f"{name}.csv")
        lacking = set(COLUMNS.get(name, ())) - set(table)
        if lacking or table.empty:
            raise ValueError(f"it lacks {', '.join(sorted(lacking)) or 'rows'}")
        about = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        chosen, revision = about["settings"], about["revision"]
        if chosen["data"] != data:
            raise ValueError(f"it was recorded on {chosen['data']}, not on {data}")
        made = f"{about['date']}, {about['machine']}, {chosen['precision']}, revision {revision}"
    except (OSError, ValueError, LookupError, TypeError) as error:
        problem = getattr(error, "strerror", None) or error  # an OSError's words name its path
        print(f"Without the recorded results {name}.csv: {problem}.")
        print("`python -m utils.experiments -h` says how to measure them.")
        return None
    print(f"{name}.csv: {made}")
    return table


def paired(
    table: pd.DataFrame, reference: str, *, by: str = "way", value: str = "val_accuracy"
) -> pd.DataFrame:
    """How each kind of row (`by`) differs from the reference, seed by seed; one row per seed.

    `low` and `high` are the 95 % interval of the mean difference by Student's t, which takes into
    account that there are few seeds. The verdict is clear where 0 lies outside of it.
    """
    values = table.pivot(index="seed", columns=by, values=value)[list(table[by].unique())]
    differences = values.sub(values[reference], axis="index")
    seeds, mean = differences.count(), differences.mean()
    half = stats.t.ppf(0.975, seeds - 1) * differences.std() / seeds**0.5
    found = pd.DataFrame({"seeds": seeds, "mean": values.mean(), "difference": mean})
    found = found.assign(low=mean - half, high=mean + half, verdict="not clear")
    found.loc[(found.low > 0) | (found.high < 0), "verdict"] = "clear"
    found.loc[reference, ["low", "high", "verdict"]] = [float("nan"), float("nan"), "reference"]
    return found


def save(name: str, table: pd.DataFrame, about: dict, *, folder: Path = RESULTS) -> None:
    """Write NAME.csv and NAME.json, both or neither."""
    if list(table) != COLUMNS[name]:
        raise ValueError(f"{name} has the columns {COLUMNS[name]}, not {list(table)}.")
    if "seed" in table:
        about = about | {"seed": sorted({int(seed) for seed in table.seed})}
    path = folder / f"{name}.csv"
    with files.whole_file(path) as one, files.whole_file(path.with_suffix(".json")) as other:
        table.to_csv(one, index=False, float_format="%.5g")
        other.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def provenance(settings: Settings, command: str) -> dict:
    """How a result is made: command, seed, revision, settings, versions, machine and date."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True)
        return done.stdout.strip()

    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text() if cpuinfo.exists() else "")
    cpu = found[1].strip() if found else platform.processor() or platform.machine()
    changed = ", utils changed since" if git("status", "--porcelain", "utils") else ""
    packages = ("tensorflow", "keras", "numpy", "scikit-learn")
    names = ("data", "weights", "size", "side", "precision")
    chosen = {name: getattr(settings, name) for name in names}
    for name in ("data", "weights"):  # no path of this machine in a published file
        chosen[name] = Path(chosen[name]).name
    return {
        "command": command,
        "seed": 0,
        "revision": (git("rev-parse", "--short", "HEAD") or "unknown") + changed,
        "settings": chosen,
        "versions": {name: importlib.metadata.version(name) for name in packages}
        | {"python": platform.python_version()},
        "machine": f"{cpu}, {os.cpu_count()} cores, {platform.system()}",
        "date": datetime.date.today().isoformat(),
    }
