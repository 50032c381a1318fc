"""What the doctor finds out about the computer: each fault is made for real where it can be."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from utils import download, findings, settings
from utils.findings import Finding


def told(check, *arguments, **named):
    """What a check finds, as {what: finding}."""
    return {finding.what: finding for finding in check(*arguments, **named)}


def states(found):
    return {what: finding.state for what, finding in found.items()}


@pytest.mark.parametrize("given", ["", "elsewhere", "~/elsewhere", "/elsewhere/deep"])
def test_folders_are_those_that_the_notebooks_use(monkeypatch, tmp_path, given):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)  # only asked for, not made
    monkeypatch.setattr(os, "access", lambda *_: True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRANSFER_OUTPUTS", given)
    monkeypatch.setenv("KERAS_HOME", given)
    assert findings.outputs_folder() == settings.outputs_folder()
    assert findings.keras_home() == download.keras_home()


def test_lines_are_aligned_and_say_what_to_do():
    lines = [Finding("GPU", "OK", "fast"), Finding("Graphviz", "note", "none", "Not needed")]
    assert len({str(line).index(line.found) for line in lines}) == 1
    assert str(lines[0]).endswith(" fast")
    assert str(lines[1]).endswith(" none. Not needed.")


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (ImportError("No module named 'pooch'"), "install -r requirements.txt"),
        (ValueError("two\nlines"), "ValueError: two lines"),
    ],
)
def test_a_check_that_fails_is_a_finding(monkeypatch, error, part):
    def check():
        yield Finding("first", "OK", "found")
        raise error

    monkeypatch.setattr(sys, "base_prefix", "not the environment's")
    first, second = findings.attempt("second", check)
    assert (first.what, second.what, second.state) == ("first", "second", "MEND")
    assert part in str(second)
    assert "\n" not in str(second)


@pytest.mark.parametrize("variable", ["KERAS_HOME", "TRANSFER_OUTPUTS"])
@pytest.mark.parametrize(
    "fault", ["file in its place", "file above it", "read-only disk", "full disk"]
)
def test_a_folder_that_cannot_be_written(monkeypatch, tmp_path, request, variable, fault):
    if fault == "read-only disk":
        disk = request.getfixturevalue("small_disk")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        folder, reason = disk / "kept", "Read-only file system"
    elif fault == "full disk":
        folder, reason = request.getfixturevalue("small_disk"), "No space left on device"
        with pytest.raises(OSError, match=reason):
            (folder / "large").write_bytes(bytes(200_000))
    else:
        (tmp_path / "file").write_text("not a folder")
        folder = tmp_path / "file" / ("deeper" if fault == "file above it" else "")
        reason = "file is not a folder"
    monkeypatch.setenv(variable, str(folder))
    found = told(findings.check_folders)
    what = "outputs" if variable == "TRANSFER_OUTPUTS" else variable
    assert states(found) == {"KERAS_HOME": "OK", "outputs": "OK"} | {what: "MEND"}
    for part in (str(folder), reason, f"set {variable}"):
        assert part in str(found[what])


@pytest.mark.skipif(os.name == "nt" or not os.geteuid(), reason="permissions do not bind here")
def test_a_folder_without_permission(monkeypatch, tmp_path):
    tmp_path.chmod(0o500)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert told(findings.check_folders)["KERAS_HOME"].state == "MEND"


def test_looking_at_folders_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    found = told(findings.check_folders)
    assert states(found) == {"KERAS_HOME": "OK", "outputs": "OK"}
    assert found["KERAS_HOME"].found.endswith("writable")
    assert found["outputs"].found.endswith("can be made")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_too_small(monkeypatch, small_disk):
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(small_disk / "not" / "yet"))
    needs = {"outputs": 0.001, "KERAS_HOME": 0.0}
    found = told(findings.check_disk, needs=needs, made=True)
    assert states(found) == {"disk for outputs": "MEND", "disk for KERAS_HOME": "OK"}
    assert "TRANSFER_OUTPUTS" in found["disk for outputs"].mend


def test_needs_on_one_disk_add_up(monkeypatch, tmp_path):
    for name in ("TRANSFER_OUTPUTS", "KERAS_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(findings, "ENVIRONMENT", tmp_path / ".venv")
    needs = {"outputs": 0.001, "KERAS_HOME": 0.002, "environment": 0.004}
    found = told(findings.check_disk, needs=needs, made=True)
    assert list(found) == ["disk for outputs", "disk for KERAS_HOME"]
    assert all("0.003 GB needed" in finding.found for finding in found.values())
    found = told(findings.check_disk, needs=needs, made=False)
    assert set(states(found).values()) == {"OK"}
    assert all("0.007 GB needed" in finding.found for finding in found.values())
    found = told(findings.check_disk, needs=needs | {"environment": 1e9}, made=False)
    assert states(found)["disk for environment"] == "MEND"


@pytest.mark.parametrize(
    ("total", "free", "state", "part"),
    [
        (16.0, 8.0, "OK", "16.0 GB, 8.0 GB of it free"),
        (4.0, 3.0, "OK", "4.0 GB"),
        (3.9, 3.0, "note", "TRANSFER_SIZE=tiny"),
        (16.0, 0.5, "note", "Close what else is running"),
    ],
)
def test_memory(total, free, state, part):
    (found,) = findings.check_memory(total, free)
    assert found.state == state
    assert part in str(found)


@pytest.mark.parametrize("psutil_is_there", [True, False])
def test_memory_that_the_system_does_not_tell(monkeypatch, psutil_is_there):
    if not psutil_is_there:
        monkeypatch.setitem(sys.modules, "psutil", None)  # importing it now fails
    (found,) = findings.check_memory(float("nan"))
    assert ("not told" in found.found) is not psutil_is_there
    assert found.state == "note" or psutil_is_there


@pytest.mark.parametrize(
    ("flags", "state", "part"),
    [
        ({"sse2"}, "MEND", "take another computer"),
        ({"avx"}, "note", "no avx2"),
        ({"avx", "avx2"}, "OK", "float32"),
        ({"avx", "avx2", "amx_bf16"}, "OK", "avx2, amx_bf16"),
        (set(), "note", "not told by this system"),
    ],
)
def test_cpu_features(flags, state, part):
    found = told(findings.check_cpu, cores=2, flags=flags)
    assert states(found) == {"CPU cores": "OK", "CPU features": state}
    assert part in str(found["CPU features"])


def test_one_core_is_slow():
    found = told(findings.check_cpu, cores=1, flags={"avx"})["CPU cores"]
    assert found.state == "note"
    assert "TRANSFER_SIZE=tiny" in found.mend


def test_graphviz_there_and_not(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = findings.check_graphviz()
    assert found.state == "note"
    dot = tmp_path / ("dot.exe" if os.name == "nt" else "dot")
    dot.touch(mode=0o755)
    (found,) = findings.check_graphviz()
    assert found.state == "OK"


def test_a_port_that_is_free_and_then_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        (found,) = findings.check_port(port)
        assert (found.state, found.found) == ("note", f"{port} is taken")
    (found,) = findings.check_port(port)
    assert (found.state, found.found) == ("OK", f"{port} is free")


def test_no_port_at_all():
    (found,) = findings.check_port(host="192.0.2.1")  # kept for examples: nobody's own address
    assert found.state == "MEND"
    assert "192.0.2.1" in found.mend


def test_who_has_no_environment_is_told_how_to_make_one(monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    assert "make run" in findings.install()
