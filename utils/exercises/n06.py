"""Checks of notebook 06: ten seeds instead of one, the price of one more point of accuracy."""

import numpy as np
import pandas as pd

from utils.exercises import Hint, Learner, Unfilled, call, expect, number


def check_1(learner: Learner) -> str:
    """In how many seeds B wins; its mean lead, the standard error, and whether that is enough."""
    a, b = (np.asarray(scores, float) for scores in learner.answer("a", "b"))
    names = ("seeds_for_b", "lead", "error")
    wins, lead, error = (number(name, learner.answer(name)) for name in names)
    sure = learner.answer("sure")
    leads, root = b - a, len(a) ** 0.5
    if wins != np.sum(leads > 0):
        raise Hint(f"`seeds_for_b` is {wins:.3g}. In how many seeds is `b` higher, not equal?")
    if not close(lead, leads.mean()):
        raise Hint(
            f"`lead` is {lead:.4f}. The leads of B over A go from {leads.min():.4f} to "
            f"{leads.max():.4f}. Take their mean."
        )
    deviations = leads.std(ddof=1), leads.std()  # of a sample and of a population
    if not any(close(error, value / root) for value in deviations):
        if any(close(error, value) for value in deviations):
            raise Hint(
                f"`error` is {error:.4f}, the standard deviation of the leads: how far a single "
                f"seed strays. How far does the mean of {len(a)} stray?"
            )
        raise Hint(
            f"`error` is {error:.4f}. A and B got the same digits in each seed, so their errors do "
            f"not simply add up. The {len(a)} leads have a standard deviation of "
            f"{deviations[0]:.4f}; how does the error of their mean follow from it?"
        )
    expect("sure", sure, (bool, np.bool_), "True or False")
    if sure != (abs(lead) > 2 * error):
        raise Hint(
            f"`sure` is {sure}, with a lead of {lead:.4f} and a standard error of {error:.4f}. "
            "Is the lead, in either direction, more than twice the error?"
        )
    return (
        f"One seed alone would have called B better in {wins} of {len(a)} cases; all together "
        f"give a lead of {lead:.3f} with a standard error of {error:.3f}, "
        f"which {'settles' if sure else 'does not settle'} it."
    )


def check_2(learner: Learner) -> str:
    """`price(cheap, costly)`: further seconds for each further point, NaN if there is none."""
    price = learner.answer("price")
    ours = pd.DataFrame({"accuracy": [0.6, 0.64, 0.55], "seconds": [4.0, 24.0, 44.0]})
    ours["points gained"] = 100 * (ours.accuracy - 0.5)  # over no training
    ours["seconds per point"] = ours.seconds / ours["points gained"]
    cheap, costly, worse = (row for _, row in ours.iterrows())
    with np.errstate(all="ignore"):
        paid = number("price", call(price, cheap, costly))
        try:
            for_nothing = number("price", call(price, cheap, worse))
        except Unfilled:
            raise Hint("`price` returns nothing if `costly` is worse; return `nan`.") from None
    if not close(paid, 5):
        mistakes = {
            6: "It charges all 24 seconds, but 4 of them have been paid for the first 0.60.",
            500: "A point is a hundredth of accuracy.",
            0.05: "A point is a hundredth of accuracy.",
        }
        advice = "How many seconds come on top, and for how many extra points?"
        found = (words for value, words in mistakes.items() if close(paid, value))
        raise Hint(
            f"From 0.60 in 4 seconds to 0.64 in 24, `price` returns {paid:.3g}. "
            f"{next(found, advice)}"
        )
    if np.isfinite(for_nothing):
        raise Hint(
            f"From 0.60 in 4 seconds to 0.55 in 44, `price` returns {for_nothing:.3g}. The costly "
            "way is worse, so no price buys a point."
        )
    return (
        "From 0.60 in 4 seconds to 0.64 in 24, each extra point costs 5 seconds, which an average "
        "over all points does not show."
    )


def close(value: float, other: float) -> bool:
    """Whether two numbers are equal, even if one was rounded to three decimals."""
    return bool(np.isclose(value, other, rtol=0.005, atol=0.0005))
