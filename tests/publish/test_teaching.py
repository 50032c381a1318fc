"""The cell of teaching.md that fetches everything in Colab: twice, with a restart in between."""

import re
import shutil
import subprocess

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from utils.files import REPOSITORY
from utils.publish.series import NOTEBOOKS


@pytest.mark.skipif(not shutil.which("git"), reason="the cell clones with git")
def test_the_setup_cell_can_be_executed_again_after_a_restart(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source = tmp_path / "source"
    shutil.copytree(REPOSITORY / "utils", source / "utils")
    # With something in it, because git keeps no empty folder.
    shutil.copytree(NOTEBOOKS / "locale", source / "notebooks" / "locale")
    for name in ("requirements.txt", "constraints.txt"):
        (source / name).write_text("pooch\n")  # as installed: pip has nothing to do
    add = "git init -q && git add . && git -c user.name=x -c user.email=x commit -qm all"
    subprocess.run(add, shell=True, cwd=source, check=True)
    text = (NOTEBOOKS / "teaching.md").read_text(encoding="utf-8")
    (cell,) = re.findall(r"^    import os\n(?:\n|    .*\n)+", text, re.MULTILINE)
    cell = re.sub("^    ", "", cell, flags=re.MULTILINE).replace("ADDRESS", source.as_uri())
    use = "import os, sys; sys.path.insert(0, '..'); from utils import plots; print(os.getcwd())"
    home = tmp_path / "home"
    home.mkdir()
    for _ in range(2):  # each time in a new kernel
        cells = [new_code_cell(cell), new_code_cell(cell), new_code_cell(use)]
        folder = {"metadata": {"path": str(home)}}
        notebook = new_notebook(cells=cells)
        NotebookClient(notebook, kernel_name="python3", resources=folder).execute()
        printed = "".join(output.get("text", "") for output in notebook.cells[2].outputs)
        assert printed.strip() == str(home / "transfer" / "notebooks")
