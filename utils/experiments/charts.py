"""Figures of notebook 06: recorded values are lines, the reader's own are stars on top."""

import matplotlib.pyplot as plt
import pandas as pd

from utils.experiments.amount import (
    BLOCKS,
    FINE_TUNED,
    LAST,
    PIXELS,
    PROBES,
    SMALL,
    by_validation,
    summary,
)
from utils.plots import BLUE, GREY, ORANGE

LIGHT, DARK, PURPLE = "#5F9ED1", "#595959", "#440154"  # the last is viridis's
DATA = ("#C85200", "#21918C", "black", "#FFBC79", "#898989")  # colours of data sets
SHOWN = {  # colour, line, marker, width of the line
    FINE_TUNED: (ORANGE, "-", "D", 2.5),
    LAST: (BLUE, "-", "o", 1.5),
    "linear probe after block 4": (PURPLE, (0, (4, 1, 1, 1)), "P", 1.5),
    "linear probe after block 3": (LIGHT, "--", "^", 1.5),
    SMALL: (DARK, "-.", "v", 1.5),
    PIXELS: (GREY, ":", "s", 1.5),
}
STAR = {"ls": "", "marker": "*", "ms": 10, "mec": "black", "mew": 0.6, "capsize": 3}


def _tables(recorded: pd.DataFrame | None, own: pd.DataFrame) -> tuple[list, list[str]]:
    """The tables that there are, each with how it is drawn, and the names of their data sets."""
    tables = [(own, STAR)] if recorded is None else [(recorded, None), (own, STAR)]
    return tables, list(dict.fromkeys(name for table, _ in tables for name in table.data))


def show_amounts(recorded: pd.DataFrame | None, own: pd.DataFrame) -> None:
    """Accuracy against the number of training pictures, a panel and a scale for each data set."""
    tables, names = _tables(recorded, own)
    figure, grid = plt.subplots(1, len(names), figsize=(3.1 * len(names) + 0.6, 4.6), squeeze=False)
    for axes, name in zip(grid[0], names, strict=True):
        for place, (case, (colour, line, marker, width)) in enumerate(SHOWN.items()):
            for table, star in tables:
                style = star or {"ls": line, "lw": width, "marker": marker, "ms": 4, "capsize": 3}
                part = summary(table)
                part = part[(part.data == name) & (part.case == case)].sort_values("pictures")
                apart = part.pictures * 1.05 ** (place - 2)  # or stars would hide each other
                axes.errorbar(apart, part.accuracy, part["std"], color=colour, **style)
        axes.set(xscale="log", title=name, xlabel="training pictures")
        axes.set_ylim(top=min(1, axes.get_ylim()[1]))
        numbers = sorted({n for table, _ in tables for n in table.pictures[table.data == name]})
        axes.set_xticks(numbers, [f"{n:,}" for n in numbers], rotation=45)
        axes.minorticks_off()
    grid[0, 0].set_ylabel("test accuracy")
    lines = {
        case: plt.Line2D([], [], color=colour, ls=line, lw=width, marker=marker, ms=4)
        for case, (colour, line, marker, width) in SHOWN.items()
    }
    star = {name: value for name, value in STAR.items() if name != "capsize"}
    lines["measured just now"] = plt.Line2D([], [], color="white", **star)
    figure.legend(lines.values(), lines, loc="outside lower center", ncols=4, fontsize="small")
    plt.show()


def show_depth(recorded: pd.DataFrame | None, own: pd.DataFrame, pictures: int) -> None:
    """Accuracy of a linear probe against the block it follows.

    The block that validation prefers is ringed. A data set that was not measured on `pictures` is
    drawn at the nearest number.
    """
    _, axes = plt.subplots(figsize=(7, 3.8))
    tables, names = _tables(recorded, own)
    colours = dict(zip(names, DATA, strict=False))
    for table, star in tables:
        for name, rows in table[table.case.isin(PROBES)].groupby("data", sort=False):
            near = rows.pictures.iloc[(rows.pictures - pictures).abs().argmin()]
            rows = rows[rows.pictures == near]
            part = summary(rows).set_index("case").loc[list(PROBES)]
            label = name if near == pictures else f"{name}, {near:,}"
            label += ", measured just now" if star else ""
            style = star or {"marker": "o", "ms": 4, "capsize": 3}
            places = [block + 0.07 * (names.index(name) - 1) for block in BLOCKS]
            colour, best = colours[name], part.index.get_loc(by_validation(rows)[0])
            axes.errorbar(places, part.accuracy, part["std"], color=colour, label=label, **style)
            ring = {"ms": 15, "mfc": "none", "color": colour}
            axes.plot(places[best], part.accuracy.iloc[best], "o", **ring)
    axes.set(xlabel="the block after which the base is cut", ylabel="test accuracy", ylim=(0, 1))
    axes.set(xticks=list(BLOCKS), title=f"{pictures:,} training pictures")
    axes.legend(fontsize="small")
    plt.show()
