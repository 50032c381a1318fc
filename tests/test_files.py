"""Files are whole or not there, whatever goes wrong while they are written."""

import errno
import json
import os
import subprocess

import pytest

from utils import files
from utils.files import CannotWriteError, make_folder, read_json, whole_file, write_json


@pytest.fixture(params=["new", "there already"])
def target(request, tmp_path):
    """A file to write, in a folder of its own; half the time with older content."""
    target = tmp_path / "folder" / "table.csv"
    if request.param == "there already":
        target.parent.mkdir()
        target.write_text("old")
    return target


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_file_appears_under_its_name_when_it_is_whole(target):
    with whole_file(target) as temporary:
        assert temporary.parent == target.parent  # renaming works on one disk only
        assert temporary.suffix == ".csv"
        temporary.write_text("half")
        assert not target.exists() or target.read_text() == "old"
        temporary.write_text("whole")
    assert contents(target.parent) == {"table.csv": "whole"}


def test_keras_endings_are_kept_for_the_time_being(tmp_path):
    with whole_file(tmp_path / "model.weights.h5") as temporary:
        assert temporary.name.endswith(".weights.h5")


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interruption_leaves_all_as_it_was(target, interruption):
    make_folder(target.parent)
    before = contents(target.parent)
    with pytest.raises(interruption), whole_file(target) as temporary:
        temporary.write_text("half")
        raise interruption
    assert contents(target.parent) == before


def test_a_full_disk_while_renaming_leaves_all_as_it_was(target, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    make_folder(target.parent)
    before = contents(target.parent)
    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(CannotWriteError) as caught, whole_file(target) as temporary:
        temporary.write_text("whole")
    for part in (str(target), "No space left on device", "TRANSFER_OUTPUTS"):
        assert part in str(caught.value)
    assert contents(target.parent) == before


def test_a_disk_that_is_really_full(small_disk):
    (small_disk / "board.csv").write_text("old")
    with (
        pytest.raises(CannotWriteError, match=r"board\.csv: No space left"),
        whole_file(small_disk / "board.csv") as temporary,
    ):
        temporary.write_bytes(bytes(200_000))
    assert contents(small_disk) == {"board.csv": "old"}


def test_a_disk_that_is_really_read_only(small_disk):
    (small_disk / "board.csv").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(CannotWriteError, match=r"board\.csv: Read-only file system"):
        write_json(small_disk / "board.csv", {})
    with pytest.raises(CannotWriteError, match=r"deeper: Read-only file system"):
        make_folder(small_disk / "deeper")
    assert contents(small_disk) == {"board.csv": "old"}


def test_a_file_where_a_folder_should_be_is_named(tmp_path):
    (tmp_path / "outputs").write_text("not a folder")
    with pytest.raises(CannotWriteError, match="outputs"):
        write_json(tmp_path / "outputs" / "deeper" / "run.json", {})
    assert contents(tmp_path) == {"outputs": "not a folder"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_a_file_is_as_readable_as_others(target, umask, mode):
    before = os.umask(umask)
    try:
        write_json(target, {})
        assert os.umask(umask) == umask  # asking for the umask did not change it
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == mode


def test_json_there_and_back(tmp_path):
    write_json(tmp_path / "run.json", {"class": "bird", "seconds": 1.5})
    assert read_json(tmp_path / "run.json") == {"class": "bird", "seconds": 1.5}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"null"])
def test_no_json_object_is_an_empty_one(tmp_path, content):
    assert read_json(tmp_path / "missing.json") == {}
    (tmp_path / "damaged.json").write_bytes(content)
    assert read_json(tmp_path / "damaged.json") == {}


def test_json_that_cannot_be_written_leaves_the_old(tmp_path):
    write_json(tmp_path / "run.json", {"old": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "run.json", {"new": object()})
    assert json.loads((tmp_path / "run.json").read_text()) == {"old": 1}
    assert len(list(tmp_path.iterdir())) == 1
