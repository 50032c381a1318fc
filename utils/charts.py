"""Figures of measurements: accuracy against data, against depth, who wins, and what speed costs.

Each function draws one figure and returns nothing. Recorded values are lines, the reader's own
are stars on top. Taught in notebooks 06 and 07.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from utils.amount import BLOCKS, NO_TRAINING, linear_case, summary, winners
from utils.plots import BLUE, GREY, ORANGE

SHOWN = {  # the ways of the rule of thumb: colour, line, marker
    "from scratch": (GREY, ":", "s"),
    linear_case(5): (BLUE, "-", "o"),
    linear_case(3): ("#5F9ED1", "--", "^"),
    "fine-tuned": (ORANGE, "-", "D"),
    NO_TRAINING: ("#595959", "-.", "v"),
}
SHORT = {"from scratch": "scratch", "fine-tuned": "fine-tuned", NO_TRAINING: "no training"} | {
    linear_case(block): f"block {block}" for block in BLOCKS
}


def show_amounts(recorded: pd.DataFrame | None, own: pd.DataFrame) -> None:
    """Accuracy against the number of training pictures, a panel for each data set."""
    tables = [table for table in (recorded, own) if table is not None]
    names = list(dict.fromkeys(name for table in tables for name in table.data))
    _, grid = plt.subplots(
        1, len(names), figsize=(3.1 * len(names) + 0.6, 3.9), sharey=True, squeeze=False
    )
    for axes, name in zip(grid[0], names, strict=True):
        for case, (colour, line, marker) in SHOWN.items():
            style = {"color": colour, "marker": marker, "label": case}
            if recorded is not None:
                part = _part(summary(recorded), name, case)
                axes.errorbar(
                    part.pictures, part.accuracy, part.spread, ls=line, capsize=3, ms=4, **style
                )
            mine = _part(summary(own), name, case)
            axes.plot(mine.pictures, mine.accuracy, "*", color=colour, mec="black", mew=0.6, ms=10)
        axes.set(xscale="log", title=name, xlabel="training pictures", ylim=(0, 1))
    grid[0, 0].set_ylabel("test accuracy")
    handles = [
        plt.Line2D([], [], color=colour, ls=line, marker=marker, ms=4)
        for colour, line, marker in SHOWN.values()
    ]
    labels = list(SHOWN)
    stars = plt.Line2D([], [], ls="", marker="*", color="white", mec="black", ms=10)
    grid[0, 0].figure.legend(
        [*handles, stars],
        [*labels, "measured just now"],
        loc="outside lower center",
        ncols=6,
        fontsize="small",
    )
    plt.show()


def show_depth(recorded: pd.DataFrame | None, own: pd.DataFrame, pictures: int) -> None:
    """Accuracy of a linear classifier against the block that it stands behind; the best ringed."""
    _, axes = plt.subplots(figsize=(7, 3.8))
    cases = [linear_case(block) for block in BLOCKS]
    recorded_names = [] if recorded is None else list(recorded.data)
    names = list(dict.fromkeys([*recorded_names, *own.data]))
    colours = dict(zip(names, (BLUE, ORANGE, "#595959", "#5F9ED1", "#C85200"), strict=False))
    for table, marker, line in ((recorded, "o", "-"), (own, "*", "")):
        if table is None:
            continue
        means = summary(table[table.pictures == pictures])
        for name in means.data.unique():
            part = means[means.data == name].set_index("case").reindex(cases)
            accuracy = part.accuracy.to_numpy()
            if np.isnan(accuracy).any():
                continue
            label = name if marker == "o" else f"{name}, measured just now"
            style = {"color": colours[name], "marker": marker, "label": label}
            if line:
                axes.errorbar(BLOCKS, accuracy, part.spread, ls=line, capsize=3, ms=4, **style)
            else:
                axes.plot(BLOCKS, accuracy, ls="", ms=10, mec="black", mew=0.6, **style)
            best = int(accuracy.argmax())
            axes.plot(BLOCKS[best], accuracy[best], "o", ms=15, mfc="none", color=colours[name])
    axes.set(
        xlabel="the block behind which the base is cut",
        ylabel="test accuracy",
        xticks=BLOCKS,
        title=f"{pictures:,} training pictures",
        ylim=(0, 1),
    )
    if axes.get_legend_handles_labels()[0]:  # else nothing was measured on so many pictures
        axes.legend(fontsize="small")
    plt.show()


def show_map(table: pd.DataFrame) -> None:
    """The decision map: which case wins at each data set and number of pictures."""
    best = winners(table)
    names, counts = list(dict.fromkeys(best.data)), sorted(best.pictures.unique())
    _, axes = plt.subplots(figsize=(1.9 * len(counts) + 1.4, 0.8 * len(names) + 1.0))
    colours = {"from scratch": "#EDEDED", "fine-tuned": "#FFBC79"}
    for row in best.itertuples():
        x, y = counts.index(row.pictures), names.index(row.data)
        axes.add_patch(
            plt.Rectangle((x, y), 1, 1, fc=colours.get(row.case, "#C7DDF0"), ec="white", lw=3)
        )
        second = "" if row.sure else f"\nor {SHORT[row.second]}"
        axes.text(
            x + 0.5, y + 0.5, f"{SHORT[row.case]}{second}\n{row.accuracy:.3f}",
            ha="center", va="center", fontsize="small", color="black",
        )  # fmt: skip
    axes.set(xlim=(0, len(counts)), ylim=(len(names), 0), xlabel="training pictures")
    axes.set_xticks(np.arange(len(counts)) + 0.5, [f"{count:,}" for count in counts])
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    plt.show()


def show_steps(steps: pd.DataFrame) -> None:
    """Seconds of each step as bars, with the ratio to the step before."""
    _, axes = plt.subplots(figsize=(8, 0.5 * len(steps) + 1))
    bars = axes.barh(steps.step, steps.seconds, color=[GREY, *[BLUE] * (len(steps) - 1)])
    ratios = steps.seconds.shift() / steps.seconds
    labels = [
        f"{seconds:.1f} s" + (f"  ({ratio:.1f} times as fast)" if ratio == ratio else "")
        for seconds, ratio in zip(steps.seconds, ratios, strict=True)
    ]
    axes.bar_label(bars, labels, padding=5, fontsize="small")
    axes.set(xlabel="seconds", xlim=(0, steps.seconds.max() * 1.25))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    plt.show()


def show_roofline(rates: pd.DataFrame) -> None:
    """Measured pictures per second beside the bound that the measured peak sets."""
    _, axes = plt.subplots(figsize=(7, 0.55 * len(rates) + 1))
    axes.barh(rates.what, rates.bound, color="#EDEDED", ec=GREY, label="bound")
    bars = axes.barh(rates.what, rates.measured, height=0.5, color=BLUE, label="measured")
    share = [f"{row.measured:.0f}, {row.measured / row.bound:.0%}" for row in rates.itertuples()]
    axes.bar_label(bars, share, padding=4, fontsize="small")
    axes.set(xlabel="pictures per second")
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower right", fontsize="small")
    plt.show()


def show_growth(growth: pd.DataFrame) -> None:
    """Seconds and megabytes against the number of pictures, a line for each way."""
    _, panels = plt.subplots(1, 2, figsize=(9, 3.6))
    styles = zip(growth.way.unique(), (BLUE, ORANGE, "#595959"), ("-o", "--D", ":s"), strict=False)
    for way, colour, style in styles:
        part = growth[growth.way == way]
        for axes, column in zip(panels, ("seconds", "megabytes"), strict=True):
            axes.plot(part.pictures, part[column], style, color=colour, label=way)
            axes.set(xscale="log", yscale="log", xlabel="training pictures", ylabel=column)
            axes.set_xticks(part.pictures, [f"{count:,}" for count in part.pictures])
            axes.minorticks_off()
    panels[0].legend(fontsize="small")
    plt.show()


def show_sizes(sizes: pd.DataFrame) -> None:
    """Accuracy against speed at each picture side."""
    _, axes = plt.subplots(figsize=(5.5, 3.4))
    axes.plot(sizes.pictures_per_second, sizes.accuracy, "o-", color=BLUE)
    for row in sizes.itertuples():
        axes.annotate(
            f"{row.side:.0f} px", (row.pictures_per_second, row.accuracy),
            xytext=(6, 6), textcoords="offset points",
        )  # fmt: skip
    axes.set(xlabel="pictures per second", ylabel="validation accuracy")
    axes.margins(0.15)
    plt.show()


def show_record(
    curve: pd.DataFrame, marks: tuple[float, ...], other: pd.DataFrame | None = None
) -> None:
    """Validation accuracy against minutes, coloured by picture side, with lines at `marks`.

    The curve of an `other` recipe, that with Muon, is one thin line.
    """
    _, axes = plt.subplots(figsize=(7.5, 3.8))
    if other is not None:
        axes.plot(
            other.minutes, other.validation_accuracy, "x-.", color="black", lw=1, ms=5,
            label="validation, recipe with Muon",
        )  # fmt: skip
    axes.plot(curve.minutes, curve.training_accuracy, ":", color=GREY, label="training")
    axes.plot(curve.minutes, curve.validation_accuracy, color=GREY, lw=1)
    looks = zip(
        sorted(curve.side.unique()), ("s", "^", "o"), (ORANGE, "#5F9ED1", BLUE), strict=False
    )
    for side, marker, colour in looks:
        part = curve[curve.side == side]
        axes.plot(
            part.minutes, part.validation_accuracy, marker, color=colour,
            label=f"validation, {side:.0f} px",
        )  # fmt: skip
    for mark in marks:
        axes.axhline(mark, color="black", lw=0.8, ls="--")
        axes.annotate(
            f"{mark}", (0.01, mark), xycoords=axes.get_yaxis_transform(),
            xytext=(0, 2), textcoords="offset points", fontsize=8,
        )  # fmt: skip
    axes.set(xlabel="minutes", ylabel="accuracy", ylim=(None, 1.0))
    axes.legend(fontsize="small", loc="lower right")
    plt.show()


def show_ingredients(table: pd.DataFrame, whole: str) -> None:
    """What leaving out each ingredient costs, in points of validation accuracy."""
    means = table.groupby("recipe", sort=False).validation_accuracy.mean()
    cost = ((means[whole] - means.drop(whole)) * 100).sort_values()
    _, axes = plt.subplots(figsize=(7.5, 0.45 * len(cost) + 0.9))
    bars = axes.barh(cost.index, cost, color=[BLUE if value > 0 else GREY for value in cost])
    axes.bar_label(bars, [f"{value:+.1f}" for value in cost], padding=4)
    axes.set(xlabel="points of validation accuracy lost without it")
    axes.margins(x=0.15)
    axes.grid(axis="y", visible=False)
    plt.show()


def _part(means: pd.DataFrame, name: str, case: str) -> pd.DataFrame:
    return means[(means.data == name) & (means.case == case)].sort_values("pictures")
