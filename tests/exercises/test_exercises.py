"""Each exercise: its four cells, and its check against blank, odd, wrong and right answers."""

import re
from importlib import import_module
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from utils import exercises
from utils.data import PictureSet, PictureSets
from utils.exercises.language import translator
from utils.publish.series import NOTEBOOKS, series

PATHS = series()
CELLS = {path.name[:2]: nbformat.read(path, as_version=4).cells for path in PATHS}
CODE = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
UNFILLED = "not filled in yet."
ODD = ("a word", 3, -1.5, [], {}, True, float("nan"), object(), print)


def tagged(cells, tag, kind=None):
    return [c for c in cells if tag in c.metadata.get("tags", []) and kind in (None, c.cell_type)]


def number_of(check_cell):
    (number,) = re.findall(r'^check\("([\d.]+)"\)', check_cell.source, re.MULTILINE)
    return number


NUMBERS = {name: [number_of(c) for c in tagged(CELLS[name], "check")] for name in CELLS}
EVERY = [number for numbers in NUMBERS.values() for number in numbers]


def answers(name):
    return import_module(f"tests.exercises.wrong_answers.n{name}")


@pytest.fixture(params=CELLS)
def name(request):
    return request.param


def test_an_exercise_is_four_cells(name):
    kinds = [
        (cell.cell_type, tag)
        for cell in CELLS[name]
        for tag in cell.metadata.get("tags", [])
        if tag in ("exercise", "check", "solution")
    ]
    numbers = NUMBERS[name]
    four = ["markdown exercise", "code exercise", "code check", "markdown solution"]
    assert [" ".join(kind) for kind in kinds] == four * len(numbers)
    assert numbers == [f"{int(name)}.{k + 1}" for k in range(len(numbers))]
    tasks = tagged(CELLS[name], "exercise", "markdown")
    for number, task in zip(numbers, tasks, strict=True):
        assert task.source.startswith(f"### Exercise {number}: ")


def test_solutions_are_folded_and_nowhere_else(name):
    for cell in CELLS[name]:
        folded = tagged([cell], "solution") or tagged([cell], "exercise-open")
        folds = cell.source.count("<details><summary>Solution</summary>")
        assert folds == len(folded), cell.id
        assert cell.source.count("<details>") == cell.source.count("</details>"), cell.id


def test_stored_checks_say_that_nothing_is_filled_in(name):
    for cell in tagged(CELLS[name], "check"):
        assert UNFILLED in "".join(output.get("text", "") for output in cell.outputs), cell.id


@pytest.mark.parametrize("number", EVERY)
def test_check_without_its_notebook_gives_a_hint(number):
    found = exercises.verdict(number, {})
    assert found.startswith("not yet. There is no `") and "Run" in found


@pytest.mark.parametrize("number", EVERY)
def test_check_of_something_odd_gives_a_hint(number):
    """Whatever the variables hold, also those that the notebook itself should have made."""

    class Everything(dict):
        def __contains__(self, name):
            return True

        def __getitem__(self, name):
            return self.value

    for value in ODD:
        variables = Everything()
        variables.value = value
        assert exercises.verdict(number, variables).startswith(("not yet", UNFILLED)), value


def check_translation(number, found):
    """In Chinese no words are left, but for code, and what Python says of an error."""
    text = translator("zh_CN")(f"Exercise {number}: {found}")
    assert text.startswith(f"练习 {number}")
    if "Error" not in found:
        assert not re.search(r"([a-z]+ ){3}", re.sub("`[^`]*`|'[^']*'", "", text)), text


def test_the_readers_language_is_read_from_a_variable(monkeypatch, capsys):
    monkeypatch.setenv("TRANSFER_LANGUAGE", "zh_CN")
    exercises.check("1.1", {})
    printed = capsys.readouterr().out
    assert printed.startswith("练习 1.1") and "还没有 `" in printed
    monkeypatch.setenv("TRANSFER_LANGUAGE", "tlh")
    with pytest.raises(ValueError, match=r"'tlh'.*zh_CN"):
        exercises.check("1.1", {})


def test_an_unknown_exercise_is_named(capsys):
    exercises.check("9.9", {})
    exercises.check("first", {})
    printed = capsys.readouterr().out
    assert "There is no exercise 9.9" in printed and "There is no exercise first" in printed


def test_an_answer_that_is_none_is_not_called_unfilled():
    found = exercises.verdict("1.2", {"sets": object(), "doubtful": [], "copied": None})
    assert found.startswith("not yet. `copied` is None.")


def test_few_pictures_can_be_split():
    """One of each class is then more than a fifth of all."""
    variables = {
        "train_pool": SimpleNamespace(labels=np.repeat(np.arange(5), 4)),
        "class_names": list("abcde"),
        "naive_validation": np.arange(15, 20),
        "classes_in_naive_validation": 2,
        "train_rows": np.setdiff1d(np.arange(20), np.arange(0, 20, 4)),
        "validation_rows": np.arange(0, 20, 4),
    }
    assert exercises.verdict("1.1", variables).startswith("right.")


@pytest.fixture
def variables(number, make_settings):
    """Stand-ins for the variables that the notebook's cells would have made; a few cells run."""
    import keras

    rng, parts = np.random.default_rng(0), []
    for count in (200, 100, 100):
        images = rng.integers(0, 256, (count, 32, 32, 3), "uint8")
        parts.append(PictureSet(images, rng.permutation(count) % 10))
    sets = PictureSets(*parts, [f"class {k}" for k in range(10)])
    settings = make_settings(weights="none")
    made = {"keras": keras, "np": np, "sets": sets, "settings": settings, "num_classes": 10}
    name = number.split(".")[0].zfill(2)
    made |= {"class_names": sets.class_names} | answers(name).given(sets, settings)
    for words in getattr(answers(name), "CELLS_WITH", {}).get(number, ()):
        exec(next(c.source for c in CELLS[name] if words in c.source), made)
    return made


@pytest.mark.parametrize("number", EVERY)
def test_blank_wrong_and_right_answers(number, variables):
    name = number.split(".")[0].zfill(2)
    place = NUMBERS[name].index(number)
    exec(tagged(CELLS[name], "exercise", "code")[place].source, variables)
    assert exercises.verdict(number, variables).startswith(UNFILLED)
    for answer, hint in answers(name).WRONG[number]:
        exec(answer, variables)
        found = exercises.verdict(number, variables)
        assert found.startswith("not yet.") and hint in found, answer
        check_translation(number, found)
    exec(CODE.search(tagged(CELLS[name], "solution")[place].source)[1], variables)
    found = exercises.verdict(number, variables)
    assert found.startswith("right."), number
    check_translation(number, found)


@pytest.mark.slow
@pytest.mark.whole
def test_answers_in_the_notebook(name, tmp_path, monkeypatch):
    """The same in the notebook itself, which is executed alone, with no file of another one."""
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("TRANSFER_PRECISION", "float32")
    notebook = nbformat.v4.new_notebook()
    expected, solutions = [], iter(tagged(CELLS[name], "solution"))
    for cell in CELLS[name]:
        notebook.cells.append(cell.copy())
        if not tagged([cell], "check"):
            continue
        number = number_of(cell)
        right = (CODE.search(next(solutions).source)[1], "right.")
        expected.append((number, len(notebook.cells) - 1, UNFILLED))
        for answer, words in [*answers(name).WRONG[number], right]:
            notebook.cells += [nbformat.v4.new_code_cell(code) for code in (answer, cell.source)]
            expected.append((number, len(notebook.cells) - 1, words))
    folder = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=folder).execute()
    for number, place, words in expected:
        printed = "".join(output.get("text", "") for output in notebook.cells[place].outputs)
        start = "" if words in ("right.", UNFILLED) else "not yet. "
        assert f"Exercise {number}: {start}" in printed and words in printed, (number, words)
