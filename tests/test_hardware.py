"""The number format is taken from the hardware, never assumed; TensorFlow starts quietly."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf

from utils import hardware
from utils.files import REPOSITORY

PLAIN = "fpu vme sse2 avx avx2 avx512f avx512_vnni"


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        (f"{PLAIN} avx512_bf16 rdpid", "mixed_bfloat16"),
        (f"{PLAIN} amx_bf16", "mixed_bfloat16"),
        (PLAIN, "float32"),
        (None, "float32"),  # another system than Linux
    ],
)
def test_without_a_gpu_the_cpu_decides(monkeypatch, tmp_path, flags, precision):
    cpuinfo = tmp_path / "cpuinfo"
    if flags:
        core = f"processor\t: 0\nmodel name\t: amx_bf16 in name only\nflags\t\t: {flags}\n\n"
        cpuinfo.write_text(core * 2)
    found = hardware.cpu_flags(cpuinfo)
    assert found == set((flags or "").split())
    monkeypatch.setattr(hardware, "gpu_capability", lambda: None)
    monkeypatch.setattr(hardware, "cpu_flags", lambda: found)
    assert hardware.choose_precision()[0] == precision


@pytest.mark.parametrize(
    ("details", "precision"),
    [
        ({"compute_capability": (9, 0)}, "mixed_bfloat16"),
        ({"compute_capability": (7, 5)}, "mixed_float16"),
        ({"compute_capability": (6, 1)}, "float32"),
        ({}, "float32"),
    ],
)
def test_a_gpu_decides_and_is_shared(monkeypatch, details, precision):
    grown = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU 0", "GPU 1"])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda *of: grown.append(of))
    monkeypatch.setattr(hardware, "cpu_flags", lambda: {"avx512_bf16"})
    assert hardware.choose_precision()[0] == precision
    assert grown == [("GPU 0", True), ("GPU 1", True)]


@pytest.mark.parametrize(("given", "expected"), [(None, "1"), ("0", "0")])
def test_tensorflow_starts_quietly_and_with_onednn_unless_it_was_switched_off(given, expected):
    code = (
        "import os, sys; from utils import hardware; hardware.gpu_capability()\n"
        "sys.exit('an error after ' + os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    environment |= {"TF_ENABLE_ONEDNN_OPTS": given} if given else {}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr.strip()) == ("", f"an error after {expected}")


def test_keras_has_its_own_defaults_whatever_another_project_chose(tmp_path):
    theirs = '{"backend": "jax", "floatx": "float64", "image_data_format": "channels_first"}'
    (tmp_path / "keras.json").write_text(theirs)
    code = (
        "from utils.hardware import start_keras; start_keras(); from keras.config import *\n"
        "print(backend(), floatx(), image_data_format(), epsilon(), dtype_policy().name)"
    )
    environment = os.environ | {"KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["tensorflow", "float32", "channels_last", "1e-07", "float32"]
    assert (tmp_path / "keras.json").read_text() == theirs


def test_a_keras_that_has_started_with_another_backend_is_named(monkeypatch):
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(RuntimeError, match=r"started with torch.*\n.*Restart the kernel"):
        hardware.start_keras()
