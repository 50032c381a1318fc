"""Typical wrong answers to the exercises of notebook 07, and words of the hint that each gets."""

WRONG = {
    "7.1": [
        (
            """
import time

def honest_rate(network, images):
    begun = time.perf_counter()
    network.predict(images, verbose=0)
    return len(images) / (time.perf_counter() - begun)
""",
            "That call includes the preparation",
        ),
        (
            """
import time

def honest_rate(network, images):
    begun = time.perf_counter()
    network.predict(images[:32], verbose=0)
    network.predict(images, verbose=0)
    return len(images) / (time.perf_counter() - begun)
""",
            "When should it start?",
        ),
        (
            """
import time

def honest_rate(network, images):
    network.predict(images, verbose=0)
    begun = time.perf_counter()
    network.predict(images, verbose=0)
    return 2 * len(images) / (time.perf_counter() - begun)
""",
            "Which pictures were done while the clock ran?",
        ),
        (
            """
import time

def honest_rate(network, images):
    network.predict(images[:32], verbose=0)
    begun = time.perf_counter()
    network.predict(images, verbose=0)
    return (time.perf_counter() - begun) / len(images)
""",
            "seconds per picture",
        ),
        (
            """
import time

def honest_rate(network, images):
    rates = []
    for _ in range(2):
        begun = time.perf_counter()
        network.predict(images, verbose=0)
        rates.append(len(images) / (time.perf_counter() - begun))
    return sum(rates) / len(rates)
""",
            "the mean of 2 calls, and the first of them is in it",
        ),
    ],
    "7.2": [
        (
            'affordable_epochs = 3600 * roofline.loc["fit, all layers", "measured"] / 20_000',
            "What does the cost of a convolution grow with?",
        ),
        (
            """
cost = (64 / settings.side) ** 2
affordable_epochs = 3600 * roofline.loc["predict", "measured"] / cost / 20_000
""",
            "from the rate of `predict`",
        ),
        (
            """
cost = (64 / settings.side) ** 2
affordable_epochs = 3600 * roofline.loc["fit, all layers", "bound"] / cost / 20_000
""",
            "from the bound, which",
        ),
    ],
}
