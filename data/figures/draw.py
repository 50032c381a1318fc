"""Draw data/figures/: python data/figures/draw.py, after notebook 04 has run on the toys.

rule.png is the diagram of notebook 01; overview.png stands at the top of README.md.
"""

import sys
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

FIGURES = Path(__file__).parent
BOX = {"boxstyle": "round,pad=0.5", "linewidth": 1.4}
sys.path.insert(0, str(FIGURES.parent.parent))

from utils import plots  # noqa: E402
from utils.data import load_sets  # noqa: E402
from utils.plots import BLUE, GREY, ORANGE  # noqa: E402
from utils.runs import run_folder  # noqa: E402
from utils.settings import choose_settings  # noqa: E402


def draw_rule_of_thumb(path) -> None:
    """The three-way rule as a decision diagram, written to a file."""
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
    plt.savefig(path, dpi=110)
    plt.close()


def draw_overview(pictures, picture, answer: dict[str, float], path) -> None:
    """What the reader will be able to do, in one picture, written to a file.

    `pictures` is uint8 [16, side, side, 3], `picture` one of that kind, and `answer` what a
    trained network said of it: class name -> probability.
    """
    figure = plt.figure(figsize=(11, 3.4))
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1.9, 1.25))
    left.suptitle("your pictures", fontsize="medium")
    for axes, image in zip(left.subplots(4, 4).flat, pictures, strict=True):
        axes.imshow(image)
        axes.axis("off")
    middle.suptitle("a pretrained network, and a new head", fontsize="medium")
    axes = middle.subplots()
    axes.set(xlim=(0, 10.4), ylim=(-3, 3))
    axes.axis("off")
    for block in range(5):
        height = 4.4 - 0.75 * block
        axes.add_patch(
            plt.Rectangle(
                (1.5 * block + 0.3, -height / 2), 0.9, height, fc=BLUE, ec="black", hatch="//"
            )
        )
    axes.add_patch(plt.Rectangle((8.4, -0.7), 1.2, 1.4, fc=ORANGE, ec="black"))
    axes.text(3.9, -2.7, "base: what it has learned is kept", ha="center")
    axes.text(9.0, -1.3, "head:\nlearns your\nclasses", ha="center", va="top")
    axes.annotate("", (8.3, 0), (7.4, 0), arrowprops={"arrowstyle": "-|>"})
    right.suptitle("its answer", fontsize="medium")
    seen, bars = right.subplots(2, 1, height_ratios=(1, 1.6))
    seen.imshow(picture)
    seen.axis("off")
    names = sorted(answer, key=answer.get)[-4:]
    drawn = bars.barh(names, [answer[name] for name in names], color=ORANGE)
    bars.bar_label(drawn, fmt="%.2f", padding=3)
    bars.set(xlim=(0, 1.2), xticks=[])
    bars.grid(visible=False)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main() -> None:
    plots.use_style()
    draw_rule_of_thumb(FIGURES / "rule.png")
    settings = choose_settings(data="toys")
    sets = load_sets(settings)
    network = keras.models.load_model(run_folder(settings, "fine-tuned") / "model.keras")
    answers = network.predict(sets.test.images[:16], verbose=0)
    one = int(answers.max(axis=1).argsort()[8])  # neither the surest nor the least sure
    answer = dict(zip(sets.class_names, answers[one].tolist(), strict=True))
    draw_overview(sets.train.images[:16], sets.test.images[one], answer, FIGURES / "overview.png")


if __name__ == "__main__":
    main()
