"""Arrays in memory and in files: the same numbers, whole or not there, and memory that stays."""

import re
from pathlib import Path

import numpy as np
import pytest

from utils import arrays, files

KEY = "0123456789abcdef" * 4
PIECES = [np.arange(12).reshape(4, 3), np.arange(12, 18).reshape(2, 3)]
SHAPE = (6, 3)


@pytest.fixture(params=["memory", "file"])
def place(request, monkeypatch):
    monkeypatch.setattr(arrays, "LARGE", 300_000_000 if request.param == "memory" else 0)
    return request.param


def test_pieces_come_together(place, tmp_path):
    array = arrays.gather(iter(PIECES), SHAPE, "float32", tmp_path / "new")
    assert isinstance(array, np.memmap) == (place == "file") and array.dtype == "float32"
    np.testing.assert_array_equal(array, np.arange(18).reshape(SHAPE))
    assert not list(tmp_path.rglob("*.*"))  # its file has no name, and nobody has to delete it


def test_a_saved_array_is_loaded_and_is_a_file_of_numpys(place, tmp_path):
    path = tmp_path / "array.npy"
    arrays.save(path, PIECES, SHAPE, "int16", KEY)
    for array in (arrays.load(path, SHAPE, "int16", KEY), np.load(path, mmap_mode="r")):
        np.testing.assert_array_equal(array, np.arange(18).reshape(SHAPE))
        assert array.dtype == "int16"
    assert isinstance(arrays.load(path, SHAPE, "int16", KEY), np.memmap) == (place == "file")
    assert arrays.load(path, SHAPE, "int16", KEY[::-1]) is None
    with pytest.raises(FileNotFoundError):
        arrays.load(tmp_path / "another.npy", SHAPE, "int16", KEY)


@pytest.mark.parametrize("length", [0, 1, 72, 73, 200, -1])
def test_half_a_file_is_no_array(place, tmp_path, length):
    path = tmp_path / "array.npy"
    arrays.save(path, PIECES, SHAPE, "int16", KEY)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match="it is not whole"):
        arrays.load(path, SHAPE, "int16", KEY)


def test_no_changed_byte_changes_a_small_array(tmp_path):
    path = tmp_path / "array.npy"
    arrays.save(path, PIECES, SHAPE, "int16", KEY)
    content, refused = path.read_bytes(), 0
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            array = arrays.load(path, SHAPE, "int16", KEY)
            assert array is None or np.array_equal(array, np.arange(18).reshape(SHAPE))
        except ValueError:
            refused += 1
    assert refused >= 36  # the array has that many bytes


def test_a_full_disk_is_named(small_disk, monkeypatch):
    monkeypatch.setattr(arrays, "LARGE", 0)
    pieces, shape = [np.zeros((1_000, 200))], (1_000, 200)
    with pytest.raises(files.CannotWriteError, match=f"{small_disk}.*No space"):
        arrays.gather(pieces, shape, "float32", small_disk)
    with pytest.raises(files.CannotWriteError, match=r"array\.npy.*No space"):
        arrays.save(small_disk / "array.npy", pieces, shape, "float32", KEY)
    assert not list(small_disk.iterdir())


def mapped_pages() -> int:
    """Bytes of files that this process has in memory at the moment."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("this system does not say how much of a file is in memory")
    return 1_024 * int(re.search(r"RssFile:\s+(\d+)", status.read_text())[1])


def test_rows_are_copied_and_the_map_lets_go(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "LARGE", 0)
    shape, pieces = (64, 2**20), (np.full((1, 2**20), row) for row in range(64))
    array = arrays.gather(pieces, shape, "uint8", tmp_path)
    before = mapped_pages()
    for rows in np.random.default_rng(0).permutation(64).reshape(16, 4):
        copied = arrays.rows_of(array[::-1], 63 - rows)
        assert type(copied) is np.ndarray and (copied == rows[:, None]).all()
        assert mapped_pages() - before < 2**23  # of 64 MB
    assert array.sum() and mapped_pages() - before > 2**24  # or the test would not see it
