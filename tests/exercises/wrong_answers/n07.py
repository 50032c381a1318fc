"""Wrong answers to the exercises of notebook 07, and words of the hints that they get."""


def given(sets, settings):
    rates = {"predict": 250.0, "fit, all layers": 80.0}
    return {"images": sets.train.images[:32], "rates": rates}


WRONG = {
    "7.1": [
        (
            """
def honest_rate(network, images):
    begun = time.perf_counter()
    network.predict(images, verbose=0)
    return len(images) / (time.perf_counter() - begun)
""",
            "That call includes the preparation",
        ),
        (
            """
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
def honest_rate(network, images):
    network.predict(images[:32], verbose=0)
    begun = time.perf_counter()
    network.predict(images, verbose=0)
    return (time.perf_counter() - begun) / len(images)
""",
            "seconds per picture",
        ),
    ],
    "7.2": [
        (
            'affordable_epochs = 3600 * rates["fit, all layers"] / 20_000',
            "What does the cost of a convolution grow with?",
        ),
        (
            """
cost = (64 / settings.side) ** 2
affordable_epochs = 3600 * rates["predict"] / cost / 20_000
""",
            "from the rate of `predict`",
        ),
        (
            """
cost = 64 / settings.side
affordable_epochs = 3600 * rates["fit, all layers"] / cost / 20_000
""",
            "It grows with the area",
        ),
    ],
}
