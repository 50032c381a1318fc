"""README.md quotes recorded results only, and its links and commands exist."""

import json
import re

import pandas as pd
import pytest

from utils import record
from utils.settings import ALLOWED, REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def marked(mark):
    (found,) = re.findall(rf"<!-- {mark} -->\n?(.*?)\n?<!-- end -->", TEXT, re.DOTALL)
    return found


@pytest.mark.parametrize("name", ["toys", "cifar10"])
def test_scoreboards_are_the_recorded_ones(name):
    board = pd.read_csv(record.RESULTS / f"scoreboard-{name}.csv")
    assert list(board) == ["case", "test_accuracy", "trainable_parameters", "seconds"]
    assert marked(f"scoreboard {name}") == record.readme_table(board)
    about = json.loads((record.RESULTS / f"scoreboard-{name}.json").read_text(encoding="utf-8"))
    assert {"command", "seed", "revision", "settings", "versions", "machine", "date"} <= set(about)
    assert about["settings"]["data"] == name


def test_minutes_are_the_recorded_ones():
    for notebook, minutes in record.recorded_minutes().items():
        assert marked(f"minutes {notebook[:2]}") == f"{minutes:.1f}"


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", TEXT):
        assert (REPOSITORY / target).exists(), target


def test_make_targets_exist():
    targets = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for name in set(re.findall(r"`make (?:PYTHON=\S+ )?([a-z]+)`", TEXT)):
        assert re.search(rf"^{name}:", targets, re.MULTILINE), name


def test_all_settings_are_told():
    for name in ALLOWED:
        assert f"`TRANSFER_{name.upper()}`" in TEXT
