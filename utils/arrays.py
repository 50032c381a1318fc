"""Arrays of any size: small ones in memory, large ones in a file and read through a memory map."""

import math
import mmap
import os
import re
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np

from utils import files

LARGE = 300_000_000  # bytes; CIFAR-10's 45,000 training pictures have more at 48 px
SIGNATURE = re.compile(rb"([0-9a-f]{64}) ([0-9a-f]{8})")  # key and checksum, after the array
SIGNATURE_LENGTH = 73  # bytes


def is_large(shape: tuple[int, ...], dtype: str) -> bool:
    """Whether such an array stays in a file."""
    return math.prod(shape) * np.dtype(dtype).itemsize > LARGE


def gather(
    pieces: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str, folder: Path
) -> np.ndarray:
    """Pieces [k, ...], one after the other, as one array [n, ...]; only one need be in memory.

    A large array is a memory map of a file in `folder` without a name, which goes when the array
    does. CannotWriteError: the folder's disk is full, or read-only.
    """
    if is_large(shape, dtype):
        try:
            with tempfile.TemporaryFile(dir=files.make_folder(folder)) as file:
                _write(file, pieces, dtype)
                return np.memmap(file, dtype, mode="r", shape=shape)
        except OSError as error:
            raise files.cannot_write(folder, error) from error
    array, row = np.empty(shape, dtype), 0
    for piece in pieces:
        array[row : row + len(piece)] = piece
        row += len(piece)
    return array


def save(
    path: Path, pieces: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str, key: str
) -> None:
    """Write pieces, one after the other, as a .npy file; behind the array stand key and checksum.

    `key`: 64 hexadecimal digits that say what the array was made from. CannotWriteError: see
    `files.whole_file`.
    """
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    with files.whole_file(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        checksum = _write(file, pieces, dtype)
        file.write(f"{key} {checksum:08x}".encode())


def load(path: Path, shape: tuple[int, ...], dtype: str, key: str) -> np.ndarray | None:
    """What `save` has written to `path`; None if it was made from something else.

    A large array is a memory map, whose checksum is not compared: that would mean to read it all.

    Raises:
        OSError, ValueError: there is no such file, or it is damaged.
    """
    size = os.path.getsize(path) - SIGNATURE_LENGTH  # of numpy's header and the array
    with open(path, "rb") as file:
        file.seek(max(0, size))
        signature = SIGNATURE.fullmatch(file.read())
    if not signature:
        raise ValueError("it is not whole")
    if signature[1].decode() != key:
        return None
    start = size - math.prod(shape) * np.dtype(dtype).itemsize
    array = np.memmap(path, dtype, mode="r", offset=start, shape=shape)
    if not is_large(shape, dtype):
        array = np.array(array)
        if zlib.crc32(array) != int(signature[2], 16):
            raise ValueError("its checksum is wrong")
    return array


def rows_of(array: np.memmap, rows: np.ndarray) -> np.ndarray:
    """Copy some rows into memory, and let the system take back what the map has read for it."""
    copied = array[rows]
    if array.mode == "r" and hasattr(mmap, "MADV_DONTNEED"):  # Windows takes it back by itself
        array._mmap.madvise(mmap.MADV_DONTNEED)
    return copied


def _write(file: IO, pieces: Iterable[np.ndarray], dtype: str) -> int:
    """Write the pieces' bytes; returns their checksum."""
    checksum = 0
    for piece in pieces:
        piece = np.ascontiguousarray(piece, dtype)
        file.write(piece)
        checksum = zlib.crc32(piece, checksum)
    return checksum
