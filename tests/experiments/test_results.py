"""Recorded results: complete, with provenance, and left out when they are not what they say."""

import json
import shutil

import pandas as pd
import pytest

from utils.experiments import results
from utils.experiments.results import COLUMNS, load_or_say

RECORDED = {path.stem for path in results.RESULTS.glob("*.csv")}


@pytest.fixture
def folder(tmp_path):
    for ending in (".csv", ".json"):
        shutil.copy(results.RESULTS / f"record{ending}", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", sorted(set(COLUMNS) | RECORDED))
def test_all_results_can_be_shown_and_say_where_they_come_from(name, capsys):
    about = json.loads((results.RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert not any(word in str(about) for word in ("/work", "/root", "/home", "/tmp"))
    table = load_or_say(name, data=about["settings"]["data"])
    for column in table:
        if "accuracy" in column:
            assert table[column].between(0, 1).all()
    said = capsys.readouterr().out
    assert about["revision"] in said and about["date"] in said
    assert about["settings"]["weights"] == "imagenet"


@pytest.mark.parametrize(
    "content",
    ["", "\x00\x01", '"unclosed\n1,2', "epoch,hours\n1,1\n", ",".join(COLUMNS["record"])],
)
def test_a_notebook_goes_on_without_a_damaged_table(folder, content, capsys):
    (folder / "record.csv").write_text(content)
    assert load_or_say("record", folder=folder) is None
    assert "Without the recorded results record.csv" in capsys.readouterr().out


def test_a_table_of_unknown_origin_is_left_out(folder):
    (folder / "record.json").write_text('{"settings": []}')
    assert load_or_say("record", folder=folder) is None


def test_a_missing_table_and_other_data_are_named(tmp_path, folder, capsys):
    assert load_or_say("sizes", folder=tmp_path) is None
    assert load_or_say("record", data="toys", folder=folder) is None
    said = capsys.readouterr().out
    assert "sizes.csv" in said and "recorded on cifar10, not on toys" in said
    assert str(tmp_path) not in said


def test_saved_results_are_read_again(tmp_path, make_settings):
    table = load_or_say("record")
    about = results.provenance(make_settings(data="/somewhere/cifar10"), "a command")
    results.save("record", table, about, folder=tmp_path)
    pd.testing.assert_frame_equal(load_or_say("record", folder=tmp_path), table)
    assert "somewhere" not in (tmp_path / "record.json").read_text()
    with pytest.raises(ValueError, match="columns"):
        results.save("record", table.drop(columns="minutes"), about, folder=tmp_path)
