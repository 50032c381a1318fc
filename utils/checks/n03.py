"""Checks of notebook 03: freezing that counts, accuracy of ten sigmoids, a rate for plain SGD.

Keras is imported inside: a check may run first in a kernel, and Keras must come after
`choose_settings`, which tells it where its folder is.
"""

import math

import numpy as np

from utils.exercises import Hint, Learner, number

AS_LOW = 1.1  # times Adam's loss; from one rate of a search to the next it changes by more


def check_1(learner: Learner) -> str:
    """`late`: frozen so that its base stays in `fit`; `base_stayed`: what was measured."""
    few = learner.given("few")
    late, said = learner.answer("late", "base_stayed")

    import keras

    if not isinstance(late, keras.Model) or not late.compiled:
        raise Hint("`late` should be the network of this exercise, compiled. Run the whole cell.")
    base, head = late.get_layer("vgg16"), late.get_layer("head")
    weights, parts = late.get_weights(), (base.get_weights(), head.get_weights())
    try:
        late.fit(*few, verbose=0)
        base_moved, head_moved = (
            any(not np.array_equal(*pair) for pair in zip(before, part.get_weights(), strict=True))
            for before, part in zip(parts, (base, head), strict=True)
        )
    finally:
        late.set_weights(weights)
    if base_moved:
        left = len(late.trainable_weights)
        advice = (
            f"`fit` has not noticed that only {left} weights are left to train. In which rows of "
            "the table above did a change of `trainable` count, and what had come before the fit?"
            if not any(layer.trainable for layer in base.layers)
            else f"{left} weights of `late` are trainable: some of its base is not frozen."
        )
        raise Hint(f"The base of `late` moves in a fit on four pictures. {advice}")
    if not head_moved:
        raise Hint(
            "The base of `late` stays in a fit on four pictures, but so does its head: nothing is "
            "left that could learn. Which part should be frozen, and which one not?"
        )
    if not isinstance(said, bool | np.bool_):
        raise Hint(f"`base_stayed` is of type {type(said).__name__}; it should be True or False.")
    if not said:
        raise Hint(
            "`base_stayed` is False, but the base of `late` stays in a fit on four pictures. Did "
            "you measure after the repair? And what does True mean where `base_moves` says it?"
        )
    return (
        "In a fit on four pictures the head moves and the base stays: now the training agrees "
        "with `trainable`."
    )


def check_2(learner: Learner) -> str:
    """`reported`: the share of right yes-or-no answers; `honest`: that of right pictures."""
    labels = learner.given("sets").validation.labels
    scores = np.asarray(learner.answer("scores"))
    filled = zip(("reported", "honest"), learner.answer("reported", "honest"), strict=True)
    reported, honest = (number(name, value) for name, value in filled)
    if scores.ndim != 2 or len(scores) != len(labels) or scores.max() > 0.5:
        raise Hint("`scores` are not those that were handed out. Run the whole cell again.")
    for name, value in (("reported", reported), ("honest", honest)):
        if not 0 <= value <= 1:
            raise Hint(f"`{name}` is {value:g}; a share lies between 0 and 1.")
    classes = np.arange(scores.shape[1])
    answers = ((scores > 0.5) == (labels[:, None] == classes)).mean()
    pictures = (scores.argmax(axis=1) == labels).mean()
    if same(reported, pictures) and same(honest, answers):
        raise Hint(
            f"`reported` is {reported:.3f} and `honest` is {honest:.3f}. The one is a share of "
            "yes-or-no answers, the other a share of pictures. Which of them would you believe?"
        )
    if not same(reported, answers):
        found = ", a share of pictures" if same(reported, pictures) else ""
        raise Hint(
            f"`reported` is {reported:.3f}{found}. Binary accuracy looks at each of the "
            f"{scores.size:,} answers in `scores` by itself, and all of them are no. What "
            "share of them agrees with `truth`?"
        )
    if not same(honest, pictures):
        mistakes = {
            answers: ", a share of answers once more",
            0.0: ", as if no answer above one half meant no answer at all",
        }
        found = next((words for value, words in mistakes.items() if same(honest, value)), "")
        raise Hint(
            f"`honest` is {honest:.3f}{found}. Count pictures: which class is the most probable in "
            "a row of `scores`, even if every score is small, and is it the picture's own?"
        )
    return (
        f"The same useless network has a binary accuracy of {reported:.3f} and is right on "
        f"{honest:.3f} of the pictures: before you believe an accuracy, ask what was counted."
    )


def check_3(learner: Learner) -> str:
    """`sgd_rate`: with it plain SGD ends with a loss as low as Adam's at 0.001."""
    head_history, losses = learner.given("head_history", "losses")
    rate = float(number("sgd_rate", learner.answer("sgd_rate")))
    if not 0 < rate < math.inf:
        raise Hint(f"`sgd_rate` is {rate:g}; a learning rate is a number above 0.")

    import keras

    wanted, slow = losses["Adam"], losses["SGD"]
    history = head_history(keras.optimizers.SGD(rate), epochs=len(wanted))
    found = (
        f"After {len(history)} epochs of plain SGD at {rate:g} the loss is {history[-1]:.3f}, and "
        f"Adam's is {wanted[-1]:.3f}."
    )
    if history[-1] <= AS_LOW * wanted[-1]:
        return (
            f"{found} At 0.001 it was {slow[-1]:.3f}: a rate belongs to its optimizer, and another "
            "optimizer wants a search of its own."
        )
    if not history[0] < 1.5 * slow[0]:  # a loss that is no number is too large, too
        raise Hint(
            f"{found} In its first epoch the loss was {history[0]:.3f}, where SGD at 0.001 had "
            f"{slow[0]:.3f}: it began by jumping away. Is that rate too small or too large?"
        )
    raise Hint(
        f"{found} It began at {history[0]:.3f} and has not come far enough yet. Is that rate too "
        "small or too large? Rates are searched in factors, not in small steps."
    )


def same(value: float, other: float) -> bool:
    """Equal, also where one was rounded to three decimals."""
    return math.isclose(value, other, abs_tol=1e-3)
