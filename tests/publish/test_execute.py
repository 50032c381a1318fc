"""Executing notebooks in order, tried on throw-away ones: what is shown, written and returned."""

import os
import sys

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.files import CannotWriteError
from utils.publish import execute
from utils.publish.execute import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of notebooks in place of the real ones, and one of outputs."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(execute, "NOTEBOOKS", folder)
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.chdir(tmp_path)
    return folder


def write(path, *sources):
    """A notebook of a title and one code cell for each source; the folder's index lists it."""
    cells = [new_markdown_cell("# A title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    with open(path.with_name("index.md"), "a") as index:
        index.write(f"[a title]({path.name})\n")


def names(folder):
    own = ("kernel-", "index.md")
    return sorted(path.name for path in folder.glob("*") if not path.name.startswith(own))


def test_notebooks_are_executed_in_order_and_copied(folder, tmp_path, capsys):
    write(folder / "02-second.ipynb", "open('../first').read()")
    write(folder / "01-first.ipynb", "open('../first', 'w').write('done')", "print(6 * 7)")
    write(folder / "06-more.ipynb", "1 / 0")
    for own in ("01-first-Copy1", "01-first (1)", "01-first_mine", "07-mine", "Untitled"):
        (folder / f"{own}.ipynb").write_text("a learner's own")
    before = (folder / "01-first.ipynb").read_bytes()
    assert main([]) == 0

    outputs = tmp_path / "outputs" / "notebooks"
    assert names(outputs) == [
        "01-first.html", "01-first.ipynb", "02-second.html", "02-second.ipynb",
    ]  # fmt: skip
    first = nbformat.read(outputs / "01-first.ipynb", as_version=4)
    nbformat.validate(first)
    assert first.cells[2].outputs[0].text == "42\n"
    assert [cell.execution_count for cell in first.cells[1:]] == [1, 2]
    assert "A title" in (outputs / "02-second.html").read_text()
    assert (folder / "01-first.ipynb").read_bytes() == before
    said = capsys.readouterr().out
    places = [said.index(part) for part in ("01-first, cell 2/2", "01-first.ipynb", "02-second")]
    assert places == sorted(places)
    assert main(["--all"]) == 1  # 06 fails


def test_an_error_stops_the_series_and_is_shown(folder, tmp_path, capsys):
    write(folder / "01-first.ipynb", "print('before')", "1 / 0", "print('after')")
    write(folder / "02-second.ipynb", "open('../second', 'w').write('done')")
    assert main([]) == 1
    first = nbformat.read(tmp_path / "outputs" / "notebooks" / "01-first.ipynb", as_version=4)
    assert [len(cell.outputs) for cell in first.cells[1:]] == [1, 1, 0]
    assert not (tmp_path / "second").exists()
    error = capsys.readouterr().err
    assert "01-first.ipynb stopped with an error" in error and "division by zero" in error


@pytest.mark.parametrize("source", ["1 / 0", "import os; os._exit(1)"])
def test_an_error_or_a_dead_kernel_leaves_a_committed_notebook_as_it_was(folder, tmp_path, source):
    write(folder / "01-first.ipynb", source)
    before = (folder / "01-first.ipynb").read_bytes()
    assert main(["--in-place"]) == 1
    assert (folder / "01-first.ipynb").read_bytes() == before
    assert names(folder) == ["01-first.ipynb"]


def test_refreshing_in_place_leaves_nothing_else(folder):
    write(folder / "01-first.ipynb", "6 * 7")
    assert main(["01", "--in-place"]) == 0
    first = nbformat.read(folder / "01-first.ipynb", as_version=4)
    assert first.cells[1].outputs[0].data["text/plain"] == "42"
    assert names(folder) == ["01-first.ipynb"]


def test_this_environments_python_executes_whatever_kernels_are_installed(
    folder, tmp_path, monkeypatch
):
    other = tmp_path / "jupyter" / "kernels" / "python3"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text('{"argv": ["/no/such/python"], "display_name": "x"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    write(folder / "01-first.ipynb", "import os, sys; sys.executable", "os.getpid()")
    assert main([]) == 0
    first = nbformat.read(tmp_path / "outputs" / "notebooks" / "01-first.ipynb", as_version=4)
    assert first.cells[1].outputs[0].data["text/plain"] == repr(sys.executable)
    assert not psutil.pid_exists(int(first.cells[2].outputs[0].data["text/plain"]))


def test_a_copy_in_which_somebody_has_worked_is_kept(folder, tmp_path, capsys):
    write(folder / "01-first.ipynb", "6 * 7", "import matplotlib.pyplot as p; p.plot([1])")
    outputs = tmp_path / "outputs" / "notebooks"
    assert main([]) == main([]) == 0
    assert names(outputs) == ["01-first.html", "01-first.ipynb"]
    copy = nbformat.read(outputs / "01-first.ipynb", as_version=4)
    copy.cells[1].source = "6 * 9"
    nbformat.write(copy, outputs / "01-first.ipynb")
    assert main([]) == 0
    kept = [name for name in names(outputs) if name.startswith("01-first-")]
    assert "6 * 9" in (outputs / kept[0]).read_text() and kept[0] in capsys.readouterr().out
    assert "6 * 7" in (outputs / "01-first.ipynb").read_text()


def test_a_changed_notebook_that_stops_and_one_that_is_gone(folder, capsys):
    write(folder / "01-first.ipynb", "6 * 7")
    assert main(["--in-place"]) == 0
    changed = nbformat.read(folder / "01-first.ipynb", as_version=4)
    changed.cells[1].source = "6 / 0"
    nbformat.write(changed, folder / "01-first.ipynb")
    assert main([]) == 1
    assert "git checkout -- notebooks/01-first.ipynb" in capsys.readouterr().err
    (folder / "01-first.ipynb").rename(folder / "01-mine.ipynb")
    assert main([]) == 2 and "01-first.ipynb" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_scoreboard_that_cannot_be_replaced_is_named(folder, tmp_path):
    (tmp_path / "outputs" / "scoreboard.csv").mkdir(parents=True)  # as good as an open one
    write(folder / "05-x.ipynb", "6 * 7")
    with pytest.raises(CannotWriteError, match=r"scoreboard\.csv"):
        main(["05"])


def test_a_name_that_no_notebook_has(folder, tmp_path, capsys):
    write(folder / "01-first.ipynb", "6 * 7")
    assert main(["03", "first"]) == 2
    said = capsys.readouterr().out
    assert "03 or first" in said and "01-first.ipynb" in said
    assert names(tmp_path) == ["notebooks"]


def test_the_scoreboard_is_shown_and_an_older_one_is_not(folder, tmp_path, capsys):
    board = tmp_path / "outputs" / "scoreboard.csv"
    board.parent.mkdir()
    board.write_text("left by an earlier run")
    write(folder / "05-x.ipynb", "6 * 7")
    assert main(["05"]) == 0
    assert "Scoreboard" not in capsys.readouterr().out
    row = "case,test_accuracy,trainable_parameters,seconds\\nfine-tuned,0.725,14719818,81.5\\n"
    write(folder / "05-x.ipynb", f"open({str(board)!r}, 'w').write('{row}')")
    assert main(["05"]) == 0
    assert "14,719,818" in capsys.readouterr().out


def test_the_line_follows_what_a_cell_prints():
    progress = execute.Progress([])
    progress.printed("Epoch 1/5\n")
    progress.printed("\n")
    assert progress.said == "Epoch 1/5"
    progress.printed("Reading:  10%\rReading:  20%")
    assert progress.said == "Reading:  20%"
