"""The command line: what it prints where, and the exit status that people expect."""

import csv
import io
import os
import subprocess
import sys

import keras
import pytest

from utils.photos.__main__ import main
from utils.photos.answers import save_model
from utils.photos.survey import survey
from utils.settings import REPOSITORY

NAMES = ["circle", "cross", "stripes"]


@pytest.fixture
def photos(odd_folder):
    """Three class folders of 60 pictures, not split."""
    return odd_folder / "train"


@pytest.fixture
def model(tmp_path):
    pictures = keras.Input((16, 16, 3))
    answer = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(pictures))
    return save_model(keras.Model(pictures, answer), tmp_path / "model.keras", NAMES)


def test_split(photos, tmp_path, capsys):
    target = tmp_path / "split"
    assert main(["split", str(photos), str(target), "--seed", "5", "--test", "0.1"]) == 0
    said = capsys.readouterr().out
    assert "Copied 180 pictures" in said and "162 to train/, 18 to test/." in said
    assert "TRANSFER_DATA" in said and str(target) in said
    assert survey(target).path.str.startswith(("train/", "test/")).all()  # not its own lists
    assert {len(list((target / "test" / name).iterdir())) for name in NAMES} == {6}
    assert main(["split", str(photos), str(target)]) == 2
    assert "not an empty folder" in capsys.readouterr().err


def test_split_with_a_broken_picture(photos, tmp_path, capsys):
    (photos / "circle" / "000.png").write_bytes(b"cut off")
    (photos / "circle" / "notes.txt").write_text("no picture")
    assert main(["split", str(photos), str(tmp_path / "split")]) == 1
    said = capsys.readouterr().out
    assert "circle/000.png cannot be read" in said and "Left out 2 files" in said
    assert "circle/notes.txt" in (tmp_path / "split" / "left-out.csv").read_text()


def test_names_that_are_not_utf8(photos, model, tmp_path, capfd):
    odd = os.fsdecode(b"caf\xe9.png")
    try:
        (photos / "circle" / "000.png").rename(photos / "circle" / odd)
    except OSError:
        pytest.skip("this file system has UTF-8 names only")
    (photos / "circle" / f"{odd}.txt").write_text("no picture")
    assert main(["split", str(photos), str(tmp_path / "split")]) == 0
    assert b"caf\xe9.png" in (tmp_path / "split" / "split.csv").read_bytes()
    assert "circle/caf\\udce9.png.txt is not read" in capfd.readouterr().out
    assert main(["predict", str(model), "--csv", str(photos / "circle" / odd)]) == 0
    assert "caf\\udce9.png" in capfd.readouterr().out


def test_predict(model, photos, capfd):
    pictures = [str(photos / "cross"), str(photos / "circle" / "001.jpg")]
    assert main(["predict", str(model), *pictures]) == 0
    said, errors = capfd.readouterr()
    assert len(said.splitlines()) == 61 and not errors
    assert main(["predict", str(model), "--csv", *pictures, str(photos / "gone.png")]) == 1
    said, errors = capfd.readouterr()
    rows = list(csv.DictReader(io.StringIO(said)))
    assert len(rows) == 62 and {row["class"] for row in rows[:-1]} <= set(NAMES)
    assert rows[-1]["class"] == "" and rows[-1]["problem"] in errors
    assert all(0 <= float(row["probability"]) <= 1 for row in rows[:-1])


def test_patterns_that_the_shell_has_left(model, photos, capsys):
    assert main(["predict", str(model), str(photos / "cross" / "*.png")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 15


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: split|predict"),
        (["split", "a"], "required: DST"),
        (["split", "nowhere", "b"], "There is no folder nowhere"),
        (["split", "a", "b", "--test", "20"], "20 is not between 0 and 1"),
        (["predict", "nowhere.keras", "a.jpg"], "There is no model nowhere.keras"),
        (["predict", __file__, "a.jpg"], "not a whole .keras file"),
        (["predict", __file__, "."], "There is no picture in ."),
    ],
)
def test_wrong_usage(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    said, errors = capsys.readouterr()
    assert status == 2 and words in errors and not said and "Traceback" not in errors


def test_as_a_program():
    command = [sys.executable, "-m", "utils.photos", "-h"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0 and "exit status is 0 if all went well" in done.stdout
