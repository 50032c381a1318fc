"""Class folders on disk: what in them is a picture, what is litter, which links are followed."""

import os
import unicodedata
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from utils.picture_folders.decoding import PICTURE_ENDINGS, DataError
from utils.picture_folders.reading import printable

JUNK = ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "$recycle.bin",
        "system volume information", "lost+found")  # fmt: skip


def innermost(folder: Path) -> Path:
    """The folder, or the one in it where an archive was unpacked with a folder too many."""
    for _ in range(3):
        inside = subfolders(folder)
        alone = len(inside) == 1 and subfolders(inside[0])
        if not alone or any(is_picture(path) for path in folder.iterdir()):
            break
        folder = inside[0]
    return folder


def one_of(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The subfolder that has the first of these names, in large or small letters."""
    found = {path.name.casefold(): path for path in subfolders(folder)}
    return next((found[name] for name in names if name in found), None)


def subfolders(folder: Path) -> list[Path]:
    """The visible folders in a folder; DataError where it cannot be opened."""
    try:
        return sorted(path for path in folder.iterdir() if is_visible(path.name) and path.is_dir())
    except OSError as error:
        raise _cannot_open(error) from error


def classes_in(
    folder: Path, other: Counter, without: Collection[Path] = ()
) -> dict[str, list[Path]]:
    """The pictures in each class folder and in the folders inside it, by the name of the class.

    `other` counts all other files by their endings; the files `without` are passed over.
    """
    classes: dict[str, list[Path]] = {}
    for path in folder.iterdir():
        if is_visible(path.name) and path.is_file():
            other["outside the class folders" if is_picture(path) else _ending(path)] += 1
    for path in subfolders(folder):
        # Two computers can write the same accented letter in two ways: NFC makes them one.
        found = classes.setdefault(unicodedata.normalize("NFC", printable(path.name)), [])
        for file in _files(path):
            if not is_picture(file):
                other[_ending(file)] += 1
            elif file not in without:
                found.append(file)
    return {name: sorted(classes[name]) for name in sorted(classes)}


def is_picture(path: Path) -> bool:
    """Whether its ending is that of a picture which we read."""
    return path.suffix.lower() in PICTURE_ENDINGS


def _files(folder: Path) -> list[Path]:
    """The visible files in a folder and below it; links are followed, but not in circles."""

    def refuse(error):
        raise _cannot_open(error)

    found, seen = [], set()
    for root, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        known = os.path.realpath(root) in seen
        seen.add(os.path.realpath(root))
        folders[:] = [] if known else sorted(filter(is_visible, folders))
        found += [] if known else [Path(root, name) for name in names if is_visible(name)]
    return found


def _ending(path: Path) -> str:
    return printable(path.suffix.lower()) or "without an ending"


def is_visible(name: str) -> bool:
    """Whether a file or folder of this name is for people, and not some system's litter."""
    return not name.startswith(".") and name.casefold() not in JUNK


def _cannot_open(error: OSError) -> DataError:
    return DataError(f"The folder {error.filename} cannot be opened: {error.strerror}.")
