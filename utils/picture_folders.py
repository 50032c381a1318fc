"""A folder of class folders as a source of pictures: one's own, or CIFAR-10 laid out so.

pictures/train/<class>/*.jpg
pictures/test/<class>/*.jpg
"""

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
FEWEST_PER_CLASS = 3  # one each to train on, to validate on, and to spare
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
LAYOUT = "Expected train/<class>/* and test/<class>/* in it, with the same classes in both."


class DataError(ValueError):
    """The pictures asked for cannot be used; the message names what is wrong and where."""


@dataclass(frozen=True)
class ListedPictures:
    """Picture files and their labels, int64 [n], read and resized when they are needed.

    `read(indices)` gives uint8 pictures [len(indices), side, side, 3].
    """

    paths: list[Path]
    labels: np.ndarray
    side: int

    def read(self, indices: np.ndarray) -> np.ndarray:
        images = np.empty((len(indices), self.side, self.side, 3), "uint8")
        paths = [self.paths[index] for index in indices]
        bar = tqdm(paths, "Reading pictures", file=sys.stdout, mininterval=1, ncols=78, delay=2)
        for row, path in enumerate(bar):
            images[row] = read_picture(path, self.side)
        return images


def typical_side(folder: Path, most: int = 200) -> int:
    """The median of the shorter sides, in pixels, of up to `most` pictures in train/<class>/.

    Only the files' headers are read. 0 where no picture can be measured: `open_folder` says why.
    """
    paths = sorted(p for p in folder.glob("train/*/*") if p.suffix.lower() in PICTURE_ENDINGS)
    sides = []
    for path in paths[:: -(-len(paths) // most) or 1]:
        with contextlib.suppress(*UNREADABLE), Image.open(path) as picture:
            sides.append(min(picture.size))
    return int(np.median(sides)) if sides else 0


def read_picture(path: Path, side: int) -> np.ndarray:
    """One picture file as uint8 [side, side, 3]; the longer side is cropped about the centre.

    Raises:
        DataError: there is no such file, or it is not a picture that can be read.
    """
    try:
        with Image.open(path) as stored:
            upright = ImageOps.exif_transpose(stored)  # a telephone notes how it was held
            small = ImageOps.fit(upright.convert("RGB"), (side, side), Image.Resampling.BILINEAR)
        return np.asarray(small, "uint8")
    except FileNotFoundError as error:
        raise DataError(f"There is no picture {path}. Check its name and folder.") from error
    except UNREADABLE as error:
        raise DataError(
            f"The picture {path} cannot be read: {error}.\n"
            f"Expected a whole {', '.join(e[1:].upper() for e in PICTURE_ENDINGS)} file. "
            "Open it in a viewer; replace or delete it."
        ) from error


def open_folder(folder: Path, side: int) -> tuple[ListedPictures, ListedPictures, list[str]]:
    """The training pictures, the test pictures and the class names of a folder.

    Class names are the folders' names in alphabetical order; a label is a name's place in it.

    Raises:
        DataError: train/ or test/ is missing or empty, there are fewer than two classes, the
            two differ in their classes, or a class has too few pictures.
    """
    for part in ("train", "test"):
        if not (folder / part).is_dir():
            raise DataError(f"The folder {folder} has no folder {part}/.\n{LAYOUT}")
    class_names = _class_names(folder / "train")
    others = _class_names(folder / "test")
    if class_names != others:
        only = ", ".join(sorted(set(class_names) ^ set(others)))
        raise DataError(
            f"{folder}: train/ has {len(class_names)} classes and test/ has {len(others)}; "
            f"in only one of them: {only}.\n{LAYOUT}"
        )
    if len(class_names) < 2:
        raise DataError(
            f"{folder / 'train'} holds {len(class_names)} class folders {class_names}; "
            f"a classifier needs two or more.\n{LAYOUT}"
        )
    train, test = (_list_pictures(folder / part, class_names, side) for part in ("train", "test"))
    return train, test, class_names


def _class_names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _list_pictures(folder: Path, class_names: list[str], side: int) -> ListedPictures:
    paths, labels = [], []
    for label, name in enumerate(class_names):
        visible = (p for p in (folder / name).iterdir() if not p.name.startswith("."))
        found = sorted(p for p in visible if p.suffix.lower() in PICTURE_ENDINGS)
        if len(found) < FEWEST_PER_CLASS:
            raise DataError(
                f"{folder / name} holds {len(found)} pictures; {FEWEST_PER_CLASS} or more are "
                f"needed. Endings that count as pictures: {' '.join(PICTURE_ENDINGS)}."
            )
        paths += found
        labels += [label] * len(found)
    return ListedPictures(paths, np.array(labels, "int64"), side)
