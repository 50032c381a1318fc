"""What notebook 07 measures; that it is fast is measured there, not asserted here."""

import subprocess

import keras
import numpy as np
import pandas as pd
import pytest

from utils import hardware, model, rivals, speed, unlike


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, train=40, validation=20, test=20)


def test_operations_of_vgg16(make_settings):
    base = model.build_base(make_settings())
    assert speed.operations(base) == 2 * 313_196_544  # 2 for each multiply-add, by hand
    larger = model.build_base(make_settings(side=64))
    assert speed.operations(larger) == 4 * speed.operations(base)


def test_the_classic_head_is_the_old_recipe_s():
    head = speed.classic_head(10)
    head.build((None, 1, 1, 512))
    assert model.count_parameters(head.trainable_variables) == 18_923_530


def test_every_step_is_measured_and_trains(digits, make_settings):
    rows = pd.DataFrame(speed.measure_steps(digits, make_settings(), pictures=32, epochs=1))
    switches = [step for step, _ in speed.SWITCHES]
    assert list(rows.step) == [step for step in switches if step != "bfloat16"]
    assert (rows.seconds > 0).all() and rows.accuracy.between(0, 1).all()
    assert keras.config.dtype_policy().name == "float32"


def test_folders_hold_the_same_pictures(digits, tmp_path):
    speed.write_folders(digits.train, digits.class_names, tmp_path)
    batches = speed.folder_batches(tmp_path, digits.class_names, 32, 64)
    ((images, labels),) = list(batches)
    assert sorted(images.numpy().sum((1, 2, 3))) == sorted(digits.train.images.sum((1, 2, 3)))
    assert sorted(labels.numpy()) == sorted(digits.train.labels)


def test_growth_counts_what_is_held(digits, make_settings):
    rows = pd.DataFrame(speed.measure_growth(digits, make_settings(), counts=(64,), epochs=1))
    megabytes = rows.set_index("way").megabytes
    assert megabytes["base in the loop"] == 64 * 32 * 32 * 3 / 1e6
    assert megabytes["features once"] == pytest.approx(
        megabytes["base in the loop"] + 64 * 512 * 4 / 1e6
    )


def test_a_peak_is_a_rate():
    assert speed.matrix_peak("float32", side=64, rounds=1) > 0


def test_time_to_equal_accuracy():
    columns = ["recipe", "epoch", "seconds", "pictures_per_second", "validation_accuracy"]
    rows = [
        ("old recipe", 1, 100, 1, 0.5), ("old recipe", 2, 200, 1, 0.6),
        ("old recipe", 3, 300, 1, 0.55),
        (rivals.OURS_WHOLE, 1, 10, 1, 0.59), (rivals.OURS_WHOLE, 2, 20, 1, 0.6),
        (rivals.OURS_LINEAR, 1, 1, 1, 0.4),
    ]  # fmt: skip
    ratios = rivals.times_as_fast(pd.DataFrame(rows, columns=columns))
    assert ratios[rivals.OURS_WHOLE] == 10
    assert np.isnan(ratios[rivals.OURS_LINEAR])


def test_a_machine_says_why_it_is_slow(tmp_path):
    def machine(cores=2, gigabytes=16.0, precision="mixed_bfloat16"):
        return hardware.Machine(cores, gigabytes, precision)

    assert machine().fast and machine().roomy and not machine().why_slow
    assert machine(cores=1).why_slow == "this machine has one core"
    assert machine(precision="float32").why_slow == "this machine has no bfloat16"
    assert machine(gigabytes=4.0).why_not_roomy == "there are 4 GB of memory"
    assert machine(gigabytes=float("nan")).roomy  # not told: no reason to leave anything out


def test_memory_is_the_smaller_of_machine_and_container(tmp_path):
    meminfo, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    assert np.isnan(hardware.memory_gigabytes(meminfo, limit))
    meminfo.write_text("MemTotal:       16000000 kB\n")
    assert hardware.memory_gigabytes(meminfo, limit) == pytest.approx(16.384)
    limit.write_text("4000000000\n")
    assert hardware.memory_gigabytes(meminfo, limit) == 4.0
    limit.write_text("max\n")
    assert hardware.memory_gigabytes(meminfo, limit) == pytest.approx(16.384)


def test_onednn_is_measured_on_and_off(monkeypatch):
    calls = []

    def run(words, env, **options):
        calls.append((words[-3:], env["TF_ENABLE_ONEDNN_OPTS"]))
        return subprocess.CompletedProcess(words, 0, stdout=b"some words\n12.5\n")

    monkeypatch.setattr(speed.subprocess, "run", run)
    monkeypatch.setattr(speed, "vgg16_rate", lambda *work: sum(work))
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    assert speed.onednn_rate("1", 32, 4, 2) == 38 and not calls
    assert speed.onednn_rate("0", 32, 4, 2) == 12.5 and calls == [(["32", "4", "2"], "0")]
