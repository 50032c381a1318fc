"""Checks of notebook 05: the luck of choosing, how many test pictures, precision and recall."""

import math

import numpy as np
from sklearn.metrics import confusion_matrix

from utils.exercises import Hint, Learner, Unfilled, call, number


def check_1(learner: Learner) -> str:
    """`reported`: the best accuracy on the test set; `honest`: that network's on fresh pictures."""
    filled = zip(("reported", "honest"), learner.answer("reported", "honest"), strict=True)
    reported, honest = (share(name, value) for name, value in filled)
    test_answers, test_labels = learner.answer("test_answers", "test_labels")
    fresh_answers, fresh_labels = learner.answer("fresh_answers", "fresh_labels")
    test = (test_answers == test_labels).mean(axis=1)
    fresh = (fresh_answers == fresh_labels).mean(axis=1)
    highest = test.max()
    chosen = fresh[test == highest]  # more than one where several share the first place
    if same(honest, highest) and same(reported, chosen).any():
        raise Hint(
            f"`reported` is {reported:.3f} and `honest` is {honest:.3f}. Which of the two comes "
            "from the pictures that were used to choose? That one is what they report."
        )
    if not same(reported, highest):
        found = ", the mean over all networks" if same(reported, test.mean()) else ""
        raise Hint(
            f"`reported` is {reported:.3f}{found}. It should be the test accuracy of a single "
            "network: which one do they pick?"
        )
    if same(honest, chosen).any():
        return (
            f"{reported:.3f} would have been reported, and on fresh pictures the same network "
            f"scores {honest:.3f}: whoever chooses by the test set reports the luck of the choice."
        )
    if honest == round(honest, 2) and (np.abs(honest - chosen) < 0.0051).any():
        raise Hint(
            f"`honest` is {honest:g}: near, but is it rounded, or the mean over all? Give three "
            "decimals."
        )
    mistakes = {
        "the test set's value again. Those pictures were used to choose": highest,
        "the best of all networks on the fresh pictures: that is choosing once more": fresh.max(),
        "the mean over all networks, and only one was chosen": fresh.mean(),
    }
    found = next((f", {words}" for words, value in mistakes.items() if same(honest, value)), "")
    raise Hint(
        f"`honest` is {honest:.3f}{found}. Which row of `fresh_answers` belongs to the network "
        "that was best on the test set?"
    )


def check_2(learner: Learner) -> str:
    """`num_pictures`: when the intervals of 0.85 and 0.86 part, to the next thousand."""
    interval = learner.given("interval")
    num_pictures = number("num_pictures", learner.answer("num_pictures"))
    if not 1 <= num_pictures < math.inf:
        raise Hint(f"`num_pictures` is {num_pictures:g}; it should be a number of pictures.")
    lower_ends, higher_starts = interval(0.85, num_pictures)[1], interval(0.86, num_pictures)[0]
    overlap = lower_ends - higher_starts
    if overlap >= 0:
        digits = max(4, 1 + math.ceil(-math.log10(max(overlap, 1e-9))))
        advice = "Both networks have an interval, and both must get narrower."
        raise Hint(
            f"With {num_pictures:,.0f} pictures the interval of 0.85 ends at "
            f"{lower_ends:.{digits}f} and that of 0.86 starts at {higher_starts:.{digits}f}: they "
            f"overlap by {overlap:.{digits}f}. {'Nearly there.' if overlap < 5e-4 else advice}"
        )
    fewer = num_pictures - 1_000
    if fewer >= 1 and interval(0.85, fewer)[1] < interval(0.86, fewer)[0]:
        raise Hint(
            f"With {num_pictures:,.0f} pictures the intervals are apart, but fewer would do. Where "
            "do they part first, counted in steps of a thousand?"
        )
    return (
        f"{num_pictures:,.0f} test pictures, to establish a single point: small differences need "
        "large test sets."
    )


def check_3(learner: Learner) -> str:
    """`precision_and_recall(confusion, k)` of class k; the true classes are the rows."""
    function = learner.answer("precision_and_recall")
    true, predicted, sets = learner.given("true", "predicted", "sets")
    own = confusion_matrix(true, predicted, labels=range(len(sets.class_names)))
    # Tells rows from columns where the learner's own may not; as large as that, for loops.
    made = np.zeros([max(2, len(own))] * 2, own.dtype)
    made[:2, :2] = [[6, 2], [1, 3]]
    ours = f"a matrix of ours that begins {made[:2, :2].tolist()} and is 0 elsewhere"
    hit = np.flatnonzero(own.diagonal())  # of the others, some have no precision
    cases = [(own, k, f"class {sets.class_names[k]}") for k in hit]
    cases += [(made, k, f"class {k} of {ours}") for k in range(2)]
    for confusion, k, name in cases:
        right = confusion[k, k] / np.array([confusion[:, k].sum(), confusion[k].sum()])
        answer = two_shares(function, confusion, k)
        if same(answer, right).all():
            continue
        found = f"For {name} you get precision {answer[0]:.3f} and recall {answer[1]:.3f}"
        if np.allclose(answer, np.round(right, 2)):
            raise Hint(f"{found}. That is right, but rounded to two decimals: return it as it is.")
        if same(answer, right[::-1]).all():
            raise Hint(
                f"{found}: those are the right two numbers in each other's place. Which sum counts "
                "what the network said, and which what the pictures show?"
            )
        if same(answer, confusion[k, k] / confusion.sum()).any():
            raise Hint(
                f"{found}. You divide by the number of all pictures. A share of which ones is it? "
                "The text above the table of precision and recall says so."
            )
        wrong = "precision" if not same(answer[0], right[0]) else "recall"
        raise Hint(
            f"{found}, but the {wrong} is another one. Both count the hits of the class: as a "
            "share of which pictures?"
        )
    favourite = max(hit, key=lambda k: own[:, k].sum(), default=0)
    precision, recall = two_shares(function, own, favourite)
    return (
        f"{sets.class_names[favourite]}, the favourite guess, has precision {precision:.3f} and "
        f"recall {recall:.3f}: the same hits, compared once with what the network said and once "
        "with what is there."
    )


def share(name: str, value: object) -> float:
    """`value` as a number between 0 and 1, or a hint."""
    value = number(name, value)
    if not 0 <= value <= 1:
        raise Hint(f"`{name}` is {value:g}; a share lies between 0 and 1.")
    return value


def two_shares(function, confusion: np.ndarray, k: int) -> np.ndarray:
    """Precision and recall as the learner's function computes them, or a hint."""
    with np.errstate(all="ignore"):
        value = call(function, confusion.copy(), int(k))
    try:
        precision, recall = value
    except (TypeError, ValueError):
        raise Hint(
            "`precision_and_recall` should give back two numbers, precision and recall; it gave "
            f"back a {type(value).__name__}."
        ) from None
    if any(part is ... for part in (precision, recall)):
        raise Unfilled
    return np.array([share("precision", precision), share("recall", recall)])


def same(one, other):
    """Equal to three decimals, which is as a learner may have typed them."""
    return np.abs(one - other) < 6e-4
