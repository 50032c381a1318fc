"""Checks of notebook 04: what training one block costs, pictures of varied brightness."""

import numpy as np
import pandas as pd

from utils.exercises import Hint, Learner, expect, number

BATCHES = 64  # of an epoch; of all of CIFAR-10, two such parts still have pictures in common
SAME = 0.995  # cosine similarity from which on two pictures are the same but for their brightness


def check_1(learner: Learner) -> str:
    """`trained` and `fraction`: the weights of block 5, and the work of a step that trains them."""
    convolutions = learner.given("convolutions")
    trained, fraction = learner.answer("trained", "fraction")
    trained, fraction = number("trained", trained), number("fraction", fraction)

    everything = convolutions.sum()
    block = convolutions[convolutions.index.str.startswith("block5")].sum()
    weights, work = block / everything
    if trained != block.weights:
        few = "fewer" if trained < block.weights else "more"
        raise Hint(
            f"`trained` is {trained:,.0f}, {few} than the weights of block 5. Which rows of the "
            "table belong to that block? (The head is left aside.)"
        )
    if not 0 < fraction < 1:
        raise Hint(f"`fraction` is {fraction:.3g}; a part of a whole lies between 0 and 1.")
    right, once = (1 + 2 * work) / 3, (1 + work) / 2
    if abs(fraction - right) < 0.005:
        return (
            f"block 5 holds {weights:.0%} of the weights, and to train it alone takes "
            f"{fraction:.0%} of the work: the large maps of the early blocks keep each of their "
            "few weights busy at many places."
        )
    known = {
        weights: "It is block 5's part of the *weights*. At how many places is a weight used?",
        work: "It is block 5's part of the work. Do blocks 1 to 4 rest while it is trained?",
        once: "So the way back would cost a trained layer its work once. It costs it twice.",
    }
    nearest = min(known, key=lambda value: abs(value - fraction))
    other = "How much work is the way forward, and how much the way back through block 5 alone?"
    raise Hint(
        f"`fraction` is {fraction:.3f}. "
        f"{known[nearest] if abs(nearest - fraction) < 0.005 else other}"
    )


def check_2(learner: Learner) -> str:
    """`varied`: `train` with each picture darkened by a factor of its own, new in every epoch."""
    sets, train = learner.given("sets", "train")
    varied = learner.answer("varied")

    import tensorflow as tf

    expect("varied", varied, tf.data.Dataset, "a dataset, as `train.map` returns it")
    try:
        found, wanted = (describe(next(iter(pipeline))) for pipeline in (varied, train))
        if found not in (wanted, wanted.replace("uint8", "float32", 1)):
            raise Hint(
                f"A batch of `varied` is {found}, one of `train` is {wanted}. It should still be "
                "pictures (float32 will do, too) of the same shape, and their labels."
            )
        epochs = [recognise(varied.take(BATCHES), sets.train) for _ in range(2)]
    except tf.errors.InvalidArgumentError as error:
        raise Hint(
            "`varied` stopped with an error. The last batch of an epoch may be smaller: does your "
            "function fit it?"
        ) from error
    seen = pd.concat(epochs, keys=(0, 1), names=["epoch"])
    if seen.recognised.mean() < 0.9:  # a nearly black picture may be lost by rounding
        raise Hint(
            f"Only {seen.recognised.mean():.0%} of the pictures are training pictures times one "
            "number, with their labels. Is there one factor for each picture, the same for all its "
            "pixels and colours, and do you return `labels` as they came?"
        )
    seen = seen[seen.recognised]
    low, high = seen.factor.quantile((0.01, 0.99))
    if high - low < 0.05 * high:
        raise Hint(
            f"All pictures are multiplied by {low:.3g}. If your function draws a number, it was "
            "drawn only once, when TensorFlow traced the function. What draws one for each batch?"
        )
    negligible = (high - low) / 10
    if seen.groupby(["epoch", "batch"]).factor.std().median() < negligible:
        raise Hint(
            "All pictures of a batch have the same factor. Your function gets a whole batch: how "
            "many numbers does it draw, and how many pictures are there?"
        )
    by_picture = seen.pivot_table(index="picture", columns="epoch", values="factor").dropna()
    if by_picture.diff(axis="columns")[1].abs().median() < negligible:
        raise Hint(
            "The factors of the second epoch are those of the first. Are they drawn once, before "
            "the first epoch (or kept by `cache`), or each time a batch comes along?"
        )
    if not (0.45 < low < 0.6 and 0.9 < high < 1.05):
        raise Hint(
            f"Nearly all factors are between {low:.3g} and {high:.3g}; they should be between 0.5 "
            "and 1. Which range do you draw from, and do pixels still go from 0 to 255?"
        )
    return (
        f"Each picture has a factor of its own, from {low:.2f} to {high:.2f}, and another one in "
        "the next epoch: the network never sees quite the same picture twice."
    )


def describe(batch) -> str:
    """Type and shape of what a batch holds, without the number of pictures."""
    parts = batch if isinstance(batch, tuple) else (batch,)
    return " and ".join(f"{part.dtype.name} {('n', *part.shape[1:])}" for part in parts)


def recognise(batches, train) -> pd.DataFrame:
    """Which training picture each one is (it has the same direction), and the ratio of lengths."""
    known, lengths = directions(train.images)
    tables = []
    for batch, (images, labels) in enumerate(batches.as_numpy_iterator()):
        found, found_lengths = directions(images)
        similarity = found @ known.T
        picture, best = similarity.argmax(axis=1), similarity.max(axis=1)
        table = pd.DataFrame({"batch": batch, "picture": picture})
        table["recognised"] = (best > SAME) & (labels == train.labels[picture])
        table["factor"] = found_lengths / np.maximum(lengths[picture], 1e-6)
        tables.append(table)
    return pd.concat(tables)


def directions(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every few pixels of each picture as a vector of length 1 [n, values], and its length [n]."""
    step = max(1, images.shape[1] // 12)
    vectors = images[:, ::step, ::step].reshape(len(images), -1).astype("float32")
    lengths = np.linalg.norm(vectors, axis=1)
    return vectors / np.maximum(lengths, 1e-6)[:, None], lengths
