"""Figures of notebook 06: recorded values are lines, the reader's own are stars on top."""

import matplotlib.pyplot as plt
import pandas as pd

from utils.experiments.amount import BLOCKS, NEAREST_MEAN, PROBES, summary
from utils.plots import BLUE, GREY, ORANGE

LIGHT, DARK, RUST = "#5F9ED1", "#595959", "#C85200"
SHOWN = {  # the ways of the rule of thumb: colour, line, marker
    "from scratch": (GREY, ":", "s"),
    "linear probe after block 5": (BLUE, "-", "o"),
    "linear probe after block 3": (LIGHT, "--", "^"),
    "fine-tuned": (ORANGE, "-", "D"),
    NEAREST_MEAN: (DARK, "-.", "v"),
}
STAR = {"ls": "", "marker": "*", "ms": 10, "mec": "black", "mew": 0.6}


def _tables(recorded: pd.DataFrame | None, own: pd.DataFrame) -> tuple[list, list[str]]:
    """The tables that there are, each with how it is drawn, and the names of their data sets."""
    tables = [(own, STAR)] if recorded is None else [(recorded, None), (own, STAR)]
    return tables, list(dict.fromkeys(name for table, _ in tables for name in table.data))


def show_amounts(recorded: pd.DataFrame | None, own: pd.DataFrame) -> None:
    """Accuracy against the number of training pictures, a panel for each data set."""
    tables, names = _tables(recorded, own)
    size = (3.1 * len(names) + 0.6, 3.9)
    figure, grid = plt.subplots(1, len(names), figsize=size, sharey=True, squeeze=False)
    for axes, name in zip(grid[0], names, strict=True):
        for case, (colour, line, marker) in SHOWN.items():
            for table, star in tables:
                style = star or {"ls": line, "marker": marker, "ms": 4, "capsize": 3}
                part = summary(table)
                part = part[(part.data == name) & (part.case == case)]
                std = None if star else part["std"]
                axes.errorbar(part.pictures, part.accuracy, std, color=colour, **style)
        axes.set(xscale="log", title=name, xlabel="training pictures", ylim=(0, 1))
    grid[0, 0].set_ylabel("test accuracy")
    lines = {c: plt.Line2D([], [], color=k, ls=s, marker=m, ms=4) for c, (k, s, m) in SHOWN.items()}
    lines["measured just now"] = plt.Line2D([], [], color="white", **STAR)
    figure.legend(lines.values(), lines, loc="outside lower center", ncols=6, fontsize="small")
    plt.show()


def show_depth(recorded: pd.DataFrame | None, own: pd.DataFrame, pictures: int) -> None:
    """Accuracy of a linear probe against the block it follows; the best block ringed.

    A data set that was not measured on `pictures` is drawn at the nearest number.
    """
    _, axes = plt.subplots(figsize=(7, 3.8))
    tables, names = _tables(recorded, own)
    colours = dict(zip(names, (BLUE, ORANGE, DARK, LIGHT, RUST), strict=False))
    for table, star in tables:
        for name, part in summary(table[table.case.isin(PROBES)]).groupby("data", sort=False):
            near = part.pictures.iloc[(part.pictures - pictures).abs().argmin()]
            part = part[part.pictures == near].set_index("case").loc[list(PROBES)]
            label = name if near == pictures else f"{name}, {near:,}"
            label, std = (f"{label}, measured just now", None) if star else (label, part["std"])
            style = star or {"marker": "o", "ms": 4, "capsize": 3}
            colour, best = colours[name], int(part.accuracy.argmax())
            axes.errorbar(BLOCKS, part.accuracy, std, color=colour, label=label, **style)
            ring = {"ms": 15, "mfc": "none", "color": colour}
            axes.plot(BLOCKS[best], part.accuracy.iloc[best], "o", **ring)
    axes.set(xlabel="the block after which the base is cut", ylabel="test accuracy", ylim=(0, 1))
    axes.set(xticks=BLOCKS, title=f"{pictures:,} training pictures")
    axes.legend(fontsize="small")
    plt.show()
