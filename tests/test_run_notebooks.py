"""Executing notebooks in order, tried on throw-away ones: what is shown, written and answered."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils import run_notebooks
from utils.run_notebooks import Progress, clock, main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of notebooks in place of the real ones, and one of outputs."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(run_notebooks, "NOTEBOOKS", folder)
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.chdir(tmp_path)
    return folder


def write(path, *sources):
    """A notebook of a title and one code cell for each source."""
    cells = [new_markdown_cell("# A title"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)


def names(folder):
    return sorted(path.name for path in folder.glob("*") if not path.name.startswith("kernel-"))


def test_notebooks_are_executed_in_order_and_copied(folder, tmp_path, capsys):
    write(folder / "02-second.ipynb", "open('../first').read()")
    write(folder / "01-first.ipynb", "open('../first', 'w').write('done')", "print(6 * 7)")
    write(folder / "notes.ipynb", "never executed")
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
    assert first.metadata.recorded_seconds > 0
    assert first.cells[2].metadata.recorded_seconds >= 0
    assert "A title" in (outputs / "02-second.html").read_text()
    assert (folder / "01-first.ipynb").read_bytes() == before

    said = capsys.readouterr().out
    shown = ["[1/2] 01-first.ipynb", "01-first.ipynb   ", "[2/2] 02-second.ipynb", "outputs."]
    places = [said.index(part) for part in shown]
    assert places == sorted(places)
    assert "cell 2/2" in said


def test_an_error_stops_the_series_and_is_shown(folder, tmp_path, capsys):
    write(folder / "01-first.ipynb", "print('before')", "1 / 0", "print('after')")
    write(folder / "02-second.ipynb", "open('../second', 'w').write('done')")
    assert main([]) == 1
    outputs = tmp_path / "outputs" / "notebooks"
    assert names(outputs) == ["01-first.html", "01-first.ipynb"]
    first = nbformat.read(outputs / "01-first.ipynb", as_version=4)
    assert [len(cell.outputs) for cell in first.cells[1:]] == [1, 1, 0]
    assert first.cells[2].outputs[0].ename == "ZeroDivisionError"
    assert not (tmp_path / "second").exists()
    error = capsys.readouterr().err
    assert "01-first.ipynb stopped with an error" in error
    assert "ZeroDivisionError" in error and "division by zero" in error


def test_an_error_leaves_a_committed_notebook_as_it_was(folder, tmp_path):
    write(folder / "01-first.ipynb", "1 / 0")
    before = (folder / "01-first.ipynb").read_bytes()
    assert main(["--in-place"]) == 1
    assert (folder / "01-first.ipynb").read_bytes() == before
    assert names(folder) == ["01-first.ipynb"]
    assert names(tmp_path) == ["notebooks"]


def test_a_kernel_that_dies_is_an_error_like_others(folder, capsys):
    """As when the computer runs out of memory."""
    write(folder / "01-first.ipynb", "import os; os._exit(1)")
    assert main([]) == 1
    assert "01-first.ipynb stopped with an error" in capsys.readouterr().err


def test_refreshing_in_place_leaves_nothing_else(folder):
    write(folder / "01-first.ipynb", "6 * 7")
    assert main(["01", "--in-place"]) == 0
    first = nbformat.read(folder / "01-first.ipynb", as_version=4)
    assert first.cells[1].outputs[0].data["text/plain"] == "42"
    assert names(folder) == ["01-first.ipynb"]


def test_a_name_that_no_notebook_has(folder, tmp_path, capsys):
    write(folder / "01-first.ipynb", "6 * 7")
    assert main(["03", "first"]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "No notebook begins with 03 or first; there are:",
        "  01-first.ipynb",
    ]
    assert names(tmp_path) == ["notebooks"]


def test_only_the_named_ones_are_executed_and_the_last_shows_the_scoreboard(
    folder, tmp_path, monkeypatch, capsys
):
    for place in (1, 4, 5):
        write(folder / f"{place:02}-x.ipynb", "6 * 7")
    executed = []
    board = tmp_path / "outputs" / "scoreboard.csv"
    board.parent.mkdir()
    board.write_text("left by an earlier run")

    def execute(path, *_):
        assert not board.exists()
        executed.append(path.name)
        if path.name == "05-x.ipynb":
            board.write_text(
                "case,test_accuracy,trainable_parameters,seconds\nfine-tuned,0.725,14719818,81.5\n"
            )
        return 61.0

    monkeypatch.setattr(run_notebooks, "execute", execute)
    assert main(["05", "04"]) == 0
    assert executed == ["04-x.ipynb", "05-x.ipynb"]
    said = capsys.readouterr().out
    assert "04-x.ipynb                     done in 1:01" in said
    assert "Scoreboard (outputs/scoreboard.csv):" in said
    assert ["fine-tuned", "0.725", "14,719,818", "81.5"] in [
        line.split() for line in said.split("\n")
    ]


@pytest.fixture
def progress(tmp_path):
    """Of two notebooks whose code cells took 10 and 30, and 60 seconds when they were recorded."""
    first = new_notebook(
        cells=[
            new_code_cell("a", metadata={"recorded_seconds": 10.0}),
            new_markdown_cell("text"),
            new_code_cell("b", metadata={"recorded_seconds": 30.0}),
        ]
    )
    second = new_notebook(cells=[new_code_cell("c", metadata={"recorded_seconds": 60.0})])
    return Progress({tmp_path / "01-x.ipynb": first, tmp_path / "02-y.ipynb": second})


def test_time_left_is_guessed_from_the_recorded_seconds_and_this_computers_pace(progress):
    first, second = progress.paths
    assert progress.left(0) == 100
    progress.finished(first, 0)
    assert progress.left(10) == 90  # as fast as when recorded
    progress.finished(first, 2)
    assert progress.left(80) == 120  # half as fast
    progress.finished(second, 0)
    assert progress.left(200) == 0


def test_a_few_short_cells_say_nothing_about_the_pace(progress, tmp_path):
    progress.expected[tmp_path / "01-x.ipynb", 0] = 0.1
    progress.finished(tmp_path / "01-x.ipynb", 0)
    assert progress.left(20) == pytest.approx(90)


def test_the_line_tells_notebook_cell_and_time(progress, capsys):
    progress.starting(progress.paths[0], 2)
    progress.starting(progress.paths[1], 0)
    first, second = capsys.readouterr().out.splitlines()
    assert " ".join(first.split()) == "[1/2] 01-x.ipynb cell 2/2 0:00 gone, about 1:40 left"
    assert second.startswith("[2/2] 02-y.ipynb ") and "cell 1/1" in second


def test_a_notebook_never_executed_still_has_a_guess(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("a"), new_code_cell("b")])
    assert Progress({tmp_path / "01-x.ipynb": notebook}).left(0) == 2


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0:00"), (61.5, "1:01"), (3_600, "60:00")])
def test_the_clock_shows_minutes_and_seconds(seconds, text):
    assert clock(seconds) == text
