"""Variables as shells leave them, and the line that sets one in each shell."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from utils import variables
from utils.files import REPOSITORY


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in [n for n in os.environ if n.upper().startswith("TRANSFER_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("PSModulePath", raising=False)


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("/bin/bash", 'export TRANSFER_DATA="my pictures"'),
        ("/usr/bin/zsh", 'export TRANSFER_DATA="my pictures"'),
        ("", 'export TRANSFER_DATA="my pictures"'),
        ("/usr/local/bin/fish", 'set -gx TRANSFER_DATA "my pictures"'),
        ("/bin/tcsh", 'setenv TRANSFER_DATA "my pictures"'),
        ("pwsh", '$env:TRANSFER_DATA = "my pictures"'),
    ],
)
def test_each_shell_has_its_line(monkeypatch, shell, line):
    monkeypatch.setenv("SHELL", shell)
    if shell == "pwsh":
        monkeypatch.setenv("PSModulePath", "/somewhere")
    assert variables.line_to_set("TRANSFER_DATA", "my pictures") == line


def test_windows_has_two(monkeypatch):
    monkeypatch.setattr(variables, "os", SimpleNamespace(name="nt", environ={}))
    line = variables.line_to_set("TRANSFER_SIZE", "tiny")
    assert '$env:TRANSFER_SIZE = "tiny"' in line and "set TRANSFER_SIZE=tiny" in line


@pytest.mark.parametrize("name", ["TRANSFER_DATAS", "transfer_data", "TRANSFER_DATA ", "TRANSFER_"])
def test_a_variable_that_is_nearly_ours_is_named(monkeypatch, name):
    monkeypatch.setenv("TRANSFER_DATA", "toys")
    assert variables.unknown() == []
    monkeypatch.setenv(name, "cifar10")
    (line,) = variables.unknown()
    assert f'"{name}"' in line


def test_another_python_than_the_environments_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(variables, "REPOSITORY", tmp_path)
    assert variables.other_python() == []  # there is no environment that it should be
    (tmp_path / ".venv").mkdir()
    assert sys.executable in variables.other_python()[0]
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert variables.other_python() == []


def python(*command, **changes):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TF", "KERAS_"))}
    command = [sys.executable, *command]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment | changes, capture_output=True, text=True
    )


def test_what_other_projects_set_for_keras_is_not_for_us_and_a_gpu_is_shared():
    code = "import os, utils; print({n: v for n, v in os.environ.items() if n[:2] in ('KE', 'TF')})"
    done = python("-c", code, KERAS_BACKEND="jax", KERAS_MAX_EPOCHS="1", TF_USE_LEGACY_KERAS="1")
    assert eval(done.stdout) == {
        "KERAS_BACKEND": "tensorflow",
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }


def test_tensorboard_is_found_without_the_path():
    code = "import os, utils; print(os.environ['TENSORBOARD_BINARY'])"
    found = python("-c", code, PATH="/nowhere").stdout.strip()
    assert os.access(found, os.X_OK) and os.path.dirname(found) == os.path.dirname(sys.executable)
    assert python("-c", code, TENSORBOARD_BINARY="/my/own").stdout.strip() == "/my/own"


def test_a_kernel_without_keras_is_named():
    code = "import sys; sys.modules['ipykernel'] = sys; import utils"
    done = python("-S", "-c", code)
    assert f"kernel is {sys.executable}, which lacks Keras" in done.stderr
    assert python("-c", code).returncode == 0
    assert python("-S", "-c", "import utils").returncode == 0  # make check, say
