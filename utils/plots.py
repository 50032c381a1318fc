"""Figures of pictures, curves and scores. Each function draws one figure and returns nothing.

Colours are those of matplotlib's tableau-colorblind10; nothing depends on colour alone.
"""

import matplotlib.pyplot as plt
import numpy as np

BLUE, ORANGE, GREY = "#006BA4", "#FF800E", "#ABABAB"


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
        style = {"ha": "center", "fontsize": 8}
        middle, size = left + width / 2, "x".join(map(str, shape))
        axes.text(middle, height / 2 + 0.08, name, va="bottom", **style)
        axes.text(middle, -height / 2 - 0.08, size, va="top", **style)
        left += width + 0.42
    trained, frozen, none = {"fc": ORANGE}, {"fc": BLUE, "hatch": "///"}, {"fc": "white"}
    kinds = {"trained": trained, "frozen": frozen, "no weights": none}
    handles = [plt.Rectangle((0, 0), 1, 1, ec="black", label=k, **v) for k, v in kinds.items()]
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
    yield "head", head.output_shape[1:], head.layers
