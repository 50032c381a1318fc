"""What the series is, and which notebooks are somebody's own."""

from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from utils.files import REPOSITORY
from utils.publish.series import MARK, digest, saved_by_hand, series


@pytest.fixture
def conftest(pytestconfig):
    """The one in the root; tests/publish has one of its own."""
    return pytestconfig.pluginmanager.get_plugin(str(REPOSITORY / "conftest.py"))


@pytest.fixture
def folder(tmp_path, monkeypatch, conftest):
    """One notebook of the series, and learners' own next to it."""
    (tmp_path / "index.md").write_text("[01](01-first.ipynb), again [01](01-first.ipynb)")
    output = new_output("stream", text="4\nfour\n")
    cells = [new_markdown_cell("# 2"), new_code_cell("2 + 2", outputs=[output], execution_count=1)]
    notebook = new_notebook(cells=cells)
    notebook.metadata[MARK] = digest(notebook)
    for name in ("01-first", "01-first-Copy1", "01-first (1)", "08-mine", "Untitled"):
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    monkeypatch.setattr(conftest, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(conftest, "series", lambda: series(tmp_path))
    return tmp_path


def collected(conftest, folder, *named):
    config = SimpleNamespace(args=[str(folder), *named])
    paths = sorted(folder.glob("*.ipynb"))
    return [p.name for p in paths if not conftest.pytest_ignore_collect(p, config)]


def change(path, **changes):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].update(changes)
    nbformat.write(notebook, path)


def test_only_the_series_is_tested(conftest, folder):
    assert series(folder) == [folder / "01-first.ipynb"]
    assert collected(conftest, folder) == ["01-first.ipynb"]
    assert "08-mine.ipynb" in conftest.pytest_report_header(None)
    mine = folder / "08-mine.ipynb"
    assert collected(conftest, folder, f"{mine}::Cell 0") == ["01-first.ipynb", "08-mine.ipynb"]


@pytest.mark.parametrize(
    "changes", [{"source": "2 + 3"}, {"outputs": []}, {"execution_count": 7}], ids=str
)
def test_a_notebook_saved_by_hand_is_not(conftest, folder, changes):
    path = folder / "01-first.ipynb"
    assert not saved_by_hand(path)
    change(path, **changes)
    assert saved_by_hand(path) and collected(conftest, folder) == []
    assert collected(conftest, folder, str(path)) == ["01-first.ipynb"]


def test_words_and_what_bears_no_mark_make_no_difference(folder):
    path = folder / "01-first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "# Two"
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)
    assert not saved_by_hand(path)
    del notebook.metadata[MARK]
    nbformat.write(notebook, path)
    change(path, source="anything")
    assert not saved_by_hand(path) and not saved_by_hand(folder / "02-none.ipynb")
