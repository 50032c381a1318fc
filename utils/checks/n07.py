"""Checks of notebook 07: a rate without the preparation, and what an hour of training affords."""

import math
import time

import numpy as np

from utils.exercises import Hint, Learner, call, number

PREPARATION, PER_BATCH = 0.3, 0.04  # seconds


def check_1(learner: Learner) -> str:
    """`honest_rate(network, images)`: pictures per second of `predict` after a call to warm up."""
    honest_rate = learner.answer("honest_rate")
    images = np.zeros((96, 32, 32, 3), "uint8")
    for _ in range(2):  # the second time for a machine that was busy with something else
        network = PracticeNetwork()
        rate = number("honest_rate", call(honest_rate, network, images))
        rates = [count / seconds for count, seconds in network.calls]
        warm = rates[1:]
        # Over many calls the mean that includes the first is not far off.
        mixed = warm and rate < 0.98 * min(warm) and near(rate, np.mean(rates), 0.02)
        if warm and not mixed and 0.85 * min(warm) < rate < 1.15 * max(warm):
            return (
                f"{rate:.0f} pictures per second for a network of ours; its first call alone "
                f"would have made that {rates[0]:.0f}."
            )
    said = f"Your function says {rate:.4g} for a network of ours"
    if not network.calls:
        raise Hint(f"{said}, but has not called its `predict`. Does it use what it is given?")
    counts, seconds = np.array(network.calls).T
    if len(counts) == 1:
        raise Hint(
            f"{said} and calls its `predict` once. That call includes the preparation. What must "
            "have happened before the clock starts?"
        )
    if near(rate, seconds[1:].sum() / counts[1:].sum()):
        raise Hint(f"{said}: seconds per picture. How many pictures are that in a second?")
    if near(rate, seconds[1:].sum()) or near(rate, seconds[-1]):
        raise Hint(f"{said}: those are seconds. How many pictures were done in each of them?")
    if near(rate, counts.sum() / seconds[1:].sum()):
        raise Hint(
            f"{said}. Its clock starts after the first call, yet it counts the pictures of all "
            f"{len(counts)} calls. Which pictures were done while the clock ran?"
        )
    if near(rate, counts.sum() / seconds.sum()) or near(rate, counts[-1] / seconds.sum()):
        raise Hint(
            f"{said}, which calls its `predict` {len(counts)} times. The clock ran during the "
            "first of these calls, too. When should it start?"
        )
    if near(rate, (counts / seconds).mean()):
        raise Hint(
            f"{said}: the mean of {len(counts)} calls, and the first of them is in it. Leave that "
            "one out."
        )
    raise Hint(
        f"{said}, which did {counts[1:].sum() / seconds[1:].sum():.0f} pictures per second once "
        "it was prepared. Divide the pictures of the timed call by its seconds."
    )


def check_2(learner: Learner) -> str:
    """`affordable_epochs`: of fine-tuning on 20,000 pictures of 64 px, in an hour."""
    roofline, settings = learner.given("roofline", "settings")
    said = number("affordable_epochs", learner.answer("affordable_epochs"))
    fit, predict = roofline.loc["fit, all layers"], roofline.loc["predict"]
    side = settings.side
    area, hour = (64 / side) ** 2, 3600 / 20_000
    right = fit.measured * hour / area
    found = f"`affordable_epochs` is {said:.3g}"
    hints = {  # what typical mistakes give; the one nearest to the answer is believed
        right: "",
        fit.measured * hour: (
            f"as if a picture of 64 px cost no more than one of {side} px. What does the cost of "
            "a convolution grow with?"
        ),
        fit.measured * hour * area: (
            f"as if pictures of 64 px came faster than those of {side} px. More or less work?"
        ),
        fit.measured * hour * side / 64: (
            "as if the cost grew with the side. A picture has two of them."
        ),
        predict.measured * hour / area: (
            "from the rate of `predict`. Which row of `roofline` is training, which goes back "
            "through the network as well?"
        ),
        fit.bound * hour / area: (
            "from the bound, which the machine would reach at best. What did it reach?"
        ),
        predict.bound * hour / area: (
            "from the bound of `predict`. Which row of `roofline` is training, and which column "
            "did your machine really reach?"
        ),
        right / 60: "as if the hour had 60 seconds.",
    }
    guess = min(hints, key=lambda value: abs(value - said))
    close = (guess == right and near(said, right, 0.03)) or 0 < said == round(right, 1)
    if close or said == math.floor(right):
        return (
            f"An hour affords {right:.1f} epochs by what was measured, and would afford "
            f"{fit.bound * hour / area:.1f} at the bound: plan with the first, and measure on "
            "pictures of 64 px before you promise."
        )
    if said == math.ceil(right):
        raise Hint(
            f"{found}, but the hour ends before that epoch does. Round down, or give the number "
            "as it is."
        )
    if guess != right and near(said, guess, 0.03):
        raise Hint(f"{found}, {hints[guess]}")
    raise Hint(
        f"{found}: {said / hour:.3g} pictures of 64 px in each second of the hour. Your machine "
        f"was measured with {fit.measured:.3g} pictures of {side} px in a second of training. "
        "How many times as much work is a picture of 64 px?"
    )


class PracticeNetwork:
    """Prepares itself at the first `predict`, and writes down pictures and seconds of each."""

    def __init__(self):
        self.calls = []

    def predict(self, x, batch_size=None, **_):
        begun, batches = time.perf_counter(), math.ceil(len(x) / (batch_size or 32))
        time.sleep(PER_BATCH * batches + (0 if self.calls else PREPARATION))
        self.calls.append((len(x), time.perf_counter() - begun))
        return np.zeros((len(x), 10), "float32")


def near(value: float, other: float, share: float = 0.15) -> bool:
    return abs(value - other) < share * abs(other)
