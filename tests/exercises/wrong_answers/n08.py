"""Wrong answers to the exercises of notebook 08, and words of the hints that they get."""

import numpy as np
from scipy.stats import binomtest


class PracticeNetwork:
    """Two classes; looks at the upper left corner, and at nothing else."""

    def predict(self, images, **_):
        red = images[:, 0, 0, 0].astype("float32") / 255
        return np.stack([red, 1 - red], axis=1)


def interval(right, count):
    found = binomtest(right, count).proportion_ci(0.95, method="wilson")
    return found.low, found.high


def given(sets, settings):
    return {"network": PracticeNetwork(), "unknown": sets.validation, "interval": interval}


WRONG = {
    "8.1": [
        ("averaged = once", "Where do the mirror images come in?"),
        ("averaged = network.predict(asked[:, :, ::-1])", "Average them with those"),
        ("averaged = (once + network.predict(asked[:, ::-1])) / 2", "stand on their heads"),
        ("averaged = (once + network.predict(asked[..., ::-1])) / 2", "colours change places"),
        ("averaged = once + network.predict(asked[:, :, ::-1])", "add up to 2"),
        ("averaged = np.maximum(once, network.predict(asked[:, :, ::-1]))", "do not add up to 1"),
        ("averaged = once.mean(axis=0)", "a row of probabilities for each picture"),
    ],
    "8.2": [
        ("fewest = 125", "4 points to either side"),
        ("fewest = 200", "It takes more pictures"),
        ("fewest = 625", "Fewer pictures are enough"),
        ("fewest = 0.04", "a whole number of pictures"),
    ],
}
