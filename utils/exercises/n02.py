"""Checks of notebook 02: preprocessing repaired, parameters of a head, two blocks frozen."""

import numpy as np

from utils.exercises import Hint, Learner, expect, number

ROUNDING = 1.5  # bfloat16 moves pixel values by about half; every mistake moves them by more


def check_1(learner: Learner) -> str:
    """`repaired`: a model that does what Keras's `preprocess_input` does for VGG16."""
    sets = learner.given("sets")
    repaired = learner.answer("repaired")

    import keras

    expect("repaired", repaired, keras.Model, "a `keras.Model`")
    preprocess = keras.applications.vgg16.preprocess_input
    means = -preprocess(np.zeros((1, 1, 3), "float32")).ravel()  # blue, green, red
    plain = sets.train.images[:32].astype("float32")
    wanted = preprocess(plain.copy())
    found = np.asarray(repaired(plain)).astype("float32")
    if found.shape != wanted.shape:
        raise Hint(
            f"`repaired` makes {found.shape} of pictures of shape {plain.shape}. The shape should "
            "stay: what goes into the base, without the base."
        )
    ranges = [np.ptp(values, axis=(0, 1, 2)).max() for values in (found, wanted)]
    if ranges[0] < ranges[1] / 10:
        raise Hint(
            f"The values of a colour differ by at most {ranges[0]:.2f}; VGG16 expects "
            f"{ranges[1]:.0f} on these pictures. What makes yours so small?"
        )
    difference = plain[..., ::-1] - found  # should be one number for each colour
    if difference.std(axis=(0, 1, 2)).max() > ROUNDING:
        raise Hint(
            "Do your colours still come as red, green, blue? Which one does VGG16 want first? "
            "Besides, one number is subtracted from each."
        )
    subtracted = difference.mean(axis=(0, 1, 2))
    if np.abs(subtracted - means).max() > ROUNDING:
        raise Hint(
            f"You subtract {', '.join(f'{value:.3f}' for value in subtracted)} from blue, green "
            "and red. Compare these with ImageNet's means, in this order and sign included."
        )
    return (
        f"Pixels become {found.min():.1f} to {found.max():.1f}, as in VGG16's own training. "
        "A pretrained network comes with its own preprocessing."
    )


def check_2(learner: Learner) -> str:
    """`parameters_of_head`: those of a linear head on `base` for three classes."""
    base, linear_head = learner.given("base", "linear_head")
    answer = number("parameters_of_head", learner.answer("parameters_of_head"))
    maps = base.output_shape[-1]
    right = 3 * (maps + 1)
    if answer == right:
        return (
            f"{answer:,} parameters: a linear head grows with the number of classes, and next to "
            f"the base's {base.count_params():,} it is small."
        )
    mistakes = {
        3 * maps: "Those are the weights. What else has a unit of a `Dense` layer?",
        linear_head.count_params(): "That is the head of this notebook. How many units has yours?",
    }
    advice = "How many numbers reach the `Dense` layer, and what has each of its units for them?"
    raise Hint(f"Your answer is {answer:,}. {mistakes.get(answer, advice)}")


def check_3(learner: Learner) -> str:
    """`partly_frozen` with blocks 1 and 2 frozen; `still_trained`: how many parameters are not."""
    network, counted = learner.answer("partly_frozen", "still_trained")

    import keras

    expect("partly_frozen", network, keras.Model, "the base")
    trained = {id(variable) for variable in network.trainable_variables}
    layers = [layer for layer in network.layers if layer.weights]
    frozen = [layer.name for layer in layers if id(layer.weights[0]) not in trained]
    wanted = [layer.name for layer in layers if layer.name.startswith(("block1_", "block2_"))]
    if not wanted or frozen != wanted:
        raise Hint(
            f"{len(frozen)} of {len(layers)} layers are frozen: {', '.join(frozen) or '-'}. "
            "How do you recognise a layer of block 1 or block 2 by its `layer.name`?"
        )
    left = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    everything = network.count_params()
    if number("still_trained", counted) != left:
        mistakes = {
            everything: "Those are all parameters, the frozen ones included.",
            everything - left: "Those are the frozen ones.",
        }
        advice = mistakes.get(counted, "Which variables of the base does training still change?")
        raise Hint(f"The right layers are frozen. You count {counted:,}. {advice}")
    return (
        f"Two blocks of five are frozen, and {left:,} of {everything:,} parameters are still "
        f"trained, {left / everything:.1%}: the first blocks hold few."
    )
