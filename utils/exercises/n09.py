"""Checks of notebook 09: the seconds of an all-reduce, and how much work hides it."""

from utils.exercises import Hint, Learner, number

WEIGHTS, MACHINES, GIGABIT = 138_357_544, 16, 25
RATE = 1_000  # photographs per second


def check_1(learner: Learner) -> str:
    """`whole_vgg16`: seconds to all-reduce the gradients of the complete VGG16 in a ring."""
    answer = number("whole_vgg16", learner.answer("whole_vgg16"))
    once = WEIGHTS * 4 * 8 / (GIGABIT * 1e9)
    right = 2 * (MACHINES - 1) / MACHINES * once
    if near(answer, right):
        return (
            f"{right:.2f} s, in every step. Nine tenths of it are the weights of the classic head, "
            "which our networks do without."
        )
    mistakes = {
        right / 8: "bytes taken for bits. A byte has eight bits, and networks are sold by the bit.",
        right / 4: "the number of weights. A float32 has four bytes.",
        right / 32: "one bit for each weight. A float32 has four bytes of eight bits.",
        once: "every gradient sent once. In a ring, each machine sends almost twice that.",
        2 * once: "close, but 2 (n - 1) / n is a little less than 2.",
        2 * (MACHINES - 1) * once: "what all pieces would take one after another. Divide by n.",
        right / 2: "half of a ring: after adding up, the sum has to go round once more.",
        right * 14_714_688 / WEIGHTS: "VGG16 without its top. Which number of weights was asked?",
    }
    advice = (
        f"of about {answer / right:.3g} times the right size. Write down the units of each step."
    )
    words = next((text for value, text in mistakes.items() if near(answer, value)), advice)
    raise Hint(f"`whole_vgg16` is {answer:.4g} s: {words}")


def check_2(learner: Learner) -> str:
    """`smallest_part`: photographs of a machine in a step of which a tenth is waiting."""
    waiting = number("waiting", learner.given("waiting"))
    answer = number("smallest_part", learner.answer("smallest_part"))
    right = 9 * waiting * RATE
    if right - 1 <= answer <= right + 1:
        return (
            f"with {answer:.0f} photographs on each machine, {8 * answer:,.0f} in a step. "
            "That needs another recipe, or a quicker connection."
        )
    mistakes = {
        10 * waiting * RATE: (
            "as if waiting were a tenth of the computing. It may be a tenth of the whole step."
        ),
        waiting * RATE: "then a machine waits for as long as it computes: half of the step.",
        8 * right: "what all eight have together. What is the part of one of them?",
        right / 8: "as if eight machines shared that work. Each one needs it for itself.",
        9 * waiting: "seconds of computing. How many photographs are computed in that time?",
        waiting * RATE / 9: "then nine tenths of the step are waiting.",
    }
    share = waiting / (waiting + answer / RATE) if answer > 0 else 1
    advice = f"then {share:.0%} of the step is waiting."
    words = next((text for value, text in mistakes.items() if near(answer, value)), advice)
    raise Hint(f"`smallest_part` is {answer:.4g}: {words}")


def near(value: float, other: float, tolerance: float = 0.02) -> bool:
    return abs(value - other) < tolerance * abs(other)
