"""Recorded results: complete, with provenance, and refused when they are not what they say."""

import json
import shutil

import pandas as pd
import pytest

from utils.experiments import results
from utils.experiments.results import COLUMNS, ResultsError, load, load_or_say

RECORDED = sorted(path.stem for path in results.RESULTS.glob("*.csv"))
EVIDENCE = sorted(COLUMNS)


@pytest.fixture
def folder(tmp_path):
    for ending in (".csv", ".json"):
        shutil.copy(results.RESULTS / f"steps{ending}", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", EVIDENCE)
def test_each_experiment_is_recorded_on_cifar10(name):
    table = load(name, data="cifar10")
    assert list(table) == COLUMNS[name]
    about = results.provenance_of(name)
    assert {"tensorflow", "keras", "python"} <= set(about["versions"])
    assert about["settings"]["weights"] == "bundled"


@pytest.mark.parametrize("name", RECORDED)
def test_results_name_no_machine_path(name):
    text = (results.RESULTS / f"{name}.json").read_text(encoding="utf-8")
    assert not any(word in text for word in ("/work", "/root", "/home", "/tmp"))


@pytest.mark.parametrize("name", RECORDED)
def test_accuracies_are_shares(name):
    table = pd.read_csv(results.RESULTS / f"{name}.csv")
    for column in table:
        if "accuracy" in column:
            assert table[column].between(0, 1).all()


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(ResultsError, match=r"no steps\.csv.*make evidence.*git checkout"):
        load("steps", folder=tmp_path)


def test_other_columns_are_named(folder):
    table = pd.read_csv(folder / "steps.csv").rename(columns={"seconds": "hours"})
    table.to_csv(folder / "steps.csv", index=False)
    with pytest.raises(ResultsError, match=r"hours.*expected: .*seconds"):
        load("steps", folder=folder)


def test_other_data_is_named(folder):
    with pytest.raises(ResultsError, match="recorded on cifar10, not on toys"):
        load("steps", data="toys", folder=folder)


@pytest.mark.parametrize("content", ["", "\x00\x01", '"unclosed\n1,2'])
def test_what_is_no_table_is_refused(folder, content):
    (folder / "steps.csv").write_text(content)
    with pytest.raises(ResultsError, match=r"steps\.csv"):
        load("steps", folder=folder)


def test_words_in_the_place_of_numbers_are_refused(folder):
    table = pd.read_csv(folder / "steps.csv").astype({"seconds": object})
    table.loc[0, "seconds"] = "long"
    table.to_csv(folder / "steps.csv", index=False)
    with pytest.raises(ResultsError, match="seconds are numbers"):
        load("steps", folder=folder)


def test_no_rows_are_refused(folder):
    (folder / "steps.csv").write_text(",".join(COLUMNS["steps"]) + "\n")
    with pytest.raises(ResultsError, match="no rows"):
        load("steps", folder=folder)


@pytest.mark.parametrize("about", ["", "{}", '{"settings": []}'])
def test_no_provenance_is_refused(folder, about):
    (folder / "steps.json").write_text(about)
    with pytest.raises(ResultsError, match="does not say where"):
        load("steps", folder=folder)


def test_a_notebook_goes_on_without(tmp_path, capsys):
    assert load_or_say("steps", folder=tmp_path) is None
    assert "Without the recorded results: There is no steps.csv" in capsys.readouterr().out


def test_saved_results_are_read_again(tmp_path):
    about = json.loads((results.RESULTS / "steps.json").read_text(encoding="utf-8"))
    table = load("steps")
    results.save("steps", table, about, folder=tmp_path)
    pd.testing.assert_frame_equal(load("steps", folder=tmp_path), table)
    with pytest.raises(ValueError, match="columns"):
        results.save("steps", table.drop(columns="seconds"), about, folder=tmp_path)
