"""Execute notebooks in order, showing how far they are, and keep an HTML copy of each.

python -m utils.publish.execute               01 to 05, into outputs/notebooks/
python -m utils.publish.execute --all         all of them
python -m utils.publish.execute 03 06         only those whose names start so
python -m utils.publish.execute --in-place    refresh the committed notebooks themselves
"""

import argparse
import os
import re
import sys
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter

from utils import files
from utils.publish.series import MARK, NOTEBOOKS, digest, saved_by_hand, series
from utils.settings import full_path, outputs_folder

MAIN = ("01", "02", "03", "04", "05")
CELL_TIMEOUT = 24 * 3600  # seconds; training on all of CIFAR-10 takes hours on a CPU
WIDTH = 100  # characters of the line that shows progress


class Progress:
    """One line that shows notebook, cell, time, and the last line that the cell has printed.

    In a terminal the line is drawn again every second; elsewhere each cell prints one line.
    """

    def __init__(self, paths: list[Path]):
        self.paths, self.start = paths, time.monotonic()
        self.where = self.said = ""
        self.live = sys.stdout.isatty()
        if self.live:
            threading.Thread(target=self._keep_drawing, daemon=True).start()

    def starting(self, path: Path, cell: int, cells: int) -> None:
        number = self.paths.index(path) + 1
        self.where = f"[{number}/{len(self.paths)}] {path.stem}, cell {cell}/{cells}"
        self.said = ""
        if not self.live:
            print(self._line(), flush=True)

    def printed(self, text: str) -> None:
        lines = [line.strip() for line in re.split(r"[\r\n\x08]+", text) if line.strip()]
        self.said = lines[-1] if lines else self.said

    def finished(self, path: Path, seconds: float) -> None:
        self.where = ""
        line = f"{path.name:<28} done in {clock(seconds)}"
        print(f"\r{line:<{WIDTH}}" if self.live else line, flush=True)

    def _line(self) -> str:
        line = f"{clock(time.monotonic() - self.start)} {self.where}  {self.said}"
        return line[:WIDTH]

    def _keep_drawing(self) -> None:
        while True:
            if self.where:
                print(f"\r{self._line():<{WIDTH}}", end="", flush=True)
            time.sleep(1)


class Client(NotebookClient):
    """Executes a notebook with this environment's own Python, and passes on what cells print."""

    progress: Progress

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] == "stream":
            self.progress.printed(msg["content"]["text"])
        return super().process_message(msg, cell, cell_index)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def execute(path: Path, notebook: nbformat.NotebookNode, progress: Progress) -> float:
    """Execute all cells in a fresh kernel, from the notebook's own folder; returns the seconds."""
    code = [place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

    def on_start(cell, cell_index):
        progress.starting(path, code.index(cell_index) + 1, len(code))

    own_python_only = KernelSpecManager(kernel_dirs=[])
    client = Client(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=own_python_only),
        timeout=CELL_TIMEOUT,
        extra_arguments=["--IPKernelApp.log_level=40"],  # no note that localhost is unencrypted
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        coalesce_streams=True,
        record_timing=False,
        on_cell_execute=on_start,
    )
    client.progress, client.owns_km = progress, True  # the kernel ends with the notebook
    start = time.monotonic()
    client.execute()
    return time.monotonic() - start


def write(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write the notebook and, unless it is a committed one, an HTML copy next to it.

    A copy in which somebody has worked since it was written is kept under another name.
    """
    notebook.metadata[MARK] = digest(notebook)
    if target.parent != NOTEBOOKS and saved_by_hand(target):
        kept = target.with_stem(f"{target.stem}-{time.strftime('%Y%m%d-%H%M%S')}")
        target.rename(kept)
        print(f"\nSomebody has worked in {target.name}; that copy is now {kept.name}.")
    with files.whole_file(target) as temporary:
        nbformat.write(notebook, temporary)
    if target.parent != NOTEBOOKS:
        html, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)
        with files.whole_file(target.with_suffix(".html")) as temporary:
            temporary.write_text(html, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="beginnings of notebook names; none: 01 to 05")
    parser.add_argument("--all", action="store_true", help="all notebooks")
    parser.add_argument("--in-place", action="store_true", help="refresh notebooks/ itself")
    options = parser.parse_args(arguments)
    outputs = outputs_folder()
    for name in ("TRANSFER_OUTPUTS", "KERAS_HOME"):  # kernels start in another folder
        if os.environ.get(name):
            os.environ[name] = str(full_path(os.environ[name]))
    folder = NOTEBOOKS if options.in_place else outputs / "notebooks"
    starts = () if options.all or options.names else MAIN
    beginnings = tuple(options.names) or starts or ""
    wanted = [path for path in series(NOTEBOOKS) if path.name.startswith(beginnings)]
    if not wanted:
        print(f"No notebook begins with {' or '.join(options.names)}; there are:")
        print("\n".join(f"  {path.name}" for path in series(NOTEBOOKS)))
        print("Notebooks of your own run in JupyterLab: make lab.")
        return 2
    if missing := [path.name for path in wanted if not path.is_file()]:
        print(f"Missing in {NOTEBOOKS}: {', '.join(missing)}. `make check` says how to get them.")
        return 2
    board = outputs / "scoreboard.csv"
    if any(path.name.startswith("05") for path in wanted):
        try:
            board.unlink(missing_ok=True)  # or an earlier run's would pass for this one's
        except OSError as error:  # a spreadsheet has it open
            raise files.cannot_write(board, error) from error
    progress = Progress(wanted)
    for path in wanted:
        notebook = nbformat.read(path, as_version=4)
        try:
            seconds = execute(path, notebook, progress)
        except (CellExecutionError, DeadKernelError) as error:  # dead: often out of memory
            if not options.in_place:
                write(notebook, folder / path.name)
            text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # without colours
            print(f"\n{path.name} stopped with an error:\n{text}", file=sys.stderr)
            if saved_by_hand(path):
                print(
                    "Its cells were changed since it was handed out. Save yours under another "
                    f"name, then `git checkout -- notebooks/{path.name}` brings ours back.",
                    file=sys.stderr,
                )
            return 1
        write(notebook, folder / path.name)
        progress.finished(path, seconds)
    print(f"\nExecuted notebooks, models and logs are in {os.path.relpath(outputs)}.")
    if board.exists():
        table = pd.read_csv(board)
        print(f"\nScoreboard ({os.path.relpath(board)}):\n")
        print(table.to_string(index=False, formatters={"trainable_parameters": "{:,}".format}))
    return 0


if __name__ == "__main__":
    try:
        with files.alone_in(outputs_folder()):
            sys.exit(main())
    except files.CannotWriteError as error:
        sys.exit(str(error))
