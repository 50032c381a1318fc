"""Wrong answers to the exercises of notebook 06, and words of the hints that they get."""

from types import SimpleNamespace

import numpy as np
import pandas as pd


def given(sets, settings):
    rng = np.random.default_rng(0)
    cases = {"linear probe after block 5": 0.5, "fine-tuned": 0.52}
    few = pd.DataFrame(
        {"case": case, "seed": seed, "validation_accuracy": 0.5, "seconds": 1.0}
        | {"accuracy": rng.normal(mean, 0.05)}
        for case, mean in cases.items()
        for seed in range(3)
    )
    last, fine_tuned = cases
    return {"few": few, "amount": SimpleNamespace(LAST=last, FINE_TUNED=fine_tuned)}


WRONG = {
    "6.1": [
        (
            """
def choose(rows, limit):
    return rows.loc[rows[rows.seconds <= limit].validation_accuracy.idxmax(), "case"]
""",
            "It was best with one seed only",
        ),
        (
            """
def choose(rows, limit):
    means = rows.groupby("case")[["accuracy", "seconds"]].mean()
    return means[means.seconds <= limit].accuracy.idxmax()
""",
            "What is the test set for?",
        ),
        (
            """
def choose(rows, limit):
    return rows.groupby("case").validation_accuracy.mean().idxmax()
""",
            "and the limit is 2.5",
        ),
    ],
    "6.2": [
        (
            """
lead, half = leads.mean(), leads.std(ddof=1)
clear = abs(lead) > half
""",
            "That is how far a single seed strays",
        ),
        (
            """
lead, half = leads.mean(), leads.std(ddof=1) / len(leads) ** 0.5
clear = abs(lead) > half
""",
            "That is the standard error",
        ),
        (
            """
lead, half = leads.mean(), t * leads.std(ddof=1) / len(leads) ** 0.5
clear = not abs(lead) > half
""",
            "Does the interval reach 0?",
        ),
    ],
}
