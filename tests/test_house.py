"""The rules of the house: what may import what, and how large the parts may grow."""

import ast
import re

from utils.files import REPOSITORY

UTILS = REPOSITORY / "utils"
PACKAGES = ("exercises", "experiments", "photos", "publish")
ORDER = ("settings", "data", "model", "training", "plots")  # data flows to the right only


def imports(path):
    """The modules of utils that a file imports, as `settings` or `experiments.results`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def core():
    return sorted(UTILS.glob("*.py"))


def lines(paths):
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def test_the_core_knows_nothing_of_the_packages():
    for path in core():
        for name in imports(path):
            assert not name.startswith(tuple(f"utils.{package}" for package in PACKAGES)), path


def test_data_flows_one_way():
    for place, name in enumerate(ORDER):
        later = {f"utils.{other}" for other in ORDER[place + 1 :]}
        assert not later & imports(UTILS / f"{name}.py"), name


def test_exercises_import_nothing_of_the_core():
    for path in sorted((UTILS / "exercises").glob("*.py")):
        for name in imports(path):
            assert not re.match(r"utils(\.(?!exercises)|$)", name), (path.name, name)


def test_publishing_needs_no_tensorflow():
    for path in sorted((UTILS / "publish").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) (keras|tensorflow)\b", text, re.MULTILINE), path


def test_the_parts_stay_small():
    assert lines(core()) < 1_700
    assert lines((UTILS / "picture_folders").glob("*.py")) < 640
    assert lines(UTILS.rglob("*.py")) < 9_300  # tooling: experiments, exercises, photos, publishing
    assert lines((REPOSITORY / "tests").rglob("*.py")) < 8_360
