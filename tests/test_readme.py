"""README.md quotes recorded results only, and its links and commands exist."""

import json
import re

import pandas as pd
import pytest

from utils import record
from utils.settings import ALLOWED, REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def marked(text, mark):
    return re.findall(rf"<!-- {mark} -->\n?(.*?)\n?<!-- end -->", text, re.DOTALL)


@pytest.mark.parametrize("name", ["toys", "cifar10"])
def test_scoreboards_are_the_recorded_ones(name):
    board = pd.read_csv(record.RESULTS / f"scoreboard-{name}.csv")
    assert list(board) == ["case", "test_accuracy", "trainable_parameters", "seconds"]
    for page in record.PAGES:
        tables = marked(page.read_text(encoding="utf-8"), f"scoreboard {name}")
        assert tables == [record.readme_table(board)] * len(tables)
    assert marked(README, f"scoreboard {name}")
    about = json.loads((record.RESULTS / f"scoreboard-{name}.json").read_text(encoding="utf-8"))
    assert {"command", "seed", "revision", "settings", "versions", "machine", "date"} <= set(about)
    assert about["settings"]["data"] == name


@pytest.mark.parametrize("page", record.PAGES, ids=lambda page: page.name)
def test_minutes_are_the_recorded_ones(page):
    text = page.read_text(encoding="utf-8")
    for notebook, minutes in record.recorded_minutes().items():
        assert set(marked(text, f"minutes {notebook[:2]}")) == {f"{minutes:.1f}"}


@pytest.mark.parametrize("page", record.PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_make_targets_exist():
    targets = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for name in set(re.findall(r"`make (?:PYTHON=\S+ )?([a-z]+)`", README)):
        assert re.search(rf"^{name}:", targets, re.MULTILINE), name


def test_all_settings_are_told():
    for name in ALLOWED:
        assert f"`TRANSFER_{name.upper()}`" in README
