"""Checks of notebook 04: a network rescued from forgetting, pictures of varied brightness."""

import numpy as np
import pandas as pd

from utils.exercises import Hint, Learner, expect

RECOVERED = 0.75  # of the lost accuracy; without a restart hardly any comes back
STEPS = 16  # batches that `fine_tune` of the exercise trains on, at most
BATCHES = 64  # of an epoch; of all of CIFAR-10, two such parts still have pictures in common
SAME = 0.995  # cosine similarity from which on two pictures are the same but for their brightness


def check_1(learner: Learner) -> str:
    """`repaired`: fine-tuned from the pretrained weights, at a rate that does not destroy them."""
    sets, head, frozen = learner.given("sets", "head", "frozen")
    repaired, ruined_accuracy = learner.answer("repaired", "ruined_accuracy")

    import keras

    expect("repaired", repaired, keras.Model, "the network (`fine_tune` returns its accuracy)")
    bases = (network.get_layer("vgg16").get_weights() for network in (repaired, frozen))
    moved = max(np.abs(one - other).max() for one, other in zip(*bases, strict=True))
    if moved == 0:
        raise Hint(
            "The base of `repaired` has exactly the weights of the frozen case. Is it a base of "
            "its own, is it trainable, and was it trained?"
        )
    rate, head_rate = (float(network.optimizer.learning_rate) for network in (repaired, head))
    steps = int(repaired.optimizer.iterations)
    if steps > STEPS:
        raise Hint(
            f"`repaired` was trained for {steps} batches, and `fine_tune` takes {STEPS}. Build a "
            "new network, and pass it to `fine_tune`."
        )
    images, labels = sets.validation.images[:500], sets.validation.labels[:500]
    accuracy, frozen_accuracy = (
        (network.predict(images, verbose=0).argmax(axis=1) == labels).mean()
        for network in (repaired, frozen)
    )
    found = f"`repaired` is right on {accuracy:.3f} of the validation pictures, "
    enough = ruined_accuracy + RECOVERED * (frozen_accuracy - ruined_accuracy)
    if accuracy >= enough and rate < head_rate:
        return (
            f"{found}the ruined network on {ruined_accuracy:.3f}: a small rate keeps what the base "
            "knows, and what is lost comes back only from where it was saved."
        )
    if rate >= 0.99 * head_rate:  # a rate is kept as float32
        raise Hint(
            f"{found}trained at a rate of {rate:g}; the head was trained at {head_rate:g}. What "
            "does notebook 03's range test say about such a rate for the whole network?"
        )
    if moved > 4 * rate * steps:  # a step of Adam is about the rate, seldom more
        raise Hint(
            f"{found}and weights of its base are up to {moved:.2g} away from the pretrained ones. "
            f"{steps} steps at {rate:g} move a weight by about {steps * rate:.2g}. So what moved "
            "them, and can any rate move them back?"
        )
    raise Hint(
        f"{found}the frozen case on {frozen_accuracy:.3f}. Your rate is {rate:g}. Is it small "
        "enough? And where did `ruined` take its base and its head from, before it was ruined?"
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
