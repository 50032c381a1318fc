"""Checks of notebook 02: preprocessing repaired, parameters of a head, two blocks frozen."""

import numpy as np

from utils.exercises import Hint, Learner, number

ROUNDING = 1.5  # bfloat16 moves pixel values by about half; every mistake moves them by more


def check_1(learner: Learner) -> str:
    """`repaired`: a model that does what Keras's `preprocess_input` does for VGG16."""
    sets = learner.given("sets")
    repaired = learner.answer("repaired")

    import keras

    if not isinstance(repaired, keras.Model):
        raise Hint(f"`repaired` is a {type(repaired).__name__}; `keras.Model` makes a model.")
    preprocess = keras.applications.vgg16.preprocess_input
    means = -preprocess(np.zeros((1, 1, 3), "float32")).ravel()  # blue, green, red
    plain = sets.train.images[:32].astype("float32")
    wanted = preprocess(plain.copy())
    found = np.asarray(repaired(plain)).astype("float32")
    if found.shape != wanted.shape:
        raise Hint(
            f"`repaired` makes {found.shape} of pictures of shape {plain.shape}. It should return "
            "pictures of the same shape: what goes into the base, without the base."
        )
    ranges = [np.ptp(values, axis=(0, 1, 2)).max() for values in (found, wanted)]
    if ranges[0] < ranges[1] / 10:
        raise Hint(
            f"The values of a colour differ by at most {ranges[0]:.2f}; VGG16 expects "
            f"{ranges[1]:.0f} on these pictures. What makes yours so small?"
        )
    reversed_colours = found - plain[..., ::-1]
    if spread(reversed_colours) > ROUNDING:
        still = spread(found - plain) <= ROUNDING
        raise Hint(
            f"Your colours {'still come as red, green, blue' if still else 'are changed too much'}."
            " Which one does VGG16 want first? Besides, one number is subtracted from each."
        )
    subtracted = -reversed_colours.mean(axis=(0, 1, 2))
    if np.abs(subtracted - means[::-1]).max() <= ROUNDING:
        raise Hint(
            f"You subtract {subtracted[0]:.3f} from blue and {subtracted[2]:.3f} from red. You "
            "reversed the colours; what about the means?"
        )
    if np.abs(subtracted - means).max() > ROUNDING:
        raise Hint(
            f"You subtract {', '.join(f'{value:.3f}' for value in subtracted)} from blue, green "
            "and red. Compare these with ImageNet's means, sign included."
        )
    error = np.abs(found - wanted).max()
    exact = f" (up to {error:.2f}; `dtype='float32'` would be exact)" if error > 0.01 else ""
    return (
        f"Pixels become {found.min():.1f} to {found.max():.1f}, as in VGG16's own training{exact}. "
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
        3 * maps + 1: "That is one bias for the whole layer. Which units have one?",
        linear_head.count_params(): "That is the head of this notebook. How many units has yours?",
    }
    advice = (
        "How many numbers reach the `Dense` layer for each picture, once the mean of each feature "
        "map is taken? And what has each of its three units for them?"
    )
    raise Hint(f"Your answer is {answer:,}. {mistakes.get(answer, advice)}")


def check_3(learner: Learner) -> str:
    """`partly_frozen` with blocks 1 and 2 frozen; `still_trained`: how many parameters are not."""
    network, counted = learner.answer("partly_frozen", "still_trained")

    import keras

    if not isinstance(network, keras.Model):
        raise Hint(f"`partly_frozen` is a {type(network).__name__}; it should be the base.")
    trained = {id(variable) for variable in network.trainable_variables}
    layers = [layer for layer in network.layers if layer.weights]
    frozen = [layer.name for layer in layers if id(layer.weights[0]) not in trained]
    wanted = [layer.name for layer in layers if layer.name.startswith(("block1_", "block2_"))]
    if not wanted or frozen != wanted:
        whole = "" if network.trainable else " (`partly_frozen.trainable` freezes all of them)"
        raise Hint(
            f"{len(frozen)} of {len(layers)} layers are frozen{whole}: {', '.join(frozen) or '-'}. "
            "It should be all of block 1 and block 2, and no other. Print `layer.name` in the "
            "loop: how do you recognise a layer of the first two blocks?"
        )
    left = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    everything = network.count_params()
    if number("still_trained", counted) != left:
        mistakes = {
            everything: "Those are all parameters, the frozen ones included.",
            everything - left: "Those are the frozen ones.",
            len(trained): "Those are arrays. How many numbers do they hold?",
        }
        advice = mistakes.get(counted, "Which variables of the base does training still change?")
        raise Hint(f"The right layers are frozen. You count {counted:,}. {advice}")
    return (
        f"Two blocks of five are frozen, and {left:,} of {everything:,} parameters are still "
        f"trained, {left / everything:.1%}: the first blocks hold few."
    )


def spread(difference: np.ndarray) -> float:
    """How far a difference [n, height, width, 3] is from being one number for each colour."""
    return float(difference.std(axis=(0, 1, 2)).max())
