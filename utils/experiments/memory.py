"""Peak memory and speed with 1, 2 and 4 times the data, in memory and in a file.

Taught in notebook 07. Three kinds: pictures that are only delivered, since no training waits for
its pipeline less; pictures that run through a frozen base; and features, on which a head trains
(what is in them does not matter here, so they are noise). Each measurement has its own process.
"""

import itertools
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from utils import arrays, model, training
from utils.data import PictureSet, make_dataset, open_source, read_all
from utils.experiments.results import COLUMNS, provenance, save
from utils.settings import REPOSITORY, Settings, choose_settings

SIDE = 192  # pixels, so that 50,000 pictures have 5.5 GB
FEATURES = (12, 12, 128)  # of block 2 at 48 px, 74 kB a picture
AT_ONCE = 12_500  # pictures
PICTURES, THROUGH_BASE, HEAD = "pictures", "pictures through the base", "features to train a head"
GROWING = [("file", 1), ("memory", 1), ("file", 2), ("memory", 2), ("file", 4)]
PLANNED = {PICTURES: GROWING, HEAD: GROWING, THROUGH_BASE: [("file", 1), ("memory", 1)]}
EPOCHS = 5  # the first is not counted
BATCHES_THROUGH_BASE = 5  # of each epoch, after one that fills the pipeline


def peak_memory() -> float:
    """The most that this process has had in memory so far, in GB, pages of mapped files included.

    Raises:
        OSError: the system has no file /proc/self/status; measure on Linux.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1_024 / 1e9


def read_pictures(settings: Settings, count: int) -> PictureSet:
    pool, _, _ = open_source(replace(settings, side=SIDE))
    rows = np.resize(np.random.default_rng(0).permutation(len(pool.labels)), count)
    return PictureSet(read_all(pool, rows, settings.outputs), pool.labels[rows])


def draw_features(settings: Settings, count: int) -> PictureSet:
    rng = np.random.default_rng(0)
    labels, piece = rng.integers(0, 10, count), rng.random((100, *FEATURES), "float32")
    pieces = (piece[: count - start] for start in range(0, count, 100))
    shape = (count, *FEATURES)
    return PictureSet(arrays.gather(pieces, shape, "float32", settings.outputs), labels)


def rates(kind: str, data: PictureSet, settings: Settings) -> list[float]:
    """Pictures per second in each epoch."""
    batches, found = make_dataset(data, shuffle=True), []
    if kind == THROUGH_BASE:
        base = model.build_base(replace(settings, side=data.images.shape[1]))
    elif kind == HEAD:
        head = model.linear_head(10)
        training.compile_for_classes(head, keras.optimizers.Adam(training.HEAD_RATE))
    for _ in range(EPOCHS):
        count, begun = len(data), time.perf_counter()
        if kind == PICTURES:
            count = sum(len(images) for images, _ in batches)
        elif kind == HEAD:
            head.fit(batches, shuffle=False, verbose=0)
        else:
            one_by_one, count = iter(batches), 0
            base.predict_on_batch(next(one_by_one)[0])
            begun = time.perf_counter()
            for images, _ in itertools.islice(one_by_one, BATCHES_THROUGH_BASE):
                count += len(base.predict_on_batch(images))
        found.append(count / (time.perf_counter() - begun))
    return found


def measure(
    settings: Settings, kind: str, place: str, times: int, *, at_once: int = AT_ONCE
) -> dict:
    """A row of the table, measured in this process; see `results.COLUMNS["memory"]`."""
    arrays.LARGE = 0 if place == "file" else sys.maxsize
    data = (draw_features if kind == HEAD else read_pictures)(settings, times * at_once)
    first, *others = rates(kind, data, settings)
    values = (
        kind, place, times, len(data), data.images.nbytes / 1e9, peak_memory(),
        first, float(np.median(others)),
    )  # fmt: skip
    return dict(zip(COLUMNS["memory"], values, strict=True))


def run(settings: Settings) -> None:
    """Record all measurements, one after the other, each in a new process."""
    about = provenance(replace(settings, side=SIDE), "python -m utils.experiments memory")
    rows = []
    for kind, places in PLANNED.items():
        for place, times in places:
            command = [sys.executable, "-m", __name__, settings.data, kind, place, str(times)]
            options = {"cwd": REPOSITORY, "check": True, "stdout": subprocess.PIPE}
            lines = subprocess.run(command, encoding="utf-8", **options).stdout.splitlines()
            rows.append(json.loads(lines[-1]))
            print(*rows[-1].values(), flush=True)
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    save("memory", pd.DataFrame(rows), about | {"memory_of_the_machine_gb": round(gigabytes)})


if __name__ == "__main__":
    data, kind, place, times = sys.argv[1:]
    settings = choose_settings(data=data, weights="imagenet", size="full")
    keras.config.set_dtype_policy(settings.precision)
    print(json.dumps(measure(settings, kind, place, int(times))))
