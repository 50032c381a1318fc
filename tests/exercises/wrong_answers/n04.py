"""Wrong answers to the exercises of notebook 04, and words of the hints that they get."""


def given(sets, settings):
    import pandas as pd
    import tensorflow as tf

    from utils.data import make_dataset
    from utils.model import build_case

    return {
        "train": make_dataset(sets.train, shuffle=True),
        "validation": make_dataset(sets.validation),
        "pd": pd,
        "tf": tf,
        "frozen": build_case("frozen base", settings, 10),
    }


BLOCK = """
everything = convolutions.sum()
block = convolutions[convolutions.index.str.startswith("block5")].sum()
trained = block.weights
"""


def times(factors: str) -> str:
    return (
        f"def vary(images, labels):\n    factors = {factors}\n"
        '    return tf.cast(images, "float32") * factors, labels\n\n'
        "varied = train.map(vary)"
    )


EACH = "tf.random.uniform([tf.shape(images)[0], 1, 1, 1], 0.5, 1.0)"

WRONG = {
    "4.1": [
        (BLOCK + "trained += 5_130\nfraction = 0.5", "more than the weights of block 5"),
        (BLOCK + "trained -= 512\nfraction = 0.5", "fewer than the weights of block 5"),
        (BLOCK + "fraction = 39", "between 0 and 1"),
        (BLOCK + "fraction = trained / everything.weights", "part of the *weights*"),
        (BLOCK + "fraction = block.work / everything.work", "blocks 1 to 4 rest"),
        (BLOCK + "fraction = (1 + block.work / everything.work) / 2", "It costs it twice"),
        (BLOCK + "fraction = 0.8", "the way back through block 5 alone"),
    ],
    "4.2": [
        ("varied = train", "are multiplied by 1."),
        (times("np.random.default_rng(0).uniform(0.5, 1)"), "drawn only once"),
        (times("tf.random.uniform([], 0.5, 1.0)"), "All pictures of a batch"),
        (times("tf.random.uniform([32, 1, 1, 1], 0.5, 1.0)"), "The last batch of an epoch"),
        (times("tf.random.uniform(tf.shape(images), 0.5, 1.0)"), "one factor for each picture"),
        (times(EACH.replace("1.0", "1.5")), "should be between 0.5 and 1"),
        (times(f"{EACH} / 255"), "still go from 0 to 255"),
        (times(EACH) + ".cache()", "are those of the first"),
        (times(EACH).replace(", labels\n\n", ", labels[::-1]\n\n"), "return `labels` as they came"),
        (times(EACH).replace(", labels\n\n", "\n\n"), "and their labels"),
        (times(EACH).replace("train.", "validation."), "are training pictures times one number"),
    ],
}
