"""Checks of notebook 01: a split that gives every class its share, and copies that leak."""

from numbers import Real

import numpy as np

from utils.exercises import Hint, Learner


def check_1(learner: Learner) -> str:
    """How many classes the naive validation set holds; then rows that share nothing, hold all."""
    pool, class_names = learner.given("train_pool", "class_names")
    said, *answers = learner.answer("classes_in_naive_validation", "train_rows", "validation_rows")
    naive = np.unique(pool.labels[learner.answer("naive_validation")])
    if not isinstance(said, Real):
        raise Hint(f"Of how many classes? You give a {type(said).__name__} where a number goes.")
    if said != len(naive):
        raise Hint(
            f"You say that the naive validation set holds {said} classes. `naive_validation` are "
            "row numbers. Which labels stand in those rows, and how many different ones?"
        )
    names = ("train_rows", "validation_rows")
    train, validation = (
        rows(name, answer, len(pool.labels)) for name, answer in zip(names, answers, strict=True)
    )
    asked = len(learner.answer("naive_validation"))  # with few pictures: one of each class
    partition(train, validation, len(pool.labels), asked)
    every = np.bincount(pool.labels, minlength=len(class_names))
    counts = np.bincount(pool.labels[validation], minlength=len(class_names))
    present = np.count_nonzero(counts)
    fair = every * len(validation) / len(pool.labels)
    if np.abs(counts - fair).max() <= 1 and counts[fair >= 1].all():
        return (
            f"The naive validation set would have judged {len(naive)} of {len(class_names)} "
            f"classes; in yours each has its share, {span(counts)} pictures."
        )
    if 2 * present <= len(class_names):
        raise Hint(
            f"Your validation set holds {present} of {len(class_names)} classes. The rows are "
            "sorted by class: whatever you cut off in one piece comes from the same few."
        )
    raise Hint(
        f"In your validation set the classes' counts go from {counts.min()} "
        f"({class_names[counts.argmin()]}) to {counts.max()} ({class_names[counts.argmax()]}); "
        f"fair shares would be {span(fair.round(1))}. What keeps the shares in "
        "`train_test_split`, and do the labels that you give it follow the order of your rows?"
    )


def check_2(learner: Learner) -> str:
    """`copied`: which of the doubtful pictures equal one of the training set."""
    sets = learner.given("sets")
    doubtful, copied = learner.answer("doubtful", "copied")
    known = {image.tobytes() for image in sets.train.images}
    truth = np.array([image.tobytes() in known for image in doubtful])
    if not truth.any():
        raise Hint(
            "`doubtful` holds no copies any more. Run its whole cell again, and leave it be."
        )
    marked = np.zeros(len(truth), bool)
    marked[rows("copied", copied, len(truth))] = True
    found = f"You mark {marked.sum()} of {len(truth)} pictures"
    if (marked != truth).all():
        raise Hint(f"{found}, all those that are *not* in the training set. Turn it round?")
    if (marked & ~truth).any():
        raise Hint(
            f"{found}, and {np.sum(marked & ~truth)} of these have no equal in the training set, "
            f"picture {np.argmax(marked & ~truth)} for one. A copy has *all* its pixels, in their "
            "places, from *one* training picture. Is that what you compare?"
        )
    if (truth & ~marked).any():
        raise Hint(
            f"{found}; {np.sum(truth & ~marked)} of the copies are not among them. A copy can be "
            "of any picture of the training set, not only of the one in the same place."
        )
    return (
        f"{truth.sum()} of {len(truth)} pictures are copies: a network that knows those by heart, "
        f"and nothing else, would already score {truth.mean():.3f} here."
    )


def rows(name: str, value: object, count: int) -> np.ndarray:
    """`value` as row numbers below `count`, given as such or as yes and no for each row."""
    if isinstance(value, tuple) and len(value) == 1:  # what np.where gives
        value = value[0]
    if isinstance(value, set | frozenset):
        value = sorted(value)
    found = np.asarray(value)
    if found.ndim == 2 and found.shape[1] == 1:  # what np.argwhere gives
        found = found[:, 0]
    if found.shape == (count,) and np.isin(found, (False, True)).all():
        return np.flatnonzero(found)
    if found.shape == (0,):
        return np.array([], int)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise Hint(
            f"`{name}` should be row numbers, or yes and no for each of {count} rows. Yours "
            f"is of type {type(value).__name__} and shape {found.shape}, and holds {found.dtype}."
        )
    if found.min() < 0 or found.max() >= count:
        raise Hint(
            f"`{name}` goes from {found.min()} to {found.max()}, but the rows are numbered from 0 "
            f"to {count - 1}. Rows of what are they?"
        )
    return found


def partition(train: np.ndarray, validation: np.ndarray, count: int, asked: int) -> None:
    """A hint unless the two hold each of `count` rows once, most of them in `train`."""
    for name, part in (("train_rows", train), ("validation_rows", validation)):
        times = np.bincount(part, minlength=count)
        if times.max() > 1:
            raise Hint(
                f"`{name}` holds row {times.argmax()} {times.max()} times. Are they row numbers, "
                "or labels?"
            )
    shared = np.intersect1d(train, validation)
    if len(shared):
        raise Hint(
            f"{len(shared)} rows are in both sets, row {shared[0]} for one. What would you learn "
            "from validation pictures that the network was trained on?"
        )
    left = count - len(train) - len(validation)
    if left:
        raise Hint(f"{left} of {count} rows are in neither set. Where did they go?")
    fits = 0.05 <= len(validation) / count <= 0.2 or len(validation) == asked
    if not fits and len(validation) <= len(train):
        raise Hint(
            f"You keep {len(validation) / count:.0%} for validation; about a tenth was asked for. "
            "The rest is wanted for training."
        )
    if len(validation) > len(train):
        raise Hint(
            f"You train on {len(train)} rows and validate on {len(validation)}. In which order "
            "does `train_test_split` give the two back?"
        )


def span(values: np.ndarray) -> str:
    """The smallest and the largest, or the one value that they all have."""
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low} to {high}"
