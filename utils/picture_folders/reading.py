"""Many picture files: read with a bar, kept for the next notebook, all broken ones named."""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from utils import arrays, files, variables
from utils.picture_folders.decoding import READING, DataError, read_picture, reason

MOST_NAMES = 10  # in a message


def read_pictures(paths: list[Path], side: int, others: Iterable[Path] = ()) -> np.ndarray:
    """Picture files as uint8 [n, side, side, 3], one after the other, so memory stays flat.

    Raises:
        DataError: some cannot be read; it names all of these, and those among `others` as well.
    """
    images = np.empty((len(paths), side, side, 3), "uint8")
    for row, image in enumerate(_each_picture(paths, side, others)):
        images[row] = image
    return images


def _each_picture(paths: list[Path], side: int, others: Iterable[Path]) -> Iterator[np.ndarray]:
    """The pictures that can be read; if there are others, a DataError after the last one."""
    broken = {}
    for path in _with_bar(paths, "Reading pictures"):
        try:
            yield read_picture(path, side)
        except DataError as error:
            broken[path] = _why(error)
    if broken:
        rest = sorted(set(others) - set(paths))
        broken |= find_broken(rest)
        raise DataError(_message(broken, len(set(paths)) + len(rest)))


def find_broken(paths: list[Path]) -> dict[Path, str]:
    """Those files that cannot be read as pictures, each with the reason."""
    broken = {}
    for path in _with_bar(paths, "Looking for broken pictures"):
        try:
            read_picture(path, side=8)  # pixels: a JPEG is decoded at an eighth of its size
        except DataError as error:
            broken[path] = _why(error)
    return broken


def known_broken(paths: list[Path], kept: Path | None) -> dict[Path, str]:
    """As `find_broken`, but what it found for the same files before is taken from `kept`."""
    key = _key(paths, side=0)
    record = files.read_json(kept) if kept else {}
    if record.get("key") == key:
        return {paths[int(row)]: why for row, why in record["broken"].items()}
    broken = find_broken(paths)
    if kept:
        rows = {str(row): broken[path] for row, path in enumerate(paths) if path in broken}
        files.write_json(kept, {"key": key, "broken": rows})
    return broken


def broken_are_left_out() -> bool:
    """What TRANSFER_BROKEN says: "stop" (the default) is False, "leave out" is True."""
    value = variables.read("TRANSFER_BROKEN") or "stop"
    if value not in ("stop", "leave out", "leave-out"):
        raise DataError(f'TRANSFER_BROKEN={value} is not known. Allowed: "stop" or "leave out".')
    return value != "stop"


def read_once(paths: list[Path], side: int, kept: Path, others: Iterable[Path] = ()) -> np.ndarray:
    """As `read_pictures`, but kept in the file `kept` until one of the files changes.

    Where they are large (`arrays.is_large`), what it returns is a memory map of that file.
    """
    key, shape = _key(paths, side), (len(paths), side, side, 3)
    try:
        if (images := arrays.load(kept, shape, "uint8", key)) is not None:
            print(f"{len(images):,} pictures, read before and kept in {kept.name}")
            return images
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        print(f"{kept} is damaged ({reason(error)}) and is made again.")
    if arrays.is_large(shape, "uint8"):
        arrays.save(kept, _each_picture(paths, side, others), shape, "uint8", key)
        return arrays.load(kept, shape, "uint8", key)
    images = read_pictures(paths, side, others)
    try:
        arrays.save(kept, [images], shape, "uint8", key)
    except files.CannotWriteError as error:
        print(f"The next notebook has to read the pictures again. {error}")
    return images


def names(these: Iterable) -> str:
    """The first ten of them, and how many more there are."""
    these = [printable(one) for one in these]
    more = len(these) - MOST_NAMES
    return ", ".join(these[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def printable(name: object) -> str:
    r"""A name in which \xe9 stands for a byte that no screen can show, and \n for a line break."""
    text = os.fsencode(str(name)).decode("utf-8", "backslashreplace")
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", lambda found: ascii(found[0])[1:-1], text)


def _why(error: DataError) -> str:
    return reason(error.__cause__) if error.__cause__ else "there is no such file"


def _message(broken: dict[Path, str], count: int) -> str:
    folder = os.path.commonpath([path.parent for path in broken])
    lines = [
        f"{len(broken)} of {count:,} pictures cannot be read. In {printable(folder)}:",
        *(f"  {printable(os.path.relpath(p, folder))}: {why}" for p, why in sorted(broken.items())),
    ]
    if len(broken) > MOST_NAMES:
        lines[MOST_NAMES + 1 :] = [f"  and {len(broken) - MOST_NAMES} more"]
    return "\n".join(lines) + (
        "\nOpen them in a viewer; replace or delete them. Or go on without them. Before you start: "
        + variables.line_to_set("TRANSFER_BROKEN", "leave out")
    )


def _with_bar(paths: list[Path], what: str) -> tqdm:
    return tqdm(paths, what, file=sys.stdout, mininterval=1, ncols=78, delay=1)


def _key(paths: list[Path], side: int) -> str:
    """A digest of the files' names, sizes and times of change, of the side and of `READING`."""
    digest = hashlib.sha256(f"{READING} {side}".encode())
    for path in paths:
        try:
            about = path.stat()
            state = f"{about.st_size} {about.st_mtime_ns}"
        except OSError:
            state = "missing"
        digest.update(os.fsencode(path) + b"\0" + state.encode() + b"\0")
    return digest.hexdigest()
