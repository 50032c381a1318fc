"""Notebooks for a workshop: `python -m utils.publish.workshop` writes them to outputs/workshop.

With `--language zh_CN` they are Chinese, with the checks' hints, and go to outputs/workshop-zh.

An exercise is four cells: the task and the cell to fill in (tag "exercise"), the check ("check"),
and a folded solution ("solution") whose code block takes the place of the cell to fill in.
"""

import argparse
import os
import posixpath
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

from utils.files import REPOSITORY
from utils.publish.languages import LanguageError, find, pages, texts
from utils.publish.languages.hints import FOLDED, NOTES
from utils.publish.series import MARK, NOTEBOOKS, series
from utils.settings import outputs_folder

KINDS = {
    "participant": "exercises to fill in and their checks, without solutions",
    "solution": "the solutions in the cells to fill in",
    "instructor": "exercises, solutions, and the notes of teaching.md",
}
CODE = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
FOLD = re.compile(r"<details><summary>(.*?)</summary>\n(.*?)\n?</details>", re.DOTALL)


def has(cell: nbformat.NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def solution_code(cell: nbformat.NotebookNode) -> str:
    """The code of a solution's cell."""
    found = CODE.findall(cell.source)
    if len(found) != 1:
        raise ValueError(f"cell {cell.id}: a solution has one block of Python, not {len(found)}")
    return found[0]


def generate(
    path: Path, kind: str, home: str, language: str = "", edition: dict[str, str] | None = None
) -> nbformat.NotebookNode:
    """A notebook of one kind, not executed; `home` leads from its folder to the repository.

    `edition` has the pages in `language`, as `pages.edition` makes them.
    """
    text, folder, say = path.read_text(encoding="utf-8"), "notebooks", str
    notes = (NOTEBOOKS / "teaching.md").read_text(encoding="utf-8")
    if language:
        own, say = f"notebooks/{find(language).folder}", pages.translator(language, pages.HINTS)
        notes = edition.get(f"{own}/teaching.md", notes)
        if f"{own}/{path.name}" in edition:
            text, folder = edition[f"{own}/{path.name}"], own
    notebook = nbformat.reads(text, as_version=4)
    fields = {"collapsed", "scrolled", "recorded_seconds"}
    ClearOutputPreprocessor(remove_metadata_fields=fields).preprocess(notebook, {})
    for field in ("recorded_seconds", MARK):
        notebook.metadata.pop(field, None)
    if kind == "participant":
        TagRemovePreprocessor(remove_cell_tags={"solution"}).preprocess(notebook, {})
    if kind == "instructor":  # what teaching.md says of it, in a section such as "### 01 Download"
        found = re.search(rf"^### {path.name[:2]} .*?(?=^##|\Z)", notes, re.M | re.S)
        text = f"> **{say(NOTES)}**\n\n" + (found[0].strip() if found else "")
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text, id=f"{path.name[:2]}-notes"))
    for cell in notebook.cells:
        if has(cell, "exercise") and cell.cell_type == "code":
            to_fill_in = cell
        cell.source = re.sub(f" ?{say(FOLDED)}", "", cell.source).rstrip()
        if kind == "participant":
            if has(cell, "exercise-open"):  # other folds hold no solution
                cell.source = FOLD.sub("", cell.source).rstrip()
        elif kind == "instructor":
            cell.source = FOLD.sub(r"**\1**\n\2", cell.source)
        elif has(cell, "solution"):
            to_fill_in.source = solution_code(cell)
            cell.source = CODE.sub("", FOLD.sub(r"\2", cell.source)).strip()
        if cell.cell_type == "markdown":
            cell.source = lead_home(cell.source, folder, home)
        elif has(cell, "setup"):
            cell.source = cell.source.replace('".."', f'"{home}"')
            if language:
                speak = f'os.environ["TRANSFER_LANGUAGE"] = "{language}"  # of the hints'
                cell.source = f"import os\n{cell.source}\n\n{speak}"
    return notebook


def lead_home(text: str, folder: str, home: str) -> str:
    """The text with its links leading to the repository, except those within its folder."""
    neighbours = {"glossary.md", *(path.name for path in series())}

    def lead(found: re.Match) -> str:
        target, anchor = found[2], f"#{found[3]}" if found[3] else ""
        if posixpath.basename(target) in neighbours:
            return f"]({posixpath.basename(target)}{anchor}"
        path = posixpath.normpath(posixpath.join(folder, target))
        there = target and (REPOSITORY / path).exists()
        return f"]({home}/{path}{anchor}" if there else found[0]

    return texts.LINK.sub(lead, text)


def write(folder: Path, language: str = "") -> Path | None:
    """Write all notebooks of all kinds into `folder`, which is replaced when all are there.

    What somebody changed in it is kept under another name; returns that folder, or None.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    edition = pages.edition(language) if language else {}
    glossary = (NOTEBOOKS / "glossary.md").read_text(encoding="utf-8")
    if language:
        glossary = edition.get(f"notebooks/{find(language).folder}/glossary.md", glossary)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="workshop-") as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        for kind in KINDS:
            (new / kind).mkdir(parents=True)
            home = Path(os.path.relpath(REPOSITORY, folder / kind)).as_posix()
            for path in series():
                notebook = generate(path, kind, home, language, edition)
                nbformat.write(notebook, new / kind / path.name)
            (new / kind / "glossary.md").write_text(glossary, encoding="utf-8")
        if folder.exists():
            if contents(folder) != contents(new):
                old = folder.with_name(f"{folder.name}-{time.strftime('%Y%m%d-%H%M%S')}")
            folder.rename(old)
        new.rename(folder)
    return old if old.exists() else None


def contents(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language", default="", help="a code such as zh_CN; default: English")
    language = parser.parse_args(arguments).language
    try:
        part = f"-{find(language).folder}" if language else ""
        folder = outputs_folder() / f"workshop{part}"
        kept = write(folder, language)
    except LanguageError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The workshop's notebooks could not be written: {error}")
    if kept:
        print(f"The notebooks there were changed, or older; they are kept in {kept}")
    for kind, what in KINDS.items():
        print(f"{folder / kind}: {what}")


if __name__ == "__main__":
    main()
