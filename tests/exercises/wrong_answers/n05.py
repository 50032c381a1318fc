"""Wrong answers to the exercises of notebook 05, and words of the hints that they get."""

import numpy as np

CELLS_WITH = {"5.1": ("def interval(",), "5.2": ("def interval(",)}


def given(sets, settings):
    rng = np.random.default_rng(0)
    true = sets.validation.labels
    predicted = np.where(rng.random(len(true)) < 0.6, true, rng.integers(10, size=len(true)))
    return {"true": true, "predicted": predicted, "said": np.bincount(predicted, minlength=10)}


ACCURACIES = """
test_accuracy = (test_answers == test_labels).mean(axis=1)
fresh_accuracy = (fresh_answers == fresh_labels).mean(axis=1)
"""

WRONG = {
    "5.1": [
        (
            ACCURACIES + "reported, honest = test_accuracy.max(), fresh_accuracy.max()",
            "means choosing again",
        ),
        (
            ACCURACIES + "reported, honest = test_accuracy.max(), fresh_accuracy.mean()",
            "only one was chosen",
        ),
        (
            ACCURACIES + "chosen = test_accuracy.argmax()\n"
            "reported, honest = fresh_accuracy[chosen], test_accuracy[chosen]",
            "used to choose: which network",
        ),
    ],
    "5.2": [
        ("most_lost = most_lost_of_10_000 = 17", "both directions count"),
        ("most_lost = most_lost_of_10_000 = 5", "may lose more"),
        ("most_lost = most_lost_of_10_000 = 60", "below 30"),
        ("most_lost, most_lost_of_10_000 = 15, 29", "say which of the two is better"),
    ],
    "5.3": [
        (
            "def precision_and_recall(confusion, k):\n"
            "    precision = confusion[k, k] / confusion[k].sum()\n"
            "    recall = confusion[k, k] / confusion[:, k].sum()\n"
            "    return precision, recall",
            "in each other's place",
        ),
        (
            "def precision_and_recall(confusion, k):\n"
            "    precision = confusion[k, k] / confusion.sum()\n"
            "    recall = confusion[k, k] / confusion[k].sum()\n"
            "    return precision, recall",
            "the precision is different",
        ),
        (
            "def precision_and_recall(confusion, k):\n"
            "    return confusion[k, k] / confusion[:, k].sum()",
            "could not read your answer",
        ),
    ],
}
