"""Which notebooks are the series, and whether somebody has worked in one of them.

Learners save notebooks of their own, and copies of ours, in the same folder; these stay theirs.
"""

import hashlib
import json
import re
from pathlib import Path

import nbformat

from utils.files import REPOSITORY

NOTEBOOKS = REPOSITORY / "notebooks"
MARK = "executed"  # in a notebook's metadata: the digest of its cells when they were executed


def series(folder: Path = NOTEBOOKS) -> list[Path]:
    """The notebooks that the folder's index.md links to, in order."""
    text = (folder / "index.md").read_text(encoding="utf-8")
    return [folder / name for name in sorted(set(re.findall(r"\]\((\d\d-[\w-]+\.ipynb)\)", text)))]


def digest(notebook: nbformat.NotebookNode) -> str:
    """What changes with any code cell or its output, and with nothing else."""
    stored = nbformat.reads(nbformat.writes(notebook), as_version=4)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    text = json.dumps([[c.execution_count, c.source, c.outputs] for c in code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def saved_by_hand(path: Path) -> bool:
    """Whether code or outputs differ from what was written when the notebook was executed.

    False where there is no notebook, or none that bears our mark.
    """
    if not path.is_file():
        return False
    notebook = nbformat.read(path, as_version=4)
    return notebook.metadata.get(MARK, digest(notebook)) != digest(notebook)
