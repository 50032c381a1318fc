"""The number format: never assumed, only taken where the hardware says that it computes in it."""

import os
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


@pytest.mark.parametrize("module", ["settings", "evidence", "record_run", "speed"])
@pytest.mark.parametrize(("set_by_somebody", "expected"), [(None, "1"), ("0", "0")])
def test_onednn_is_asked_for_before_tensorflow_comes(module, set_by_somebody, expected):
    """Later it would have no effect: TensorFlow reads the variable when it is imported."""
    script = (
        "import os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tensorflow':\n"
        "            sys.exit(os.environ.get('TF_ENABLE_ONEDNN_OPTS', 'unset'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        f"import utils.{module}\n"
        "import tensorflow\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
    if set_by_somebody:
        environment["TF_ENABLE_ONEDNN_OPTS"] = set_by_somebody
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr.strip() == expected
