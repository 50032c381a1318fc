"""Notebooks for a workshop: `python -m utils.publish.workshop` writes them to outputs/workshop.

An exercise is four cells: the task and the cell to fill in (tag "exercise"), the check ("check"),
and a folded solution ("solution") whose code block takes the place of the cell to fill in.
"""

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

from utils.files import REPOSITORY
from utils.publish.series import MARK, NOTEBOOKS, series
from utils.settings import outputs_folder

KINDS = {
    "participant": "exercises to fill in and their checks, without solutions",
    "solution": "the solutions in the cells to fill in",
    "instructor": "exercises, solutions, and the notes of teaching.md",
}
FOLDED = " The solutions are folded."  # where exercises begin; not true of participants' notebooks
CODE = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
FOLD = re.compile(r"<details><summary>Solution</summary>\n(.*?)\n?</details>", re.DOTALL)


def has(cell: nbformat.NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def solution_code(cell: nbformat.NotebookNode) -> str:
    """The code of a solution's cell."""
    found = CODE.findall(cell.source)
    if len(found) != 1:
        raise ValueError(f"cell {cell.id}: a solution has one block of Python, not {len(found)}")
    return found[0]


def generate(path: Path, kind: str, home: str) -> nbformat.NotebookNode:
    """A notebook of one kind, not executed; `home` leads from its folder to the repository."""
    notebook = nbformat.read(path, as_version=4)
    fields = {"collapsed", "scrolled", "recorded_seconds"}
    ClearOutputPreprocessor(remove_metadata_fields=fields).preprocess(notebook, {})
    for field in ("recorded_seconds", MARK):
        notebook.metadata.pop(field, None)
    if kind == "participant":
        TagRemovePreprocessor(remove_cell_tags={"solution"}).preprocess(notebook, {})
    if kind == "instructor":  # what teaching.md says of it, in a section such as "### 01 Download"
        teaching = (NOTEBOOKS / "teaching.md").read_text(encoding="utf-8")
        notes = re.search(rf"^### {path.name[:2]} .*?(?=^##|\Z)", teaching, re.M | re.S)
        text = "> **Notes for teachers.**\n\n" + (notes[0].strip() if notes else "")
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text, id=f"{path.name[:2]}-notes"))
    for cell in notebook.cells:
        if has(cell, "exercise") and cell.cell_type == "code":
            to_fill_in = cell
        if kind == "participant":
            cell.source = FOLD.sub("", cell.source).replace(FOLDED, "").rstrip()
        elif kind == "instructor":
            cell.source = FOLD.sub(r"**Solution**\n\1", cell.source)
        elif has(cell, "solution"):
            to_fill_in.source = solution_code(cell)
            cell.source = CODE.sub("", FOLD.sub(r"\1", cell.source)).strip()
        cell.source = cell.source.replace('".."', f'"{home}"').replace("](../", f"]({home}/")
    return notebook


def write(folder: Path) -> Path | None:
    """Write all notebooks of all kinds into `folder`, which is replaced when all are there.

    What somebody changed in it is kept under another name; returns that folder, or None.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="workshop-") as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        for kind in KINDS:
            (new / kind).mkdir(parents=True)
            home = Path(os.path.relpath(REPOSITORY, folder / kind)).as_posix()
            for path in series():
                nbformat.write(generate(path, kind, home), new / kind / path.name)
            shutil.copy(NOTEBOOKS / "glossary.md", new / kind)
        if folder.exists():
            if contents(folder) != contents(new):
                old = folder.with_name(f"{folder.name}-{time.strftime('%Y%m%d-%H%M%S')}")
            folder.rename(old)
        new.rename(folder)
    return old if old.exists() else None


def contents(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def main() -> None:
    folder = outputs_folder() / "workshop"
    try:
        kept = write(folder)
    except OSError as error:
        sys.exit(f"The workshop's notebooks could not be written: {error}")
    if kept:
        print(f"The notebooks there were changed, or older; they are kept in {kept}")
    for kind, what in KINDS.items():
        print(f"{folder / kind}: {what}")


if __name__ == "__main__":
    main()
