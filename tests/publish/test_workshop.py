"""The workshop's notebooks: what each kind holds, and that they run where they are put."""

import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.publish import workshop
from utils.publish.languages import texts

PATHS = workshop.series()
SOLUTION = "<details><summary>Solution</summary>\n\n{}\n</details>"
SCRIPT = "All of it:\n\n<details><summary>classify.py</summary>\n\nimport keras\n</details>"


@pytest.fixture(scope="module", params=["", "zh_CN"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def made(tmp_path_factory, language):
    folder = tmp_path_factory.mktemp("outside") / "workshop"
    workshop.write(folder, language)
    return folder


@pytest.fixture
def small(tmp_path):
    """A function that makes a small notebook and gives its cells' sources in one kind."""

    def tagged(cell, *tags):
        cell.metadata.tags = list(tags)
        return cell

    cells = [
        tagged(new_code_cell('sys.path.insert(0, "..")'), "setup"),
        new_markdown_cell("Salt in water is a solution. See [data](../data/README.md)."),
        tagged(new_markdown_cell("Fill in. The solutions are folded."), "exercise-intro"),
        tagged(new_markdown_cell("### Exercise 1.1: a sum"), "exercise"),
        tagged(new_code_cell("total = ..."), "exercise"),
        tagged(new_code_cell('check("1.1")'), "check"),
        tagged(
            new_markdown_cell(SOLUTION.format("```python\ntotal = 3\n```\n\nAdd them.")), "solution"
        ),
        tagged(new_markdown_cell("Try it.\n\n" + SOLUTION.format("As above.")), "exercise-open"),
        new_markdown_cell(SCRIPT),
    ]
    path = tmp_path / "01-small.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return lambda kind: [cell.source for cell in workshop.generate(path, kind, "home").cells]


def test_participants_get_the_exercises_without_solutions(small):
    assert small("participant") == [
        'sys.path.insert(0, "home")',
        "Salt in water is a solution. See [data](home/data/README.md).",
        "Fill in.",
        "### Exercise 1.1: a sum",
        "total = ...",
        'check("1.1")',
        "Try it.",
        SCRIPT,
    ]


def test_the_solution_is_filled_in(small):
    sources = small("solution")
    assert sources[4:7] == ["total = 3", 'check("1.1")', "Add them."]
    assert sources[2] == "Fill in." and sources[-1] == SCRIPT


def test_instructors_get_unfolded_solutions_and_notes(small):
    sources = small("instructor")
    assert "01 Download" in sources[1]
    assert "total = ..." in sources
    assert sources[-3].startswith("**Solution**") and "total = 3" in sources[-3]
    assert sources[-1] == "All of it:\n\n**classify.py**\n\nimport keras"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_notebook_is_clean_in_each_kind(path, made, language):
    said = {}
    for kind in workshop.KINDS:
        notebook = nbformat.read(made / kind / path.name, as_version=4)
        nbformat.validate(notebook)
        assert not any(cell.get("outputs") for cell in notebook.cells)
        said[kind] = "\n".join(cell.source for cell in notebook.cells)
    for word in ("<summary>Solution", "<summary>解答", "are folded", "解答是折叠"):
        assert word not in said["participant"]
    for text in said.values():
        assert ("python classify.py PICTURES" in text) == path.name.startswith("05")
    assert ("**停在" if language else "**Pause") in said["instructor"]
    assert ('["TRANSFER_LANGUAGE"]' in said["participant"]) == bool(language)
    for cell in nbformat.read(path, as_version=4).cells:
        if workshop.has(cell, "solution"):
            assert workshop.solution_code(cell) in said["solution"]
            assert workshop.solution_code(cell) not in said["participant"]


def test_links_lead_to_the_repository(made):
    for path in (*made.glob("*/*.ipynb"), *made.glob("*/*.md")):
        for _, target, _ in texts.LINK.findall(path.read_text(encoding="utf-8")):
            if re.search(r"\.(md|ipynb|png)$", target) and "://" not in target:
                assert (path.parent / target).exists(), (path, target)


def test_a_notebook_outside_the_repository_finds_its_modules(made, language):
    notebook = nbformat.read(made / "participant" / PATHS[0].name, as_version=4)
    cells = [c for c in notebook.cells if workshop.has(c, "setup") or workshop.has(c, "check")]
    code = f"{cells[0].source}\n{cells[1].source}"
    folder = made / "participant"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert ("练习 1.1" if language else "Exercise 1.1: ") in done.stdout, done.stderr


def test_writing_again_keeps_what_somebody_worked_on(tmp_path):
    folder = tmp_path / "workshop"
    assert workshop.write(folder) is None
    assert workshop.write(folder) is None  # nothing was changed
    assert list(tmp_path.iterdir()) == [folder]
    worked_on = folder / "participant" / PATHS[0].name
    worked_on.write_text("filled in")
    kept = workshop.write(folder)
    assert (kept / "participant" / PATHS[0].name).read_text() == "filled in"
    nbformat.read(worked_on, as_version=4)
