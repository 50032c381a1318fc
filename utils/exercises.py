"""Exercises that check themselves.

A learner fills in a cell; `check("2.1")` looks at the variables it left and says that they are
right, or gives a hint. What each check looks at stands in `utils/checks`, a file per notebook.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from numbers import Real

AGAIN = "Run the cells above in order (Run > Run All Above Selected Cell), then come back."


class Hint(Exception):
    """Why an answer is not right yet: what was found, and what to think about."""


class Unfilled(Exception):
    """The cell is as it was handed out; a text says what is missing where that is not a `...`."""


class Learner:
    """The variables of a learner's notebook, as a check reads them."""

    def __init__(self, variables: dict):
        self._variables = variables

    def given(self, *names: str):
        """Values that earlier cells made; a hint where one is missing."""
        return self._take(names, f"An earlier cell has not run in this kernel. {AGAIN}")

    def answer(self, *names: str):
        """Values that the learner fills in; a hint where one is missing or still `...`."""
        values = self._take(names, "Run the cell that you filled in, then this one.")
        for value in values if len(names) > 1 else (values,):
            if value is ...:
                raise Unfilled
        for name, value in zip(names, values if len(names) > 1 else (values,), strict=True):
            if value is None:
                raise Hint(
                    f"`{name}` is None. Many methods, such as a list's `sort`, change something "
                    "and give back nothing. Is it what such a method gave back?"
                )
        return values

    def _take(self, names: tuple[str, ...], advice: str):
        for name in names:
            if name not in self._variables:
                raise Hint(f"There is no `{name}` yet. {advice}")
        values = tuple(self._variables[name] for name in names)
        return values if len(names) > 1 else values[0]


def call(function: Callable, *arguments):
    """What a function that the learner wrote gives back; a hint where it stops or gives nothing."""
    name = getattr(function, "__name__", "your function")
    if not callable(function):
        raise Hint(f"`{name}` should be a function; it is a {type(function).__name__}.")
    try:
        value = function(*arguments)
    except Exception as error:  # whatever a learner's code may raise
        raise Hint(f"`{name}` stopped with {type(error).__name__}: {error}") from error
    if value is ...:
        raise Unfilled
    if value is None:
        raise Unfilled(
            f"`{name}` gives nothing back. Its last line should be `return` and the result; to "
            "print it is not enough."
        )
    return value


def number(name: str, value: object) -> Real:
    """`value` if it is one number, also one in an array or a tensor; or a hint."""
    shape = getattr(value, "shape", ())
    if len(shape):
        raise Hint(f"`{name}` has the shape {tuple(shape)}; it should be one number.")
    if isinstance(value, Real) and not isinstance(value, bool):
        return value
    try:
        if not isinstance(value, str | bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise Hint(f"`{name}` is of type {type(value).__name__}; it should be one number.")


def check(number: str, variables: dict | None = None) -> None:
    """Print whether the answer to exercise `number`, such as "2.1", is right, or a hint.

    `variables` are those of the notebook that calls, unless given. Never raises because of what
    a learner wrote.
    """
    if variables is None:
        variables = sys._getframe(1).f_globals
    print(f"Exercise {number}: {verdict(number, variables)}")


def verdict(number: str, variables: dict) -> str:
    """What `check` prints: "right. ...", "not yet. ..." or "not filled in yet. ..."."""
    try:
        return f"right. {find(number)(Learner(variables))}"
    except Unfilled as what:
        replace = "Replace each ... in the cell above, run it, then this one."
        return f"not filled in yet. {str(what) or replace}"
    except Hint as hint:
        return f"not yet. {hint}"
    except Exception as error:  # an answer of a kind that the check did not expect
        return (
            f"not yet. The check could not read your answer ({type(error).__name__}: {error}). "
            f"Is it of the kind that the exercise asks for? {AGAIN}"
        )


def find(number: str) -> Callable[[Learner], str]:
    """The function `check_2` in `utils/checks/n02.py` for number "2.2"."""
    notebook, _, place = str(number).partition(".")
    try:
        return getattr(import_module(f"utils.checks.n{int(notebook):02d}"), f"check_{int(place)}")
    except (ValueError, ImportError, AttributeError) as error:
        raise Hint(f"There is no exercise {number}; they are numbered like 2.1.") from error
