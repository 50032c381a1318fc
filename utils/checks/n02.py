"""Checks of notebook 02: preprocessing repaired, parameters of a head, two blocks frozen.

Keras is imported inside: a check may run first in a kernel, and Keras must come after
`choose_settings`, which tells it where its folder is.
"""

import numpy as np

from utils.exercises import Hint, Learner, number

ROUNDING = 1.5  # bfloat16 moves pixel values by about half; every mistake moves them by more


def check_1(learner: Learner) -> str:
    """`repaired`: a model that does what Keras's preprocess_input for VGG16 does."""
    sets = learner.given("sets")
    repaired = learner.answer("repaired")

    import keras

    if not isinstance(repaired, keras.Model):
        raise Hint(
            f"`repaired` is a {type(repaired).__name__}. A model is made by `keras.Model`, from "
            "its input and its output."
        )
    wanted_by_vgg16 = keras.applications.vgg16.preprocess_input
    means = -wanted_by_vgg16(np.zeros((1, 1, 3), "float32")).ravel()  # blue, green, red
    plain = sets.train.images[:32].astype("float32")
    wanted = wanted_by_vgg16(plain.copy())
    found = np.asarray(repaired(plain)).astype("float32")
    if found.shape != wanted.shape:
        raise Hint(
            f"`repaired` makes {found.shape} of pictures of shape {plain.shape}. It should give "
            "pictures of the same shape: what goes into the base, without the base."
        )
    ranges = [np.ptp(values, axis=(0, 1, 2)).max() for values in (found, wanted)]
    if ranges[0] < ranges[1] / 10:
        raise Hint(
            f"The values of one colour are at most {ranges[0]:.2f} apart. On these pictures VGG16 "
            f"expects {ranges[1]:.0f}. What makes yours so small?"
        )
    as_they_are, turned = found - plain, found - plain[..., ::-1]
    if spread(turned) > ROUNDING and spread(as_they_are) <= ROUNDING:
        raise Hint(
            "Your colours still come in the order red, green, blue. Which one does VGG16 expect "
            "first?"
        )
    taken_off = -turned.mean(axis=(0, 1, 2))
    if spread(turned) > ROUNDING:
        raise Hint(
            f"The colour values of the first pixel, {plain[0, 0, 0].tolist()}, become "
            f"{[round(float(value), 2) for value in found[0, 0, 0]]}. VGG16 wants nothing but "
            "another order and one number taken off each colour."
        )
    if np.abs(taken_off).max() <= ROUNDING:
        raise Hint("The order of the colours is right, and nothing is taken off. What is missing?")
    if np.abs(taken_off - means[::-1]).max() <= ROUNDING:
        raise Hint(
            f"You take {taken_off[0]:.3f} off blue and {taken_off[2]:.3f} off red. The colours "
            "are turned round; are the means, too?"
        )
    if np.abs(taken_off - means).max() > ROUNDING:
        raise Hint(
            f"You take {', '.join(f'{value:.3f}' for value in taken_off)} off blue, green and "
            "red. Compare these with ImageNet's means, sign included."
        )
    error = np.abs(found - wanted).max()
    rounded = (
        f", up to {error:.2f} by which bfloat16 rounds; `dtype='float32'` would keep them exact"
        if error > 0.01
        else ""
    )
    return (
        f"Pixels become {found.min():.1f} to {found.max():.1f}, as the base was trained on"
        f"{rounded}. A pretrained network comes with its own preprocessing."
    )


def check_2(learner: Learner) -> str:
    """`parameters_of_head`: those of a linear head on `base` for three classes."""
    base, linear_head = learner.given("base", "linear_head")
    said = number("parameters_of_head", learner.answer("parameters_of_head"))

    import keras

    head = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)])
    head.build(base.output_shape)
    right, maps = head.count_params(), base.output_shape[-1]
    if said == right:
        return (
            f"{said:,} parameters: a linear head grows with the number of classes, and beside "
            f"the base's {base.count_params():,} it is small."
        )
    mistakes = {
        3 * maps: "Those are the weights. What else has a unit of a `Dense` layer?",
        3 * maps + 1: "That is one bias for the whole layer. Which units have one?",
        3 * maps + maps: "That is a bias for each feature map. Which units have one?",
        linear_head.count_params(): "That is the head of this notebook. How many units has yours?",
        base.count_params() + right: "That includes the base. The head alone?",
    }
    advice = (
        "How many numbers reach the layer for each picture, once the mean of each feature map is "
        "taken? And what has each of its three units for them?"
    )
    raise Hint(f"You say {said:,}. {mistakes.get(said, advice)}")


def check_3(learner: Learner) -> str:
    """`partly_frozen` with blocks 1 and 2 frozen, and `still_trained`, its other parameters."""
    partly_frozen, said = learner.answer("partly_frozen", "still_trained")

    import keras

    if not isinstance(partly_frozen, keras.Model):
        raise Hint(f"`partly_frozen` is a {type(partly_frozen).__name__}; it should be the base.")
    trained = {id(variable) for variable in partly_frozen.trainable_variables}
    free = {
        layer.name: all(id(weight) in trained for weight in layer.weights)
        for layer in partly_frozen.layers
        if layer.weights
    }
    blocks = [{free[name] for name in free if name.startswith(f"block{k}_")} for k in range(1, 6)]
    if not all(blocks):
        raise Hint("`partly_frozen` lacks some of VGG16's five blocks. Run the whole cell again.")
    if not any(free.values()):
        outweighed = (
            ""
            if partly_frozen.trainable
            else "`partly_frozen.trainable` is False, and that holds for every layer inside. "
        )
        raise Hint(
            f"All {len(free)} layers with weights are frozen. {outweighed}Which should be left to "
            "train?"
        )
    if all(free.values()):
        raise Hint(
            "No layer is frozen. Print `layer.name` in the loop: by what do you recognise a layer "
            "of the first two blocks?"
        )
    if blocks != [{False}] * 2 + [{True}] * 3:
        frozen = [name for name in free if not free[name]]
        raise Hint(
            f"Frozen are {', '.join(frozen)}. All of block 1 and block 2 should be, and no other "
            "layer."
        )
    said = number("still_trained", said)
    left, everything = (
        sum(int(np.prod(variable.shape)) for variable in variables)
        for variables in (partly_frozen.trainable_variables, partly_frozen.variables)
    )
    if said != left:
        mistakes = {
            everything: "Those are all parameters, the frozen ones included.",
            everything - left: "Those are the frozen ones.",
            len(trained): "Those are arrays. How many numbers do they hold?",
        }
        advice = "Which variables of the base does training still move?"
        raise Hint(f"The right layers are frozen. You count {said:,}. {mistakes.get(said, advice)}")
    return (
        f"Two blocks of five are frozen, and {left:,} of {everything:,} parameters are still "
        f"trained, {left / everything:.1%}: the first blocks hold few."
    )


def spread(difference: np.ndarray) -> float:
    """How far a difference is from being one number for each colour."""
    return float(difference.std(axis=(0, 1, 2)).max())
