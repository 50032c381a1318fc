"""What the exercises' checks can say, as messages: a hint's values are `{name}` or `{1}`."""

import ast
from collections.abc import Iterator

from utils.files import REPOSITORY

EXERCISES = REPOSITORY / "utils" / "exercises"
FOLDED = "The solutions are folded."  # stands where exercises begin
NOTES = "Notes for teachers."  # the workshop's own words


def messages() -> Iterator[str]:
    """All that checks print, and the workshop's own words."""
    yield from (FOLDED, NOTES)
    for path in sorted(EXERCISES.glob("[_n]*.py")):
        yield from _said(ast.parse(path.read_text(encoding="utf-8")))


def _said(node: ast.AST, choice: bool = False) -> Iterator[str]:
    """Strings of several words, docstrings aside, and the ends of a choice such as "few"."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        yield from _template(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (choice or words(node)):
        yield node.value
    for field, child in ast.iter_fields(node):
        for inner in child if isinstance(child, list) else [child]:
            if isinstance(inner, ast.AST) and not (
                isinstance(node, ast.JoinedStr) and isinstance(inner, ast.Constant)
            ):
                ends = isinstance(node, ast.IfExp) and field in ("body", "orelse")
                yield from _said(inner, choice=ends)


def words(node: ast.Constant) -> bool:
    return " " in node.value.strip()


def _template(node: ast.JoinedStr) -> Iterator[str]:
    parts, number = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(part.value)
        elif isinstance(part.value, ast.Name):
            parts.append(f"{{{part.value.id}}}")
        else:
            number += 1
            parts.append(f"{{{number}}}")
    text, own = "".join(parts), "".join(part for part in parts if part[0] != "{")
    if own.strip() and " " in text:
        yield text
