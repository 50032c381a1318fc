"""Wrong answers to the exercises of notebook 02, and words of the hints that they get."""


def given(sets, settings):
    from utils.model import build_base, linear_head

    base, head = build_base(settings), linear_head(10)
    head.build(base.output_shape)
    return {
        "base": base,
        "linear_head": head,
        "frozen_base": lambda pictures: pictures,
    }


THREE = """
fresh = keras.Input(fifty.shape[1:])
shift = layers.Rescaling(1.0, offset=[-103.939, -116.779, -123.68])
prepared = shift(fresh), fresh[..., ::-1], layers.Rescaling(1 / 255)(shift(fresh[..., ::-1]))
for name, way in zip(mine, prepared):
    mine[name] = keras.Model(fresh, frozen_base(way)).predict(fifty, verbose=0)
"""


def in_loop(trainable: str, count: str = "trainable_variables") -> str:
    return (
        f"for layer in partly_frozen.layers:\n    layer.trainable = {trainable}\n"
        f"still_trained = count_parameters(partly_frozen.{count})"
    )


WRONG = {
    "2.1": [
        (
            "mine = {name: 0 * theirs for name in mine}\nculprit = 'divided by 255'",
            "and only that one",
        ),
        ("mine['divided by 255'] = theirs[0]", "through `frozen_base`"),
        (THREE + "culprit = 'divided by 255'", "Which agree"),
        (
            THREE + "names = list(mine)\nmine = dict(zip(names, [*mine.values()][::-1]))\n"
            "culprit = 'divided by 255'",
            "the mistake that their name says",
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
