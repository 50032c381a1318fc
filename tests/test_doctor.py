"""The doctor names what is wrong and how to mend it, and starts whatever is missing or broken."""

import ast
import dataclasses
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys

import pytest

from utils import doctor, download, findings, settings
from utils.findings import Finding
from utils.settings import REPOSITORY

FAKE_TENSORFLOW = """
class Number:
    def __matmul__(self, other): return self
class config:
    list_physical_devices = staticmethod(lambda kind: {gpus})
    class experimental: get_device_details = staticmethod(lambda gpu: {{"device_name": gpu}})
ones, __version__ = (lambda shape: Number()), "2.21.0"
"""
FAKE_KERAS = """
class backend: backend = staticmethod(lambda: "{backend}")
class config: image_data_format = staticmethod(lambda: "{order}")
"""
FAILS_AS_TENSORFLOW_DOES = """
import traceback
try:
    raise ImportError("libstrange.so.1: cannot open shared object file")
except ImportError:
    raise ImportError(traceback.format_exc() + "\\nFailed to load.\\nSee the stack trace above.")
"""
WANTS_ANOTHER = """
try:
    raise OSError("unclear")
except OSError:
    raise RuntimeError("the driver is too old")
"""


def told(check, *arguments, **named):
    """What a check finds, as {what: finding}; without the lines that only ask to wait."""
    found = check(*arguments, **named)
    return {finding.what: finding for finding in found if finding.state != "..."}


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A function that puts a module of this text before the real one, for other processes."""

    def put(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return put


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0), (2, 7, 18)])
def test_a_python_that_does_not_fit(version):
    (found,) = doctor.check_python(version)
    assert found.state == "MEND"
    assert "make PYTHON=" in found.mend


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 5)])
def test_a_python_that_fits(version):
    assert list(doctor.check_python(version)) == [
        Finding("Python", "OK", ".".join(map(str, version)))
    ]


def test_an_environment_of_another_name_may_do(tmp_path):
    for prefix, state in ((REPOSITORY / ".venv", "OK"), (tmp_path, "note")):
        (found,) = doctor.check_environment(str(prefix))
        assert found.state == state
    assert str(tmp_path) in found.found
    (found,) = doctor.check_environment(sys.base_prefix)
    assert found.found == "none" or sys.prefix == sys.base_prefix


def test_packages_missing_too_old_and_untested(tmp_path):
    (tmp_path / "wanted.txt").write_text(
        "# a comment\n\npooch>=1.8  # fits\ntqdm>=4.66\nno-such-package>=1\nh5py>=99,<100\n"
    )
    (tmp_path / "tested.txt").write_text(f"pooch=={doctor.importlib.metadata.version('pooch')}\n")
    found = told(doctor.check_packages, tmp_path / "wanted.txt", tmp_path / "tested.txt")
    states = {what: finding.state for what, finding in found.items()}
    assert states == {"pooch": "OK", "tqdm": "OK", "no-such-package": "MEND", "h5py": "MEND"}
    assert "tested" in found["tqdm"].found
    assert "tested" not in found["pooch"].found
    assert found["no-such-package"].found == "not installed"
    assert ">=99,<100 is needed" in found["h5py"].found
    assert all("requirements.txt" in str(found[name]) for name in ("no-such-package", "h5py"))


def test_every_direct_requirement_is_looked_at():
    found = told(doctor.check_packages)
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert len(found) == len(wanted) > 10
    assert {"tensorflow", "keras", "scikit-learn", "jupyter"} <= set(found)


@pytest.mark.parametrize(
    ("text", "reason", "advice"),
    [
        ("import os; os.kill(os.getpid(), {SIGILL})", "illegal instruction", "another computer"),
        ("import os; os.kill(os.getpid(), {SIGSEGV})", "ended by SIGSEGV", "make clean"),
        ("import os; os.kill(os.getpid(), 9)", "want of memory", "Close what else"),
        ("import time; time.sleep(5)", "no answer within 1 seconds", "make clean"),
        ("import no_such_part", "No module named 'no_such_part'", "requirements.txt"),
        (WANTS_ANOTHER, "the driver is too old", "make clean"),
        (FAILS_AS_TENSORFLOW_DOES, "libstrange.so.1: cannot open", "make clean"),
        ("raise SystemExit(3)", "exit status 3", "make clean"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_tensorflow_that_does_not_run(fake, monkeypatch, text, reason, advice):
    monkeypatch.setattr(sys, "base_prefix", "not the environment's")
    for name in ("SIGILL", "SIGSEGV"):
        text = text.replace(f"{{{name}}}", str(int(getattr(signal, name))))
    fake("tensorflow", text)
    found = told(doctor.check_tensorflow, seconds=1 if "sleep" in text else 60)
    assert found["TensorFlow runs"].state == "MEND"
    assert reason in found["TensorFlow runs"].found
    assert advice in found["TensorFlow runs"].mend
    assert found["GPU"].state == "note"


@pytest.mark.parametrize(
    ("gpus", "backend", "order", "states"),
    [
        ([], "tensorflow", "channels_last", ["OK", "OK", "note"]),
        (["a card"], "tensorflow", "channels_last", ["OK", "OK", "OK"]),
        ([], "torch", "channels_last", ["OK", "MEND", "note"]),
        ([], "tensorflow", "channels_first", ["OK", "MEND", "note"]),
    ],
)
def test_keras_settings_and_gpu(fake, gpus, backend, order, states):
    fake("tensorflow", FAKE_TENSORFLOW.format(gpus=gpus))
    fake("keras", FAKE_KERAS.format(backend=backend, order=order))
    found = told(doctor.check_tensorflow)
    assert list(found) == ["TensorFlow runs", "Keras's settings", "GPU"]
    assert [finding.state for finding in found.values()] == states
    assert ("a card" in found["GPU"].found) is bool(gpus)
    assert ("KERAS_BACKEND" in found["Keras's settings"].mend) is (states[1] == "MEND")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A KERAS_HOME of one's own, with the folders in it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("datasets", "models"):
        (tmp_path / "keras" / name).mkdir(parents=True)
    return tmp_path / "keras"


def test_files_that_were_not_downloaded_are_only_noted(home):
    found = told(doctor.check_files)
    assert [finding.state for finding in found.values()] == ["OK", "note", "note"]
    assert settings.BUNDLED_SHA256[:12] in found["bundled weights"].found


@pytest.mark.parametrize("which", ["cifar10_archive", "imagenet_vgg16"])
def test_a_downloaded_file_whole_and_damaged(home, monkeypatch, which):
    file = getattr(download, which)(home)
    file.target.write_bytes(b"half of it")
    found = told(doctor.check_files)
    assert [name for name in found if found[name].state == "MEND"] == [file.name]
    assert file.hash.split(":")[1][:12] in found[file.name].found
    assert found[file.name].mend == f"Delete {file.target}, then execute 01 again"
    algorithm = file.hash.split(":")[0]
    digest = hashlib.new(algorithm, b"half of it").hexdigest()
    whole = dataclasses.replace(file, hash=f"{algorithm}:{digest}")
    monkeypatch.setattr(download, which, lambda _: whole)
    assert told(doctor.check_files)[file.name].state == "OK"


@pytest.mark.parametrize("fault", ["damaged", "not there", "IsADirectoryError"])
def test_bundled_weights_that_cannot_be_used(home, tmp_path, monkeypatch, fault):
    path = tmp_path / settings.BUNDLED_WEIGHTS.name
    if fault == "damaged":
        shutil.copy(settings.BUNDLED_WEIGHTS, path)
        with path.open("r+b") as file:
            file.seek(100_000)
            file.write(b"x")
    elif fault == "IsADirectoryError":
        path.mkdir()
    monkeypatch.setattr(settings, "BUNDLED_WEIGHTS", path)
    found = told(doctor.check_files)
    assert [finding.state for finding in found.values()] == ["MEND", "note", "note"]
    assert fault in found["bundled weights"].found
    if fault != "IsADirectoryError":
        assert f"git checkout -- data/{path.name}" in found["bundled weights"].mend


def test_notebooks(tmp_path):
    (found,) = doctor.check_notebooks()
    assert (found.state, found.found) == ("OK", "all 7 are there")
    shutil.copy(REPOSITORY / "README.md", tmp_path)
    shutil.copytree(REPOSITORY / "notebooks", tmp_path / "notebooks")
    (tmp_path / "notebooks" / "03-compile.ipynb").unlink()
    (tmp_path / "notebooks" / "05-evaluate.ipynb").write_text('{"cells": [')
    (found,) = doctor.check_notebooks(tmp_path)
    assert (found.state, found.found) == ("MEND", "2 missing or damaged")
    assert "git checkout -- notebooks/03-compile.ipynb notebooks/05-evaluate.ipynb" in found.mend


@pytest.mark.parametrize(
    ("states", "status", "closing"),
    [
        (["OK", "note"], 0, "All well."),
        (["OK", "MEND", "note"], 1, "1 thing to mend."),
        (["MEND", "MEND"], 1, "2 things to mend."),
    ],
)
def test_exit_status_and_closing_line(capsys, states, status, closing):
    def check_all():
        yield Finding("something", "...", "wait")
        yield from (Finding(state, state, "found") for state in states)

    assert doctor.run((check_all,)) == status
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == states
    assert lines[-1] == closing


def test_a_check_that_breaks_is_to_mend_and_the_next_goes_on(capsys):
    def check_broken():
        raise RuntimeError("out of order")
        yield

    assert doctor.run((check_broken, findings.check_graphviz)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["MEND", "broken"]
    assert "out of order" in lines[0]
    assert "Graphviz" in lines[1]


def test_a_line_to_wait_by_is_written_over(monkeypatch):
    def check_slow():
        yield Finding("slow", "...", "it takes long")
        yield Finding("slow", "OK", "ok")

    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", screen)
    doctor.run((check_slow,))
    waiting, rest = screen.getvalue().split("\r")
    assert waiting.endswith("it takes long")
    assert len(rest.splitlines()[0]) == len(waiting)


def command(*options):
    done = subprocess.run(
        [sys.executable, *options, "-m", "utils.doctor"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stdout + done.stderr
    *lines, closing = done.stdout.splitlines()
    assert all(line[:6].rstrip() in ("OK", "note", "MEND") for line in lines)
    return done.returncode, lines, closing


def test_this_computer_can_run_the_notebooks():
    """As the tests themselves do; room for a full run it may not have."""
    status, lines, closing = command()
    to_mend = [line for line in lines if line.startswith("MEND") and "disk for" not in line]
    assert not to_mend
    assert any(line.startswith("OK    TensorFlow runs") for line in lines)
    assert (status, closing) == (0, "All well.") or "disk for" in str(lines)


def test_it_starts_with_nothing_installed_and_a_broken_tensorflow(fake):
    fake("tensorflow", "import os; os.abort()")
    status, lines, closing = command("-S")  # without the environment's packages
    to_mend = [line[6:].split()[0] for line in lines if line.startswith("MEND")]
    assert {"keras", "matplotlib", "TensorFlow", "files"} <= set(to_mend)
    assert (status, closing) == (1, f"{len(to_mend)} things to mend.")


@pytest.mark.parametrize("name", ["doctor", "findings"])
def test_an_old_python_can_read_it(name):
    text = (REPOSITORY / "utils" / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {getattr(node, "module", None) or node.names[0].name for node in imports}
    tops = {top.split(".")[0] for top in names}
    assert "argparse" in tops or "socket" in tops
    assert tops <= sys.stdlib_module_names | {"utils"}
