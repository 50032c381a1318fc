"""What a second machine brings: pictures per second, where a step's time goes, and accuracy.

Taught in notebook 09; `python -m utils.experiments machines` records it on CIFAR-10. Two workers
with a thread each stand for the machines, so that a computer with two cores gives each its own.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import keras
import pandas as pd

from utils import training
from utils.data import PictureSet, image_batches, load_sets
from utils.experiments import results
from utils.experiments.local_cluster import LocalCluster
from utils.settings import Settings

BATCH, STEPS = 256, 30  # pictures of a step, on all workers together
STORED = "low-level layers only"  # the way of 04 that runs its base only once


def command(shared: Path, steps: int, batch: int = BATCH, *, save_every: int = 10) -> list[str]:
    """What starts a worker, for `LocalCluster`."""
    program = [sys.executable, "-m", "utils.experiments.worker", str(shared)]
    return [*program, f"--steps={steps}", f"--batch={batch}", f"--save-every={save_every}"]


def variables(settings: Settings) -> dict[str, str]:
    """The environment variables that give another process these settings."""
    names = ("data", "weights", "size", "side", "outputs")  # it chooses a precision for itself
    return {f"TRANSFER_{name.upper()}": str(getattr(settings, name)) for name in names}


def step_times(shared: Path, batch: int = BATCH) -> dict[str, float]:
    """Seconds of a step, "compute" and "update" (with all-reduce), and pictures per second.

    Medians over the steps of a training in the folder `shared`; the first one prepares and is left
    out.
    """
    steps = pd.read_csv(shared / "steps.csv").iloc[1:]
    rate = batch / (steps["compute"] + steps["update"]).median()
    return {"pictures_per_second": rate} | steps[["compute", "update"]].median().to_dict()


def accuracy(network: keras.Model, pictures: PictureSet) -> float:
    answers = network.predict(image_batches(pictures.images), verbose=0)
    return float((answers.argmax(axis=1) == pictures.labels).mean())


def train(workers: int, shared: Path, steps: int, settings: Settings) -> None:
    """Train on local workers, showing what they print; raises RuntimeError if one fails."""
    with LocalCluster(command(shared, steps), workers, **variables(settings)) as cluster:
        for worker, line in cluster:
            print(f"worker {worker} of {workers}: {line}", flush=True)
    if failed := {worker: code for worker, code in cluster.codes.items() if code}:
        raise RuntimeError(
            f"Exit statuses of workers that failed: {failed}; see what they printed."
        )


def run(settings: Settings) -> None:
    """Record one worker, two, and stored features, on the same pictures."""
    settings, rows = replace(settings, size="default"), []
    sets = load_sets(settings)
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2):
            shared = Path(folder) / str(workers)
            train(workers, shared, STEPS, settings)
            network = keras.models.load_model(shared / "model.keras")
            spent = pd.read_csv(shared / "steps.csv")[["compute", "update"]].to_numpy().sum()
            row = {"way": "fine-tuned", "workers": workers, "batch": BATCH, "steps": STEPS}
            row |= {"seconds": spent, "accuracy": accuracy(network, sets.validation)}
            rows.append(row | step_times(shared))
    stored = training.train_case(STORED, settings, sets)
    score = accuracy(stored.network, sets.validation)
    rows.append({"way": STORED, "workers": 1, "seconds": stored.seconds, "accuracy": score})
    table = pd.DataFrame(rows)[results.COLUMNS["machines"]]
    results.save(
        "machines", table, results.provenance(settings, "python -m utils.experiments machines")
    )
