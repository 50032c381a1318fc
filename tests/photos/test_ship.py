"""A network leaves Keras in every format with its class names, and answers as it did."""

import json
import zipfile

import keras
import numpy as np
import pytest

from utils.photos import answers, cost, ship

NAMES = ["ants", "bees", "黄蜂"]
SIDE = 32


@pytest.fixture(scope="module", autouse=True)
def mixed_precision():
    """As in notebooks on processors that compute in bfloat16."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3), "uint8")


def small_network(policy="float32"):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    picture = keras.Input((SIDE, SIDE, 3), name="pictures")
    x = layers.Rescaling(1 / 64, offset=-2, dtype="float32")(picture[..., ::-1])
    x = layers.Conv2D(8, 3, activation="relu", dtype=policy)(x)
    x = layers.MaxPooling2D(4, dtype=policy)(x)
    x = layers.Dropout(0.5, dtype=policy)(layers.Flatten(dtype=policy)(x))
    return keras.Model(picture, layers.Dense(len(NAMES), activation="softmax", dtype="float32")(x))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory, pictures):
    folder = tmp_path_factory.mktemp("shipped")
    (folder / "notes.txt").write_text("mine")
    paths = ship.export(small_network("mixed_bfloat16"), NAMES, folder, pictures)
    assert {path.name for path in paths} | {"notes.txt"} == {p.name for p in folder.iterdir()}
    return folder


def test_class_names_travel_in_every_file(shipped):
    assert answers.load_model(shipped / "model.keras")[1] == NAMES
    for name in ("model.tflite", "model-int8.tflite"):
        with zipfile.ZipFile(shipped / name) as archive:
            assert json.loads(archive.read("class_names.json")) == NAMES
    extra = shipped / "saved_model" / "assets.extra" / "class_names.json"
    assert json.loads(extra.read_text("utf-8")) == NAMES


def test_class_names_travel_in_onnx(shipped):
    onnx = pytest.importorskip("onnx")
    for name in ("model.onnx", "model-int8.onnx"):
        properties = {p.key: p.value for p in onnx.load(shipped / name).metadata_props}
        assert json.loads(properties["class_names"]) == NAMES


def test_answers_stay_the_same_and_int8_is_near(shipped, pictures):
    answer = small_network().predict(pictures.astype("float32"), verbose=0)
    table = cost.measure(shipped, pictures, answer.argmax(axis=1))
    expected = [kind for kind, name in ship.FORMATS.items() if (shipped / name).exists()]
    assert list(table.index) == expected and len(expected) >= 4
    assert (table["ms per picture"] > 0).all() and (table["MB"] > 0).all()
    exact = table.drop([kind for kind in table.index if "int8" in kind])
    assert exact["largest difference"].max() < 1e-5 and (exact["accuracy"] == 1).all()
    assert table["largest difference"].max() < 0.05
    sizes = table["MB"]
    assert sizes["LiteRT int8"] < sizes["LiteRT"]


def test_a_network_in_bfloat16_is_shipped_in_float32(shipped):
    network, _ = answers.load_model(shipped / "model.keras")
    assert "bfloat16" not in network.to_json()


def test_exporting_again_replaces_and_says_nothing(shipped, pictures, capfd):
    before = (shipped / "model.keras").stat().st_mtime_ns
    ship.export(small_network(), NAMES, shipped, pictures)
    said = capfd.readouterr()
    assert (shipped / "model.keras").stat().st_mtime_ns > before
    assert (shipped / "notes.txt").read_text() == "mine"
    without_onnx = 2 if "ONNX is left out" in said.out else 0  # lines
    assert "Writing" in said.out and said.out.count("\n") < 2 + without_onnx and not said.err


def test_without_the_packages_one_line_says_how_to_get_onnx(
    tmp_path, pictures, monkeypatch, capsys
):
    monkeypatch.setattr(ship, "ONNX_NEEDS", ("onnx", "no_such_package"))
    (tmp_path / "model.onnx").write_text("of an earlier network")
    paths = ship.export(small_network(), NAMES, tmp_path, pictures)
    assert not [path for path in paths if path.suffix == ".onnx"]
    assert not (tmp_path / "model.onnx").exists()
    assert "pip install -r requirements-site.txt" in capsys.readouterr().out


def test_a_network_that_onnx_does_not_know_is_shipped_in_the_other_formats(
    tmp_path, pictures, monkeypatch, capsys
):
    def fail(*_):
        raise RuntimeError("there is no such\nlayer in ONNX")

    monkeypatch.setattr(ship, "ONNX_NEEDS", ())
    monkeypatch.setattr(ship, "to_onnx", fail)
    paths = ship.export(small_network(), NAMES, tmp_path, pictures)
    assert [path.name for path in paths] == list(ship.FORMATS.values())[:4]
    assert "converter failed: there is no such layer in ONNX" in capsys.readouterr().out


def test_a_conversion_that_fails_leaves_the_folder_as_it_was(tmp_path, pictures, monkeypatch):
    def fail(*_, **__):
        raise OSError("the disk is full")

    (tmp_path / "model.keras").write_text("an earlier one")
    monkeypatch.setattr(ship, "_to_litert", fail)
    with pytest.raises(OSError, match="disk is full"):
        ship.export(small_network(), NAMES, tmp_path, pictures)
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    assert (tmp_path / "model.keras").read_text() == "an earlier one"


def test_what_does_not_fit_the_network_is_named(tmp_path, pictures):
    with pytest.raises(ValueError, match=r"3 probabilities.*2 class names: ants, bees"):
        ship.export(small_network(), NAMES[:2], tmp_path, pictures)
    with pytest.raises(ValueError, match=r"\[12, 16, 16, 3\]; expected \[n, 32, 32, 3\]"):
        ship.export(small_network(), NAMES, tmp_path, pictures[:, ::2, ::2])
    with pytest.raises(FileNotFoundError, match=r"no model\.keras"):
        cost.measure(tmp_path, pictures, np.zeros(12))
