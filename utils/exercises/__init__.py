"""Exercises that check themselves: `check("2.1")` says that an answer is right, or gives a hint.

A check looks at the variables that a learner's cell left behind. The checks of notebook 02 are
`check_1`, `check_2` and `check_3` of `n02.py`. They import Keras when they need it: a check may
run before `choose_settings`, which sets Keras's folder.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from numbers import Real

from utils.exercises.language import translated

AGAIN = "Run the cells above in order (Run > Run All Above Selected Cell), then come back."


class Hint(Exception):
    """Why an answer is not right yet: what was found, and what to think about."""


class Unfilled(Exception):
    """The cell is still as it was handed out; the message, if any, says what is missing."""


class Learner:
    """The variables of a learner's notebook, as a check reads them."""

    def __init__(self, variables: dict):
        self._variables = variables

    def given(self, *names: str):
        """Values that earlier cells made; raises Hint if one is missing."""
        return self._take(names, f"An earlier cell has not run in this kernel. {AGAIN}")

    def answer(self, *names: str):
        """Values that the learner fills in; raises Hint or Unfilled if one is missing or `...`."""
        values = self._take(names, "Run the cell that you filled in, then this one.")
        for name, value in zip(names, values if len(names) > 1 else (values,), strict=True):
            if value is ...:
                raise Unfilled
            if value is None:
                raise Hint(f"`{name}` is None. Did you assign the result of a method like `sort`?")
        return values

    def _take(self, names: tuple[str, ...], advice: str):
        for name in names:
            if name not in self._variables:
                raise Hint(f"There is no `{name}` yet. {advice}")
        values = tuple(self._variables[name] for name in names)
        return values if len(names) > 1 else values[0]


def call(function: Callable, *arguments):
    """The result of a function that the learner wrote; raises Hint if it fails."""
    name = getattr(function, "__name__", "your function")
    expect(name, function, Callable, "a function")
    try:
        value = function(*arguments)
    except Exception as error:  # a learner's code may raise anything
        raise Hint(f"`{name}` stopped with {type(error).__name__}: {error}") from error
    if value is ...:
        raise Unfilled
    if value is None:
        raise Unfilled(f"`{name}` returns nothing. Its last line should return the result.")
    return value


def expect(name: str, value: object, kind: type | tuple[type, ...], wanted: str) -> None:
    """Raise Hint if an answer is not of the kind that is wanted."""
    if not isinstance(value, kind):
        raise Hint(f"`{name}` is of type {type(value).__name__}; it should be {wanted}.")


def number(name: str, value: object) -> Real:
    """`value` if it is a single number, also in an array or a tensor; otherwise raises Hint."""
    shape = getattr(value, "shape", ())
    if len(shape):
        raise Hint(f"`{name}` has the shape {tuple(shape)}; it should be one number.")
    try:
        if not isinstance(value, str | bool):
            return value if isinstance(value, Real) else float(value)
    except (TypeError, ValueError):
        pass
    raise Hint(f"`{name}` is of type {type(value).__name__}; it should be one number.")


def check(number: str, variables: dict | None = None) -> None:
    """Print whether the answer to an exercise, such as "2.1", is right, or a hint.

    `variables` are by default those of the notebook that calls. No answer makes it raise. The
    variable TRANSFER_LANGUAGE, such as zh_CN, chooses another language than English.
    """
    if variables is None:
        variables = sys._getframe(1).f_globals
    print(translated(f"Exercise {number}: {verdict(number, variables)}"))


def verdict(number: str, variables: dict) -> str:
    """What `check` prints: "right. ...", "not yet. ..." or "not filled in yet. ..."."""
    try:
        return f"right. {find(number)(Learner(variables))}"
    except Unfilled as missing:
        replace = "Replace each ... in the cell above, run it, then this one."
        return f"not filled in yet. {str(missing) or replace}"
    except Hint as hint:
        return f"not yet. {hint}"
    except Exception as error:  # an answer of a kind that the check did not expect
        return (
            f"not yet. The check could not read your answer ({type(error).__name__}: {error}). Is "
            f"it of the kind that the exercise asks for? {AGAIN}"
        )


def find(number: str) -> Callable[[Learner], str]:
    """The function that checks an exercise: for "2.1" it is `check_1` of `n02.py`."""
    notebook, _, place = str(number).partition(".")
    try:
        return getattr(import_module(f"{__name__}.n{int(notebook):02d}"), f"check_{int(place)}")
    except (ValueError, ImportError, AttributeError) as error:
        raise Hint(f"There is no exercise {number}; they are numbered like 2.1.") from error
