"""Checks of notebook 06: ten seeds instead of one, the price of a further point of accuracy."""

import numpy as np
import pandas as pd

from utils.exercises import Hint, Learner, Unfilled, call, number


def check_1(learner: Learner) -> str:
    """The seeds in which B was better; its mean lead, the standard error, and if that is sure."""
    a, b = (np.asarray(scores, float) for scores in learner.answer("a", "b"))
    seeds, lead, error, sure = learner.answer("seeds_for_b", "lead", "error", "sure")
    leads, root = b - a, len(a) ** 0.5
    for name, value in {"seeds_for_b": seeds, "lead": lead, "error": error}.items():
        number(name, value)
    better, level = np.sum(leads > 0), np.sum(leads == 0)
    if seeds != better:
        ties = f" ({level} are equal; in those neither is better.)" if level else ""
        raise Hint(
            f"`seeds_for_b` is {seeds:.3g}. In {seeds:.3g} of {len(a)} seeds the accuracy in `b` "
            "is higher than the one beside it in `a`? Compare all pairs, and count." + ties
        )
    if not close(lead, leads.mean()):
        if close(lead, -leads.mean()):
            raise Hint(f"`lead` is {lead:.4f}: that is how far A is ahead of B. Whose lead is it?")
        if close(lead, leads[0]):
            raise Hint(
                f"`lead` is {lead:.4f}, the lead of the first seed alone. The other "
                f"{len(a) - 1} have something to say, too."
            )
        raise Hint(
            f"`lead` is {lead:.4f}; the single leads of B go from {leads.min():.4f} to "
            f"{leads.max():.4f}. What is their mean?"
        )
    spread, apart = leads.std(ddof=1), np.hypot(a.std(ddof=1), b.std(ddof=1)) / root
    if not (close(error, spread / root) or close(error, leads.std() / root)):
        if close(error, spread) or close(error, leads.std()):
            raise Hint(
                f"`error` is {error:.4f}, the standard deviation of the leads: how far a single "
                f"seed strays. How far does the mean of {len(a)} stray?"
            )
        if close(error, (a.std(ddof=1) + b.std(ddof=1)) / root) or close(
            error, (a.std() + b.std()) / root
        ):
            raise Hint(
                f"`error` is {error:.4f}, the errors of A and B added up, as if both were unlucky "
                "in opposite directions at once. Look at the ten leads instead."
            )
        if close(error, apart) or close(error, apart * np.sqrt(1 - 1 / len(a))):
            raise Hint(
                f"`error` is {error:.4f}: right for two ways measured apart. Here both got the "
                "same digits in each seed, so that each seed gives one lead. How do those vary?"
            )
        raise Hint(
            f"`error` is {error:.4f}. The {len(a)} leads have a standard deviation of "
            f"{spread:.4f}; how does the error of a mean follow from it?"
        )
    if not isinstance(sure, (bool, np.bool_)):
        raise Hint(f"`sure` should be True or False; it is a {type(sure).__name__}.")
    if sure != (abs(lead) > 2 * error):
        raise Hint(
            f"`sure` is {sure}, with a lead of {lead:.4f} and a standard error of {error:.4f}. "
            "Is the lead, in whichever direction, more than twice the error?"
        )
    return (
        f"One seed alone would have called B better in {better} of {len(a)} cases; all together "
        f"give a lead of {lead:.3f} with a standard error of {error:.3f}, "
        f"which {'settles' if sure else 'does not settle'} it."
    )


def check_2(learner: Learner) -> str:
    """`price(cheap, costly)`: further seconds for each further point; nan where there is none."""
    costs, price = learner.given("costs"), learner.answer("price")
    made_up = pd.DataFrame(
        {"accuracy": [0.6, 0.64, 0.55], "seconds": [4.0, 24.0, 44.0], "joules": np.nan},
        index=["cheap", "costly", "worse"],
    )
    made_up["points gained"] = 100 * (made_up.accuracy - 0.5)  # over no training
    made_up["seconds per point"] = made_up.seconds / made_up["points gained"]
    cheap, costly, worse = (row for _, row in made_up.iterrows())
    with np.errstate(all="ignore"):
        paid = number("price", call(price, cheap, costly))
        try:
            nothing = number("price", call(price, cheap, worse))
        except Unfilled:
            raise Hint(
                "`price` gives nothing back where the costly way is the worse one. Should it not "
                "be `nan`, a number that says so?"
            ) from None
    example = "From 0.60 in 4 seconds to 0.64 in 24"
    if not close(paid, 5):
        if close(paid, 6):
            raise Hint(
                f"{example}, `price` says {paid:.3g}. It charges all 24 seconds, but 4 of them "
                "have been paid for the first 0.60."
            )
        if close(100 * paid, 5) or close(paid, 500):
            raise Hint(f"{example}, `price` says {paid:.3g}. A point is a hundredth of accuracy.")
        if close(paid, 24 / 14) or close(paid, 24 / 14 - 4 / 10):
            raise Hint(
                f"{example}, `price` says {paid:.3g}. That is made of points over no training. "
                "How many points does the costly way add to the *cheap* one?"
            )
        raise Hint(
            f"{example}, `price` says {paid:.3g}. How many seconds come on top, and for how many "
            "further points?"
        )
    if np.isfinite(nothing):
        raise Hint(
            f"From 0.60 in 4 seconds to 0.55 in 44, `price` says {nothing:.3g}. The costly way is "
            "worse; which price can one name for points that do not come?"
        )
    with np.errstate(all="ignore"):
        own = call(price, costs.loc["linear after block 5"], costs.loc["fine-tuned"])
    if not np.isfinite(own):
        return "In your table fine-tuning adds no point to block 5, so no time has bought one."
    return (
        f"In your table each further point by fine-tuning costs {own:.2f} seconds, which an "
        "average over all points does not show."
    )


def close(value: float, other: float) -> bool:
    """Equal, up to a rounding to three decimals."""
    return bool(np.isclose(value, other, rtol=0.005, atol=0.0005))
