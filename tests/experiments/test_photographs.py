"""What notebook 08 records of photographs, on a handful of small pictures."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from utils.experiments import photo_ways, photographs, results


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("train", 12), ("test", 4)):
        for place, name in enumerate(("dim", "bright")):
            (tmp_path / "set" / part / name).mkdir(parents=True)
            for number in range(count):
                noise = rng.integers(100 * place, 100 * place + 100, (40, 40, 3)).astype("uint8")
                Image.fromarray(noise).save(tmp_path / "set" / part / name / f"{number}.png")
    return tmp_path / "set"


def test_a_folder_is_measured_and_recorded(folder, make_settings, monkeypatch, tmp_path):
    monkeypatch.setattr(photographs, "SIDES", (32,))
    monkeypatch.setattr(photographs, "SEEDS", range(2))
    monkeypatch.setattr(photographs, "TRAININGS", {32: 1})
    monkeypatch.setattr(photo_ways, "EPOCHS", 1)
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    photographs.run(make_settings(data=str(folder)))
    table = pd.read_csv(tmp_path / "photographs.csv")
    ways = [*photographs.PROBES, photographs.FINE_TUNED, photographs.TWO_VIEWS]
    assert table.way.tolist() == [*ways, *photographs.PROBES] and set(table.test_pictures) == {8}
    assert table.accuracy.between(0, 1).all() and (table.seconds > 0).all()


def test_one_set_takes_the_place_of_its_own_rows_only(make_settings, tmp_path):
    def rows(name, accuracy):
        row = {"data": name, "side": 96, "way": "probe", "seed": 0, "test_pictures": 8}
        return pd.DataFrame([row | {"validation_accuracy": 1, "accuracy": accuracy, "seconds": 1}])

    for name, accuracy in (("ants", 0.5), ("cats", 0.6), ("ants", 0.7)):
        photographs.record(rows(name, accuracy), make_settings(), tmp_path)
    table = results.load_or_say("photographs", data="photographs", folder=tmp_path)
    assert dict(zip(table.data, table.accuracy, strict=True)) == {"cats": 0.6, "ants": 0.7}
    about = json.loads((tmp_path / "photographs.json").read_text())
    assert set(about["sets"]) == {"ants", "cats"}


def test_without_a_folder_it_says_what_to_set(make_settings):
    with pytest.raises(photographs.DataError, match="set TRANSFER_DATA to one that holds"):
        photographs.run(make_settings())


def test_a_picture_is_changed_but_not_its_size():
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype("uint8")
    copies = [photo_ways.augmented(photo_ways.tf.constant(picture), 1)[0] for _ in range(5)]
    assert {(tuple(copy.shape), copy.dtype.name) for copy in copies} == {((32, 32, 3), "uint8")}
    assert len({copy.numpy().tobytes() for copy in copies}) > 1
