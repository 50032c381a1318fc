"""The five ways of training on a handful of pictures: what learns, what stays, what it may cost."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

from utils import model, settings, training
from utils.data import PictureSet, PictureSets
from utils.model import build_base
from utils.picture_folders import DataError
from utils.runs import Run, save_run
from utils.settings import Size

EPOCHS = 3


@pytest.fixture(autouse=True)
def micro(monkeypatch):
    monkeypatch.setitem(settings.SIZES, "tiny", Size(40, 20, 10, EPOCHS, head_epochs=10))


@pytest.fixture(scope="module")
def sets():
    """Two classes that a glance can tell apart: upright and lying stripes in noise."""
    rng = np.random.default_rng(0)

    def draw(count):
        labels = np.arange(count) % 2
        images = rng.integers(0, 100, (count, 32, 32, 3))
        images[labels == 0, :, ::4] += 150
        images[labels == 1, ::4] += 150
        return PictureSet(images.astype("uint8"), labels.astype("int64"))

    return PictureSets(draw(40), draw(20), draw(10), ["upright", "lying"])


def test_a_frozen_base_stays_and_its_head_learns(make_settings, sets):
    run = training.train_case("frozen base", make_settings(), sets)
    for found, expected in zip(
        run.network.layers[-2].weights, build_base(make_settings()).weights, strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert run.history["loss"].iloc[-1] < run.history["loss"].iloc[0]
    assert set(run.history["phase"]) == {"head"}
    assert run.trainable_parameters == 512 * 2 + 2
    scores = run.network.evaluate(sets.test.images, sets.test.labels, verbose=0)
    assert scores[1] > 0.7  # chance is 0.5


def test_fine_tuning_moves_the_base_within_the_budget(make_settings, sets):
    run = training.train_case("fine-tuned", make_settings(), sets)
    base = build_base(make_settings())
    for layer in ("block1_conv1", "block5_conv3"):
        kernel = run.network.layers[-2].get_layer(layer).kernel.numpy()
        moved = kernel - base.get_layer(layer).kernel.numpy()
        assert 0 < abs(moved).max() < 0.01  # a small rate takes small steps
    phases = run.history["phase"].tolist()
    assert phases == sorted(phases)  # first the head, then the whole network
    # Features of pictures and mirror images took two passes through the base.
    assert phases.count("whole network") == EPOCHS - 2


def test_the_last_blocks_move_and_the_others_stay(make_settings, sets):
    run = training.train_case("last blocks fine-tuned", make_settings(), sets)
    for layer in build_base(make_settings()).layers[1:]:
        if layer.weights:
            trained = run.network.layers[-2].get_layer(layer.name)
            moved = not np.array_equal(trained.kernel, layer.kernel)
            assert moved == layer.name.startswith(("block4", "block5")), layer.name
    phases = run.history["phase"].tolist()
    assert set(phases) == {"head", "last blocks"} and phases.count("last blocks") == EPOCHS - 2


def test_from_scratch_uses_the_budget_and_no_weights(make_settings, sets):
    run = training.train_case("from scratch", make_settings(weights="/no/such/file"), sets)
    assert run.history["phase"].tolist() == ["whole network"] * EPOCHS
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(run.history.columns)


def test_the_cut_with_the_best_validation_accuracy_is_kept(make_settings, sets, monkeypatch):
    accuracy = {"block2_pool": 0.5, "block3_pool": 0.7, "block4_pool": 0.6}

    def train_head(network, sets, epochs):
        found = accuracy[network.layers[-2].layers[-1].name]
        history = keras.callbacks.History()
        history.history = {"val_loss": [2.0, 1.0, 3.0], "val_accuracy": [0.1, found, 0.9]}
        return history

    monkeypatch.setattr(training, "train_head", train_head)
    run = training.train_case("low-level layers only", make_settings(), sets)
    assert run.network.layers[-2].layers[-1].name == "block3_pool"
    assert run.history["val_accuracy"].tolist() == [0.1, 0.7, 0.9]


def test_the_rate_warms_up_then_falls_to_zero():
    rate = training.warm_up_and_cosine(100)
    values = [float(rate(step)) for step in range(101)]
    assert values[0] == 0 and values[100] == pytest.approx(0, abs=1e-9)
    assert max(values) == pytest.approx(training.WHOLE_RATE)
    assert np.argmax(values) == 20
    assert float(training.warm_up_and_cosine(1)(0)) == 0  # a single step is no error


def test_stored_features_give_what_the_base_gives_inside(make_settings, sets):
    network = model.build_case("frozen base", make_settings(), 2)
    features = training.features_of(network, sets.test.images)
    assert features.shape == (10, 1, 1, 512) and features.dtype == np.float32
    np.testing.assert_allclose(
        network.get_layer("head").predict(features, verbose=0),
        network.predict(sets.test.images, verbose=0),
        rtol=1e-4,
    )


def test_features_too_large_for_memory_train_the_same_head(make_settings, sets, monkeypatch):
    histories = []
    for most in (training.arrays.LARGE, 0):
        monkeypatch.setattr(training.arrays, "LARGE", most)
        keras.utils.set_random_seed(0)
        network = model.build_case("frozen base", make_settings(), 2)
        features = training.features_of(network, sets.train.images, mirrored=True)
        assert isinstance(features, np.memmap) == (most == 0) and len(features) == 80
        histories.append(training.train_head(network, sets, 5).history)
    assert histories[0] == histories[1]
    mirrored = training.features_of(network, training.with_mirror_images(sets.train).images)
    np.testing.assert_array_equal(features, mirrored)


@pytest.fixture
def trained(monkeypatch):
    """Training at no cost; the list holds the cases that were trained."""
    cases = []

    def train_case(case, _, sets):
        cases.append(case)
        return small_run(case, len(sets.class_names))

    monkeypatch.setattr(training, "train_case", train_case)
    return cases


def small_run(case, num_classes):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(num_classes)])
    return Run(case, network, pd.DataFrame({"loss": [1.0]}), seconds=1.0)


def test_saved_runs_are_read_missing_and_damaged_ones_trained(make_settings, sets, trained, capsys):
    chosen = make_settings()
    save_run(small_run("frozen base", 2), chosen, sets)
    folder = save_run(small_run("fine-tuned", 2), chosen, sets)
    (folder / "model.keras").write_bytes(b"damaged")
    assert list(training.recover_runs(chosen, sets)) == list(model.CASES)
    assert trained == [case for case in model.CASES if case != "frozen base"]
    said = capsys.readouterr().out
    assert f"frozen base: read from outputs/{chosen.edition}" in said
    assert "fine-tuned: the saved model is damaged" in said

    trained.clear()
    training.recover_runs(chosen, sets)
    assert trained == []


def test_runs_of_other_classes_are_not_mixed_with_these_pictures(make_settings, sets, trained):
    chosen = make_settings()
    save_run(
        small_run("frozen base", 2), chosen, dataclasses.replace(sets, class_names=["cat", "dog"])
    )
    with pytest.raises(DataError, match="cat, dog, lying, upright"):
        training.recover_runs(chosen, sets)
