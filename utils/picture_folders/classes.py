"""Folders on disk: where the class folders are, what in them is a picture and what is litter."""

import os
import unicodedata
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from utils.picture_folders.decoding import PICTURE_ENDINGS, DataError
from utils.picture_folders.reading import printable

JUNK = ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "$recycle.bin",
        "system volume information", "lost+found")  # fmt: skip
OURS = ("split.csv", "left-out.csv")  # what the split command writes next to train/ and test/
PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("val", "valid", "validation"),
}  # also with "set" at the end, as in training_set
LAYOUT = (
    "Expected a folder for each class, as ants/* and bees/*, or train/ and test/ with the same "
    f"class folders in both. Endings that are read: {' '.join(PICTURE_ENDINGS)}."
)


def layout(folder: Path) -> tuple[Path, dict[str, Path]]:
    """The folder to look in, and its train, test and validation folders, as far as they are there.

    There are none where all class folders are together. Then a class may have the name of a part.

    Raises:
        DataError: only one part is there, or the parts lie a folder deeper.
    """
    inner = innermost(folder)
    parts = _parts_in(inner)
    if parts.keys() > {"train"}:
        return inner, parts
    for part, path in parts.items():
        if subfolders(path):
            raise DataError(
                f"The folder {inner} has {path.name}/, but no folder "
                f"{'test' if part == 'train' else 'train'}/.\n{LAYOUT}"
            )
    deeper = [path for path in subfolders(inner) if _parts_in(path).keys() > {"train"}]
    if len(deeper) == 1:
        raise DataError(f"{inner} is a folder too high. Did you mean {deeper[0]}?\n{LAYOUT}")
    if deeper:
        raise DataError(f"{inner}: {deeper[0].name}/ and others have parts of their own.\n{LAYOUT}")
    return inner, {}


def _parts_in(folder: Path) -> dict[str, Path]:
    found = {}
    for path in reversed(subfolders(folder)):
        found[path.name.casefold().strip().removesuffix("set").rstrip("_- ")] = path
    first = {part: next((n for n in names if n in found), None) for part, names in PARTS.items()}
    return {part: found[name] for part, name in first.items() if name}


def innermost(folder: Path) -> Path:
    """The folder, or the one in it where an archive was unpacked with a folder too many."""
    for _ in range(9):
        inside = subfolders(folder)
        alone = len(inside) == 1 and subfolders(inside[0])
        if not alone or any(map(is_picture, loose_files(folder))):
            break
        folder = inside[0]
    return folder


def subfolders(folder: Path) -> list[Path]:
    """The visible folders in a folder; DataError where it cannot be opened."""
    return [path for path in _inside(folder) if path.is_dir()]


def loose_files(folder: Path) -> list[Path]:
    """The visible files in a folder, not below it, but for the lists of the split command."""
    return [path for path in _inside(folder) if not path.is_dir() and path.name not in OURS]


def _inside(folder: Path) -> list[Path]:
    try:
        inside = sorted(path for path in folder.iterdir() if is_visible(path.name))
        any(path.is_dir() for path in inside)  # without the right to enter, only names are seen
        return inside
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be opened: {error.strerror}.") from error


def classes_in(
    folder: Path, other: Counter, without: Collection[Path] = ()
) -> dict[str, list[Path]]:
    """The pictures in each class folder and in the folders inside it, by the name of the class.

    `other` counts all other files by their endings; the files `without` are passed over.
    """
    classes: dict[str, list[Path]] = {}
    count_loose(folder, other)
    for path in subfolders(folder):
        found = classes.setdefault(class_name(path), [])
        for file in files_below(path):
            if not is_picture(file):
                other[_ending(file)] += 1
            elif file not in without:
                found.append(file)
    return {name: sorted(classes[name]) for name in sorted(classes)}


def count_loose(folder: Path, other: Counter) -> None:
    """Count what lies in a folder outside its class folders."""
    for path in loose_files(folder):
        other["outside the class folders" if is_picture(path) else _ending(path)] += 1


def class_name(folder: Path) -> str:
    """The folder's name. Computers write an accented letter in two ways: NFC makes them one."""
    return unicodedata.normalize("NFC", printable(folder.name))


def is_picture(path: Path) -> bool:
    """Whether its ending is that of a picture which we read."""
    return path.suffix.lower() in PICTURE_ENDINGS


def files_below(folder: Path) -> list[Path]:
    """The visible files in a folder and below it.

    Links are followed, but not in circles and not to a folder that `folder` itself lies in.
    """

    def refuse(error):
        raise DataError(f"The folder {error.filename} cannot be opened: {error.strerror}.")

    starts = (folder.absolute(), Path(os.path.realpath(folder)))
    seen = {os.path.realpath(above) for start in starts for above in start.parents}
    found = []
    for root, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        known = os.path.realpath(root) in seen
        seen.add(os.path.realpath(root))
        folders[:] = [] if known else sorted(filter(is_visible, folders))
        found += [] if known else [Path(root, name) for name in names if is_visible(name)]
    return sorted(found)


def _ending(path: Path) -> str:
    return printable(path.suffix.lower()) or "without an ending"


def is_visible(name: str) -> bool:
    """Whether a file or folder of this name is for people, and not some system's litter."""
    return not name.startswith(".") and name.casefold() not in JUNK
