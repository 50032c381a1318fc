"""The check names what is wrong and what to do, and starts where nothing works."""

import ast
import inspect
import json
import os
import socket
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from utils import download, settings, weights
from utils.publish import check_computer as check


def find(findings):
    """The findings by what was checked, each as the line that is printed."""
    return {finding.what: str(finding) for finding in findings}


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A file that other processes import as TensorFlow."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "tensorflow.py"


@pytest.fixture
def without(monkeypatch):
    """A function after which modules of these names cannot be found."""
    usual = check.importlib.util.find_spec

    def without(*names):
        monkeypatch.setattr(
            "importlib.util.find_spec", lambda name: None if name in names else usual(name)
        )

    return without


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A function that sets pip's variables and its file, and an index of one tiny package."""
    with zipfile.ZipFile(tmp_path / "pooch-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pooch-1.0.dist-info/METADATA", "Name: pooch\nVersion: 1.0\n")
        wheel.writestr("pooch-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr("pooch-1.0.dist-info/RECORD", "")

    def index(stored, **variables):
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        (tmp_path / "pip").mkdir(exist_ok=True)
        (tmp_path / "pip" / "pip.conf").write_text(f"[global]\n{stored}\n")
        variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)} | variables
        if "PIP_INDEX_URL" in variables:
            del variables["PIP_NO_INDEX"]
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        if not stored:  # then none of this computer's either
            monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    return index


def test_hashes_and_folders_are_those_of_the_notebooks(tmp_path, monkeypatch):
    assert weights.IMAGENET_SHA256 == check.WEIGHTS_SHA256
    assert download.cifar10_archive(tmp_path).hash == f"sha256:{check.CIFAR10_SHA256}"
    monkeypatch.setenv("TRANSFER_OUTPUTS", "some/where")
    assert f"{settings.outputs_folder()}, " in find(check.check_folders())["TRANSFER_OUTPUTS"]


@pytest.mark.parametrize(("version", "system"), [((3, 14, 0), "Linux"), ((3, 13, 1), "Darwin")])
def test_a_python_or_an_intel_mac_without_tensorflow(monkeypatch, version, system):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr(sys, "version_info", version)
    assert find(check.check_python())["Python"].startswith("PROBLEM")


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [("HOST_GNU_TYPE", "x86_64-alpine-linux-musl", "Alpine"), ("Py_GIL_DISABLED", 1, "free-thr")],
)
def test_a_python_for_which_tensorflow_has_no_package(monkeypatch, name, value, word):
    monkeypatch.setattr("sysconfig.get_config_var", {name: value}.get)
    line = find(check.check_python())["Python"]
    assert line.startswith("PROBLEM") and word in line


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_that_can_make_no_environment(without, missing):
    without("tensorflow", missing)
    line = find(check.check_python())["venv module"]
    assert line.startswith("PROBLEM") and "python3-venv" in line


def test_after_installing_pip_is_not_asked():
    assert find(check.check_pip()) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="pip keeps its file in another place")
@pytest.mark.parametrize(
    ("variables", "stored", "named"),
    [
        ({}, "", None),
        ({"PIP_USER": "1"}, "", "PIP_USER"),
        ({"PIP_USER": "no", "PIP_NO_DEPS": ""}, "user = true", None),
        ({}, "user = true", "global.user"),
        ({"PIP_USER": "0"}, "timeout = 9\n[install]\ntarget = /somewhere", "install.target"),
    ],
)
def test_settings_that_send_pip_elsewhere(without, index, variables, stored, named):
    without("tensorflow")
    index(stored, **variables)
    found = find(check.check_pip())
    assert stored or found["package index"].startswith("OK")
    line = found["pip's settings"]
    assert line.startswith("PROBLEM" if named else "OK") and (not named or f" {named}. " in line)


def test_an_index_that_is_down_or_lacks_the_packages(without, index):
    without("tensorflow")
    for name, value in (("PIP_INDEX_URL", "http://127.0.0.1:9/simple"), ("PIP_NO_INDEX", "1")):
        index("", **{"PIP_FIND_LINKS": "", name: value})
        line = find(check.check_pip())["package index"]
        assert line.startswith("PROBLEM") and name in line and "make kit" in line


def test_before_installing_only_problems_are_shown(without, index, capsys):
    without("tensorflow")
    index("")
    assert check.main((check.check_python, check.check_pip), problems_only=True) == 0
    assert capsys.readouterr().out == ""
    index("", PIP_USER="1")
    assert check.main((check.check_python, check.check_pip), problems_only=True) == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["PROBLEM", "1"]


def test_the_settings_that_arrive_are_shown(monkeypatch):
    monkeypatch.setenv("TRANSFER_SIDES", "64")
    line = find(check.check_settings())["settings"]
    assert line.startswith("note") and "TRANSFER_DATA=toys" in line and "none of ours" in line


@pytest.mark.parametrize(
    ("needed", "tested", "state"),
    [
        ("pooch>=1  # fits", "not-installed==1", "OK"),
        ("pooch>=1", "pooch==0.1", "note"),
        ("pooch>=99", "", "PROBLEM"),
        ("not-installed>=1", "", "PROBLEM"),
    ],
)
def test_packages(tmp_path, needed, tested, state):
    (tmp_path / "requirements.txt").write_text(needed)
    (tmp_path / "constraints.txt").write_text(tested)
    assert find(check.check_packages(tmp_path))["packages"].startswith(state)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import os; os.kill(os.getpid(), 4)", "illegal instruction"),
        ("import os; os.kill(os.getpid(), 9)", "memory"),
        ("import time; time.sleep(60)", "no answer"),
        ("import no_such_part", "No module named 'no_such_part'"),
    ],
)
def test_a_tensorflow_that_does_not_run(fake, text, reason):
    fake.write_text(text)
    line = find(check.check_tensorflow(seconds=2 if "sleep" in text else 60))["TensorFlow"]
    assert line.startswith("PROBLEM") and reason in line


@pytest.mark.parametrize(
    "stored", [{"backend": "torch"}, {"floatx": "float16"}, {"image_data_format": "channels_first"}]
)
def test_other_settings_of_keras(tmp_path, monkeypatch, stored):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert not next(check.check_tensorflow()).note
    (tmp_path / "keras.json").write_text(json.dumps(stored))
    assert str(tmp_path / "keras.json") in next(check.check_tensorflow()).note


def test_a_folder_that_cannot_be_written_and_a_disk_that_is_small(monkeypatch, small_disk):
    monkeypatch.setenv("KERAS_HOME", __file__)
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(small_disk / "outputs"))
    assert [bool(finding.problem) for finding in check.check_folders()] == [True, True]
    assert not list(small_disk.iterdir())


def test_a_port_that_is_taken_and_a_kernel_of_another_python(tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text('{"argv": ["/elsewhere/python"], "display_name": "", "language": ""}')
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert [bool(finding.note) for finding in check.check_jupyter(port)] == [True, False]
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert [bool(finding.note) for finding in check.check_jupyter(port)] == [False, True]


def test_files_that_are_missing_or_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert [line[:4] for line in find(check.check_files()).values()] == ["OK  ", "OK  ", "note"]
    for name in ("README.md", "notebooks/1.ipynb", "datasets/cifar-10-batches-py-target_archive"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[1](notebooks/1.ipynb), [2](notebooks/2.ipynb)")
    found = find(check.check_files(tmp_path))
    assert all("PROBLEM" in f for f in found.values()) and found["notebooks"].count("ipynb") == 2


def test_a_folder_of_pictures(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRANSFER_DATA", str(tmp_path))
    assert (
        check.main((check.check_pictures,)) == 1 and "train/ and test/" in capsys.readouterr().out
    )
    for number in range(30):
        path = tmp_path / ("cats", "dogs", "wasps")[number // 14] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.effect_noise((20, 20), 50).save(path)
    found = [str(finding) for finding in check.check_pictures()]
    assert found[0].startswith("OK") and "28 pictures of 2 classes; to train on, 11 of " in found[0]
    assert "wasps: 2" in found[1] and found[1].startswith("note") and "30 were" not in found[-1]
    assert found[-1].startswith("OK") and "28 were decoded" in found[-1]
    (tmp_path / "cats" / "3.png").write_bytes(b"unread")
    (tmp_path / "dogs" / "17.png").write_bytes((tmp_path / "dogs" / "16.png").read_bytes()[:-99])
    line = find(check.check_pictures())["broken pictures"]
    assert "PROBLEM" in line and "2 cannot be read" in line and "3.png" in line and "17.png" in line
    assert "1 cannot be read" in find(check.check_pictures(seconds=0))["broken pictures"]
    monkeypatch.setenv("TRANSFER_BROKEN", "leave out")
    assert check.main((check.check_pictures,)) == 0


@pytest.mark.parametrize("option", ["-B", "-S"])  # with the environment's packages, and without
def test_the_whole_on_this_computer(fake, option):
    ast.parse(inspect.getsource(check), feature_version=(3, 8))
    if option == "-S":
        fake.write_text("import os; os.abort()")
    command = [sys.executable, option, "-m", "utils.publish.check_computer"]
    done = subprocess.run(command, cwd=check.REPOSITORY, capture_output=True, encoding="utf-8")
    problems = {line.split()[1] for line in done.stdout.splitlines() if line[:7] == "PROBLEM"}
    problems -= {"TRANSFER_OUTPUTS", "KERAS_HOME"}  # the disk may be full
    assert problems == ({"packages", "TensorFlow", "jupyter"} if option == "-S" else set())
    assert done.returncode >= bool(problems) and "Traceback" not in done.stderr


def test_before_anything_is_installed_nothing_is_a_problem(monkeypatch, capsys):
    monkeypatch.setattr(check, "installed", lambda: False)
    checks = (check.check_packages, check.check_tensorflow, check.check_jupyter)
    assert check.main(checks) == 0 and "not installed yet" in capsys.readouterr().out


def test_memory_is_that_of_the_container_if_it_has_less(tmp_path):
    whole = check.memory_gigabytes(tmp_path / "no such file")
    assert whole > 0 or np.isnan(whole)
    for text, expected in (("max\n", whole), ("4000000\n", 0.004)):
        (tmp_path / "limit").write_text(text)
        np.testing.assert_equal(check.memory_gigabytes(tmp_path / "limit"), expected)
