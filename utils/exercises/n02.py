"""Checks of notebook 02: a mistake in the preprocessing, parameters of a head, frozen blocks."""

import numpy as np

from utils.exercises import Hint, Learner, Unfilled, expect, number

MISTAKE = "colours not reversed"  # in the features that exercise 2.1 hands out
ROUNDING = 0.02  # of the features' size; a wrong preparation moves them by more


def from_a_colleague(base, images: np.ndarray) -> np.ndarray:
    """Features of pictures that were prepared with one mistake; exercise 2.1 looks for it."""
    import keras

    means = {"offset": [-103.939, -116.779, -123.68], "dtype": "float32"}
    pictures = keras.Input(images.shape[1:])
    prepared = keras.layers.Rescaling(1.0, **means)(pictures)  # still red, green, blue
    return keras.Model(pictures, base(prepared)).predict(images, verbose=0).astype("float32")


def check_1(learner: Learner) -> str:
    """`mine`: features with each of three mistakes; `culprit`: which of them are `theirs`."""
    theirs = learner.given("theirs")
    mine, culprit = learner.answer("mine", "culprit")
    expect("mine", mine, dict, "a dictionary of three features")
    if any(features is ... for features in mine.values()):
        raise Unfilled
    size, distance = np.abs(theirs).mean(), {}
    for name, features in mine.items():
        features = np.asarray(features).astype("float32")
        if features.shape != theirs.shape:
            raise Hint(
                f"`mine` has {features.shape} for {name!r}; `theirs` are {theirs.shape}. Send the "
                "fifty pictures through your preparation and then through `frozen_base`."
            )
        distance[name] = float(np.abs(features - theirs).mean() / size)
    nearest = min(distance, key=distance.get)
    found = ", ".join(f"{name!r} {value:.1%}" for name, value in distance.items())
    if distance[nearest] > ROUNDING:
        raise Hint(
            f"None of yours are theirs. They differ, in parts of the features' size: {found}. Does "
            "each of your preparations make its own mistake, and only that one?"
        )
    if nearest != MISTAKE or sum(value < ROUNDING for value in distance.values()) > 1:
        raise Hint(
            f"Yours differ from theirs: {found}. But do those that agree make the mistake that "
            "their name says, and no two of the three the same one?"
        )
    if culprit != nearest:
        raise Hint(f"You name {culprit!r}. Yours differ from theirs: {found}. Which agree?")
    return (
        f"Yours differ from theirs: {found}. No error said so, but features are a fingerprint "
        "of how pictures were prepared."
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
