"""Wrong answers to the exercises of notebook 03, and words of the hints that they get."""

import numpy as np

CELLS_WITH = {"3.1": ("def base_moves(",), "3.3": ("def head_history(", "losses = {")}


def given(sets, settings):
    rng = np.random.default_rng(0)
    centres, noise = rng.normal(size=(10, 64)), 2 * rng.normal(size=(len(sets.train), 64))
    features = (centres[sets.train.labels] + noise)[:, None, None].astype("float32")
    return {"features_of": lambda network, images: features, "network": None}


LATE = 'late = build_case("fine-tuned", settings, num_classes)\n'

WRONG = {
    "3.1": [
        (
            LATE + "compile_again(late)\nlate.fit(*few, verbose=0)\n"
            'for layer in late.get_layer("vgg16").layers:\n    layer.trainable = False\n'
            "base_stayed = not base_moves(late)",
            "did a change of `trainable` count",
        ),
        (
            LATE + "late.trainable = False\ncompile_again(late)\n"
            "base_stayed = not base_moves(late)",
            "so does its head",
        ),
    ],
    "3.2": [
        ("reported = 0.95\nhonest = 1 / num_classes", "agrees with `truth`"),
        (
            "reported = (scores.argmax(axis=1) == sets.validation.labels).mean()\n"
            "honest = ((scores > 0.5) == truth).mean()",
            "agrees with `truth`",
        ),
        (
            "reported = ((scores > 0.5) == truth).mean()\n"
            "honest = keras.metrics.BinaryAccuracy()(truth, scores)",
            "Count pictures",
        ),
    ],
    "3.3": [
        ("sgd_rate = 0.001", "has not come far enough"),
        ("sgd_rate = 30", "jumped away"),
        ("sgd_rate = keras.optimizers.SGD(0.1)", "should be one number"),
    ],
}
