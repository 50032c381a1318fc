"""Notebooks for a workshop, generated from the committed ones by their cells' tags.

    python -m utils.workshop          into outputs/workshop/

participant/   exercises to fill in and their checks, without solutions
solution/      the solutions in the cells to fill in
instructor/    exercises, solutions, and the notes of teaching.md

An exercise is four cells: the task and the cell to fill in (tag "exercise"), the check ("check"),
and a folded solution ("solution") whose code block takes the place of the cell to fill in.
"""

import filecmp
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from utils.run_notebooks import NOTEBOOKS, shown
from utils.settings import REPOSITORY, outputs_folder

CODE = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
FOLD = re.compile(r"<details><summary>(.*?)</summary>\n(.*?)\n?</details>", re.DOTALL)
BESIDE = ("exercises.py", "glossary.md")  # what the notebooks need in their folder
TEACHING = NOTEBOOKS / "teaching.md"


def has(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def solution_code(cell: NotebookNode) -> str:
    """The code of a solution's cell."""
    found = CODE.findall(cell.source)
    if len(found) != 1:
        raise ValueError(f"cell {cell.id}: a solution has one block of Python, not {len(found)}")
    return found[0]


def participant(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Without solutions, also of the exercises that are not checked."""
    kept = [cell for cell in cells if not has(cell, "solution")]
    for cell in kept:
        if has(cell, "exercise-open"):
            cell.source = FOLD.sub("", cell.source).rstrip()
        if has(cell, "exercise-intro"):
            cell.source = re.sub(r" ?[^.]*solution[^.]*\.", "", cell.source)
    return kept


def solution(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The solution's code where one fills in, its words below the check."""
    place = None
    for k, cell in enumerate(cells):
        if has(cell, "exercise") and cell.cell_type == "code":
            place = k
        if has(cell, "solution"):
            cells[place].source = solution_code(cell)
            cell.source = CODE.sub("", FOLD.sub(r"\2", cell.source)).strip()
    return cells


def instructor(cells: list[NotebookNode]) -> list[NotebookNode]:
    """As committed, solutions unfolded."""
    for cell in cells:
        if has(cell, "solution") or has(cell, "exercise-open"):
            cell.source = FOLD.sub(r"**\1**\n\2", cell.source)
    return cells


KINDS: dict[str, Callable[[list[NotebookNode]], list[NotebookNode]]] = {
    "participant": participant,
    "solution": solution,
    "instructor": instructor,
}


def notes_on(number: str, teaching: str) -> str:
    """What teaching.md says of one notebook: its section "### 01 Download"."""
    found = re.search(rf"^### {number} .*?(?=^##|\Z)", teaching, re.MULTILINE | re.DOTALL)
    return found[0].strip() if found else ""


def generate(path: Path, kind: str, way_home: str) -> NotebookNode:
    """A notebook of one kind, not executed; `way_home` leads from its folder to the repository."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = KINDS[kind](notebook.cells)
    if kind == "instructor":
        notes = notes_on(path.name[:2], TEACHING.read_text(encoding="utf-8"))
        title = f"> **Notes for whoever teaches.**\n\n{notes}"
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(title, id=f"{path.name[:2]}-notes"))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.source = cell.source.replace('".."', f'"{way_home}"')
        else:
            cell.source = cell.source.replace("](../", f"]({way_home}/")
        cell.metadata.pop("recorded_seconds", None)
    notebook.metadata.pop("recorded_seconds", None)
    return notebook


def write(folder: Path) -> Path | None:
    """All notebooks in all kinds under `folder`, which is replaced when all are there.

    What it held before is kept beside it where it is something else; returns where.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="workshop-") as scratch:
        new = Path(scratch) / "new"
        for kind in KINDS:
            (new / kind).mkdir(parents=True)
            way_home = Path(os.path.relpath(REPOSITORY, folder / kind)).as_posix()
            for path in sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb")):
                nbformat.write(generate(path, kind, way_home), new / kind / path.name)
            for name in BESIDE:
                text = (NOTEBOOKS / name).read_text(encoding="utf-8")
                text = text.replace('".."', f'"{way_home}"')
                (new / kind / name).write_text(text, encoding="utf-8")
        kept = None
        if folder.exists() and not same(folder, new):  # somebody may have worked in it
            kept = folder.with_name(f"{folder.name}-{time.strftime('%Y%m%d-%H%M%S')}")
            folder.rename(kept)
        elif folder.exists():
            folder.rename(Path(scratch) / "old")
        new.rename(folder)
    return kept


def same(one: Path, other: Path) -> bool:
    """Whether both folders hold the same files."""
    names = [
        {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()} for folder in (one, other)
    ]
    return names[0] == names[1] and not filecmp.cmpfiles(one, other, names[0], shallow=False)[1]


def main() -> int:
    folder = outputs_folder() / "workshop"
    try:
        kept = write(folder)
    except OSError as error:
        print(f"The notebooks could not be written: {error}. Make room, or mend what it says.",
              file=sys.stderr)  # fmt: skip
        return 1
    if kept:
        print(f"What stood there had been worked on, or is older; it is kept in {shown(kept)}")
    for kind, words in zip(KINDS, ("without solutions", "filled in", "with notes"), strict=True):
        print(f"{kind:<12} {words:<18} {shown(folder / kind)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
