"""The notebooks in random orders, stopped in a random cell, and twice at once in one folder.

Each is executed by the program behind `make run`, at the tiny size.
"""

import random
import re
from pathlib import Path

import nbformat

from tests.faults.trying import Fault, Outcome, Process, environment, plain
from utils.publish.series import series

ORDERS = 10
SECONDS = 1_800  # for one notebook
NAMES = [path.name[:2] for path in series()]


def execute(folder: Path, *names: str) -> Process:
    return Process(["-m", "utils.publish.execute", *names], environment(folder))


def ended(process: Process, name: str, folder: Path) -> str:
    """Wait for it: "" where all went well, else the last of what it said."""
    status = process.end(SECONDS)
    if status == 0:
        return ""
    return f"{name}: status {status}: {plain(process.text[-600:], folder)}"


def in_random_order(folder: Path, number: int) -> Outcome:
    """All notebooks, one after the other, on what the others have left."""
    names, seconds = random.Random(number).sample(NAMES, len(NAMES)), 0.0
    for name in names:
        process = execute(folder, name)
        if problem := ended(process, f"{name} of the order {' '.join(names)}", folder):
            return Outcome(False, problem, process.seconds)
        seconds += process.seconds
    return Outcome(True, f"every notebook ends well, such as {' '.join(names)}", seconds)


def restarted(folder: Path, number: int) -> Outcome:
    """A kernel is killed in a random cell; then its notebook is run from the first cell on."""
    path, name = series()[number], NAMES[number]
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(path, as_version=4).cells)
    cell = random.Random(number).randint(2, cells)
    process = execute(folder, name)
    if not process.saw(f"cell {cell}/{cells}", SECONDS):
        return Outcome(False, f"never in cell {cell}: {plain(process.text, folder)}", SECONDS)
    process.kill(children_only=True)
    status = process.end(process.seconds + 300)
    said = re.search(r"stopped with an error:\s+(.*)", process.text)
    if status != 1 or not said:
        return Outcome(False, f"status {status}: {plain(process.text[-300:], folder)}", SECONDS)
    again = execute(folder, name)
    problem = ended(again, f"{name} after cell {cell}", folder)
    done = f"{name}, cell {cell}: {said[1]}; then all cells run through"
    return Outcome(not problem, problem or done, again.seconds)


def twice_at_once(folder: Path, number: int) -> Outcome:
    """The second says at once that the first is at work; the first comes to its end."""
    first = execute(folder, "01", "02")
    first.saw("cell 2/", SECONDS)
    second = execute(folder, "01", "02")
    status, seconds = second.end(300), second.seconds
    refused = status == 1 and "another program" in second.text and "TRANSFER_OUTPUTS" in second.text
    problem = ended(first, "the first", folder)
    said = problem or f"the second ends: {plain(second.text[-600:], folder)}"
    return Outcome(refused and not problem, said, seconds)


FAULTS = [
    Fault("notebooks", "two copies of the series in one folder at once", twice_at_once),
    Fault("notebooks", "kernel killed in a random cell, run again", restarted, len(NAMES)),
    Fault("notebooks", "all of them in a random order", in_random_order, ORDERS),
]
