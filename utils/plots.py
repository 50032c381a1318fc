"""Figures of pictures, curves and scores. Each function draws one figure and returns nothing.

Colours are those of matplotlib's tableau-colorblind10; nothing is told by colour alone.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

BLUE, ORANGE, GREY = "#006BA4", "#FF800E", "#ABABAB"
LINES = ("-", "--", "-.", ":")


def use_style() -> None:
    """Set matplotlib to the look of these notebooks."""
    plt.style.use("tableau-colorblind10")
    plt.rcParams.update(
        {
            "figure.dpi": 90,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.alpha": 0.3,
            "axes.titlesize": "medium",
        }
    )


def show_pictures(images: np.ndarray, titles=None, *, columns: int = 10, size: float = 1.0) -> None:
    """Pictures [n, height, width, 3] in rows, with a title each; `size` in inches a picture."""
    if len(images) == 0:
        print("There are none.")
        return
    rows = -(-len(images) // columns)
    height = size * (1.3 if titles is not None else 1.0)
    _, grid = plt.subplots(
        rows, columns, figsize=(columns * size, rows * height + 0.1), squeeze=False
    )
    for axes in grid.flat:
        axes.axis("off")
    for place, (axes, image) in enumerate(zip(grid.flat, images, strict=False)):
        axes.imshow(image, interpolation="nearest")
        if titles is not None:
            axes.set_title(titles[place], fontsize="small")
    plt.show()


def one_of_each(labels: np.ndarray, per_class: int, num_classes: int) -> np.ndarray:
    """Indices of the first `per_class` members of each class, class by class."""
    return np.concatenate([np.flatnonzero(labels == c)[:per_class] for c in range(num_classes)])


def show_filters(kernel: np.ndarray) -> None:
    """The 3x3 filters of a first layer [3, 3, 3, n] as little colour pictures, each stretched."""
    filters = np.moveaxis(np.asarray(kernel, "float32"), -1, 0)[..., ::-1]  # BGR -> RGB
    low, high = (f(filters, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    show_pictures((filters - low) / (high - low + 1e-9), columns=16, size=0.5)


def show_feature_maps(picture: np.ndarray, maps: dict[str, np.ndarray], per_block: int = 5) -> None:
    """One picture and, block by block, its liveliest feature maps [height, width, channels]."""
    _, grid = plt.subplots(per_block, len(maps) + 1, figsize=(1.35 * (len(maps) + 1), 6.4))
    for axes in grid.flat:
        axes.axis("off")
    grid[0, 0].imshow(picture)
    grid[0, 0].set_title("picture", fontsize="small")
    for column, (block, values) in enumerate(maps.items(), 1):
        liveliest = np.argsort(values.std((0, 1)))[::-1][:per_block]
        for axes, channel in zip(grid[:, column], liveliest, strict=True):
            axes.imshow(values[..., channel], cmap="viridis", interpolation="nearest")
        side = values.shape[0]
        grid[0, column].set_title(f"{block}\n{side}x{side}", fontsize="small")
    plt.show()


def show_curves(histories: dict[str, pd.DataFrame], chance: float) -> None:
    """Validation accuracy and loss by epoch, one line a case, the best epoch marked."""
    _, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    for place, (case, history) in enumerate(histories.items()):
        epochs = np.arange(1, len(history) + 1)
        style = {
            "label": case,
            "linestyle": LINES[place % 4],
            "markevery": [history.val_loss.argmin()],
        }
        left.plot(epochs, history.val_accuracy, marker="o", **style)
        right.plot(epochs, history.val_loss, marker="o", **style)
    left.axhline(chance, color="black", linewidth=1, linestyle=":")
    left.annotate("chance", (1, chance), xytext=(0, 3), textcoords="offset points")
    left.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1))
    right.set(xlabel="epoch", ylabel="validation loss")
    left.legend(fontsize="small")
    plt.show()


def show_two_phases(history: pd.DataFrame) -> None:
    """Training and validation accuracy across head and fine-tuning, a line where the base joins."""
    epochs = np.arange(1, len(history) + 1)
    start = int((history.phase == "head").sum())
    _, axes = plt.subplots(figsize=(7.5, 3.8))
    axes.plot(epochs, history.accuracy, label="training")
    axes.plot(epochs, history.val_accuracy, "--", label="validation")
    axes.axvline(start + 0.5, color="black", linewidth=1)
    axes.annotate(
        "fine-tuning starts",
        (start + 0.5, 0.02),
        xytext=(-4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        rotation=90,
        ha="right",
    )
    axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1.02))
    axes.legend(loc="lower center")
    plt.show()


def show_scoreboard(scoreboard: pd.DataFrame) -> None:
    """Test accuracy of each case as bars with 95 % intervals (columns low and high)."""
    _, axes = plt.subplots(figsize=(7.5, 0.55 * len(scoreboard) + 0.9))
    accuracy = scoreboard.test_accuracy
    spread = [accuracy - scoreboard.low, scoreboard.high - accuracy]
    bars = axes.barh(scoreboard.case, accuracy, xerr=spread, color=BLUE, capsize=3)
    axes.bar_label(bars, fmt="%.3f", padding=10)
    axes.set(xlabel="test accuracy (95 % interval)", xlim=(0, 1.05))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    plt.show()


def show_heat(images: np.ndarray, heat: np.ndarray, titles: list[str]) -> None:
    """Pictures above, the same with a heat map [n, height, width] in 0..1 laid over below."""
    _, grid = plt.subplots(2, len(images), figsize=(1.35 * len(images), 3.4), squeeze=False)
    for column, title in enumerate(titles):
        height, width = images.shape[1:3]
        for axes in grid[:, column]:
            axes.imshow(images[column])
            axes.axis("off")
        grid[1, column].imshow(
            heat[column],
            cmap="viridis",
            alpha=0.6,
            interpolation="bilinear",
            extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        )
        grid[0, column].set_title(title, fontsize="small")
    plt.show()
