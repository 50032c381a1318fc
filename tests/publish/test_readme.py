"""The pages around the notebooks: their tables are recorded, their links and commands exist."""

import importlib.util
import re

import pandas as pd
import pytest

from utils.experiments.results import RESULTS
from utils.publish import pages
from utils.publish.series import series
from utils.settings import ALLOWED, REPOSITORY

TEXTS = [*pages.PAGES, "notebooks/glossary.md", "notebooks/teaching.md", "data/README.md"]
TEXTS += ["data/vgg16-imagenet.md", "README.zh-CN.md", "notebooks/zh/index.md"]
TEXTS += ["notebooks/zh/teaching.md"]
NOTEBOOKS = [f"notebooks/{path.name}" for path in series()]
MAKE = re.compile(r"\bmake (?:[A-Z_]+=\S+ )*([a-z][a-z-]*)")
MODULE = re.compile(r"python -m ((?:utils|data|tests)[\w.]*\w)")


def read(name):
    return (REPOSITORY / name).read_text(encoding="utf-8")


def code(text):
    """Spans between backticks, and indented lines."""
    return "\n".join(re.findall(r"`[^`\n]+`|^ {4}.+$", text, re.MULTILINE))


def anchors(text):
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", pages.PAGES)
def test_tables_are_the_recorded_ones(name):
    text = read(name)
    marked = {match[2] for match in pages.MARK.finditer(text)}
    assert marked >= ({"faults"} if "faults" in name else {"scoreboard-cifar10", "record"})
    assert text == pages.filled(text), "python -m utils.publish.pages fills the tables"


def test_the_first_page_promises_what_was_recorded():
    board = pd.read_csv(RESULTS / "scoreboard-cifar10.csv").set_index("case")
    quick, record = board.loc["fine-tuned"], pd.read_csv(RESULTS / "record-test.csv").iloc[0]
    assert quick.seconds <= 120 and record.minutes <= 60
    for name in ("notebooks/index.md", "notebooks/zh/index.md"):
        assert all(f" {one:.3f}" in read(name) for one in (quick.test_accuracy, record.accuracy))


@pytest.mark.parametrize("name", [*TEXTS, *NOTEBOOKS])
def test_links_lead_somewhere(name):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", read(name)):
        path = (REPOSITORY / name).parent / target if target else REPOSITORY / name
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("name", TEXTS)
def test_commands_exist(name):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    commands = code(read(name))
    assert set(MAKE.findall(commands)) <= targets
    assert all(importlib.util.find_spec(module) for module in MODULE.findall(commands))


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_left_to_fill_in(name):
    assert not re.findall(r"@[A-Z0-9]+@", read(name))


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_all_settings_are_named(name):
    text = read(name)
    for setting in ALLOWED:
        assert f"`TRANSFER_{setting.upper()}`" in text
