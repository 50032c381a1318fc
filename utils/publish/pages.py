"""Put recorded results into README and the front page, as tables between marks.

python -m utils.publish.pages                             fill the tables from data/results/
python -m utils.publish.pages toys --command "make run"   first record notebook 05's scoreboard

The second is given the command that made the scoreboard, and needs the same TRANSFER_* settings.
A table stands between `<!-- table NAME -->` and `<!-- end -->`.
"""

import argparse
import functools
import re
import sys
import textwrap
from pathlib import Path

import pandas as pd

from utils import files
from utils.experiments.results import RESULTS, provenance
from utils.files import REPOSITORY
from utils.settings import choose_settings

# README.zh-CN.md and its like are made from these.
PAGES = ("README.md", "notebooks/index.md", "tests/faults/README.md")
MARK = re.compile(r"(<!-- table ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def scoreboard(name: str) -> str:
    """The table of data/results/scoreboard-NAME.csv in Markdown."""
    board = pd.read_csv(RESULTS / f"scoreboard-{name}.csv")
    rows = [
        (
            row.case,
            f"{row.test_accuracy:.3f}",
            f"{row.trainable_parameters:,}",
            f"{row.seconds:.0f}",
        )
        for row in board.itertuples()
    ]
    return markdown(("way of training", "test accuracy", "trained parameters", "seconds"), rows)


def amount() -> str:
    """Accuracy on CIFAR-10 by number of training pictures in Markdown, means over the seeds."""
    table = pd.read_csv(RESULTS / "amount.csv").query("data == 'cifar10'")
    scores = table.groupby(["pictures", "case"])[["validation_accuracy", "accuracy"]].mean()
    scores = scores.sort_values("validation_accuracy").reset_index()
    probes = scores[scores.case.str.startswith("linear probe")].groupby("pictures").tail(1)
    ways = {"a linear classifier on the best block": probes}
    for case in ("fine-tuned", "small network from scratch"):
        ways[case] = scores[scores.case == case]
    means = pd.DataFrame({way: t.set_index("pictures").accuracy for way, t in ways.items()})
    rows = [
        (f"{count:,}", *(f"{value:.3f}" if value == value else "" for value in row))
        for count, row in zip(means.index, means.to_numpy(), strict=True)
    ]
    return markdown(("training pictures", *means), rows)


def record() -> str:
    """The table of the recorded run on all of CIFAR-10 in Markdown."""
    test, epochs = (pd.read_csv(RESULTS / f"{name}.csv") for name in ("record-test", "record"))
    about = files.read_json(RESULTS / "record-test.json")["settings"]
    test = test.iloc[0]
    accuracies = (f"{test[name]:.4f}" for name in ("accuracy", "flip_averaged", "six_views"))
    precision = about["precision"].removeprefix("mixed_")
    heads = ("precision", "epochs", "minutes", "test accuracy", "with mirror images", "six views")
    return markdown(heads, [(precision, str(len(epochs)), f"{test.minutes:.0f}", *accuracies)])


def faults() -> str:
    """What was tried by `make faults` in Markdown, and what happened."""
    if not (RESULTS / "faults.csv").exists():
        return "Not recorded yet: `make faults` takes hours.\n"
    table = pd.read_csv(RESULTS / "faults.csv")
    tried = table[table.as_it_should != "not tried"]
    wrong = (tried.as_it_should == "NO").sum()
    verdict = f"{wrong} did not end as they should" if wrong else "all ended as they should"
    total = f"{len(tried)} of {len(table)} faults were tried, {tried.tries.sum()} times; {verdict}"
    kinds = files.read_json(RESULTS / "faults.json")["kinds"].items()
    when = ", ".join(f"{kind} {made['revision']} ({made['date']})" for kind, made in kinds)
    short = functools.partial(textwrap.shorten, width=150, placeholder=" ...")
    rows = [
        (
            f"`{row.kind.removesuffix('s')}s`",
            row.fault,
            f"{row.right} of {row.tries}" if row.as_it_should != "not tried" else "not tried",
            short(row.what_happens).replace("|", "\\|").replace("<", "&lt;"),
            f"{row.seconds:.0f}",
            f"{row.megabytes:.0f}" if row.megabytes == row.megabytes else "",
        )
        for row in table.itertuples()
    ]
    heads = ("kind", "fault", "as it should be", "what happens", "seconds", "MB at most")
    return f"{total}. Revision and date, by kind: {when}.\n\n{markdown(heads, rows)}"


def markdown(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


TABLES = {
    "scoreboard-toys": lambda: scoreboard("toys"),
    "scoreboard-cifar10": lambda: scoreboard("cifar10"),
    "amount": amount,
    "record": record,
    "faults": faults,
}


def filled(text: str) -> str:
    """The text with every marked table made from data/results/."""
    return MARK.sub(lambda match: match[1] + TABLES[match[2]]() + match[3], text)


def keep_scoreboard(name: str, command: str) -> None:
    """Copy the scoreboard of the present settings to data/results/, with its provenance.

    Raises:
        SystemExit: the settings are about other pictures, or there is no scoreboard yet.
    """
    settings = choose_settings()
    if Path(settings.data).name != name:
        sys.exit(f"The pictures are {settings.data}, not {name}: set TRANSFER_DATA.")
    path = settings.folder / "scoreboard.csv"
    if not path.exists():
        sys.exit(f"There is no scoreboard.csv of {settings.edition} yet: execute notebook 05.")
    with files.whole_file(RESULTS / f"scoreboard-{name}.csv") as temporary:
        temporary.write_bytes(path.read_bytes())
    files.write_json(RESULTS / f"scoreboard-{name}.json", provenance(settings, command))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", help="a scoreboard to record: toys or cifar10")
    parser.add_argument("--command", help="the command that made it")
    options = parser.parse_args(arguments)
    if options.name:
        if not options.command:
            parser.error("give --command, the command that made the scoreboard")
        keep_scoreboard(options.name, options.command)
    for page in (REPOSITORY / name for name in PAGES):
        text = page.read_text(encoding="utf-8")
        with files.whole_file(page) as temporary:
            temporary.write_text(filled(text), encoding="utf-8")


if __name__ == "__main__":
    main()
