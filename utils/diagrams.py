"""Drawings that need nothing but matplotlib: the rule of thumb, and a network as boxes."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots import BLUE, GREY, ORANGE

BOX = {"boxstyle": "round,pad=0.5", "linewidth": 1.4}


def draw_rule_of_thumb() -> None:
    """The three-way rule as a decision diagram."""
    _, axes = plt.subplots(figsize=(10, 4.4))
    axes.set(xlim=(0, 10), ylim=(0, 4.4))
    axes.axis("off")
    questions = [
        (2.6, 3.9, "Do you have many labelled\npictures (tens of thousands)?"),
        (6.1, 2.5, "Do they look like the pictures\nthe network was pretrained on?"),
    ]
    train_all = "Start from the pretrained\nweights and train\nthe whole network"
    freeze = "Freeze all feature layers,\ntrain a linear classifier\non top of them"
    low_level = "Keep only the low-level layers,\nfrozen, and train a linear\nclassifier on those"
    answers = [(1.6, ORANGE, train_all), (4.9, BLUE, freeze), (8.3, GREY, low_level)]
    for x, y, text in questions:
        axes.text(x, y, text, ha="center", va="center", bbox={**BOX, "fc": "white", "ec": "black"})
    for x, colour, text in answers:
        box = {**BOX, "fc": "white", "ec": colour, "linewidth": 2.5}
        axes.text(x, 0.75, text, ha="center", va="center", bbox=box)
    arrows = [
        ((2.2, 3.55), (1.6, 1.25), "yes", "right"),
        ((3.4, 3.55), (4.9, 2.85), "no", "left"),
        ((5.6, 2.15), (4.9, 1.25), "yes", "right"),
        ((6.8, 2.15), (8.3, 1.25), "no", "left"),
    ]
    for start, end, text, side in arrows:
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black"})
        middle = np.add(start, end) / 2 + ((-0.15 if side == "right" else 0.2), 0.08)
        axes.text(*middle, text, ha=side, va="center", style="italic")
    plt.show()


def draw_network(network) -> None:
    """A network of preprocessing, base and head as boxes; hatched boxes are frozen.

    A box is as high as its maps are wide, and as wide as it has channels, both on a log scale.
    """
    _, axes = plt.subplots(figsize=(10, 3.1))
    left = 0.0
    for name, shape, layers in _parts(network):
        side, channels = (shape[0], shape[-1]) if len(shape) == 3 else (1, shape[-1])
        width, height = 0.25 + 0.09 * np.log2(channels), 0.3 + 0.42 * np.log2(side)
        variables = [v for layer in layers for v in layer.weights]
        trainable = any(v.trainable for layer in layers for v in layer.trainable_weights)
        colour = "white" if not variables else ORANGE if trainable else BLUE
        hatch = "///" if variables and not trainable else None
        box = plt.Rectangle(
            (left, -height / 2), width, height, fc=colour, ec="black", hatch=hatch, alpha=0.85
        )
        axes.add_patch(box)
        size = "x".join(map(str, shape))
        axes.text(left + width / 2, height / 2 + 0.08, name, ha="center", va="bottom", fontsize=8)
        axes.text(left + width / 2, -height / 2 - 0.08, size, ha="center", va="top", fontsize=8)
        left += width + 0.42
    handles = [
        plt.Rectangle((0, 0), 1, 1, fc=ORANGE, ec="black", alpha=0.85, label="trained"),
        plt.Rectangle((0, 0), 1, 1, fc=BLUE, ec="black", hatch="///", alpha=0.85, label="frozen"),
        plt.Rectangle((0, 0), 1, 1, fc="white", ec="black", label="no weights"),
    ]
    axes.legend(handles=handles, loc="upper right", fontsize="small")
    axes.set(xlim=(-0.3, left), ylim=(-1.7, 2.0))
    axes.set_title(f"{network.name}: what goes in, and the shape that comes out of each part")
    axes.axis("off")
    plt.show()


def _parts(network):
    """(name, output shape without batch, layers) of each part worth a box, in order."""
    *_, shift, base, head = network.layers
    yield "pictures", network.input_shape[1:], []
    yield "preprocess", shift.output.shape[1:], []
    blocks = {}
    for layer in base.layers:
        if layer.name.startswith("block"):
            blocks.setdefault(layer.name.split("_")[0], []).append(layer)
    for name, layers in blocks.items():
        convolutions = sum("conv" in layer.name for layer in layers)
        yield f"{name}\n{convolutions} conv", layers[-1].output.shape[1:], layers
    for layer in head.layers:
        yield layer.name, layer.output.shape[1:], [layer]
