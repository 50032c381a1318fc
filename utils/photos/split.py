"""Who goes where: once, by chance, written down, and what shows the same on one side only."""

import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from utils import files
from utils.photos.alike import duplicates
from utils.picture_folders import DataError
from utils.picture_folders.listing import FEWEST_TO_TEST, FEWEST_TO_TRAIN
from utils.picture_folders.reading import names

FEWEST = 4  # pictures of a class: two to train on, one to validate on, one to test on
FEWEST_FITTED = 2  # or cross-validation would fit without the class
LEFT_OUT = ""  # instead of a part
PARTS = ("train", "validation", "test")


def assign(
    table: pd.DataFrame, seed: int = 0, fractions: tuple[float, float, float] = (0.6, 0.2, 0.2)
) -> pd.Series:
    """Give each picture of a survey a part: "train", "validation", "test", or "" if left out.

    Each class is divided by `fractions` (train, validation, test). Pictures that show the same get
    the same part; where the folder has test pictures these remain what they are, and what shows the
    same as one of them is left out. In a class that is too much alike for this only equal bytes
    count; such classes are printed. Files with a problem and classes of fewer than FEWEST pictures
    are left out, too.

    Raises:
        DataError: fewer than two classes remain.
        ValueError: the fractions are not three from 0 on whose sum is 1, or none is to train on.
    """
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(f"The fractions {fractions} should be three from 0 on whose sum is 1.")
    if not fractions[0]:
        raise ValueError("The fraction to train on is 0. Give it most of the pictures.")
    part_of = pd.Series(LEFT_OUT, index=table.index, name="part")
    usable = table[table.problem == ""]
    usable = usable[usable.groupby("class").path.transform("size") >= FEWEST]
    if usable["class"].nunique() < 2:
        counts = table[table.problem == ""].groupby("class").size().to_dict()
        raise DataError(
            f"Two classes with {FEWEST} pictures or more are needed; found {counts or 'none'}."
        )
    group, too_alike = _groups(usable)
    tested = usable.part == "test"
    part_of[usable.index[tested]] = "test"
    rest = usable[~tested]
    shares = dict(zip(PARTS, fractions, strict=True))
    if tested.any():
        del shares["test"]
    rng, placed = np.random.default_rng(seed), {}
    for name, rows in rest.groupby("class"):
        seen = group[rows.index].isin(group[tested])
        if seen.mean() > 0.5:
            too_alike.add(name)
            seen = rows.digest.isin(usable.digest[tested])
        rows = rows[~seen]
        wanted = _wanted(len(rows), shares)
        parts = _divide(group[rows.index], wanted, placed, rng)
        have = Counter(parts)
        if any(2 * have[part] < count for part, count in wanted.items()):
            too_alike.add(name)
            parts = _divide(rows.digest, wanted, {}, rng)
        part_of[rows.index] = parts
    if too_alike:
        named = sorted(too_alike)[:5] + ["..."] * (len(too_alike) > 5)
        print(f"Too much alike to keep all that shows the same on one side: {', '.join(named)}")
    return part_of


def _groups(usable: pd.DataFrame) -> tuple[pd.Series, set[str]]:
    """For each picture the first one that shows the same, often itself; classes all alike."""
    doubles = duplicates(usable)
    firsts = doubles.groupby("group").path.transform("first")
    return firsts.reindex(usable.index).fillna(usable.path), set(doubles.attrs["too_alike"])


def _wanted(count: int, shares: dict[str, float]) -> dict[str, int]:
    """How many of `count` pictures go to each part: at least one, where its share is not 0."""
    fractions = {part: share / sum(shares.values()) for part, share in shares.items()}
    wanted = {part: max(1, round(count * f)) if f else 0 for part, f in fractions.items()}
    wanted["train"] = count - sum(wanted[part] for part in wanted if part != "train")
    return wanted


def _divide(groups: pd.Series, wanted: dict[str, int], placed: dict, rng) -> list[str]:
    """A part for each picture. Whole groups go, the large ones first, to where most is missing.

    `placed` knows the groups that another class has brought along, and learns of the others.
    """
    sizes = groups.value_counts(sort=False)
    have = Counter()
    for name in sizes.index.intersection(list(placed)):
        have[placed[name]] += sizes[name]
    new = sizes.drop(list(placed), errors="ignore")
    new = new.iloc[rng.permutation(len(new))].sort_values(ascending=False, kind="stable")
    for name, size in new.items():
        placed[name] = max(wanted, key=lambda part: wanted[part] - have[part])
        have[placed[name]] += size
    return [placed[name] for name in groups]


def left_out(table: pd.DataFrame, assigned: pd.Series) -> pd.DataFrame:
    """The files that have no part: path and reason."""
    counts = table[table.problem == ""]["class"].value_counts()
    used = set(table["class"][assigned != LEFT_OUT])

    def reason(row: dict) -> str:
        if row["problem"]:
            return row["problem"]
        if counts[row["class"]] < FEWEST:
            return f"is one of only {counts[row['class']]} pictures of its class"
        alike = "shows the same as a test picture"
        return alike if row["class"] in used else "its class would lack pictures in train/ or test/"

    rows = table[assigned == LEFT_OUT].to_dict("records")
    return pd.DataFrame([(row["path"], reason(row)) for row in rows], columns=["path", "reason"])


def whole_classes(table: pd.DataFrame, assigned: pd.Series) -> pd.Series:
    """`assigned`, without the classes that 01 could not read; they are printed.

    Raises:
        DataError: fewer than two classes remain.
    """
    counts = pd.crosstab(table["class"], assigned).reindex(columns=["train", "test"], fill_value=0)
    counts = counts[counts.sum(axis=1) > 0]
    enough = counts.ge([FEWEST_TO_TRAIN, FEWEST_TO_TEST]).all(axis=1)
    lacking = [f"{n}: {row.train} and {row.test}" for n, row in counts[~enough].iterrows()]
    said = f"{FEWEST_TO_TRAIN} pictures in train/ and {FEWEST_TO_TEST} in test/"
    if enough.sum() < 2:
        raise DataError(
            f"Two classes with {said} are needed; these would have: {names(lacking) or 'none'}.\n"
            "Pictures that show the same, or are test pictures already, count on one side only."
        )
    if lacking:
        print(f"Left out, because a class needs {said}: {names(lacking)}.")
    return assigned.where(table["class"].isin(counts.index[enough]), LEFT_OUT)


def at_most(chosen: pd.DataFrame, most: int, *, seed: int) -> pd.DataFrame:
    """The pictures, but no more than `most` of a class in each part, drawn by chance.

    `chosen` has the columns class and part. A class that lacks a part, or has a single picture to
    train on, is left out. What is not used is printed.

    Raises:
        DataError: fewer than two classes have enough pictures in all three parts.
    """
    counts = pd.crosstab(chosen["class"], chosen.part).reindex(columns=PARTS, fill_value=0)
    enough = counts.ge([FEWEST_FITTED, 1, 1]).all(axis=1)
    needed = f"{FEWEST_FITTED} pictures to train on, 1 to validate on and 1 to test on"
    if enough.sum() < 2:
        raise DataError(
            f"Two classes with {needed} are needed; found these:\n{counts.to_string()}\n"
            "Pictures that show the same count on one side only."
        )
    if not enough.all():
        print(f"Left out, because a class needs {needed}: {names(counts.index[~enough])}")
    complete = chosen[chosen["class"].map(enough)]
    drawn = complete.sample(frac=1, random_state=seed).groupby(["class", "part"]).head(most)
    unused = complete.drop(drawn.index)["class"].value_counts(sort=False)
    if len(unused):
        print(f"At most {most} pictures of a class in each set; TRANSFER_SIZE=full uses all.")
        print("Not used: " + ", ".join(f"{n} of {name}" for name, n in unused.items()))
    return drawn.sort_index()


def write(
    table: pd.DataFrame, assigned: pd.Series, source: Path, destination: Path, *, seed: int
) -> pd.DataFrame:
    """Copy the pictures of `source` to `destination`, in the layout that the notebooks read.

    Those to train and to validate on go to train/<class>/ (the notebooks take a third of it to
    validate on), the others to test/<class>/. split.csv says where each came from and its part;
    left-out.csv says what is missing and why. Returns the former. All is copied, or nothing.

    Raises:
        DataError: `destination` is not empty, or lies in `source`.
        files.CannotWriteError: the disk is full, or the place read-only.
    """
    check_destination(source, destination)
    with files.whole_folder(destination) as new:
        rows = _copy(table.assign(part=assigned), source, new)
        listed = pd.DataFrame(rows).assign(seed=seed)
        how = {"index": False, "errors": "surrogateescape"}  # file names need not be UTF-8
        listed.to_csv(new / "split.csv", **how)
        left_out(table, assigned).to_csv(new / "left-out.csv", **how)
    return listed


def check_destination(source: Path, destination: Path) -> None:
    """Raise DataError where a split of `source` cannot be written to `destination`."""
    source, destination = (Path(os.path.realpath(path)) for path in (source, destination))
    if destination.is_relative_to(source):
        raise DataError(f"{destination} lies in {source}. Name a folder outside of it.")
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise DataError(f"{destination} exists and is not an empty folder. Name a new one.")


def _copy(table: pd.DataFrame, source: Path, new: Path) -> list[dict]:
    chosen, taken, rows = table[table.part != LEFT_OUT], set(), []
    bar = tqdm(chosen.index, "Copying", file=sys.stdout, mininterval=1, ncols=78, delay=2)
    for index in bar:
        path, part, name = chosen.loc[index, ["path", "part", "class"]]
        folder = Path("test" if part == "test" else "train") / name
        target, number = folder / Path(path).name, 1
        while target.as_posix().lower() in taken:  # of another part or an inner folder
            number += 1
            target = folder / f"{Path(path).stem}-{number}{Path(path).suffix}"
        taken.add(target.as_posix().lower())
        files.make_folder(new / folder)
        try:
            content = (source / path).read_bytes()
        except OSError as error:
            raise DataError(f"{source / path} cannot be read: {error.strerror}.") from error
        (new / target).write_bytes(content)  # copyfile calls a full disk a fault of the source
        rows.append({"file": target.as_posix(), "class": name, "part": part, "source": path})
    return rows
