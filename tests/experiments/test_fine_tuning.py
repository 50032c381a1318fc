"""The ways of fine-tuning that notebook 04 compares, on a handful of pictures."""

import numpy as np
import pandas as pd
import pytest

from utils import settings
from utils.data import PictureSet, PictureSets
from utils.experiments import fine_tuning, results
from utils.experiments.fine_tuning import WAYS
from utils.settings import Size


@pytest.fixture
def sets(monkeypatch):
    micro = Size(train=8, validation=4, test=4, epochs=3, head_epochs=2)
    monkeypatch.setitem(settings.SIZES, "tiny", micro)
    monkeypatch.setitem(settings.SIZES, "default", micro)
    monkeypatch.setattr(fine_tuning, "VALIDATION", 4)
    images = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3)).astype("uint8")
    part = PictureSet(images, np.arange(16) % 2)
    return PictureSets(part, part.first(4), part.first(4), ["one", "two"])


@pytest.mark.parametrize(
    "way, epochs",
    [
        ("one phase, no warm-up", [1, 2, 3]),
        ("mirrored and shifted", [0, 1]),  # the head took the other two
        ("frozen, not mirrored", [0]),
    ],
)
def test_a_way_keeps_to_the_budget(sets, make_settings, monkeypatch, way, epochs):
    table = pd.DataFrame(fine_tuning.train(sets, make_settings(), seed=1, **WAYS[way]))
    assert table.epoch.tolist() == epochs
    assert table.val_accuracy.between(0, 1).all() and table.notna().all(axis=None)
    assert ["way", "seed", *table] == results.COLUMNS["fine-tuning"]


def test_a_shift_moves_each_picture_by_itself():
    ramp = np.arange(32, dtype="uint8")[:, None] + 4 * np.arange(32, dtype="uint8")
    images = np.repeat(ramp[None, ..., None], 3, axis=-1).repeat(40, axis=0)
    moved, labels = fine_tuning.shift(fine_tuning.tf.constant(images), np.arange(40))
    middles = set(moved.numpy()[:, 16, 16, 0].tolist())
    around = {16 + down + 4 * (16 + across) for down in range(-2, 3) for across in range(-2, 3)}
    assert len(middles) > 5 and middles <= around
    assert moved.shape == images.shape and labels.tolist() == list(range(40))


def test_an_interrupted_recording_resumes(sets, make_settings, monkeypatch):
    calls, saved = [], []

    def train(sets, settings, seed, **how):
        calls.append((seed, tuple(how.items()), tuple(sets.train.labels)))
        if len(calls) == 12:
            raise KeyboardInterrupt
        yield {"epoch": 0, "loss": 1.0, "val_accuracy": 0.5, "val_loss": 1.0, "seconds": 1.0}

    monkeypatch.setattr(fine_tuning, "train", train)
    monkeypatch.setattr(fine_tuning, "load_sets", lambda settings: sets)
    monkeypatch.setattr(results, "save", lambda *result: saved.append(result))
    with pytest.raises(KeyboardInterrupt):
        fine_tuning.run(make_settings())
    fine_tuning.run(make_settings())
    ((_, table, about),) = saved
    keys = list(zip(table.way, table.seed, strict=True))
    assert len(set(keys)) == len(keys) == len(calls) - 1 == len(WAYS) * len(fine_tuning.SEEDS)
    assert about["validation_pictures"] == 4 and about["settings"]["size"] == "default"


def test_differences_are_paired_and_judged_by_students_t():
    gains = {"reference": [0, 0, 0, 0, 0], "better": [3, 4, 5, 4, 4], "luck": [9, -8, 3, -1, 2]}
    rows = [
        (way, seed, 0.5 + seed / 10 + gain / 100)  # seeds differ more than ways
        for way, values in gains.items()
        for seed, gain in enumerate(values)
    ]
    table = pd.DataFrame(rows, columns=["way", "seed", "val_accuracy"])
    found = results.paired(table, "reference")
    assert list(found.index) == list(gains)
    assert found.verdict.tolist() == ["reference", "clear", "not clear"]
    better = found.loc["better"]
    half = 2.776 * np.std(gains["better"], ddof=1) / 100 / 5**0.5
    assert better.difference == pytest.approx(0.04) and better["mean"] == pytest.approx(0.74)
    assert (better.low, better.high) == pytest.approx((0.04 - half, 0.04 + half), abs=1e-5)
    one_seed = results.paired(table[table.seed == 0], "reference")
    assert one_seed.verdict.tolist() == ["reference", "not clear", "not clear"]
