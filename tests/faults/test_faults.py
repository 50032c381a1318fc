"""A few faults of each kind that takes seconds, tried as `make faults` tries all of them."""

import pandas as pd
import pytest

from tests.faults import __main__ as program
from tests.faults import disks, inputs, servers
from tests.faults.trying import NOT_TRIED, Fault, Outcome, in_child
from utils.experiments import results
from utils.files import read_json

QUICK = [
    *(fault for fault in servers.FAULTS if fault.name in ("cut off", "TLS without trust")),
    *(fault for fault in inputs.FAULTS if fault.name in (
        "decompression bomb", "pipe named .jpg", "code in kept pictures", "weights with NaN",
        "archive with ../ as data", "results of other pictures")),
    *(fault for fault in disks.FAULTS if "pictures kept" in fault.name),
]  # fmt: skip


@pytest.mark.slow
def test_a_few_faults_end_as_they_should(tmp_path):
    assert len(QUICK) == 10
    table = program.try_all(QUICK, tmp_path / "kept.json")
    assert list(table) == results.COLUMNS["faults"]
    assert (table.as_it_should == "yes").all(), table.to_string()


def test_an_interrupted_run_goes_on_and_what_went_wrong_is_tried_again(tmp_path):
    asked, kept = [], tmp_path / "kept.json"

    def attempt(folder, number):
        assert not list(folder.iterdir())
        asked.append(number)
        if asked == [0, 1]:
            raise KeyboardInterrupt
        return Outcome(len(asked) != 3, f"try {number}", 1.0)

    fault = Fault("kind", "name", attempt, times=3)
    with pytest.raises(KeyboardInterrupt):
        program.try_all([fault], kept)
    row = program.try_all([fault], kept).iloc[0]
    assert asked == [0, 1, 1, 2]
    assert (row.right, row.tries, row.as_it_should, row.what_happens) == (2, 3, "NO", "try 1")
    row = program.try_all([fault], kept).iloc[0]
    assert asked == [0, 1, 1, 2, 2] and (row.right, row.as_it_should) == (3, "yes")


def test_a_part_of_the_faults_takes_the_place_of_its_own_rows_alone(tmp_path):
    def table(kinds, said):
        row = dict.fromkeys(results.COLUMNS["faults"], 1) | {"what_happens": said}
        return pd.DataFrame([row | {"kind": kind} for kind in kinds])

    for kinds, said in ((["kill", "input", "disk"], "once"), (["input", "input"], "twice")):
        about = {"revision": said, "date": "today", "machine": "ours"}
        program.record(table(kinds, said), about, tmp_path)
    recorded = pd.read_csv(tmp_path / "faults.csv")
    assert recorded.kind.tolist() == ["kill", "input", "input", "disk"]
    assert recorded.what_happens.tolist() == ["once", "twice", "twice", "once"]
    made = read_json(tmp_path / "faults.json")["kinds"]
    assert [*made] == ["kill", "input", "disk"]
    assert [made[kind]["revision"] for kind in made] == ["once", "twice", "once"]


def test_a_run_of_some_kinds_forgets_no_others(tmp_path):
    first, second = (Fault(kind, "name", lambda *_: Outcome(True, "", 0)) for kind in "ab")
    kept = tmp_path / "kept.json"
    program.try_all([first, second], kept)
    program.forget([first], kept)
    assert [*read_json(kept)] == ["b: name"]
    program.forget([second], kept)
    assert not kept.exists()


def test_what_could_not_be_tried_does_not_count_as_right(tmp_path):
    fault = Fault("kind", "name", lambda *_: Outcome(True, f"{NOT_TRIED}no disk", 0.0))
    assert program.try_all([fault], tmp_path / "kept.json").as_it_should.tolist() == ["not tried"]


def test_what_does_not_end_in_an_error_of_ours_is_wrong(tmp_path, monkeypatch):
    """The other way round, too slow, too large, and with other words, too."""
    name, how = "results of other pictures", {"error": False}
    tried = [
        in_child("inputs", name, tmp_path, "not on toys", **how),
        in_child("inputs", name, tmp_path, "not on toys", error=True),
        in_child("inputs", name, tmp_path, "other words", **how),
        in_child("inputs", name, tmp_path, "not on toys", **how, megabytes=1),
        in_child("inputs", name, tmp_path, "not on toys", **how, seconds=0),
        in_child("inputs", "no such name", tmp_path, "", **how),
    ]
    assert [one.right for one in tried] == [True, *[False] * 5]
    assert "still at work" in tried[4].said and "status 1" in tried[5].said
