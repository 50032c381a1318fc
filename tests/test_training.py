"""The four ways of training on a handful of pictures: what learns, what stays, what it may cost."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

from utils import model, settings, training
from utils.data import PictureSet, PictureSets
from utils.folders import DataError
from utils.model import build_base
from utils.runs import Run, save_run
from utils.settings import Size

EPOCHS = 2


@pytest.fixture(autouse=True)
def micro(monkeypatch):
    monkeypatch.setitem(
        settings.SIZES, "tiny", Size(train=40, validation=20, test=10, epochs=EPOCHS)
    )
    monkeypatch.setattr(training, "HEAD_EPOCHS", 4)


@pytest.fixture(scope="module")
def sets():
    """Two classes that a glance tells apart: upright and lying stripes in noise."""
    rng = np.random.default_rng(0)

    def draw(count):
        labels = np.arange(count) % 2
        images = rng.integers(0, 100, (count, 32, 32, 3))
        images[labels == 0, :, ::4] += 150
        images[labels == 1, ::4] += 150
        return PictureSet(images.astype("uint8"), labels.astype("int64"))

    return PictureSets(draw(40), draw(20), draw(10), ["upright", "lying"])


def kernel(network, layer="block1_conv1"):
    """The kernel of one layer of the base."""
    return network.layers[-2].get_layer(layer).kernel.numpy()


def test_a_frozen_base_stays_and_its_head_learns(make_settings, sets):
    chosen = make_settings()
    run = training.train_case("frozen base", chosen, sets)
    weights = run.network.layers[-2].weights
    for found, expected in zip(weights, build_base(chosen).weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert run.history["loss"].iloc[-1] < run.history["loss"].iloc[0]
    assert set(run.history["phase"]) == {"head"}
    assert run.trainable_parameters == 512 * 2 + 2
    assert run.seconds > 0
    scores = run.network.evaluate(sets.test.images, sets.test.labels, verbose=0)
    assert scores[1] > 0.7  # chance is 0.5


def test_fine_tuning_moves_the_base_within_the_budget(make_settings, sets):
    chosen = make_settings()
    run = training.train_case("fine-tuned", chosen, sets)
    base = build_base(chosen)
    for layer in ("block1_conv1", "block5_conv3"):
        moved = kernel(run.network, layer) - base.get_layer(layer).kernel.numpy()
        assert 0 < abs(moved).max() < 0.01  # a small rate takes small steps
    phases = run.history["phase"].tolist()
    assert phases == sorted(phases)  # first the head, then the whole network
    # Features for the head took one pass of the base, so that one less is left.
    assert phases.count("whole network") == EPOCHS - 1
    assert run.trainable_parameters == 14_714_688 + 512 * 2 + 2


def test_from_scratch_uses_the_budget_and_no_weights(make_settings, sets):
    run = training.train_case("from scratch", make_settings(weights="/no/such/file"), sets)
    assert run.history["phase"].tolist() == ["whole network"] * EPOCHS
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(run.history.columns)


def test_the_same_seed_gives_the_same_run(make_settings, sets):
    first, second = (
        training.train_case("low-level layers only", make_settings(), sets) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.history, second.history, rtol=1e-3)


def test_ready_made_features_give_what_the_base_gives_inside(make_settings, sets):
    network = model.build_case("frozen base", make_settings(), 2)
    features = training.features_of(network, sets.test.images)
    assert features.shape == (10, 1, 1, 512) and features.dtype == np.float32
    np.testing.assert_allclose(
        network.get_layer("head").predict(features, verbose=0),
        network.predict(sets.test.images, verbose=0),
        rtol=1e-4,
    )


def test_early_stopping_goes_back_to_the_best():
    """A rate far too large: every epoch is worse than the first."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile(keras.optimizers.SGD(2.0), loss="mse")
    one = np.ones((8, 1))
    history = network.fit(
        one,
        3 * one,
        validation_data=(one, 3 * one),
        epochs=9,
        callbacks=training.early_stopping(2),
        verbose=0,
    ).history
    assert len(history["val_loss"]) == 3
    assert network.evaluate(one, 3 * one, verbose=0) == pytest.approx(history["val_loss"][0])


@pytest.fixture
def trained(monkeypatch):
    """Training at no cost; the list says for which cases it was asked."""
    cases = []

    def train_case(case, _, sets):
        cases.append(case)
        return small_run(case, len(sets.class_names))

    monkeypatch.setattr(training, "train_case", train_case)
    return cases


def small_run(case, num_classes):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(num_classes)])
    return Run(case, network, pd.DataFrame({"loss": [1.0]}), seconds=1.0)


def test_saved_runs_are_read_and_missing_ones_trained_and_saved(
    make_settings, sets, trained, capsys
):
    chosen = make_settings()
    save_run(small_run("frozen base", 2), chosen, sets)
    runs = training.recover_runs(chosen, sets)
    assert list(runs) == list(model.CASES)
    assert trained == ["from scratch", "low-level layers only", "fine-tuned"]
    said = capsys.readouterr().out.splitlines()
    assert f"frozen base: taken from outputs/{chosen.edition}" in said
    assert f"fine-tuned: no saved run in outputs/{chosen.edition}, training it now" in said

    trained.clear()
    again = training.recover_runs(chosen, sets)
    assert trained == []
    assert {case: run.seconds for case, run in again.items()} == dict.fromkeys(model.CASES, 1.0)


def test_a_damaged_run_is_trained_again(make_settings, sets, trained, capsys):
    chosen = make_settings()
    for case in model.CASES:
        folder = save_run(small_run(case, 2), chosen, sets)
    (folder / "model.keras").write_bytes(b"damaged")
    training.recover_runs(chosen, sets)
    assert trained == ["fine-tuned"]
    assert "fine-tuned: the saved model is damaged" in capsys.readouterr().out


def test_runs_of_other_classes_are_not_mixed_with_these_pictures(make_settings, sets, trained):
    chosen = make_settings()
    save_run(
        small_run("frozen base", 2), chosen, dataclasses.replace(sets, class_names=["cat", "dog"])
    )
    with pytest.raises(DataError, match="cat, dog, lying, upright"):
        training.recover_runs(chosen, sets)
