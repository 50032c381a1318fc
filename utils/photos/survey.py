"""What is in a folder of pictures: one row a file, and what is odd about it."""

import contextlib
import hashlib
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from utils.photos.alike import across, duplicates, look_of
from utils.picture_folders import PICTURE_ENDINGS, DataError, read_picture
from utils.picture_folders.classes import (
    LAYOUT,
    class_name,
    files_below,
    innermost,
    layout,
    loose_files,
    subfolders,
)
from utils.picture_folders.decoding import open_picture

ORIENTATION = 0x0112  # the EXIF tag in which a telephone notes how it was held
LOOK_FROM, SMALLEST = 72, 32  # pixels
MOST_NAMED = 10  # files in one list


def survey(folder: Path) -> pd.DataFrame:
    """One row for each file of <class>/*, or of train/<class>/* and test/<class>/*.

    Columns: path (relative to `folder`, with /), part ("train", "validation" or "test"; "" where
    the folder is not split), class, width and height as shown, in pixels, bytes, format, mode,
    turned (EXIF says that it is to be turned), problem (why it cannot be used, or ""), digest
    (SHA-256 of the bytes), look (see `alike.look_of`). Hidden files are not listed.

    Raises:
        DataError: there is no such folder, or no class folder in it; see `classes.layout`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Check its name.")
    files = sorted(_files(folder))
    if not any(name for _, _, name in files):
        raise DataError(f"{folder} holds no class folders with files in them.\n{LAYOUT}")
    bar = tqdm(files, "Looking at files", file=sys.stdout, mininterval=1, ncols=78, delay=2)
    rows = []
    for path, part, name in bar:
        place = {"path": path.relative_to(folder).as_posix(), "part": part, "class": name}
        rows.append(place | _look_at(path, name))
    return pd.DataFrame(rows).astype({"width": "Int64", "height": "Int64"})


def _files(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """(file, part, class); both are "" outside class folders."""
    inner, parts = layout(folder)
    unused = [path for path in subfolders(inner) if path not in parts.values()] if parts else []
    loose = loose_files(inner) + [file for path in unused for file in files_below(path)]
    yield from ((file, "", "") for file in loose)
    for part, top in (parts or {"": inner}).items():
        within = innermost(top) if part else inner
        yield from ((file, part, "") for file in (loose_files(within) if part else ()))
        for path in subfolders(within):
            yield from ((file, part, class_name(path)) for file in files_below(path))


def _look_at(path: Path, class_name: str) -> dict:
    row = {"width": pd.NA, "height": pd.NA, "bytes": 0, "format": "", "mode": "", "turned": False}
    row |= {"problem": "", "digest": "", "look": b""}
    if path.suffix.lower() not in PICTURE_ENDINGS:
        return row | {"problem": f"is not read: its ending is {path.suffix or 'none'}"}
    try:
        row["bytes"] = path.stat().st_size
        if not path.is_file():
            return row | {"problem": "cannot be read: it is no file, but a pipe or a device"}
        with path.open("rb") as file:
            row["digest"] = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return row | {"problem": f"cannot be read: {error.strerror or error}"}
    with contextlib.suppress(Exception):  # read_picture says what is wrong
        row |= _header(path)
    try:
        row["look"] = look_of(read_picture(path, LOOK_FROM))
    except DataError as error:
        first_line = str(error).splitlines()[0]
        return row | {"problem": first_line.replace(f"The picture {path} ", "")}
    return row if class_name else row | {"problem": "lies in no class folder"}


def _header(path: Path) -> dict:
    with warnings.catch_warnings(action="ignore"), open_picture(path) as picture:
        row = {"format": picture.format, "mode": picture.mode}
        row |= {"width": picture.width, "height": picture.height}
        with contextlib.suppress(Exception):  # odd EXIF keeps no viewer from showing it
            turn = picture.getexif().get(ORIENTATION, 1)
            row["turned"] = turn in range(2, 9)
            if turn in range(5, 9) and picture.format != "TIFF":  # Pillow turns these itself
                row |= {"width": picture.height, "height": picture.width}
    return row


def odd_ones(table: pd.DataFrame) -> list[tuple[str, str]]:
    """(path, why) of usable pictures that deserve a look: placeholders, slips, extreme shapes."""
    good = table[table.problem == ""]
    long, short = good[["width", "height"]].max(axis=1), good[["width", "height"]].min(axis=1)
    of_format = good.groupby("format").path.transform("size")
    reasons = {
        "one colour all over": good["look"].map(lambda look: not any(look)),
        f"under {SMALLEST} px": short < SMALLEST,
        "over three times as long as wide": long > 3 * short,
        "the only one, or nearly, of its format": of_format <= len(good) // 100,
    }
    return [(path, why) for why, odd in reasons.items() for path in good.path[odd]]


def in_words(table: pd.DataFrame) -> str:
    """A survey in a few lines: counts, sizes, formats, what is odd or alike or cannot be used."""
    good, bad = table[table.problem == ""], table[table.problem != ""]
    lines = []
    if len(good):
        counts = pd.crosstab(good["class"], good.part.replace("", "pictures"))
        order = [c for c in ("pictures", "train", "validation", "test") if c in counts]
        lines.append(counts[order].rename_axis(index=None, columns=None).to_string())
        if counts.sum(axis=1).max() >= 2 * counts.sum(axis=1).min():
            lines.append("The classes are uneven: look at the recall of each, not only accuracy.")
        sides = good[["width", "height"]].min(axis=1)
        lines.append(f"Shorter side: {sides.min()} to {sides.max()} px, median {sides.median():g}.")
        lines.append(f"{_counts('Formats', good.format)}; {_counts('modes', good['mode'])}.")
        lines.append(f"Turned upright by a note in the file (EXIF): {good.turned.sum()}.")
    lines += _listed("Worth a look", [f"{path}: {why}" for path, why in odd_ones(table)])
    doubles = duplicates(table)
    groups = [group for _, group in doubles.groupby("group")]
    lines += _listed(
        "All of a class looks alike: only equal files count there", doubles.attrs["too_alike"]
    )
    lines += _listed("Groups of pictures that show the same", [_group(group) for group in groups])
    mixed = [_group(group) for group in groups if group["class"].nunique() > 1]
    lines += _listed("Of these, in more than one class", mixed)
    pairs = [f"{test} and {other}" for test, other in across(doubles)]
    lines += _listed("Test pictures that show the same as a picture to train on", pairs)
    unusable = [f"{row.path} {row.problem}" for row in bad.itertuples()]
    text = "\n".join(lines + _listed("Cannot be used", unusable))
    return text.encode("utf-8", "backslashreplace").decode()  # file names need not be UTF-8


def _counts(name: str, values: pd.Series) -> str:
    return f"{name}: " + ", ".join(f"{value} {n}" for value, n in values.value_counts().items())


def _group(group: pd.DataFrame) -> str:
    more = f" and {len(group) - 3} more" if len(group) > 3 else ""
    same = " (the same file)" if group.exact.all() else ""
    return ", ".join(group.path[:3]) + more + same


def _listed(title: str, items: list[str]) -> list[str]:
    """A title with their number and up to MOST_NAMED of them; nothing where there are none."""
    if not items:
        return []
    more = [f"  and {len(items) - MOST_NAMED} more"] * (len(items) > MOST_NAMED)
    return [f"{title}: {len(items)}", *(f"  {item}" for item in items[:MOST_NAMED]), *more]
