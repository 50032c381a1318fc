"""Wrong answers to the exercises of notebook 02, and words of the hints that they get."""


def given(sets, settings):
    from utils.model import build_base, linear_head

    base, head = build_base(settings), linear_head(10)
    head.build(base.output_shape)
    return {
        "base": base,
        "linear_head": head,
        "accuracy": {"only 1/255": 0.5},
        "frozen_base": lambda pictures: pictures,
        "probe": lambda extractor: 0.5,
    }


def in_loop(trainable: str, count: str = "trainable_variables") -> str:
    return (
        f"for layer in partly_frozen.layers:\n    layer.trainable = {trainable}\n"
        f"still_trained = count_parameters(partly_frozen.{count})"
    )


WRONG = {
    "2.1": [
        (
            "repaired = keras.Model(fresh, layers.Rescaling(1 / 255)(fresh[..., ::-1]))",
            "What makes yours so small",
        ),
        (
            "offset = [-123.68, -116.779, -103.939]\n"
            "repaired = keras.Model(fresh, layers.Rescaling(1.0, offset=offset)(fresh))",
            "still come as red, green, blue",
        ),
        (
            "offset = [-123.68, -116.779, -103.939]\n"
            "repaired = keras.Model(fresh, layers.Rescaling(1.0, offset=offset)(fresh[..., ::-1]))",
            "Compare these with ImageNet's means, in this order",
        ),
        (
            "repaired = keras.Model(fresh, keras.ops.flip(fresh, axis=-1))",
            "sign included",
        ),
    ],
    "2.2": [
        ("parameters_of_head = 3 * 512", "What else has a unit"),
        ("parameters_of_head = 3 * 3 * 512 * 3 + 3", "How many numbers reach"),
    ],
    "2.3": [
        (in_loop("False"), "13 of 13 layers are frozen"),
        (in_loop('layer.name not in ("block1", "block2")'), "0 of 13 layers are frozen"),
        (in_loop('not layer.name.startswith("block1" or "block2")'), "frozen: block1_conv1,"),
        (
            in_loop('not layer.name.startswith(("block1", "block2"))', "variables"),
            "the frozen ones included",
        ),
    ],
}
