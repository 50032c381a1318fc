"""Wrong answers to the exercises of notebook 06, and words of the hints that they get."""

from collections import defaultdict
from types import SimpleNamespace

import numpy as np


def given(sets, settings):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    row = SimpleNamespace(accuracy=0.5, seconds=1.0)
    train, validation = (
        [np.eye(10)[part.labels] + rng.normal(scale=0.2 * block, size=(len(part), 10))
         for block in range(1, 6)]
        for part in (sets.train, sets.validation)
    )  # fmt: skip
    return {
        "LogisticRegression": LogisticRegression,
        "amount": SimpleNamespace(subset=lambda labels, count, seed: rng.permutation(200)[:count]),
        "digits": sets,
        "features": train,
        "others": validation,
        "costs": SimpleNamespace(loc=defaultdict(lambda: row)),
    }


WRONG = {
    "6.1": [
        (
            """
seeds_for_b = np.sum(b > a)
lead = np.mean(b - a)
error = np.std(b - a)
sure = abs(lead) > 2 * error
""",
            "the standard deviation of the leads",
        ),
        (
            """
seeds_for_b = np.sum(b > a)
lead = a.mean() - b.mean()
error = np.std(b - a) / np.sqrt(10)
sure = abs(lead) > 2 * error
""",
            "The leads of B over A",
        ),
        (
            """
seeds_for_b = np.sum(b > a)
lead = b.mean() - a.mean()
error = a.std(ddof=1) / np.sqrt(10) + b.std(ddof=1) / np.sqrt(10)
sure = abs(lead) > 2 * error
""",
            "do not simply add up",
        ),
    ],
    "6.2": [
        (
            """
def price(cheap, costly):
    gained = 100 * (costly.accuracy - cheap.accuracy)
    return costly.seconds / gained if gained > 0 else float("nan")
""",
            "It charges all 24 seconds",
        ),
        (
            """
def price(cheap, costly):
    return (costly.seconds - cheap.seconds) / (100 * (costly.accuracy - cheap.accuracy))
""",
            "no price buys a point",
        ),
    ],
}
