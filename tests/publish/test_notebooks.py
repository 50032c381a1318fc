"""The committed notebooks: executed in order, small and complete.

That every cell still executes, and that compared cells print the same, is nbval's part.
"""

import re
import subprocess
import sys

import nbformat
import pytest

from utils.files import REPOSITORY
from utils.publish.series import NOTEBOOKS, saved_by_hand, series

COMPARED = "nbval-check-output"
MACHINE = re.compile(r"/root/|/work/|/tmp/|/home/(?!me/)|site-packages|[A-Z]:\\\\Users|KERAS_HOME=")


@pytest.fixture(params=series(), ids=lambda path: path.stem)
def path(request):
    if saved_by_hand(request.param):
        pytest.skip("somebody has worked in it since it was executed")
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_series_is_numbered_without_gaps():
    numbers = [int(path.name[:2]) for path in series()]
    assert len(numbers) >= 7 and numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", series(), ids=lambda path: path.stem)
def test_a_committed_notebook_is_as_it_was_executed(path):
    if saved_by_hand(path):
        command = ["git", "diff", "--quiet", "HEAD", "--", path]
        same = subprocess.run(command, cwd=REPOSITORY, capture_output=True).returncode == 0
        assert not same, "its code was edited after it was executed: make refresh"


def setup(path):
    """The lines of a notebook's first code cell that find utils."""
    (cell,) = (c for c in nbformat.read(path, 4).cells if "setup" in c.metadata.get("tags", []))
    return cell.source.partition("\n\nfrom utils")[0]


def test_the_first_cells_find_utils_wherever_they_are_started(tmp_path):
    (code,) = {setup(path) for path in series()}
    command = [sys.executable, "-P", "-c", f"{code}; import utils; print(utils.__file__)"]
    run = {"capture_output": True, "text": True}
    for folder in (NOTEBOOKS, REPOSITORY, REPOSITORY / "tests" / "exercises"):
        done = subprocess.run(command, cwd=folder, **run)
        assert done.stdout.strip() == str(REPOSITORY / "utils" / "__init__.py"), done.stderr
    (tmp_path / "utils").mkdir()  # of another project
    done = subprocess.run(command, cwd=tmp_path, **run)
    assert done.returncode and f"{tmp_path} is not in" in done.stderr and "%cd" in done.stderr


def test_cells_ran_once_in_order_from_a_fresh_kernel(notebook, code):
    nbformat.validate(notebook)
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


def test_was_executed_on_the_toys_with_imagenets_weights_at_default_size(code):
    printed = "".join(output.get("text", "") for cell in code for output in cell.outputs)
    for row in (r"^data +toys ", r"^weights +imagenet ", r"^size +default ", r"^side +48 "):
        assert re.search(row, printed, re.MULTILINE)


def test_cells_are_short(code):
    for cell in code:
        assert len(cell.source.splitlines()) <= 20, cell.source


def test_a_figure_has_its_cell_to_itself_and_alt_text(code):
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


def test_links_lead_somewhere(notebook):
    glossary = (NOTEBOOKS / "glossary.md").read_text(encoding="utf-8")
    terms = {re.sub(r"[^\w -]", "", line[4:].lower()).replace(" ", "-")
             for line in glossary.splitlines() if line.startswith("### ")}  # fmt: skip
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target, anchor in re.findall(r"\]\((?!http)([^)#]+)(?:#([^)]*))?\)", cell.source):
                assert (NOTEBOOKS / target).exists(), target
                if target == "glossary.md":
                    assert anchor in terms, anchor
