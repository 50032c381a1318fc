"""Wrong answers to the exercises of notebook 04, and words of the hints that they get."""


def given(sets, settings):
    from utils.data import make_dataset

    return {
        "train": make_dataset(sets.train, shuffle=True),
        "validation": make_dataset(sets.validation),
    }


RESTARTED = """
repaired = build_case("fine-tuned", settings, num_classes)
repaired.get_layer("head").set_weights(head.get_weights())
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
        ("repaired = ruined\nfine_tune(repaired, 3e-5)", "can any rate move them back"),
        (RESTARTED, "was it trained"),
        (RESTARTED + "fine_tune(repaired, 1e-3)", "the head was trained at 0.001"),
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
