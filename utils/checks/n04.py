"""Checks of notebook 04: lost weights brought back, training pictures mirrored at random.

Keras and TensorFlow are imported inside: a check may run first in a kernel, and they must come
after `choose_settings`.
"""

import numpy as np

from utils.exercises import Hint, Learner

ENOUGH = 0.75  # share of what was lost that has to come back; without a restart hardly any does
STEPS = 16  # batches that `fine_tune` of the exercise trains on
BATCHES = 64  # of an epoch; so many see some pictures twice in two epochs of all of CIFAR-10


def check_1(learner: Learner) -> str:
    """`repaired`: fine-tuned from the pretrained start, at a rate that does not wipe it out."""
    sets, head, frozen = learner.given("sets", "head", "frozen")
    repaired, ruined_accuracy = learner.answer("repaired", "ruined_accuracy")

    import keras

    if not isinstance(repaired, keras.Model):
        raise Hint(
            f"`repaired` is of type {type(repaired).__name__}. It should be the network itself; "
            "`fine_tune` gives back its accuracy."
        )
    if repaired.get_layer("vgg16") is frozen.get_layer("vgg16"):
        raise Hint(
            "`repaired` is the frozen case itself, or shares its base, so that nothing is left to "
            "compare with. Run the cells of *Frozen base* again, then build a network of its own."
        )
    pretrained = frozen.get_layer("vgg16").get_weights()
    weights = repaired.get_layer("vgg16").get_weights()
    moved = max(np.abs(one - other).max() for one, other in zip(weights, pretrained, strict=True))
    if moved == 0:
        raise Hint(
            "The base of `repaired` is still exactly the pretrained one. Is it free to move, and "
            "was it trained?"
        )
    rate, head_rate = (float(network.optimizer.learning_rate) for network in (repaired, head))
    steps = int(repaired.optimizer.iterations)
    if steps > STEPS:
        raise Hint(
            f"`repaired` was trained for {steps} batches; `fine_tune` takes {STEPS} at most. Is it "
            "a network of another cell? Build one here, and give it to `fine_tune`."
        )
    images, labels = sets.validation.images[:500], sets.validation.labels[:500]
    accuracy, frozen_accuracy = (
        (network.predict(images, verbose=0).argmax(axis=1) == labels).mean()
        for network in (repaired, frozen)
    )
    found = f"`repaired` is right on {accuracy:.3f} of the validation pictures, "
    enough = ruined_accuracy + ENOUGH * (frozen_accuracy - ruined_accuracy)
    if accuracy >= enough and rate < head_rate:
        return (
            f"{found}the ruined network on {ruined_accuracy:.3f}: a small rate keeps what the base "
            "knows, and what is lost comes back only from where it was kept."
        )
    if rate >= 0.99 * head_rate:  # 0.99: a rate is kept as float32
        raise Hint(
            f"{found}trained at a rate of {rate:g}; the head was trained at {head_rate:g}. What "
            "does notebook 03's range test say about such a rate for the whole network?"
        )
    if moved > 4 * rate * steps:  # Adam's step is about the rate, seldom more
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
    """`flipped`: `train`, with some pictures mirrored left to right, others in each epoch."""
    sets, train = learner.given("sets", "train")
    flipped = learner.answer("flipped")

    import tensorflow as tf

    if not isinstance(flipped, tf.data.Dataset):
        raise Hint(
            f"`flipped` is of type {type(flipped).__name__}. It should be a pipeline like `train`, "
            "one that `train.map(...)` makes."
        )
    wanted, found = (describe(next(iter(pipeline))) for pipeline in (train, flipped))
    if found != wanted:
        raise Hint(
            f"A batch of `flipped` is {found}, one of `train` is {wanted}. A flip should change "
            "neither what a batch consists of nor its type."
        )
    known = {}
    for image, label in zip(sets.train.images, sets.train.labels, strict=True):
        known.setdefault(image.tobytes(), set()).add(label)
    epochs = [mirrored(flipped.take(BATCHES), known, sets) for _ in range(2)]
    seen = sum(len(epoch) for epoch in epochs)
    turned = sum(sum(epoch.values()) for epoch in epochs)
    if turned in (0, seen):
        raise Hint(
            f"In two epochs {turned} of {seen} pictures are mirrored. That is the same in each "
            "epoch. What should be left to chance, for each picture anew?"
        )
    if not any(len(ways) == 2 for ways in ways_of_batches(flipped.take(BATCHES), known)):
        raise Hint(
            "In every batch either all pictures are mirrored or none. Your function gets a whole "
            "batch: is chance asked once for the batch, or for each picture in it?"
        )
    both = epochs[0].keys() & epochs[1].keys()
    if all(epochs[0][picture] == epochs[1][picture] for picture in both):
        raise Hint(
            f"{turned} of {seen} pictures are mirrored, but the same ones in both epochs. Is "
            "chance asked once, before the first epoch, or every time a picture comes along?"
        )
    other = np.mean([epochs[0][picture] != epochs[1][picture] for picture in both])
    return (
        f"{turned / seen:.0%} of the pictures are mirrored, and {other:.0%} came the other way "
        "round in the second epoch: the network sees more than there are, and labels stay true."
    )


def describe(batch) -> str:
    """The type and the shape of what a batch holds, without how many pictures it has."""
    parts = batch if isinstance(batch, tuple) else (batch,)
    shapes = (", ".join(map(str, ("n", *part.shape[1:]))) for part in parts)
    return " and ".join(f"{p.dtype.name} ({shape})" for p, shape in zip(parts, shapes, strict=True))


def ways_of_batches(batches, known: dict[bytes, set]) -> list[set[bool]]:
    """For each batch: are its pictures mirrored, {True}, {False} or both?"""
    return [
        {
            image[:, ::-1].tobytes() in known
            for image in images
            if (image.tobytes() in known) != (image[:, ::-1].tobytes() in known)
        }
        for images, _ in batches.as_numpy_iterator()
    ]


def mirrored(batches, known: dict[bytes, set], sets) -> dict[bytes, bool]:
    """For each picture that is seen: is it mirrored? `known` are the training pictures' labels."""
    seen, strange = {}, []
    for images, labels in batches.as_numpy_iterator():
        for image, label in zip(images, labels, strict=True):
            here, there = image.tobytes(), image[:, ::-1].tobytes()
            shown = known.get(here, set()) | known.get(there, set())
            if not shown:
                strange.append(image)
            elif label not in shown:
                raise Hint(
                    f"A picture of class {sets.class_names[min(shown)]} comes with the label "
                    f"{sets.class_names[label]}. Who turns the pictures must leave them with "
                    "their labels."
                )
            elif (here in known) != (there in known):  # else it is its own mirror image
                seen[min(here, there)] = there in known
    if strange:
        validation = {image.tobytes() for image in sets.validation.images}
        pairs = [(image, image[:, ::-1]) for image in strange]
        if any(one.tobytes() in validation for pair in pairs for one in pair):
            found = "come from the validation set, which is to measure and stays as it is"
        elif any(one[::-1].tobytes() in known for pair in pairs for one in pair):
            found = "stand on their heads. A car that is mirrored left to right is still a car"
        else:
            found = "are no training pictures, as they are or mirrored left to right"
        raise Hint(f"{len(strange)} pictures of `flipped` {found}.")
    return seen
