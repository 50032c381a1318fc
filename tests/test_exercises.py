"""Each exercise: its four cells, its check against blank, wrong and right answers, its notebooks.

The participant's notebook of each kind is executed in a folder of its own, first of all, with
nothing that another notebook made (but the toys, which 01 draws anew): so this is also where each
notebook is seen to stand alone.
"""

import re
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from utils import exercises, workshop
from utils.run_notebooks import NOTEBOOKS

PATHS = sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))
ODD = ("a word", 3, -1.5, [], {}, True, float("nan"), object(), print)
CLASSIC = {  # words of the classic mistakes that the series makes on purpose
    "01": "sorted", "02": "1/255", "03": "base_moves", "04": "rate", "05": "best", "06": "seed",
    "07": "first",
}  # fmt: skip


def wrong_answers(path):
    return import_module(f"tests.wrong_answers.n{path.name[:2]}").WRONG


def numbers(path):
    cells = nbformat.read(path, as_version=4).cells
    return [n for c in cells for n in re.findall(r'^check\("([\d.]+)"\)', c.source, re.MULTILINE)]


EVERY = [(path, number) for path in PATHS for number in numbers(path)]


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, as_version=4).cells


def test_an_exercise_is_four_cells(path, cells):
    tagged = [
        (cell.cell_type, tag)
        for cell in cells
        for tag in cell.metadata.get("tags", [])
        if tag in ("exercise", "check", "solution")
    ]
    one = [
        ("markdown", "exercise"),
        ("code", "exercise"),
        ("code", "check"),
        ("markdown", "solution"),
    ]
    assert tagged == one * len(numbers(path)) and len(numbers(path)) in (2, 3)
    assert numbers(path) == [f"{int(path.name[:2])}.{k + 1}" for k in range(len(numbers(path)))]
    tasks = [cell.source for cell in cells if workshop.has(cell, "exercise")]
    for number, task in zip(numbers(path), tasks[::2], strict=True):
        assert task.startswith(f"### Exercise {number}: ")
    assert CLASSIC[path.name[:2]] in " ".join(tasks)


def test_solutions_are_folded_and_nowhere_else(cells):
    for cell in cells:
        folds = cell.source.count("<details><summary>Solution</summary>")
        wanted = workshop.has(cell, "solution") or workshop.has(cell, "exercise-open")
        assert folds == cell.source.count("</details>") == int(wanted), cell.id


def test_stored_checks_say_that_nothing_is_filled_in(cells):
    for cell in cells:
        if workshop.has(cell, "check"):
            printed = "".join(output.get("text", "") for output in cell.outputs)
            assert "not filled in yet" in printed, cell.id


def test_there_are_typical_wrong_answers(path):
    wrong = wrong_answers(path)
    assert list(wrong) == numbers(path)
    assert all(len(answers) >= 2 for answers in wrong.values())


@pytest.mark.parametrize(
    "path, number", EVERY, ids=lambda value: value if isinstance(value, str) else ""
)
def test_check_without_its_notebook_gives_a_hint(path, number):
    said = exercises.verdict(number, {})
    assert said.startswith("not yet. There is no `") and "Run" in said


@pytest.mark.parametrize(
    "path, number", EVERY, ids=lambda value: value if isinstance(value, str) else ""
)
def test_check_of_something_odd_gives_a_hint(path, number):
    """Whatever stands in the variables, also where the notebook's own should."""

    class Everything(dict):
        def __contains__(self, name):
            return True

    for value in ODD:
        given = Everything()
        given.__class__.__getitem__ = lambda self, name, value=value: value
        assert re.match("not yet|not filled in yet", exercises.verdict(number, given)), value


def test_check_in_a_restarted_kernel_gives_a_hint(path, made):
    """Only the check's own cell runs: nothing was imported, no path was set."""
    cell = f'from exercises import check\ncheck("{numbers(path)[0]}")'
    for folder in (NOTEBOOKS, made / "participant"):  # the second lies outside the repository
        done = subprocess.run(
            [sys.executable, "-c", cell], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "not yet. There is no `" in done.stdout


def test_an_unknown_exercise_is_named(capsys):
    exercises.check("9.9", {})
    exercises.check("first", {})
    said = capsys.readouterr().out
    assert "There is no exercise 9.9" in said and "There is no exercise first" in said


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "workshop"
    workshop.write(folder)
    return folder


def test_participants_get_no_solution(path, cells, made):
    given = nbformat.read(made / "participant" / path.name, as_version=4)
    text = "\n".join(cell.source for cell in given.cells)
    assert "<details>" not in text
    for cell in cells:
        if workshop.has(cell, "solution"):
            fill = cells[cells.index(cell) - 2].source.splitlines()
            filled = workshop.solution_code(cell).splitlines()
            own = [line for line in filled if line.strip() and line not in fill]
            given_away = [line for line in own if line in text.splitlines()]
            assert own and len(given_away) <= len(own) / 2, given_away  # `return rate`, say
            words = workshop.CODE.sub("", cell.source).splitlines()
            assert not [line for line in words if len(line) > 40 and line in text]


def test_solutions_and_notes_are_where_they_belong(path, cells, made):
    filled = nbformat.read(made / "solution" / path.name, as_version=4).cells
    for cell in cells:
        if workshop.has(cell, "solution"):
            assert workshop.solution_code(cell) in [c.source for c in filled]
    for kind in workshop.KINDS:
        nbformat.validate(nbformat.read(made / kind / path.name, as_version=4))
    notes = nbformat.read(made / "instructor" / path.name, as_version=4).cells[1].source
    assert "**Pause" in notes and "wrong idea" in notes


def test_writing_again_keeps_what_somebody_worked_on(tmp_path):
    folder = tmp_path / "workshop"
    assert workshop.write(folder) is None
    assert workshop.write(folder) is None  # nothing in it was changed
    assert list(tmp_path.iterdir()) == [folder]
    (folder / "participant" / "01-download.ipynb").write_text("filled in")
    kept = workshop.write(folder)
    assert (kept / "participant" / "01-download.ipynb").read_text() == "filled in"
    assert sorted(p.name for p in folder.iterdir()) == ["instructor", "participant", "solution"]
    nbformat.read(folder / "participant" / "01-download.ipynb", as_version=4)


def test_an_answer_that_is_none_is_not_called_unfilled():
    said = exercises.verdict("1.2", {"sets": object(), "doubtful": [], "copied": None})
    assert said.startswith("not yet. `copied` is None.")


def test_few_pictures_of_ones_own_can_be_split():
    """One of each class is then more than a fifth of all."""
    pool = SimpleNamespace(labels=np.repeat(np.arange(5), 4))
    naive = np.arange(15, 20)
    answers = {
        "train_pool": pool,
        "class_names": list("abcde"),
        "naive_validation": naive,
        "classes_in_naive_validation": 2,
        "train_rows": np.setdiff1d(np.arange(20), np.arange(0, 20, 4)),
        "validation_rows": np.arange(0, 20, 4),
    }
    assert exercises.verdict("1.1", answers).startswith("right.")


def trial(notebook, wrong):
    """Try each exercise in the notebook: blank, each wrong answer, the solution."""
    new, expected = [], []

    def code(source):
        new.append(nbformat.v4.new_code_cell(source))

    for cell in notebook.cells:
        new.append(cell)
        if not workshop.has(cell, "check"):
            continue
        (number,) = re.findall(r'^check\("([\d.]+)"\)', cell.source, re.MULTILINE)
        answers, right = wrong[number]
        expected.append((number, len(new) - 1, "not filled in yet."))
        for answer, hint in answers:
            code(answer)
            code(cell.source)
            expected.append((number, len(new) - 1, hint))
        code(right)
        code(cell.source)
        expected.append((number, len(new) - 1, "right."))
    notebook.cells = new
    return expected


def test_participants_notebook_stands_alone_and_checks_tell(
    path, cells, made, tmp_path, monkeypatch
):
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    if path == PATHS[0]:  # the others would draw the same toys again
        monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras-home"))
    solutions = [workshop.solution_code(c) for c in cells if workshop.has(c, "solution")]
    answers = wrong_answers(path).items()
    wrong = {n: (a, right) for (n, a), right in zip(answers, solutions, strict=True)}
    notebook = nbformat.read(made / "participant" / path.name, as_version=4)
    expected = trial(notebook, wrong)
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(made / "participant")}},
    ).execute()
    for number, place, words in expected:
        said = "".join(output.get("text", "") for output in notebook.cells[place].outputs)
        start = "" if words in ("right.", "not filled in yet.") else "not yet. "
        assert f"Exercise {number}: {start}" in said and words in said, (number, words, said)
