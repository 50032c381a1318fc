"""A disk that is full, and one that is read-only, at each stage that writes."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.faults import inputs, servers
from tests.faults.trying import NOT_TRIED, Fault, Outcome, in_child
from utils import files

SIZE = "2m"  # of the small disk, which is made in memory


def close(disk: Path, how: str) -> None:
    """Make the disk full to the last byte, or read-only."""
    if how == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        return
    with open(disk / "other-files", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 12))
        except OSError:
            pass


def contents(disk: Path) -> dict[str, bytes]:
    found = (path for path in disk.rglob("*") if path.is_file())
    return {str(path.relative_to(disk)): path.read_bytes() for path in found}


def network():
    import keras

    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])


# Each stage makes what an earlier run has left, and returns what is done on the closed disk.


def download(disk: Path) -> Callable:
    file = servers.remote_file(os.environ["FAULTS_URL"], disk)
    file.target.write_bytes(servers.BAD)
    return lambda: servers.download.fetch(file, timeout=20, progress=False)


def table(disk: Path) -> Callable:
    settings = inputs.settings_for(disk, "toys")
    return lambda: files.write_json(settings.folder / "table.json", {"a": 1})


def pictures(disk: Path) -> Callable:
    inputs.picture(disk.parent, lambda ants: None)
    settings = replace(inputs.settings_for(disk.parent), outputs=disk)
    return lambda: inputs.load_sets(settings) and "read all the same"


def checkpoint(disk: Path) -> Callable:
    """The network after an epoch, in the training of `make record`."""
    import numpy as np

    from utils.experiments.full_run import Keep

    model, keep = network(), Keep(disk / "run", [32, 32], [])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    data = np.zeros((4, 4)), np.zeros(4)
    fit = partial(model.fit, *data, validation_data=data, callbacks=[keep], verbose=0)
    fit(epochs=1)
    return lambda: fit(epochs=2, initial_epoch=1)


def run(disk: Path) -> Callable:
    import numpy as np
    import pandas as pd

    from utils.data import PictureSet, PictureSets
    from utils.runs import Run, save_run

    part = PictureSet(np.zeros((4, 2, 2, 3), "uint8"), np.arange(4) % 2)
    sets = PictureSets(part, part, part, ["a", "b"])
    settings = inputs.settings_for(disk, "toys")
    saved = Run("fine-tuned", network(), pd.DataFrame({"loss": [1.0]}), 1.0)
    save_run(saved, settings, sets)
    return lambda: save_run(saved, settings, sets)


def classifier(disk: Path) -> Callable:
    from utils.photos.answers import save_model

    model = network()
    save_model(model, disk / "classifier.keras", ["a", "b"])
    return lambda: save_model(model, disk / "classifier.keras", ["a", "b"])


def split(disk: Path) -> Callable:
    from utils.photos.split import assign, write
    from utils.photos.survey import survey

    inputs.picture(disk.parent, lambda ants: None)
    source = disk.parent / "pictures"
    found = survey(source)
    return lambda: write(found, assign(found), source, disk / "mine", seed=0)


def results(disk: Path) -> Callable:
    from utils.experiments.results import load_or_say, save

    table = load_or_say("record")
    save("record", table, {}, folder=disk)
    return lambda: save("record", table, {}, folder=disk)


def executed(disk: Path) -> Callable:
    """`make run` and its executed notebooks."""
    import nbformat

    from utils.publish.execute import write

    notebook, target = nbformat.v4.new_notebook(), disk / "notebooks" / "01-download.ipynb"

    def execute():
        with files.alone_in(disk):
            write(notebook, target)

    execute()
    return execute


STAGES = {  # name: (stage, what is said, whether the work stops)
    "download": (download, r"file\.bin", True),
    "folder of outputs, and a table in it": (table, "Cannot write.*TRANSFER_OUTPUTS", True),
    "pictures kept": (pictures, "has to read the pictures again.*read all the same", False),
    "checkpoint of a training": (checkpoint, "Cannot write.*TRANSFER_OUTPUTS", True),
    "trained network": (run, "Cannot write.*TRANSFER_OUTPUTS", True),
    "classifier": (classifier, r"Cannot write .*classifier\.keras.*TRANSFER_OUTPUTS", True),
    "split of photographs": (split, "Cannot write.*mine.*TRANSFER_OUTPUTS", True),
    "recorded results": (results, r"Cannot write .*record\.(csv|json)", True),
    "executed notebook": (executed, "Cannot write.*TRANSFER_OUTPUTS", True),
}


def closed(name: str, how: str, folder: Path) -> object:
    """Do a stage on a closed disk; what was on the disk has to be there still, and nothing else."""
    disk = folder / "disk"
    act = STAGES[name][0](disk)
    close(disk, how)
    before = contents(disk)
    try:
        return act()
    finally:
        after = contents(disk)
        after.pop("file.bin.part", None)  # where a download resumes
        assert after == before, f"changed: {sorted(after.items() ^ before.items())[:3]}"


HOW = ("full", "read-only")
USES = {f"{how} disk: {name}": partial(closed, name, how) for name in STAGES for how in HOW}


def attempt(name: str, expected: str, error: bool, folder: Path, number: int) -> Outcome:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)]
    if not shutil.which("mount") or (done := subprocess.run(mount, capture_output=True)).returncode:
        why = done.stderr.decode().strip() if shutil.which("mount") else "there is no mount"
        return Outcome(True, f"{NOT_TRIED}a small disk cannot be mounted ({why})", 0.0)
    try:
        with servers.serving() as server:
            url = {"FAULTS_URL": f"http://127.0.0.1:{server.server_port}/f"}
            return in_child("disks", name, folder, expected, error=error, NO_PROXY="*", **url)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


FAULTS = [
    Fault("disk", f"{how} disk: {name}", partial(attempt, f"{how} disk: {name}", expected, error))
    for name, (_, expected, error) in STAGES.items()
    for how in HOW
]
