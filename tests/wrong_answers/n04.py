"""Typical wrong answers to the exercises of notebook 04, and words of the hint they get."""

# The cell as handed out has run before and left `fine_tune`, `ruined` and `ruined_accuracy`; here
# stand only the lines that are filled in, which saves the training of another `ruined`.
RESTARTED = """
repaired = build_case("fine-tuned", settings, num_classes)
repaired.get_layer("head").set_weights(head.get_weights())
"""
FLIPPED = "import tensorflow as tf\n\nflipped = "

WRONG = {
    "4.1": [
        ("repaired = ruined\nfine_tune(repaired, 3e-5)", "can any rate move them back"),
        (RESTARTED, "was it trained"),
        ("repaired = frozen", "the frozen case itself"),
    ],
    "4.2": [
        (
            FLIPPED
            + "train.map(lambda images, labels: (tf.image.flip_left_right(images), labels))",
            "What should be left to chance",
        ),
        (
            "import tensorflow as tf\n\n\ndef mirror(images, labels):\n"
            "    if tf.random.uniform(()) < 0.5:\n        images = images[:, :, ::-1]\n"
            "    return images, labels\n\n\nflipped = train.map(mirror)",
            "either all pictures are mirrored or none",
        ),
        (
            FLIPPED
            + "train.map(lambda images, labels: (tf.image.random_flip_up_down(images), labels))",
            "stand on their heads",
        ),
        (
            FLIPPED + "train.map(lambda images, labels: tf.image.random_flip_left_right(images))",
            "what a batch consists of",
        ),
        (
            FLIPPED + "validation.map(\n    lambda images, labels:"
            " (tf.image.random_flip_left_right(images), labels)\n)",
            "come from the validation set",
        ),
        (
            FLIPPED + "train.map(lambda images, labels: (images[::-1], labels))",
            "must leave them with their labels",
        ),
    ],
}
