"""Typical wrong answers to the exercises of notebook 04, and words of the hint they get."""

FINE_TUNE = """
def fine_tune(network, rate):
    network.compile(
        keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    network.fit(train, shuffle=False, verbose=0)
    return network.evaluate(validation, verbose=0)[1]
"""
RUINED = """
keras.utils.set_random_seed(0)
ruined = build_case("fine-tuned", settings, num_classes)
ruined.get_layer("head").set_weights(head.get_weights())
ruined_accuracy = fine_tune(ruined, 3e-3)
"""
# Without RUINED, to save an epoch: the cell as handed out has left `ruined_accuracy`.
RESTARTED = """
repaired = build_case("fine-tuned", settings, num_classes)
repaired.get_layer("head").set_weights(head.get_weights())
"""
FLIPPED = "import tensorflow as tf\n\nflipped = "

WRONG = {
    "4.1": [
        (
            FINE_TUNE + RUINED + "repaired = ruined\nfine_tune(repaired, 3e-5)",
            "can any rate move them back",
        ),
        (
            FINE_TUNE + RESTARTED + "fine_tune(repaired, 3e-3)",
            "say about such a rate for the whole network",
        ),
        (
            FINE_TUNE + RESTARTED + "repaired = fine_tune(repaired, 3e-5)",
            "should be the network itself",
        ),
    ],
    "4.2": [
        (
            FLIPPED
            + "train.map(lambda images, labels: (tf.image.flip_left_right(images), labels))",
            "What should be left to chance",
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
