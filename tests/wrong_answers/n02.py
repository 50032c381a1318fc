"""Typical wrong answers to the exercises of notebook 02, and words of the hint they get."""

FRESH = """
import keras
from keras import layers

fresh = keras.Input((settings.side, settings.side, 3))
"""
OWN_BASE = """
import keras

from utils.model import count_parameters, weights_argument

partly_frozen = keras.applications.VGG16(
    include_top=False,
    weights=weights_argument(settings),
    input_shape=(settings.side, settings.side, 3),
)
"""


def freezing(answer: str, count: str = "trainable_variables") -> str:
    """The cell of 2.3 with `answer` in the place of the loop."""
    return f"{OWN_BASE}{answer}\nstill_trained = count_parameters(partly_frozen.{count})"


def in_loop(trainable: str) -> str:
    return f"for layer in partly_frozen.layers:\n    layer.trainable = {trainable}"


WRONG = {
    "2.1": [
        (
            FRESH + "repaired = keras.Model(fresh, layers.Rescaling(1 / 255)(fresh[..., ::-1]))",
            "What makes yours so small",
        ),
        (
            FRESH + "offset = [-103.939, -116.779, -123.68]\n"
            "repaired = keras.Model(fresh, layers.Rescaling(1 / 255, offset)(fresh[..., ::-1]))",
            "What makes yours so small",
        ),
        (
            FRESH + "offset = [-123.68, -116.779, -103.939]\n"
            "repaired = keras.Model(fresh, layers.Rescaling(1.0, offset=offset)(fresh))",
            "still come in the order red, green, blue",
        ),
        (
            FRESH + "repaired = keras.Model(fresh, keras.ops.flip(fresh, axis=-1))",
            "nothing is taken off",
        ),
        (
            FRESH + "offset = [-123.68, -116.779, -103.939]\n"
            "repaired = keras.Model(fresh, layers.Rescaling(1.0, offset=offset)(fresh[..., ::-1]))",
            "are the means, too",
        ),
        (
            FRESH + "offset = [103.939, 116.779, 123.68]\n"
            "repaired = keras.Model(fresh, layers.Rescaling(1.0, offset=offset)(fresh[..., ::-1]))",
            "sign included",
        ),
        (FRESH + "repaired = layers.Rescaling(1.0)(fresh[..., ::-1])", "is made by `keras.Model`"),
    ],
    "2.2": [
        ("parameters_of_head = 3 * 512", "What else has a unit"),
        ("parameters_of_head = 3 * 512 + 1", "one bias for the whole layer"),
        ("parameters_of_head = linear_head.count_params()", "the head of this notebook"),
        ("parameters_of_head = 3 * 3 * 512 * 3 + 3", "How many numbers reach the layer"),
    ],
    "2.3": [
        (freezing("partly_frozen.trainable = False"), "layers with weights are frozen"),
        (freezing(in_loop("False")), "layers with weights are frozen"),
        (
            freezing(in_loop('not layer.name.startswith("block1" or "block2")')),
            "Frozen are block1_conv1, block1_conv2.",
        ),
        (
            freezing(in_loop('layer.name.startswith(("block1", "block2"))')),
            "Frozen are block3_conv1",
        ),
        (freezing(in_loop('layer.name not in ("block1", "block2")')), "No layer is frozen"),
        (
            freezing(in_loop('not layer.name.startswith(("block1", "block2"))'), "variables"),
            "the frozen ones included",
        ),
    ],
}
