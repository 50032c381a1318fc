"""Many picture files: all broken ones in one message, and pictures that are read only once."""

import os

import numpy as np
import pytest
from PIL import Image

from utils.files import CannotWriteError
from utils.picture_folders import decoding, reading
from utils.picture_folders.decoding import DataError
from utils.picture_folders.reading import (
    broken_are_left_out,
    find_broken,
    names,
    read_once,
    read_pictures,
)
from utils.variables import line_to_set


@pytest.fixture
def paths(tmp_path):
    """Thirty grey pictures, the darkest first."""
    found = [tmp_path / "pictures" / f"{k:02}.png" for k in range(30)]
    found[0].parent.mkdir()
    for k, path in enumerate(found):
        Image.new("L", (9, 9), 8 * k).save(path)
    return found


def test_pictures_come_in_the_order_of_their_paths(paths):
    images = read_pictures([paths[7], paths[0], paths[7]], 32)
    assert images.shape == (3, 32, 32, 3) and images.dtype == np.uint8
    assert images[:, 5, 5, 0].tolist() == [56, 0, 56]
    assert read_pictures([], 32).shape == (0, 32, 32, 3)


def test_one_message_names_ten_broken_files_and_counts_the_rest(paths):
    for path in paths[4:17]:
        path.write_bytes(b"damaged")
    paths[20].unlink()
    with pytest.raises(DataError) as caught:
        read_pictures(paths[:10], 32, others=paths)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"14 of 30 pictures cannot be read. In {paths[0].parent}:"
    assert lines[1] == "  04.png: it is no picture of a known kind" and len(lines) == 13
    assert lines[11] == "  and 4 more" and "replace or delete them" in lines[12]
    assert lines[12].endswith(line_to_set("TRANSFER_BROKEN", "leave out"))
    assert find_broken(paths)[paths[20]] == "there is no such file"


def test_pictures_are_read_once(paths, tmp_path, monkeypatch, capsys):
    kept = tmp_path / "outputs" / "kept.npy"
    images = read_once(paths, 32, kept)
    assert not capsys.readouterr().out
    monkeypatch.setattr(reading, "read_picture", lambda *_: pytest.fail("read again"))
    np.testing.assert_array_equal(read_once(paths, 32, kept), images)
    assert capsys.readouterr().out == f"30 pictures, read before and kept in {kept.name}\n"


@pytest.mark.parametrize("change", ["content", "time", "order", "side", "way of reading"])
def test_whatever_changes_is_read_again(paths, tmp_path, monkeypatch, change):
    kept, side = tmp_path / "kept.npy", 32
    read_once(paths, side, kept)
    if change == "content":
        Image.new("L", (99, 99), 255).save(paths[3])
    elif change == "time":
        os.utime(paths[3], (1, 1))
    elif change == "order":
        paths.reverse()
    elif change == "side":
        side = 48
    else:
        monkeypatch.setattr(reading, "READING", decoding.READING + "'")
    images = read_once(paths, side, kept)
    np.testing.assert_array_equal(images, read_pictures(paths, side))
    np.testing.assert_array_equal(np.load(kept), images)


@pytest.mark.parametrize("how", ["half", "empty", "one byte", "text", "another array"])
def test_a_damaged_file_of_kept_pictures_is_made_again(paths, tmp_path, capsys, how):
    kept = tmp_path / "kept.npy"
    images = read_once(paths, 32, kept)
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    other = {"half": content[: len(content) // 2], "empty": b"", "text": b"no arrays"}
    kept.write_bytes(other.get(how, content))
    if how == "another array":
        np.save(kept, images)
    np.testing.assert_array_equal(read_once(paths, 32, kept), images)
    assert f"{kept} is damaged" in capsys.readouterr().out
    read_once(paths, 32, kept)
    assert "read before" in capsys.readouterr().out


def test_a_full_disk_ends_nothing(paths, small_disk, capsys):
    assert len(read_once(paths, 64, small_disk / "kept.npy")) == 30
    assert "has to read the pictures again" in capsys.readouterr().out
    assert not list(small_disk.iterdir())


def test_pictures_too_many_for_memory_are_a_map_of_the_file(
    paths, tmp_path, monkeypatch, small_disk
):
    expected, kept = read_pictures(paths, 64), tmp_path / "kept.npy"
    monkeypatch.setattr(reading.arrays, "LARGE", expected.nbytes - 1)
    for _ in ("made", "found"):
        images = read_once(paths, 64, kept)
        assert isinstance(images, np.memmap) and images.filename == kept
        np.testing.assert_array_equal(images, expected)
    with pytest.raises(CannotWriteError, match="Free some disk space"):
        read_once(paths, 64, small_disk / "kept.npy")
    paths[3].write_bytes(b"damaged")
    with pytest.raises(DataError, match="2 of 31 pictures cannot be read"):
        read_once(paths, 64, kept, others=[tmp_path / "no.png"])
    assert [path.name for path in tmp_path.glob("*.npy")] == ["kept.npy"]


def test_broken_ones_are_left_out_only_when_asked(monkeypatch):
    answers = {}
    for value in ("", "stop", "leave out", "leave-out"):
        monkeypatch.setenv("TRANSFER_BROKEN", value)
        answers[value] = broken_are_left_out()
    assert answers == {"": False, "stop": False, "leave out": True, "leave-out": True}
    monkeypatch.setenv("TRANSFER_BROKEN", "yes")
    with pytest.raises(DataError, match="TRANSFER_BROKEN=yes is not known"):
        broken_are_left_out()


def test_ten_names_are_enough():
    assert names("abc") == "a, b, c"
    assert names(range(12)).endswith("8, 9 and 2 more")
    assert names([os.fsdecode(b"caf\xe9")]) == "caf\\xe9"  # a name in another encoding
    assert names(["two\nlines", "猫.jpg"]) == "two\\nlines, 猫.jpg"
