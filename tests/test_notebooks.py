"""The committed notebooks: executed in order, small and complete.

That every cell still executes, and that compared cells print the same, is nbval's part; that each
notebook stands alone is seen in test_exercises.
"""

import re

import nbformat
import pytest

from utils.run_notebooks import NOTEBOOKS

PATHS = sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))
COMPARED = "nbval-check-output"
MACHINE = re.compile(r"/root/|/work/|/tmp/|/home/(?!me/)|site-packages|[A-Z]:\\\\Users|KERAS_HOME=")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_seven():
    assert [path.name[:2] for path in PATHS][:7] == ["01", "02", "03", "04", "05", "06", "07"]


def test_is_valid(notebook):
    nbformat.validate(notebook)


def test_cells_ran_once_in_order_from_a_fresh_kernel(code):
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def test_no_stored_output_is_an_error_or_a_warning(code):
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text


def test_compared_cells_have_something_to_compare(code):
    compared = [cell for cell in code if COMPARED in cell.metadata.get("tags", [])]
    assert compared
    for cell in compared:
        assert cell.execution_count and cell.outputs, cell.source


def test_is_small_and_names_no_machine(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    assert not MACHINE.findall(text)


def test_is_the_bundled_edition_at_default_size(code):
    printed = "".join(output.get("text", "") for cell in code for output in cell.outputs)
    for row in (r"^data +toys ", r"^weights +bundled ", r"^size +default "):
        assert re.search(row, printed, re.MULTILINE)


def test_cells_are_short(code):
    for cell in code:
        assert len(cell.source.splitlines()) <= 20, cell.source


def test_a_figure_has_its_cell_to_itself_and_says_what_it_shows(code):
    for cell in code:
        pictures = sum("image/png" in output.get("data", {}) for output in cell.outputs)
        assert pictures <= 1, cell.source
        if pictures:
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 30, cell.source


def test_header_and_recap(notebook):
    header, *_, last = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    for row in ("You will be able to", "Minutes", "Needs", "Makes"):
        assert f"| **{row}** |" in header
    assert last.startswith("## In this notebook")


def test_the_header_says_the_minutes_that_were_measured(notebook):
    said = float(re.search(r"\*\*Minutes\*\* \| ([\d.]+) ", notebook.cells[0].source)[1])
    assert said == pytest.approx(notebook.metadata["recorded_seconds"] / 60, abs=0.06)


def test_links_lead_somewhere(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!http)([^)#]+)", cell.source):
                assert (NOTEBOOKS / target).exists(), target
