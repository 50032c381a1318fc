"""Typical wrong answers to the exercises of notebook 05, and words of the hint they get."""

GUESSERS = """
import numpy as np

rng = np.random.default_rng(2)
test_labels, fresh_labels = rng.integers(10, size=50), rng.integers(10, size=1_000)
test_answers = rng.integers(10, size=(200, 50))
fresh_answers = rng.integers(10, size=(200, 1_000))
test_accuracy = (test_answers == test_labels).mean(axis=1)
fresh_accuracy = (fresh_answers == fresh_labels).mean(axis=1)
"""
CONFUSION = """
from sklearn.metrics import confusion_matrix

confusion = confusion_matrix(true, predicted, labels=range(num_classes))
"""

WRONG = {
    "5.1": [
        (
            GUESSERS + "reported, honest = test_accuracy.max(), fresh_accuracy.max()",
            "that is choosing once more",
        ),
        (
            GUESSERS + "reported, honest = test_accuracy.max(), fresh_accuracy.mean()",
            "only one was chosen",
        ),
        (
            GUESSERS + "chosen = test_accuracy.argmax()\n"
            "reported, honest = fresh_accuracy[chosen], test_accuracy[chosen]",
            "used to choose? That one is what they report",
        ),
        (
            GUESSERS + "reported, honest = test_accuracy.mean(), fresh_accuracy.mean()",
            "the mean over all networks. It should be",
        ),
        (
            GUESSERS + "reported, honest = 0.24, 0.10",
            "near, but is it rounded, or the mean over all? Give three decimals.",
        ),
    ],
    "5.2": [
        ("num_pictures = 10_000", "they overlap by"),
        ("num_pictures = 19_000", "they overlap by 0.000013. Nearly there."),
        (
            # the one accuracy lies outside the other's interval
            "num_pictures = 1_000\n"
            "while interval(0.86, num_pictures)[0] <= 0.85:\n"
            "    num_pictures += 1_000",
            "Both networks have an interval",
        ),
        ("num_pictures = 100_000", "fewer would do"),
    ],
    "5.3": [
        (
            CONFUSION + "def precision_and_recall(confusion, k):\n"
            "    precision = confusion[k, k] / confusion[k].sum()\n"
            "    recall = confusion[k, k] / confusion[:, k].sum()\n"
            "    return precision, recall",
            "in each other's place",
        ),
        (
            CONFUSION + "def precision_and_recall(confusion, k):\n"
            "    precision = confusion[k, k] / confusion.sum()\n"
            "    recall = confusion[k, k] / confusion[k].sum()\n"
            "    return precision, recall",
            "divide by the number of all pictures",
        ),
        (
            CONFUSION + "def precision_and_recall(confusion, k):\n"
            "    return confusion[k, k] / confusion[:, k].sum()",
            "should give back two numbers",
        ),
        (
            CONFUSION + "def precision_and_recall(confusion, k):\n"
            "    precision = confusion[k, k] / confusion[:, k].sum()\n"
            "    recall = confusion[k, k] / confusion[k].sum()\n"
            "    return round(precision, 2), round(recall, 2)",
            "right, but rounded to two decimals: return it as it is",
        ),
    ],
}
