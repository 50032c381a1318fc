"""What is measured of memory, on little data; that it stays flat is recorded, not asserted here."""

import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from utils import arrays
from utils.experiments import memory, results


@pytest.mark.parametrize("kind", memory.PLANNED)
@pytest.mark.parametrize("place", ["memory", "file"])
def test_each_kind_is_measured_in_each_place(make_settings, monkeypatch, kind, place):
    monkeypatch.setattr(arrays, "LARGE", arrays.LARGE)  # which measuring changes
    monkeypatch.setattr(memory, "SIDE", 32)
    seen, make_dataset = [], memory.make_dataset

    def make(data, **options):
        seen.append(data)
        return make_dataset(data, **options)

    monkeypatch.setattr(memory, "make_dataset", make)
    row = memory.measure(make_settings(weights="none"), kind, place, 2, at_once=20)
    (data,) = seen
    assert isinstance(data.images, np.memmap) == (place == "file")
    assert list(row) == results.COLUMNS["memory"] and row["pictures"] == len(data) == 40
    assert row["gigabytes"] == pytest.approx(data.images.nbytes / 1e9)
    assert row["gigabytes"] < row["peak_gigabytes"] < 20
    assert row["pictures_per_second"] > 0


def test_pictures_come_with_their_labels_and_again_where_there_are_too_few(make_settings):
    pictures = memory.read_pictures(make_settings(), 1_600)
    assert pictures.images.shape == (1_600, memory.SIDE, memory.SIDE, 3)
    np.testing.assert_array_equal(pictures.images[1_500:], pictures.images[:100])
    np.testing.assert_array_equal(pictures.labels[1_500:], pictures.labels[:100])


def test_every_measurement_is_a_process_of_its_own(make_settings, monkeypatch):
    commands, saved = [], []

    def run(command, **options):
        commands.append(command)
        row = dict.fromkeys(results.COLUMNS["memory"], 1)
        return subprocess.CompletedProcess(command, 0, "Reading\n" + json.dumps(row) + "\n")

    monkeypatch.setattr(memory.subprocess, "run", run)
    monkeypatch.setattr(memory, "provenance", lambda *_: {})
    monkeypatch.setattr(memory, "save", lambda *result: saved.append(result))
    memory.run(make_settings())
    ((name, table, _),) = saved
    assert name == "memory" and isinstance(table, pd.DataFrame) and len(table) == 12
    asked = [command[-3:] for command in commands]
    assert ["pictures", "file", "4"] in asked and [memory.THROUGH_BASE, "memory", "1"] in asked
