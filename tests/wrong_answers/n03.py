"""Typical wrong answers to the exercises of notebook 03, and words of the hint they get."""

LATE = """
late = build_case("fine-tuned", settings, num_classes)
compile_again(late)
late.fit(*few, verbose=0)
late.get_layer("vgg16").trainable = False
"""
SCORES = """
import numpy as np

labels_there = sets.validation.labels
truth = keras.utils.to_categorical(labels_there, num_classes)
scores = np.random.default_rng(0).uniform(0, 0.5, truth.shape)
"""

WRONG = {
    "3.1": [
        (
            LATE + 'for layer in late.get_layer("vgg16").layers:\n    layer.trainable = False\n'
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
        (SCORES + "reported = 0.95\nhonest = 1 / num_classes", "agrees with `truth`"),
        (
            SCORES + "reported = (scores.argmax(axis=1) == labels_there).mean()\n"
            "honest = ((scores > 0.5) == truth).mean()",
            "Which of them would you believe",
        ),
        (
            SCORES + "reported = ((scores > 0.5) == truth).mean()\n"
            "honest = keras.metrics.BinaryAccuracy()(truth, scores)",
            "a share of answers once more",
        ),
        (
            SCORES + "reported = keras.metrics.binary_accuracy(truth, scores)\n"
            "honest = (scores.argmax(axis=1) == labels_there).mean()",
            "it should be one number",
        ),
        (
            SCORES + "reported = ((scores > 0.5) == truth).mean()\n"
            "honest = ((scores > 0.5) == truth).all(axis=1).mean()",
            "meant no answer at all",
        ),
    ],
    "3.3": [
        ("sgd_rate = 0.001", "has not come far enough"),
        ("sgd_rate = 10", "began by jumping away"),
        ("sgd_rate = keras.optimizers.SGD(0.1)", "should be one number"),
    ],
}
