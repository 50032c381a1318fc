"""Checks of notebook 03: freezing that counts, accuracy of ten sigmoids, a rate for plain SGD."""

import math

import numpy as np

from utils.exercises import Hint, Learner, expect, number

ROUNDED = 1e-3  # an answer may have been rounded to three decimals
AS_LOW = 1.1  # times Adam's loss; from one rate of a search to the next it changes by more


def check_1(learner: Learner) -> str:
    """`late`: repaired so that `fit` leaves its base alone; `base_stayed`: what was measured."""
    few = learner.given("few")
    late, stayed = learner.answer("late", "base_stayed")

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
        raise Hint(
            "The base of `late` moves in a fit on four pictures. In which rows of the table above "
            "did a change of `trainable` count, and what had come before the fit?"
        )
    if not head_moved:
        raise Hint(
            "The base of `late` stays in a fit on four pictures, but so does its head. Which part "
            "should be frozen, and which not?"
        )
    expect("base_stayed", stayed, (bool, np.bool_), "True or False")
    if not stayed:
        raise Hint(
            "`base_stayed` is False, but the base of `late` stays. Did you measure after the "
            "repair? And what does `base_moves` return for a base that moves?"
        )
    return "In a fit on four pictures the head moves and the base stays, as `trainable` says."


def check_2(learner: Learner) -> str:
    """`reported`: the fraction of correct yes-or-no answers; `honest`: of correct pictures."""
    labels = learner.given("sets").validation.labels
    reported, honest = (number(name, learner.answer(name)) for name in ("reported", "honest"))
    scores = np.asarray(learner.answer("scores"))
    if scores.ndim != 2 or len(scores) != len(labels) or scores.max() > 0.5:
        raise Hint("`scores` are not those that were handed out. Run the whole cell again.")
    answers = ((scores > 0.5) == (labels[:, None] == np.arange(scores.shape[1]))).mean()
    pictures = (scores.argmax(axis=1) == labels).mean()
    if not math.isclose(reported, answers, abs_tol=ROUNDED):
        raise Hint(
            f"`reported` is {reported:.3f}. Binary accuracy counts the {scores.size:,} answers in "
            "`scores`, each of which is no. What fraction of them agrees with `truth`?"
        )
    if not math.isclose(honest, pictures, abs_tol=ROUNDED):
        raise Hint(
            f"`honest` is {honest:.3f}. Count pictures, not answers: which class is the most "
            "probable in a row of `scores`, however small its score, and is it the picture's own?"
        )
    return (
        f"The same useless network has a binary accuracy of {reported:.3f} and is right on "
        f"{honest:.3f} of the pictures: before you believe an accuracy, ask what was counted."
    )


def check_3(learner: Learner) -> str:
    """`sgd_rate`: a rate at which plain SGD reaches a loss as low as Adam's at 0.001."""
    head_history, losses = learner.given("head_history", "losses")
    rate = float(number("sgd_rate", learner.answer("sgd_rate")))
    if not 0 < rate < math.inf:
        raise Hint(f"`sgd_rate` is {rate:g}; a learning rate is a number above 0.")

    import keras

    wanted, slow = losses["Adam"], losses["SGD"]
    history = head_history(keras.optimizers.SGD(rate), epochs=len(wanted))
    found = (
        f"After {len(history)} epochs of plain SGD at {rate:g} the loss is {history[-1]:.3f}; "
        f"Adam's is {wanted[-1]:.3f}."
    )
    if history[-1] <= AS_LOW * wanted[-1]:
        return (
            f"{found} At 0.001 it was {slow[-1]:.3f}: a rate belongs to its optimizer, and every "
            "optimizer needs a search of its own."
        )
    jumped = not history[0] < 1.5 * slow[0]  # true for NaN as well
    raise Hint(
        f"{found} In the first epoch it was {history[0]:.3f}, with SGD at 0.001 {slow[0]:.3f}: it "
        f"{'jumped away at once' if jumped else 'has not come far enough'}. Rates are searched in "
        "factors, not in small steps."
    )
