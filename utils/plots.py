"""Figures of pictures, curves and scores. Each function draws one figure and returns nothing.

Colours are those of matplotlib's tableau-colorblind10; nothing depends on colour alone.
"""

import warnings
from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager

BLUE, ORANGE, GREY = "#006BA4", "#FF800E", "#ABABAB"

CHINESE = (  # fonts that also have Japanese or Korean, on Linux, macOS and Windows
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "PingFang SC",
    "Hiragino Sans GB", "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei",
    "Droid Sans Fallback", "Arial Unicode MS",
)  # fmt: skip
_named: set[str] = set()  # characters that no font has, once the reader knows


def use_style() -> None:
    """Set matplotlib to the look of these notebooks, and to fonts for other scripts."""
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
    installed = {font.name for font in font_manager.fontManager.ttflist}
    # Not into font.sans-serif: of those names matplotlib takes one, and no other for what it lacks.
    found = [name for name in CHINESE if name in installed][:1]
    plt.rcParams["font.family"] = ["sans-serif", *found]
    # `find_fonts` says it once; matplotlib would, for each character in each figure.
    warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)


def show_pictures(images: np.ndarray, titles=None, *, columns: int = 10, size: float = 1.0) -> None:
    """Pictures [n, height, width, 3] in rows, with a title each; `size` in inches a picture."""
    if len(images) == 0:
        print("There are none.")
        return
    find_fonts(titles if titles is not None else ())
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
            axes.set_title(titles[place], fontsize="small", parse_math=False)  # $ is a dollar
    plt.show()


def find_fonts(texts: Iterable[str]) -> None:
    """Use more fonts where these texts need them; say, once, which characters no font has."""
    families = plt.rcParams["font.family"]
    wanted = {letter for text in texts for letter in text if ord(letter) > 0x2FF} - _named
    for family in families:
        path = font_manager.findfont(font_manager.FontProperties(family=[family]))
        wanted = wanted and wanted - _letters(path)
    for font in font_manager.fontManager.ttflist if wanted else ():
        known = set() if font.name.startswith(("Last", ".Last", "Adobe")) else _letters(font.fname)
        if wanted & known:
            families.append(font.name)
            wanted -= known
    plt.rcParams["font.family"] = families
    if wanted:
        _named.update(wanted)
        print(f"No font here has {' '.join(sorted(wanted))}, so figures show boxes.", end=" ")
        print("Install one, such as Noto Sans CJK (on Debian and Ubuntu fonts-noto-cjk).")


def _letters(path: str) -> set[str]:
    try:
        return set(map(chr, font_manager.get_font(path).get_charmap()))
    except (OSError, RuntimeError):  # a font that was removed, or that is damaged
        return set()


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
