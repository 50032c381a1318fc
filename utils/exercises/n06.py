"""Checks of notebook 06: a choice within a time limit, and whether a lead is more than luck."""

import numpy as np
import pandas as pd

from utils.exercises import Hint, Learner, call, expect, number


def check_1(learner: Learner) -> str:
    """`choose(rows, limit)`: the best way by mean validation accuracy within the limit."""
    choose = learner.answer("choose")
    ways = {  # per seed: validation accuracies, test accuracies, seconds
        "steady": ((0.70, 0.72), (0.70, 0.70), (1, 3)),
        "lucky once": ((0.50, 0.80), (0.60, 0.60), (2, 2)),
        "good on the test set": ((0.60, 0.60), (0.90, 0.90), (2, 2)),
        "dear": ((0.95, 0.95), (0.80, 0.80), (5, 5)),
    }
    columns = ("validation_accuracy", "accuracy", "seconds")
    ours = pd.DataFrame(
        {"case": way, "seed": seed} | {c: v[seed] for c, v in zip(columns, values, strict=True)}
        for way, values in ways.items()
        for seed in (0, 1)
    )
    found = call(choose, ours.copy(), 2.5)
    expect("choose(rows, limit)", found, str, "the name of a way, a string")
    if found != "steady":
        advice = {
            "lucky once": "It was best with one seed only. Take the mean over the seeds.",
            "good on the test set": "It was chosen by test accuracy. What is the test set for?",
            "dear": "It takes 5 seconds, and the limit is 2.5.",
        }
        raise Hint(
            f"On a table of ours, with a limit of 2.5 seconds, `choose` returns {found!r}. "
            f"{advice.get(found, 'That is none of the ways in the table.')}"
        )
    if (other := call(choose, ours.copy(), 60)) != "dear":
        raise Hint(f"With a limit of 60 seconds every way fits, and `choose` returns {other!r}.")
    return "It takes the best mean on validation pictures among the ways within the limit."


def check_2(learner: Learner) -> str:
    """The mean lead over the seeds, half its 95 % interval, and whether it is clear."""
    leads = np.asarray(learner.given("leads"), float)
    lead, half = (number(name, learner.answer(name)) for name in ("lead", "half"))
    clear, t = learner.answer("clear"), learner.given("t")
    if not close(lead, leads.mean()):
        raise Hint(f"`lead` is {lead:.4f}. Take the mean of the {len(leads)} leads.")
    deviations = leads.std(ddof=1), leads.std()  # of a sample and of a population
    if not any(close(half, t * value / len(leads) ** 0.5) for value in deviations):
        mistakes = {
            "That is the standard error. How many of them does `t` say?": len(leads) ** -0.5,
            "That is how far a single seed strays. How far does the mean stray?": 1.0,
        }
        advice = "Standard deviation, divided by the root of the number of seeds, times `t`."
        found = (w for w, f in mistakes.items() if any(close(half, f * v) for v in deviations))
        raise Hint(f"`half` is {half:.4f}. {next(found, advice)}")
    expect("clear", clear, (bool, np.bool_), "True or False")
    if clear != (abs(lead) > half):
        raise Hint(
            f"`clear` is {clear}, with a lead of {lead:.4f} give or take {half:.4f}. Does the "
            "interval reach 0?"
        )
    return (
        f"The lead is {lead:+.3f} give or take {half:.3f}, which "
        f"{'is more than the luck of these seeds' if clear else 'luck could give'}."
    )


def close(value: float, other: float) -> bool:
    """Whether two numbers are equal, even if one was rounded to three decimals."""
    return bool(np.isclose(value, other, rtol=0.005, atol=0.0005))
