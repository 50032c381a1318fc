"""Files are complete or not there, whatever goes wrong while they are written."""

import os
import subprocess

import pytest

from utils.files import (
    CannotWriteError,
    alone_in,
    make_folder,
    read_json,
    remove_folder,
    whole_file,
    write_json,
)


@pytest.fixture(params=[{}, {"table.csv": "old"}], ids=["new", "replaced"])
def target(request, tmp_path):
    """A file to write, in a folder of its own; half the time with older content."""
    for name, text in request.param.items():
        (tmp_path / name).write_text(text)
    return tmp_path / "table.csv"


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_file_appears_under_its_name_when_it_is_complete(target):
    before = contents(target.parent)
    with whole_file(target) as temporary:
        assert temporary.parent == target.parent  # renaming works on one disk only
        assert temporary.name.endswith("table.csv")  # writers go by the ending
        temporary.write_text("half")
        assert contents(target.parent) == before | {temporary.name: "half"}
        temporary.write_text("whole")
    assert contents(target.parent) == {"table.csv": "whole"}


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interruption_leaves_everything_as_it_was(target, interruption):
    before = contents(target.parent)
    with pytest.raises(interruption), whole_file(target) as temporary:
        temporary.write_text("half")
        raise interruption
    assert contents(target.parent) == before


def test_what_a_killed_program_left_is_deleted_after_an_hour(target):
    names = (f".partial-{age}-{target.name}" for age in ("old", "new"))
    old, new = (target.with_name(name) for name in names)
    other = target.with_name(".partial-old-other.csv")
    for path in (old, new, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (0, 0))
    write_json(target, {})
    assert new.exists() and other.exists() and not old.exists()


def test_a_second_program_in_the_same_folder_is_sent_away(tmp_path):
    pytest.importorskip("fcntl")
    with alone_in(tmp_path / "outputs"):
        with (
            pytest.raises(CannotWriteError, match=r"outputs: another program .*\n.*has ended"),
            alone_in(tmp_path / "outputs"),
        ):
            pass
        with alone_in(tmp_path / "others"):
            pass
    with alone_in(tmp_path / "outputs"):
        pass


def test_a_full_disk(small_disk):
    (small_disk / "board.csv").write_text("old")
    full = pytest.raises(CannotWriteError, match=r"board\.csv: No space left")
    with full, whole_file(small_disk / "board.csv") as temporary:
        temporary.write_bytes(bytes(200_000))
    assert contents(small_disk) == {"board.csv": "old"}


def test_a_read_only_disk(small_disk):
    (small_disk / "board.csv").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(CannotWriteError, match=r"board\.csv: Read-only file system"):
        write_json(small_disk / "board.csv", {})
    with pytest.raises(CannotWriteError, match="deeper: Read-only file system"):
        make_folder(small_disk / "deeper")
    assert contents(small_disk) == {"board.csv": "old"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_other_people_can_read_a_file_as_usual(target):
    write_json(target, {})
    (target.parent / "usual").touch()
    assert target.stat().st_mode == (target.parent / "usual").stat().st_mode


def test_json_there_and_back(target):
    write_json(target, {"class": "bird", "seconds": 1.5})
    assert read_json(target) == {"class": "bird", "seconds": 1.5}
    with pytest.raises(TypeError):
        write_json(target, {"new": object()})
    assert read_json(target) == {"class": "bird", "seconds": 1.5}


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe", b"[1]", b"null"])
def test_what_is_no_json_object_reads_as_an_empty_one(tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    assert read_json(tmp_path / "run.json") == {}


def test_a_folder_is_removed_and_what_is_open_stays_with_a_word(tmp_path, monkeypatch, capsys):
    def make():
        (tmp_path / "run" / "logs").mkdir(parents=True)
        for name in ("events", "table.csv"):
            (tmp_path / "run" / "logs" / name).touch()

    def unlink(path, **options):  # as on Windows, and nearly as on a network drive
        if "events" in str(path):
            raise PermissionError(13, "The process cannot access the file")
        usual(path, **options)

    make()
    remove_folder(tmp_path / "run")
    remove_folder(tmp_path / "run")  # where there is none
    assert not (tmp_path / "run").exists() and capsys.readouterr().out == ""
    make()
    usual = os.unlink
    monkeypatch.setattr(os, "unlink", unlink)
    remove_folder(tmp_path / "run")
    said = capsys.readouterr().out
    assert "1 file(s)" in said and "events" in said and "close it" in said
    assert not (tmp_path / "run" / "logs" / "table.csv").exists()
