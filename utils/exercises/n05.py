"""Checks of notebook 05: the luck of choosing, how many test pictures, precision and recall."""

import math

import numpy as np
from sklearn.metrics import confusion_matrix

from utils.exercises import Hint, Learner, Unfilled, call, number


def check_1(learner: Learner) -> str:
    """`reported`: the best accuracy on the test set; `honest`: that network's on fresh pictures."""
    reported, honest = (number(name, learner.answer(name)) for name in ("reported", "honest"))
    test_answers, test_labels = learner.answer("test_answers", "test_labels")
    fresh_answers, fresh_labels = learner.answer("fresh_answers", "fresh_labels")
    test = (test_answers == test_labels).mean(axis=1)
    fresh = (fresh_answers == fresh_labels).mean(axis=1)
    chosen = fresh[test == test.max()]  # more than one if several share the first place
    if not same(reported, test.max()):
        raise Hint(
            f"`reported` is {reported:.3f}. It should be one network's accuracy on the pictures "
            "that were used to choose: which network do they pick?"
        )
    if same(honest, chosen).any():
        return (
            f"{reported:.3f} would have been reported, and on fresh pictures the same network "
            f"scores {honest:.3f}: choosing on the test set means reporting the luck of the choice."
        )
    mistakes = {
        "the test set's value again. Those pictures were used to choose": test.max(),
        "the best of all networks on the fresh pictures, which means choosing again": fresh.max(),
        "the mean over all networks, but only one was chosen": fresh.mean(),
    }
    found = next((f", {words}" for words, value in mistakes.items() if same(honest, value)), "")
    raise Hint(
        f"`honest` is {honest:.3f}{found}. Which row of `fresh_answers` belongs to the network "
        "that was best on the test set? Give three decimals."
    )


def check_2(learner: Learner) -> str:
    """`num_pictures`: for which the intervals of 0.85 and 0.86 part, to the next thousand."""
    interval = learner.given("interval")
    num_pictures = number("num_pictures", learner.answer("num_pictures"))
    if not 1 <= num_pictures < math.inf:
        raise Hint(f"`num_pictures` is {num_pictures:g}; it should be a number of pictures.")
    end, start = interval(0.85, num_pictures)[1], interval(0.86, num_pictures)[0]
    if end >= start:
        raise Hint(
            f"With {num_pictures:,.0f} pictures the interval of 0.85 ends at {end:.6f} and that of "
            f"0.86 starts at {start:.6f}: they overlap by {end - start:.6f}. "
            "Both must get narrower."
        )
    fewer = num_pictures - 1_000
    if fewer >= 1 and interval(0.85, fewer)[1] < interval(0.86, fewer)[0]:
        raise Hint(
            f"With {num_pictures:,.0f} pictures the intervals are apart, but fewer would do."
        )
    return (
        f"{num_pictures:,.0f} test pictures to establish a single point: small differences need "
        "large test sets."
    )


def check_3(learner: Learner) -> str:
    """`precision_and_recall(confusion, k)` of class k; the rows are the true classes."""
    function = learner.answer("precision_and_recall")
    true, predicted, sets = learner.given("true", "predicted", "sets")
    own = confusion_matrix(true, predicted, labels=range(len(sets.class_names)))
    ours = np.zeros([max(2, len(own))] * 2, own.dtype)  # tells rows from columns where own may not
    ours[:2, :2] = [[6, 2], [1, 3]]
    correct = np.flatnonzero(own.diagonal())  # of the other classes, some have no precision
    cases = [(own, k, f"class {sets.class_names[k]}") for k in correct]
    cases += [(ours, k, f"class {k} of [[6, 2], [1, 3]]") for k in range(2)]
    for confusion, k, name in cases:
        right = confusion[k, k] / np.array([confusion[:, k].sum(), confusion[k].sum()])
        with np.errstate(all="ignore"):
            precision, recall = call(function, confusion.copy(), int(k))
        if precision is ... or recall is ...:
            raise Unfilled
        answer = np.array([number("precision", precision), number("recall", recall)], float)
        if same(answer, right).all():
            continue
        found = f"For {name} you get precision {answer[0]:.3f} and recall {answer[1]:.3f}"
        if same(answer, right[::-1]).all():
            raise Hint(
                f"{found}: the right two numbers in each other's place. Which sum counts what the "
                "network said, and which what the pictures show?"
            )
        wrong = "precision" if not same(answer[0], right[0]) else "recall"
        raise Hint(
            f"{found}, but the {wrong} is different, at least in the third decimal. Both count the "
            "class's correct predictions, as a fraction of which pictures?"
        )
    return (
        "Both numbers count the same correct predictions, once as a fraction of what the network "
        "said and once of what is there."
    )


def same(one, other):
    """Whether numbers are equal to three decimals, which a learner may have typed."""
    return np.abs(one - other) < 6e-4
