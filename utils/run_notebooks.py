"""Execute notebooks in order, showing how far they are, and keep an HTML copy of each.

python -m utils.run_notebooks               all into outputs/notebooks/
python -m utils.run_notebooks 03            only those whose name starts so
python -m utils.run_notebooks --in-place    refresh the committed notebooks themselves
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter

from utils import files, hardware
from utils.settings import REPOSITORY, full_path, outputs_folder

NOTEBOOKS = REPOSITORY / "notebooks"
CELL_TIMEOUT = 24 * 3600  # seconds; training on all of CIFAR-10 takes hours on a CPU


class Progress:
    """One line that tells notebook, cell, time gone and time left.

    What is left is guessed from the seconds that each cell took when the notebooks were recorded,
    times how much slower or faster this run has been so far.
    """

    def __init__(self, notebooks: dict[Path, nbformat.NotebookNode]):
        self.expected = {
            (path, place): cell.metadata.get("recorded_seconds", 1.0)
            for path, notebook in notebooks.items()
            for place, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
        }
        self.paths = list(notebooks)
        self.cells_done, self.start = [], time.monotonic()
        self.live = sys.stdout.isatty()

    def starting(self, path: Path, place: int) -> None:
        cells = [p for q, p in self.expected if q == path]
        where = f"[{self.paths.index(path) + 1}/{len(self.paths)}] {path.name}"
        which = f"cell {cells.index(place) + 1}/{len(cells)}"
        gone = time.monotonic() - self.start
        line = f"{where:<30} {which:<11} {clock(gone)} gone, about {clock(self.left(gone))} left"
        print(f"\r{line}" if self.live else line, end="" if self.live else "\n", flush=True)

    def finished(self, path: Path, place: int) -> None:
        self.cells_done.append((path, place))

    def left(self, gone: float) -> float:
        done = sum(self.expected.get(cell, 0.0) for cell in self.cells_done)
        pace = gone / done if done > 5 else 1.0
        return pace * (sum(self.expected.values()) - done)


def shown(path: Path) -> str:
    """The path as seen from here, where it can be."""
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive of Windows
        return str(path)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def execute(path: Path, notebook: nbformat.NotebookNode, progress: Progress) -> float:
    """Execute in place, in a fresh kernel, from the notebook's own folder; returns the seconds."""
    begun = {}

    def on_start(cell, cell_index):
        begun[cell_index] = time.monotonic()
        progress.starting(path, cell_index)

    def on_done(cell, cell_index, **_):
        seconds = time.monotonic() - begun[cell_index]
        cell.metadata["recorded_seconds"] = round(seconds, 2)
        progress.finished(path, cell_index)

    start = time.monotonic()
    NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=40"],  # no note that localhost is unencrypted
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        coalesce_streams=True,
        record_timing=False,
        on_cell_execute=on_start,
        on_cell_executed=on_done,
    ).execute()
    return time.monotonic() - start


def write(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write the notebook and, unless it is a committed one, an HTML copy beside it."""
    with files.whole_file(target) as temporary:
        nbformat.write(notebook, temporary)
    if target.parent != NOTEBOOKS:
        html, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)
        with files.whole_file(target.with_suffix(".html")) as temporary:
            temporary.write_text(html, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="beginnings of notebook names; none: all")
    parser.add_argument("--in-place", action="store_true", help="refresh notebooks/ itself")
    options = parser.parse_args(arguments)
    outputs = outputs_folder()
    for name in ("TRANSFER_OUTPUTS", "KERAS_HOME"):  # kernels start in another folder
        if os.environ.get(name):
            os.environ[name] = str(full_path(os.environ[name]))
    folder = NOTEBOOKS if options.in_place else outputs / "notebooks"
    found = sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))
    wanted = [p for p in found if not options.names or p.name.startswith(tuple(options.names))]
    if not wanted:
        print(f"No notebook begins with {' or '.join(options.names)}; there are:")
        print("\n".join(f"  {path.name}" for path in found))
        return 2
    if not options.in_place:  # or what an earlier run left would pass for this one's
        for path in wanted:
            for ending in (".ipynb", ".html"):
                (folder / path.name).with_suffix(ending).unlink(missing_ok=True)
            if path.name.startswith("05"):
                (outputs / "scoreboard.csv").unlink(missing_ok=True)
    notebooks = {path: nbformat.read(path, as_version=4) for path in wanted}
    progress = Progress(notebooks)
    for path, notebook in notebooks.items():
        try:
            seconds = execute(path, notebook, progress)
        except (CellExecutionError, DeadKernelError) as error:  # dead: often out of memory
            if not options.in_place:
                write(notebook, folder / path.name)
            text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # without colours
            print(f"\n{path.name} stopped with an error:\n{text}", file=sys.stderr)
            return 1
        notebook.metadata["recorded_seconds"] = round(seconds, 1)
        if options.in_place:
            say_minutes(notebook, seconds)
        write(notebook, folder / path.name)
        print(
            f"{chr(13) if progress.live else ''}{path.name:<30} done in {clock(seconds)}{' ' * 30}"
        )
    print(f"\nExecuted notebooks, models and logs lie in {shown(outputs)}.")
    if any(path.name.startswith("05") for path in wanted):
        show_scoreboard(outputs / "scoreboard.csv")
    return 0


def say_minutes(notebook: nbformat.NotebookNode, seconds: float) -> None:
    """Put the measured minutes into the notebook's header, and with which number format."""
    header, minutes = notebook.cells[0], f"{seconds / 60:.1f}"
    how = "with" if hardware.choose_precision()[0] == "mixed_bfloat16" else "without"
    header.source = re.sub(r"(\*\*Minutes\*\* \| )\S+", rf"\g<1>{minutes}", header.source, count=1)
    header.source = re.sub(
        r"\(measured on two CPU cores [^)]*\)",
        f"(measured on two CPU cores {how} bfloat16)",
        header.source,
    )


def show_scoreboard(path: Path) -> None:
    board = pd.read_csv(path)
    print(f"\nScoreboard ({shown(path)}):\n")
    print(board.to_string(index=False, formatters={"trainable_parameters": "{:,}".format}))


if __name__ == "__main__":
    sys.exit(main())
