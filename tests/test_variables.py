"""Variables as shells leave them, and the line that sets one in each shell."""

import os
import sys
from types import SimpleNamespace

import pytest

from utils import variables


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
