"""The number format: never assumed, only taken where the hardware says that it computes in it."""

import subprocess
import sys

import pytest

from utils import hardware
from utils.settings import REPOSITORY

PLAIN = "fpu vme sse2 avx avx2 avx512f avx512_vnni"


def cpuinfo(folder, flags):
    """A file as Linux shows it, of a CPU with two cores."""
    core = "processor\t: {}\nmodel name\t: amx_bf16 in name only\nflags\t\t: {}\nbugs\t\t: \n\n"
    path = folder / "cpuinfo"
    path.write_text("".join(core.format(place, flags) for place in range(2)))
    return path


@pytest.fixture
def without_gpu(monkeypatch):
    monkeypatch.setattr(hardware, "gpu_capability", lambda: None)


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_a_cpu_that_computes_in_bfloat16(without_gpu, monkeypatch, tmp_path, flag):
    flags = hardware.cpu_flags(cpuinfo(tmp_path, f"{PLAIN} {flag} rdpid"))
    monkeypatch.setattr(hardware, "cpu_flags", lambda: flags)
    precision, reason = hardware.choose_precision()
    assert precision == "mixed_bfloat16"
    assert flag in reason


def test_a_cpu_that_does_not(without_gpu, monkeypatch, tmp_path):
    flags = hardware.cpu_flags(cpuinfo(tmp_path, PLAIN))
    assert flags == set(PLAIN.split())
    monkeypatch.setattr(hardware, "cpu_flags", lambda: flags)
    assert hardware.choose_precision()[0] == "float32"


def test_a_computer_without_such_a_list(without_gpu, monkeypatch, tmp_path):
    flags = hardware.cpu_flags(tmp_path / "missing")
    assert flags == set()
    monkeypatch.setattr(hardware, "cpu_flags", lambda: flags)
    assert hardware.choose_precision()[0] == "float32"


@pytest.mark.parametrize(
    ("capability", "precision"),
    [
        ((9, 0), "mixed_bfloat16"),
        ((8, 0), "mixed_bfloat16"),
        ((7, 5), "mixed_float16"),
        ((6, 1), "float32"),
        ((0, 0), "float32"),
    ],
)
def test_the_gpu_decides_where_there_is_one(monkeypatch, capability, precision):
    monkeypatch.setattr(hardware, "gpu_capability", lambda: capability)
    monkeypatch.setattr(hardware, "cpu_flags", lambda: {"avx512_bf16"})
    assert hardware.choose_precision()[0] == precision


def test_this_computer_gets_a_policy_that_keras_knows_and_a_reason():
    import keras

    precision, reason = hardware.choose_precision()
    assert keras.DTypePolicy(precision).variable_dtype == "float32"
    assert reason


def test_standard_error_works_again_after_the_start_up(capfd):
    """TensorFlow's start-up lines are kept off it; Python's own messages must not be."""
    import os

    with hardware._without_startup_log():
        os.write(2, b"start-up line\n")
    os.write(2, b"an error\n")
    assert capfd.readouterr().err == "an error\n"


def test_onednn_is_asked_for_unless_somebody_decided(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    hardware.use_onednn()
    assert hardware.os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    hardware.use_onednn()
    assert hardware.os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"


def test_settings_ask_for_onednn_before_tensorflow_comes():
    """Later it would have no effect: TensorFlow reads the variable when it is imported."""
    script = (
        "import os, sys; os.environ.pop('TF_ENABLE_ONEDNN_OPTS')\n"
        "from utils import hardware, plots, settings\n"
        "assert 'tensorflow' not in sys.modules\n"
        "hardware.choose_precision = lambda: (_ for _ in ()).throw(SystemExit("
        "os.environ['TF_ENABLE_ONEDNN_OPTS'] + str('tensorflow' in sys.modules)))\n"
        "settings.choose_settings()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.stderr.strip() == "1False"
