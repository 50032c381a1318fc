"""A folder of class folders as a source of pictures: one's own, or CIFAR-10 laid out so.

pictures/train/<class>/*.jpg        or        pictures/<class>/*.jpg
pictures/test/<class>/*.jpg
"""

import contextlib
import hashlib
import warnings
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from utils.picture_folders.classes import (
    LAYOUT,
    classes_in,
    count_loose,
    innermost,
    layout,
    subfolders,
)
from utils.picture_folders.decoding import DataError, open_picture
from utils.picture_folders.reading import (
    broken_are_left_out,
    known_broken,
    names,
    printable,
    read_pictures,
)

FEWEST_TO_TRAIN, FEWEST_TO_TEST = 3, 1  # of a class; the first are for validation, too


@dataclass(frozen=True)
class ListedPictures:
    """Picture files and their labels, int64 [n], read and resized when they are needed.

    `read(indices)` gives uint8 pictures [len(indices), side, side, 3]. Where one of them is broken
    the error also names all that are broken in `everything`.
    """

    paths: list[Path]
    labels: np.ndarray
    side: int
    everything: list[Path] = field(default_factory=list, repr=False)

    def read(self, indices: np.ndarray) -> np.ndarray:
        return read_pictures([self.paths[k] for k in indices], self.side, self.everything)


@dataclass(frozen=True)
class Listing:
    """The picture files of each class, and a line on each thing that was decided or left out."""

    train: dict[str, list[Path]]
    test: dict[str, list[Path]]
    notes: list[str]

    @property
    def paths(self) -> list[Path]:
        """All of them: those to train on first, class by class."""
        return [p for part in (self.train, self.test) for paths in part.values() for p in paths]


def open_folder(
    folder: Path, side: int, kept: Path | None = None
) -> tuple[ListedPictures, ListedPictures, list[str]]:
    """The training pictures, the test pictures and the class names of a folder.

    Class names are the folders' names in alphabetical order; a label is a name's place in it.
    Prints a line on each thing that was decided or left out. Where broken pictures are left out,
    their names are kept in the file `kept`.

    Raises:
        DataError: only one of train/ and test/ is there, the two differ in their classes, or
            fewer than two classes have enough pictures.
    """
    listing = list_folder(folder)
    if broken_are_left_out() and (broken := known_broken(listing.paths, kept)):
        listing = list_folder(folder, without=set(broken))
        which = names(f"{path.parent.name}/{path.name}" for path in broken)
        listing.notes.append(f"Left out, because {len(broken)} cannot be read: {which}.")
    for line in listing.notes:
        print(line)
    everything, pools = listing.paths, []
    for part in (listing.train, listing.test):
        labels = np.repeat(np.arange(len(part)), [len(paths) for paths in part.values()])
        paths = [path for paths in part.values() for path in paths]
        pools.append(ListedPictures(paths, labels.astype("int64"), side, everything))
    return *pools, list(listing.train)


def list_folder(folder: Path, without: Collection[Path] = ()) -> Listing:
    """The picture files of each class in a folder, but for those `without`; no file is opened.

    Raises:
        DataError: see `open_folder`.
    """
    (inner, parts), other = layout(Path(folder)), Counter()
    notes = [] if inner == Path(folder) else [f"The pictures are those in {printable(inner)}."]
    if parts:
        parts = [parts["train"], parts.get("test") or parts["validation"]]
        count_loose(inner, other)
        train, test = (classes_in(innermost(part), other, without) for part in parts)
        unused = [path.name for path in subfolders(inner) if path not in parts]
        notes += [f"Left out, next to train and test: {names(unused)}."] if unused else []
        sizes = {name: len(paths) for name, paths in train.items()}
    else:
        together = classes_in(inner, other, without)
        train, test = _divide(together)
        sizes = {name: len(paths) for name, paths in together.items()}
    if other:
        counts = names(f"{count} {kind}" for kind, count in sorted(other.items()))
        notes.append(f"Left out, because they are not read as pictures: {counts}.")
    few = {name: f"{name}: {count}" for name, count in sizes.items() if count < FEWEST_TO_TRAIN}
    untested = [name for name, paths in test.items() if len(paths) < FEWEST_TO_TEST]
    few = {name: f"{name}: 0 to test" for name in untested} | few
    if few:
        notes.append(
            f"Left out, because a class needs {FEWEST_TO_TRAIN} pictures to train on and "
            f"{FEWEST_TO_TEST} to test: {names(few[name] for name in sorted(few))}."
        )
    train, test = ({n: p for n, p in part.items() if n not in few} for part in (train, test))
    _check_classes(inner, train, test, notes)
    if not parts:
        count = sum(map(len, test.values()))
        notes.append(
            f"There is no train/ and test/, so a fifth of each class is set aside for testing, "
            f"{count} pictures, the same in all notebooks."
        )
    return Listing(train, test, notes)


def _check_classes(folder: Path, train: dict, test: dict, notes: list[str]) -> None:
    more = "\n".join([*notes, LAYOUT])
    if train.keys() != test.keys():
        only = names(sorted(train.keys() ^ test.keys()))
        raise DataError(
            f"{folder}: train/ has {len(train)} classes and test/ has {len(test)}; "
            f"in only one of them: {only}.\n{more}"
        )
    if len(train) < 2:
        raise DataError(
            f"{folder} holds {len(train)} class folders {list(train)} with enough pictures; "
            f"a classifier needs two or more.\n{more}"
        )


def _divide(classes: dict[str, list[Path]]) -> tuple[dict, dict]:
    """Four fifths and one fifth of each class. Names decide, so a new picture moves few others."""
    train, test = {}, {}
    for name, paths in classes.items():
        order = sorted(paths, key=lambda p: hashlib.sha256(printable(p.name).encode()).digest())
        count = max(1, round(len(paths) / 5)) if paths else 0
        train[name], test[name] = sorted(order[count:]), sorted(order[:count])
    return train, test


def typical_side(folder: Path, most: int = 200) -> int:
    """The median of the shorter sides, in pixels, of up to `most` pictures to train on.

    Only the files' headers are read. 0 where no picture can be measured: `open_folder` says why.
    """
    sides, classes = [], {}
    with contextlib.suppress(DataError):
        inner, parts = layout(Path(folder))
        classes = classes_in(innermost(parts.get("train", inner)), Counter())
    paths = [path for paths in classes.values() for path in paths]
    for path in paths[:: -(-len(paths) // most) or 1]:
        with (
            contextlib.suppress(Exception),
            warnings.catch_warnings(action="ignore"),
            open_picture(path) as picture,
        ):
            sides.append(min(picture.size))
    return int(np.median(sides)) if sides else 0
