"""Checks of notebook 05: the luck of choosing, pairs of networks, precision and recall."""

import numpy as np
from scipy.stats import binomtest
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
    """`most_lost` against 30 gained, with p below 0.05, whatever the size of the test set."""
    names = ("most_lost", "most_lost_of_10_000")
    lost, lost_of_more = (number(name, learner.answer(name)) for name in names)
    for name, value in zip(names, (lost, lost_of_more), strict=True):
        if not (0 <= value < 30 and value % 1 == 0):
            raise Hint(
                f"`{name}` is {value:g}; it should be a whole number below 30. At 30 the network "
                "would have lost as many pictures as it gained."
            )
    p, next_p = (binomtest(30, 30 + k).pvalue for k in (int(lost), int(lost) + 1))
    if p >= 0.05:
        raise Hint(
            f"30 gained against {lost:g} lost: p is {p:.3f}, which is not below 0.05. (Either "
            "network could have come out ahead, so both directions count.)"
        )
    if next_p < 0.05:
        raise Hint(f"30 gained against {lost:g} lost: p is {p:.3f}. It may lose more than that.")
    if lost_of_more != lost:
        raise Hint(
            f"`most_lost_of_10_000` is {lost_of_more:g}. On the other pictures both networks are "
            "right, or both are wrong. Do these say which of the two is better?"
        )
    return (
        f"30 against {lost:g}, p = {p:.3f}, on 1,000 pictures or on 10,000: only those count on "
        "which exactly one of the two is right."
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
