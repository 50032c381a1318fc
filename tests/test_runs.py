"""Runs saved by notebook 04 are what notebook 05 reads; what is damaged or foreign is noticed."""

import dataclasses
import json
import warnings

import keras
import numpy as np
import pandas as pd
import pytest

from utils import files
from utils.data import PictureSet, PictureSets
from utils.picture_folders import DataError
from utils.runs import Run, load_run, run_folder, save_run

CLASSES = ["ant", "bee", "cat"]


def sets_of(class_names, pictures_seed=0):
    """Six pictures to train on, three to validate on."""
    images = np.random.default_rng(pictures_seed).integers(0, 256, (9, 2, 2, 3), "uint8")
    labels = np.arange(9) % len(class_names)
    return PictureSets(
        PictureSet(images[:6], labels[:6]),
        PictureSet(images[6:], labels[6:]),
        PictureSet(images[:0], labels[:0]),
        class_names,
    )


SETS = sets_of(CLASSES)


@pytest.fixture
def run():
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    network.compile(keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    history = pd.DataFrame(
        {"loss": [2.5, 1.25], "val_loss": [2.0, 1.5], "phase": ["head", "whole"]}
    )
    return Run("frozen base", network, history, 12.5)


@pytest.fixture
def settings(make_settings):
    return make_settings()


@pytest.fixture
def saved(run, settings):
    return save_run(run, settings, SETS)


def test_a_run_comes_back_as_it_was_saved(run, settings, saved):
    assert saved == settings.folder / "frozen-base"
    assert {path.name for path in saved.iterdir()} == {"model.keras", "history.csv", "run.json"}
    again = load_run("frozen base", settings, SETS)
    assert (again.case, again.seconds, again.trainable_parameters) == ("frozen base", 12.5, 15)
    pd.testing.assert_frame_equal(again.history, run.history)
    inputs = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_array_equal(
        again.network.predict(inputs, verbose=0), run.network.predict(inputs, verbose=0)
    )


def test_a_network_that_was_never_fitted_comes_back_without_a_warning(settings, saved):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_run("frozen base", settings, SETS) is not None


def test_a_network_that_was_never_compiled_can_be_saved(run, settings):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    save_run(Run("from scratch", network, run.history, 1.0), settings, SETS)
    assert load_run("from scratch", settings, SETS).trainable_parameters == 15


def test_what_a_run_was_trained_on_is_kept_next_to_it(saved):
    about = json.loads((saved / "run.json").read_text())
    assert about["class_names"] == CLASSES
    assert about["made_from"]["weights"] == "imagenet"


def test_another_case_or_edition_has_no_run(settings, saved, make_settings):
    assert load_run("fine-tuned", settings, SETS) is None
    assert load_run("frozen base", make_settings(side=64), SETS) is None


def cut_model(folder):
    path = folder / "model.keras"
    path.write_bytes(path.read_bytes()[:-200])


def empty_model(folder):
    (folder / "model.keras").write_bytes(b"")


def other_model(folder):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(folder / "model.keras")


@pytest.mark.parametrize("damage", [cut_model, empty_model, other_model])
def test_a_damaged_model_is_named_and_not_read(settings, saved, capsys, damage):
    damage(saved)
    assert load_run("frozen base", settings, SETS) is None
    assert "frozen base: the saved model is damaged (" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["history.csv", "run.json"])
@pytest.mark.parametrize("content", [None, b""])
def test_a_run_without_one_of_its_tables_is_named_and_not_read(
    settings, saved, capsys, name, content
):
    (saved / name).unlink()
    if content is not None:
        (saved / name).write_bytes(content)
    assert load_run("frozen base", settings, SETS) is None
    assert "frozen base: the saved run is incomplete." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("class_names", "odd"),
    [
        (["ant", "bee", "cow"], "in only one of them: cat, cow."),
        (["ant", "bee"], "on 3 classes, the pictures have 2; in only one of them: cat."),
        (["bee", "ant", "cat"], "none, but their order differs"),
    ],
)
def test_other_classes_are_named(settings, saved, class_names, odd):
    with pytest.raises(DataError) as caught:
        load_run("frozen base", settings, sets_of(class_names))
    assert odd in str(caught.value)
    assert str(saved / "model.keras") in str(caught.value)


def test_a_run_made_from_other_pictures_or_weights_is_not_taken(settings, saved, capsys, tmp_path):
    assert load_run("frozen base", settings, sets_of(CLASSES, pictures_seed=1)) is None
    assert "made from other pictures or weights" in capsys.readouterr().out
    weights = tmp_path / "mine.weights.h5"
    weights.write_bytes(b"one")
    mine = dataclasses.replace(settings, weights=str(weights))
    run = load_run("frozen base", settings, SETS)
    save_run(run, mine, SETS)
    assert load_run("frozen base", mine, SETS) is not None
    weights.write_bytes(b"another")
    assert load_run("frozen base", mine, SETS) is None


def test_a_full_disk_leaves_the_run_that_was_there(run, settings, saved, monkeypatch):
    def save(_, path, **__):
        path.write_bytes(b"the first bytes")
        raise OSError(28, "No space left on device")

    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    monkeypatch.setattr(keras.Model, "save", save)
    with pytest.raises(files.CannotWriteError, match="No space left on device"):
        save_run(run, settings, SETS)
    assert {
        path.name: path.read_bytes() for path in run_folder(settings, run.case).iterdir()
    } == before
