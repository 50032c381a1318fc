"""A model card: what a reader of the file should know before trusting the model."""

import math
from datetime import date
from importlib import metadata
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from utils import files

IMAGENET = (
    "VGG16, trained on ImageNet by Karen Simonyan and Andrew Zisserman "
    "([arXiv:1409.1556](https://arxiv.org/abs/1409.1556), 2014), "
    "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/); changed: without its top, rounded "
    "to 16 bits{}. Keep this line when you pass the model on."
)
SEEN_BEFORE = """

**This was not the first test.** An earlier run tested on pictures of this folder, and this card
replaces its card. What was changed after its result was known makes this one look too good."""
SURE_FROM = 500  # test pictures, for a calibration error that is more than a rough number
PACKAGES = ("keras", "tensorflow", "pillow", "numpy")


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of an accuracy, `right` of `count` pictures."""
    found = binomtest(right, count).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def origin(weights: str, trained_further: bool) -> str:
    """What a card says of pretrained weights: "imagenet", "none", or a file's path."""
    if weights == "imagenet":
        return IMAGENET.format(", trained further as said above" if trained_further else "")
    if weights == "none":
        return "none; the base started from random weights."
    return f"{Path(weights).name}; add who trained them, on what, and their licence."


def model_card(
    path: Path,
    *,
    title: str,
    counts: pd.DataFrame,
    right: pd.Series,
    split: str,
    side: int,
    way: str,
    epochs: int,
    seed: int,
    calibration_error: float,
    seconds: float,
    not_for: list[str],
    weights: str,
) -> str:
    """Write a model card in Markdown and return its text. All facts are needed.

    Args:
        title: what the model tells apart.
        counts: a row for each class; columns train, validation, test: numbers of pictures.
        right: how many test pictures of each class were answered correctly.
        split: how the pictures were divided.
        side: of the pictures that the model takes, in pixels.
        way: of transfer learning.
        epochs: of fine-tuning; 0 if there was none.
        calibration_error: mean gap between confidence and accuracy on the test pictures, 0 to 1.
        seconds: of training.
        not_for: what the model must not be used for, a sentence each.
        weights: where the pretrained weights are from, and their licence; see `origin`.

    Raises:
        ValueError: a fact is missing, or the numbers contradict one another.
        files.CannotWriteError: the disk is full or the folder read-only.
    """
    facts = {k: v for k, v in locals().items() if k not in ("path", "counts", "right")}
    missing = [name for name, fact in facts.items() if _is_missing(fact)]
    tested = counts["test"]
    if missing or set(right.index) != set(counts.index) or right.isna().any():
        missing += [str(c) for c in counts.index if c not in right.index or pd.isna(right[c])]
        raise ValueError(f"The model card lacks: {', '.join(missing)}. Measure and pass them.")
    right = right.reindex(counts.index).astype(int)
    if (right > tested).any() or not tested.all():
        raise ValueError(f"Right answers {right.to_dict()} of test pictures {tested.to_dict()}?")
    low, high = interval(right.sum(), tested.sum())
    again = SEEN_BEFORE if Path(path).exists() else ""
    rough = ", a rough number from so few pictures" if tested.sum() < SURE_FROM else ""
    uses = "\n".join(f"- {sentence}" for sentence in not_for)
    training = f"{epochs} epochs, {seconds / 60:.1f} minutes, " if epochs else ""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    text = f"""# {title}

A classifier of pictures in {len(counts)} classes, made on {date.today()} with notebook 08 of
*Transfer learning with Keras, step by step*.

## How far to trust it

**Test accuracy {right.sum() / tested.sum():.3f}**, 95 % interval {low:.3f} to {high:.3f}
({right.sum()} of {tested.sum()} pictures that played no part in training or in any choice; Wilson's
formula). The interval is about pictures like these, from the same source.{again}

{_table(counts, right)}

Mean gap between confidence and accuracy (expected calibration error):
{calibration_error:.3f}{rough}.

## What it is not for

{uses}
- It knows nothing but its classes: to a picture of anything else it answers with one of them.

## How it was made

- Pictures: {counts.sum().sum()} of {side} x {side} pixels, cropped about the centre; {split}.
- Way: {way}; {training}seed {seed}.
- Versions: {versions}.
- Pretrained weights: {weights}
"""
    with files.whole_file(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return text


def _is_missing(fact) -> bool:
    return fact is None or fact in ("", []) or (isinstance(fact, float) and math.isnan(fact))


def _table(counts: pd.DataFrame, right: pd.Series) -> str:
    lines = ["| class | trained on | validated on | tested on | recall |", "|---|---|---|---|---|"]
    for name, row in counts.iterrows():
        numbers = f"{row['train']} | {row['validation']} | {row['test']}"
        recall = f"{right[name] / row['test']:.2f} ({right[name]} right)"
        lines.append(f"| {str(name).replace('|', chr(92) + '|')} | {numbers} | {recall} |")
    return "\n".join(lines)
