"""What to expect of a few hundred photographs: what notebook 08 does, at each side, over seeds.

TRANSFER_DATA=/path/to/ants-bees python -m utils.experiments photographs

records one folder a call, in the place of what was recorded of a folder of this name before. A
seed draws the split of train/ into training and validation pictures, their order, and how they are
changed; the test pictures stay the same. All seeds measure probes; fine-tuning, which takes
minutes, has fewer, and not at every side. An interrupted call resumes after the last side that was
done.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from utils import files
from utils.data import PictureSet
from utils.experiments import photo_ways, results
from utils.experiments.amount import fit_probe, timed
from utils.photos.split import assign
from utils.photos.survey import survey
from utils.picture_folders import DataError, ListedPictures
from utils.settings import Settings

NAME = "photographs"
SIDES, SEEDS = (96, 128, 160, 224), range(5)
TRAININGS = {128: 2}  # side: seeds that also fine-tune
PROBES = {
    "probe after block 4": (4,),
    "probe after block 5": (5,),
    "probe after blocks 4 and 5": (4, 5),
}
FINE_TUNED, TWO_VIEWS = "last blocks fine-tuned", "last blocks fine-tuned, two views"
SECONDS = 480  # of fine-tuning at most, so that all of it ends within ten minutes


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float((probabilities.argmax(axis=-1) == labels).mean())


def probe_row(features: np.ndarray, labels: np.ndarray, rows: dict, seconds: float):
    """A probe on pictures and mirror images, and what is recorded of it.

    `features` are [2, n, channels]; `rows` has the indices of each part; `seconds` is what one
    picture takes in the base.
    """
    train, validation, test = (rows[part] for part in ("train", "validation", "test"))
    known, both = features[:, train].reshape(-1, features.shape[-1]), np.tile(labels[train], 2)
    checks = features[0, validation], labels[validation]
    probe, fitting = timed(fit_probe, known, both, *checks)
    scores = {"validation_accuracy": probe.score(*checks)}
    scores["accuracy"] = probe.score(features[0, test], labels[test])
    return probe, scores | {"seconds": fitting + seconds * (2 * len(train) + len(validation))}


def measure(
    images: np.ndarray, labels: np.ndarray, rows: dict, features: np.ndarray, seconds: float,
    seed: int, settings: Settings,
) -> Iterator[dict]:  # fmt: skip
    """Yield way, validation accuracy, accuracy and seconds for each way with VGG16."""
    side, parts = images.shape[1], {}
    columns = {4: slice(512), 5: slice(512, None)}
    for way, blocks in PROBES.items():
        part = np.concatenate([features[..., columns[block]] for block in blocks], axis=-1)
        probe, row = probe_row(part, labels, rows, seconds)
        yield {"way": way} | row
    if seed >= TRAININGS.get(side, 0):
        return
    for name, indices in rows.items():
        parts[name] = PictureSet(images[indices], labels[indices])
    keras.utils.set_random_seed(seed)
    begun, network = time.perf_counter(), photo_ways.classifier(side, settings, probe)
    photo_ways.fine_tune(network, parts["train"], parts["validation"], seed, SECONDS)
    spent = row["seconds"] + time.perf_counter() - begun
    checks, tests = (
        photo_ways.features_after(network, parts[name].images) for name in ("validation", "test")
    )
    for way, views in {FINE_TUNED: 1, TWO_VIEWS: 2}.items():
        scores = [
            accuracy(answers[:views].mean(axis=0), parts[name].labels)
            for name, answers in (("validation", checks), ("test", tests))
        ]
        yield dict(zip(("validation_accuracy", "accuracy"), scores, strict=True)) | {
            "way": way, "seconds": spent
        }  # fmt: skip


def measure_side(
    table: pd.DataFrame, splits: dict[int, dict], folder: Path, side: int, settings: Settings
) -> Iterator[dict]:
    """Yield all rows of one side; `splits` has for each seed the indices of each part."""
    class_names = sorted(table["class"].unique())
    labels = table["class"].map(class_names.index).to_numpy("int64")
    listed = ListedPictures([folder / path for path in table.path], labels, side)
    images = listed.read(np.arange(len(labels)))
    extractors = {"VGG16": photo_ways.vgg16_features(side, settings)} | dict(
        photo_ways.other_bases(side)
    )
    for name, extractor in extractors.items():
        photo_ways.features_after(extractor, images[:2])  # Keras prepares itself
        features, seconds = timed(photo_ways.features_after, extractor, images)
        seconds /= 2 * len(images)
        features = features if name == "VGG16" else photo_ways.scaled(features)
        for seed, rows in splits.items():
            if name == "VGG16":
                ways = measure(images, labels, rows, features, seconds, seed, settings)
            else:
                ways = [{"way": f"probe on {name}"} | probe_row(features, labels, rows, seconds)[1]]
            about = {"side": side, "seed": seed, "test_pictures": len(rows["test"])}
            yield from (about | row for row in ways)
            keras.backend.clear_session()  # or each training keeps its graph
            keras.config.set_dtype_policy(settings.precision)  # which the line above forgets


def run(settings: Settings) -> None:
    """Measure the folder that the settings name, and record it."""
    folder = Path(settings.data)
    if not folder.is_dir():
        raise DataError(
            f"{settings.data} is no folder of photographs: set TRANSFER_DATA to one that holds "
            "train/<class>/* and test/<class>/*."
        )
    table, splits = survey(folder), {}
    usable = table[table.problem == ""].reset_index(drop=True)
    for seed in SEEDS:
        assigned = assign(usable, seed)
        splits[seed] = {
            part: np.flatnonzero(assigned == part) for part in ("train", "validation", "test")
        }
    path = settings.folder / f"recorded-{NAME}.csv"  # grows by one side at a time
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {row["side"] for row in rows}
    for side in tqdm([side for side in SIDES if side not in done], "Sides", ncols=78):
        for row in measure_side(usable, splits, folder, side, settings):
            rows.append({"data": folder.name} | row)
            print(*rows[-1].values(), flush=True)
        with files.whole_file(path) as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False)
    record(pd.DataFrame(rows), settings)
    path.unlink(missing_ok=True)


def record(table: pd.DataFrame, settings: Settings, folder: Path | None = None) -> None:
    """Put this set's rows into photographs.csv; those of other sets stay as they are."""
    folder, name = folder or results.RESULTS, table.data.iloc[0]
    path = folder / f"{NAME}.csv"
    about = results.provenance(settings, f"python -m utils.experiments {NAME}")
    about["settings"] |= {"data": NAME, "side": list(SIDES)}
    about["sets"] = {name: {"date": about["date"], "revision": about["revision"]}}
    if path.exists():
        former = pd.read_csv(path)
        table = pd.concat([former[former.data != name], table], ignore_index=True)
        known = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        about["sets"] = known.get("sets", {}) | about["sets"]
    results.save(NAME, table[results.COLUMNS[NAME]], about, folder=folder)
