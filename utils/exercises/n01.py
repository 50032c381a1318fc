"""Checks of notebook 01: a stratified split, and copies in the validation set."""

import numpy as np

from utils.exercises import Hint, Learner, number


def check_1(learner: Learner) -> str:
    """The number of classes in the naive validation set, and a stratified split of the rows."""
    pool, class_names = learner.given("train_pool", "class_names")
    naive, counted, train, validation = learner.answer(
        "naive_validation", "classes_in_naive_validation", "train_rows", "validation_rows"
    )
    count, in_naive = len(pool.labels), len(np.unique(pool.labels[naive]))
    if number("classes_in_naive_validation", counted) != in_naive:
        raise Hint(
            f"You count {counted} classes in the naive validation set. `naive_validation` holds "
            "row numbers. Which labels stand in those rows, and how many different ones?"
        )
    train, validation = rows("train_rows", train, count), rows("validation_rows", validation, count)
    check_partition(train, validation, count, size=len(naive))
    counts = np.bincount(pool.labels[validation], minlength=len(class_names))
    fair = np.bincount(pool.labels, minlength=len(class_names)) * len(validation) / count
    if np.abs(counts - fair).max() <= 1 and counts[fair >= 1].all():
        return (
            f"The naive validation set would have judged {in_naive} of {len(class_names)} "
            f"classes; yours has {counts.min()} to {counts.max()} pictures of each."
        )
    if 2 * np.count_nonzero(counts) <= len(class_names):
        raise Hint(
            f"Your validation set holds {np.count_nonzero(counts)} of {len(class_names)} classes. "
            "The rows are sorted by class, so a piece cut off one end holds only a few of them."
        )
    raise Hint(
        f"Your validation set has {counts.min()} pictures of {class_names[counts.argmin()]} and "
        f"{counts.max()} of {class_names[counts.argmax()]}. Which argument of `train_test_split` "
        "keeps the proportions, and do the labels that you pass follow the order of your rows?"
    )


def check_2(learner: Learner) -> str:
    """`copied`: which of the doubtful pictures are in the training set."""
    sets = learner.given("sets")
    doubtful, copied = learner.answer("doubtful", "copied")
    known = {image.tobytes() for image in sets.train.images}
    truth = np.array([image.tobytes() in known for image in doubtful])
    if not truth.any():
        raise Hint("`doubtful` holds no copies any more. Run its whole cell again, unchanged.")
    marked = np.zeros(len(truth), bool)
    marked[rows("copied", copied, len(truth))] = True
    found = f"You mark {marked.sum()} of {len(truth)} pictures"
    if (marked & ~truth).any():
        raise Hint(
            f"{found}; {np.sum(marked & ~truth)} of them are not in the training set. A copy has "
            "*all* its pixels, in their places, from *one* training picture. Do you compare that?"
        )
    if (truth & ~marked).any():
        raise Hint(
            f"{found} and miss {np.sum(truth & ~marked)} copies. A copy can be of any picture of "
            "the training set, not only of the one in the same place."
        )
    return (
        f"{truth.sum()} of {len(truth)} pictures are copies: a network that knows only those, by "
        f"heart, would already score {truth.mean():.3f} here."
    )


def rows(name: str, value: object, count: int) -> np.ndarray:
    """`value` as row numbers below `count`; it may also be a mask, or what `np.where` returns."""
    if isinstance(value, tuple) and len(value) == 1:  # np.where
        value = value[0]
    found = np.asarray(value)
    if found.ndim == 2 and found.shape[1] == 1:  # np.argwhere
        found = found[:, 0]
    if found.shape == (count,) and np.isin(found, (False, True)).all():
        return np.flatnonzero(found)
    if found.shape == (0,):
        return np.array([], int)
    integers = found.ndim == 1 and found.dtype.kind in "iu"
    if not integers or found.min() < 0 or found.max() >= count:
        raise Hint(
            f"`{name}` should be row numbers below {count}, or True and False for each of {count} "
            f"rows. Yours is of type {type(value).__name__}, shape {found.shape} and {found.dtype}."
        )
    return found


def check_partition(train: np.ndarray, validation: np.ndarray, count: int, size: int) -> None:
    """Raise Hint unless each of `count` rows is in one set, a tenth (or `size`) in validation."""
    times = np.bincount(np.concatenate([train, validation]), minlength=count)
    if times.max() > 1:
        raise Hint(
            f"Row {times.argmax()} comes {times.max()} times in the two sets together. What would "
            "you learn from validation pictures that the network was trained on?"
        )
    if times.min() == 0:
        raise Hint(f"{np.sum(times == 0)} of {count} rows are in neither set.")
    tenth = 0.05 <= len(validation) / count <= 0.2 or len(validation) == size
    if not tenth or len(validation) > len(train):
        raise Hint(
            f"You train on {len(train)} rows and validate on {len(validation)}; it should be about "
            "a tenth. In which order does `train_test_split` return the two?"
        )
