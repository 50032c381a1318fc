"""Checks of notebook 08: two answers to a picture, and how many test pictures it takes."""

import numpy as np

from utils.exercises import Hint, Learner, expect, number

ACCURACY, WIDTH, LENIENT = 0.95, 0.04, 0.0006  # of the interval, and what is forgiven


def check_1(learner: Learner) -> str:
    """`averaged`: the mean of the network's answers to pictures and to their mirror images."""
    network, asked = learner.given("network", "asked")
    averaged = learner.answer("averaged")
    expect("averaged", averaged, np.ndarray, "an array of probabilities")
    once = answers(network, asked)
    if averaged.shape != once.shape:
        raise Hint(
            f"`averaged` has the shape {averaged.shape}; expected {once.shape}, a row of "
            "probabilities for each picture of `asked`."
        )
    mirrored = answers(network, asked[:, :, ::-1])
    if same(averaged, (once + mirrored) / 2):
        changed = (once.argmax(axis=1) != averaged.argmax(axis=1)).sum()
        return (
            f"the second look has changed {changed} of {len(once)} answers. It cost twice the time "
            "and no training."
        )
    upside_down = answers(network, asked[:, ::-1])
    mistakes = {
        "the answers to the pictures alone. Where do the mirror images come in?": once,
        "the answers to the mirror images alone. Average them with those to the pictures.": (
            mirrored
        ),
        "an average with pictures that stand on their heads. Which axis is the width?": (
            (once + upside_down) / 2
        ),
        "an average with pictures whose colours change places. Which axis is the width?": (
            (once + answers(network, asked[..., ::-1])) / 2
        ),
        "the sum of the two answers, and its rows add up to 2.": once + mirrored,
        "the larger of the two answers, and its rows do not add up to 1.": (
            np.maximum(once, mirrored)
        ),
    }
    wrong_by = np.abs(averaged - (once + mirrored) / 2).max()
    advice = (
        f"not the mean of the two answers, by up to {wrong_by:.3f}. Turn round the axis of the "
        "width, ask again, add, and divide by 2."
    )
    found = (words for words, value in mistakes.items() if same(averaged, value))
    raise Hint(f"`averaged` is {next(found, advice)}")


def check_2(learner: Learner) -> str:
    """`fewest`: test pictures for which the interval at 0.95 is no wider than 0.04."""
    fewest = number("fewest", learner.answer("fewest"))
    if not (fewest >= 10 and fewest % 1 == 0):
        raise Hint(f"`fewest` is {fewest:g}; it should be a whole number of pictures, 10 or more.")
    found = f"With {fewest:g} test pictures the interval is {100 * width(fewest):.1f} points wide"
    if abs(width(fewest) - WIDTH) <= LENIENT:
        return f"{found}, as wished. To halve that takes four times as many, about {4 * fewest:g}."
    if abs(width(fewest) - 2 * WIDTH) <= 3 * LENIENT:
        raise Hint(
            f"{found}: 4 points to either side. From `low` to `high` it should be 4 points in all."
        )
    if width(fewest) > WIDTH:
        raise Hint(f"{found}, which is more than 4 points. It takes more pictures.")
    raise Hint(f"{found}, which is less than 4 points. Fewer pictures are enough.")


def answers(network, images: np.ndarray) -> np.ndarray:
    return np.asarray(network.predict(images, verbose=0), "float64")


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether probabilities are equal but for the rounding of 16-bit numbers."""
    return np.abs(one - other).max() < 0.004


def width(count: float, z: float = 1.96) -> float:
    """From low to high, of Wilson's 95 % interval at ACCURACY."""
    variance = ACCURACY * (1 - ACCURACY) / count + z**2 / (4 * count**2)
    return 2 * z * variance**0.5 / (1 + z**2 / count)
