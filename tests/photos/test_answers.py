"""A classifier in one file: names go in and come out, Keras still reads it, faults are named."""

import json
import shutil
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from utils.files import CannotWriteError
from utils.photos.answers import ModelError, list_pictures, load_model, predict, save_model

NAMES = ["ant", "bee", "金鱼"]
COLOURS = {"red": 0, "lime": 1, "blue": 2}  # a colour, and the class it shall be taken for


@pytest.fixture
def network():
    """The mean of red, green and blue decide."""
    pictures = keras.Input((24, 24, 3))
    means = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(pictures))
    answer = keras.layers.Dense(3, activation="softmax")
    made = keras.Model(pictures, answer(means), name="colours")
    answer.set_weights([np.eye(3) * 5, np.zeros(3)])
    made.compile("adam", "sparse_categorical_crossentropy")
    return made


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "pictures").mkdir()
    for colour in COLOURS:
        Image.new("RGB", (60, 40), colour).save(tmp_path / "pictures" / f"{colour}.png")
    return tmp_path / "pictures"


def problem(path):
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_names_travel_inside_and_keras_reads_the_file(network, tmp_path):
    network.fit(np.zeros((3, 24, 24, 3)), np.arange(3), verbose=0)  # the optimizer has a state
    path = save_model(network, tmp_path / "model.keras", NAMES)
    images = np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3), "uint8")
    expected = network.predict(images, verbose=0)
    loaded, names = load_model(path)
    assert names == NAMES and loaded.name == "colours" and not loaded.compiled
    for other in (loaded, keras.models.load_model(path)):
        assert (other.predict(images, verbose=0) == expected).all()
    assert network.compiled and network.optimizer is not None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.keras"]


def test_only_what_fits_is_saved_and_whole(network, tmp_path, small_disk):
    with pytest.raises(ModelError, match=r"ends in \.keras"):
        save_model(network, tmp_path / "model.h5", NAMES)
    with pytest.raises(ModelError, match="2 class names"):
        save_model(network, tmp_path / "model.keras", NAMES[:2])
    (small_disk / "filler").write_bytes(b"0" * 60_000)
    with pytest.raises(CannotWriteError):
        save_model(network, small_disk / "model.keras", NAMES)
    assert [p.name for p in small_disk.iterdir()] == ["filler"]


def test_what_would_fill_the_memory_or_answer_by_chance_is_refused(network, tmp_path):
    path = save_model(network, tmp_path / "model.keras", NAMES)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(9_000_000))
    assert "unpacks to 9 MB" in problem(path)
    network.layers[-1].bias.assign([0, np.nan, 0])
    assert "not a number" in problem(save_model(network, path, NAMES))


def test_names_next_to_the_file_as_notebook_05_leaves_them(network, tmp_path):
    path = tmp_path / "classifier.keras"
    network.save(path)
    assert "holds no class names" in problem(path)
    for content in (NAMES, {"class_names": NAMES}):
        path.with_suffix(".json").write_text(json.dumps(content))
        assert load_model(path)[1] == NAMES
    path.with_suffix(".json").write_text('["ant", 3]')
    assert "cannot be read" in problem(path)
    path.with_suffix(".json").write_text('["ant"]')
    assert "1 class names" in problem(path)


def test_files_that_are_no_models(network, tmp_path):
    assert "There is no model" in problem(tmp_path / "none.keras")
    whole = save_model(network, tmp_path / "whole.keras", NAMES).read_bytes()
    for name, content in (("cut", whole[:-400]), ("empty", b""), ("picture", b"GIF89a")):
        (tmp_path / f"{name}.keras").write_bytes(content)
        assert "not a whole .keras file" in problem(tmp_path / f"{name}.keras")
    shutil.make_archive(str(tmp_path / "other"), "zip", tmp_path, "cut.keras")
    assert "not a whole .keras file" in problem(tmp_path / "other.zip")


def test_a_model_that_brings_code_is_refused(tmp_path):
    pictures = keras.Input((4,))
    keras.Model(pictures, keras.layers.Lambda(lambda x: x * 2)(pictures)).save(tmp_path / "a.keras")
    assert "brings code along" in problem(tmp_path / "a.keras")


def test_answers_with_the_runner_up(network, pictures):
    table = predict(network, NAMES, list_pictures([pictures]))
    assert [path.rsplit("/")[-1] for path in table.picture] == ["blue.png", "lime.png", "red.png"]
    assert table["class"].tolist() == ["金鱼", "bee", "ant"]
    assert table.probability.between(0.98, 1).all() and (table.problem == "").all()
    assert (table.second != table["class"]).all() and table.second_probability.lt(0.01).all()


def test_what_cannot_be_read_has_a_problem_and_the_others_an_answer(network, pictures):
    (pictures / "green.jpg").write_text("no picture")
    given = [pictures / "gone.png", pictures / "green.jpg", *[pictures / "red.png"] * 40]
    table = predict(network, NAMES, given)
    assert table["class"].isna().tolist() == [True, True] + [False] * 40
    assert "There is no picture" in table.problem[0] and "cannot be read" in table.problem[1]
    assert predict(network, NAMES, given[:1]).problem.all()


def test_pictures_below_a_folder(pictures):
    (pictures / "june").mkdir()
    for name in ("june/new.jpg", "june/.hidden.jpg", "june/notes.txt", "._red.png"):
        (pictures / name).write_bytes(b"")
    names = ["blue.png", "june/new.jpg", "lime.png", "red.png"]
    assert list_pictures([pictures, "x.gif"])[:-1] == [pictures / name for name in names]
    assert str(list_pictures([pictures, "x.gif"])[-1]) == "x.gif"


def test_a_network_for_something_else():
    vector = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    with pytest.raises(ModelError, match="expected square pictures"):
        predict(vector, NAMES, ["a.png"])
