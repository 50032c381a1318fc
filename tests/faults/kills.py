"""Twenty SIGKILLs at random moments of a training, each resumed and compared with one left alone.

The training is that of `make record`, on 100 toys for four epochs: what happens in an epoch
depends on its number alone, and whatever lies under a final name is whole.
"""

import functools
import json
import os
import random
import re
import tempfile
import time
from pathlib import Path

from tests.faults.trying import Fault, Outcome, Process, environment, plain

TIMES, SECONDS, HALF_A_POINT = 20, 1_800, 0.5


def train(folder: Path) -> str:
    """Train to the end, from where the folder holds it; epochs and accuracy as JSON."""
    from dataclasses import replace

    import keras

    from utils.data import load_sets
    from utils.experiments import full_run
    from utils.experiments.recipe import Recipe, view
    from utils.settings import choose_settings

    settings = choose_settings(side=32, size="default")
    keras.config.set_dtype_policy(settings.precision)
    sets = load_sets(settings)
    sets = replace(sets, train=sets.train.first(100), validation=sets.validation.first(50))
    recipe = Recipe(stages=((32, 4),), batch_size=20, muon=False)  # Muon takes long steps
    print("training", flush=True)
    network, curve = full_run.train(recipe, settings, sets, folder / "run")
    print("trained", flush=True)
    answers = network.predict(view(sets.test.images, 32), verbose=0).argmax(axis=1)
    accuracy = float((answers == sets.test.labels).mean())
    return json.dumps({"epochs": curve.epoch.astype(int).tolist(), "accuracy": accuracy})


USES = {"train": train}


def start(folder: Path) -> Process:
    return Process(["-m", "tests.faults.child", "kills", "train", folder], environment(folder))


def result_of(process: Process) -> dict:
    """What a training that came to its end has printed; an error says what it said instead."""
    status = process.end(SECONDS)
    found = re.findall(r'"said": "(\{.*?\})"', process.text)
    if status or not found:
        raise RuntimeError(f"status {status}: {process.text[-500:]}")
    return json.loads(found[0].replace('\\"', '"'))


@functools.cache
def uninterrupted() -> tuple[dict, float]:
    """The result of a training left alone, and the seconds from its first step to its last."""
    with tempfile.TemporaryDirectory() as folder:
        process = start(Path(folder))
        process.saw("training", SECONDS)
        begun = time.monotonic()
        process.saw("trained", SECONDS)
        seconds = time.monotonic() - begun
        return result_of(process), seconds


def attempt(folder: Path, number: int) -> Outcome:
    """Kill, see what is left, resume, compare."""
    whole, seconds = uninterrupted()
    process = start(folder)
    process.saw("training", SECONDS)
    time.sleep(random.Random(number).uniform(0, seconds))
    process.kill()
    process.end(SECONDS)
    for path in (folder / "run").glob(".partial-*"):
        os.utime(path, (0, 0))  # an hour passes
    again = start(folder)
    try:
        result = result_of(again)
    except RuntimeError as error:
        return Outcome(False, plain(str(error), folder), again.seconds)
    points = 100 * (result["accuracy"] - whole["accuracy"])
    found = ", ".join(sorted(path.name for path in (folder / "run").iterdir()))
    right = result["epochs"] == whole["epochs"] and abs(points) <= HALF_A_POINT
    said = f"resumed; {len(result['epochs'])} epochs in all, test accuracy "
    said += f"{result['accuracy']:.3f}, {points:+.1f} points; left: {found}"
    return Outcome(right and found == "curve.csv, network.keras", said, again.seconds)


FAULTS = [Fault("kill", "SIGKILL at a random moment of a training", attempt, TIMES)]
