"""Checks of notebook 07: a rate without the first call, and what an hour of training affords."""

import math
import time

import numpy as np

from utils.exercises import Hint, Learner, call, number

PREPARATION, PER_BATCH = 0.3, 0.04  # seconds


def check_1(learner: Learner) -> str:
    """`honest_rate(network, images)`: pictures per second of `predict` after a warm-up call."""
    honest_rate = learner.answer("honest_rate")
    images = np.zeros((96, 32, 32, 3), "uint8")
    for _ in range(2):  # again in case the machine was busy with something else
        network = PracticeNetwork()
        rate = number("honest_rate", call(honest_rate, network, images))
        rates = [count / seconds for count, seconds in network.calls]
        warm = rates[1:]
        # Over many calls the mean that includes the first is not far off.
        mixed = warm and rate < 0.98 * min(warm) and near(rate, np.mean(rates), 0.02)
        if warm and not mixed and 0.85 * min(warm) < rate < 1.15 * max(warm):
            return (
                f"{rate:.0f} pictures per second for our practice network; its first call alone "
                f"would have made that {rates[0]:.0f}."
            )
    found = f"Your function returns {rate:.4g} for our practice network"
    if not network.calls:
        raise Hint(f"{found}, but has not called its `predict`. Does it use its arguments?")
    counts, seconds = np.array(network.calls).T
    if len(counts) == 1:
        raise Hint(
            f"{found} and calls its `predict` once. That call includes the preparation. What must "
            "have happened before the clock starts?"
        )
    warm_counts, warm_seconds = counts[1:].sum(), seconds[1:].sum()
    mistakes = {
        warm_seconds / warm_counts: "seconds per picture. How many pictures are that in a second?",
        counts[-1] / seconds.sum(): "the clock ran during the first call. When should it start?",
        np.mean(rates): f"the mean of {len(counts)} calls, the first included. Leave that one out.",
    }
    advice = "divide the pictures of the timed call by its seconds."
    raise Hint(f"{found}: {next((w for v, w in mistakes.items() if near(rate, v)), advice)}")


def check_2(learner: Learner) -> str:
    """`affordable_epochs`: of fine-tuning on 20,000 pictures of 64 px, in an hour."""
    rates, settings = learner.given("rates", "settings")
    answer = number("affordable_epochs", learner.answer("affordable_epochs"))
    fit, hour = rates["fit, all layers"], 3600 / 20_000
    side = 64 / settings.side
    area = side**2
    right = fit * hour / area
    if near(answer, right, 0.03) or answer in (math.floor(right), round(right, 1)):
        return (
            f"An hour affords {right:.1f} epochs, if the rule of the area holds: measure on "
            "pictures of 64 px before you promise."
        )
    mistakes = {
        math.ceil(right): "but the hour ends before that epoch does. Round down.",
        fit * hour: (
            f"as if a picture of 64 px cost no more than one of {settings.side} px. What does the "
            "cost of a convolution grow with?"
        ),
        fit * hour / side: "as if the cost grew with the side. It grows with the area.",
        rates["predict"] * hour / area: "from the rate of `predict`. Which rate is training?",
    }
    advice = f"or {answer / hour:.3g} pictures of 64 px in a second. Did your machine reach that?"
    nearest = min(mistakes, key=lambda value: abs(value - answer))
    words = mistakes[nearest] if near(answer, nearest, 0.03) else advice
    raise Hint(f"`affordable_epochs` is {answer:.3g}, {words}")


class PracticeNetwork:
    """Prepares itself at the first `predict`, and notes pictures and seconds of each call."""

    def __init__(self):
        self.calls = []

    def predict(self, x, batch_size=None, **_):
        start, batches = time.perf_counter(), math.ceil(len(x) / (batch_size or 32))
        time.sleep(PER_BATCH * batches + (0 if self.calls else PREPARATION))
        self.calls.append((len(x), time.perf_counter() - start))
        return np.zeros((len(x), 10), "float32")


def near(value: float, other: float, tolerance: float = 0.15) -> bool:
    return abs(value - other) < tolerance * abs(other)
