"""The record run's recipe: batch norm that changes nothing, batches, and resuming after a kill."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from utils import model
from utils.experiments import full_run, recipe, unlike
from utils.experiments.recipe import Recipe

QUICK = Recipe(stages=((24, 1), (32, 1)), batch_size=16, peak_rate=0.01)


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, (64, 40, 40))


def test_batch_norm_put_in_changes_nothing(digits, make_settings):
    settings, images = make_settings(), digits.train.images
    network = recipe.build_network(settings, images, 10)
    features = keras.Model(network.input, network.get_layer("block5_pool").output)
    ours = features.predict(images, verbose=0).ravel()
    base = model.build_base(settings)
    theirs = base.predict(model.preprocess(images.astype("float32")), verbose=0).ravel()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9999  # equal up to one common factor


def test_a_killed_run_ends_where_an_uninterrupted_one_does(make_settings, tmp_path, monkeypatch):
    settings, batches, saved = make_settings(), recipe.training_batches, {}

    def kill(pictures, num_classes, chosen, epoch):
        if epoch == 1:
            raise KeyboardInterrupt
        return batches(pictures, num_classes, chosen, epoch)

    monkeypatch.setattr(full_run, "save", lambda name, table, about: saved.update({name: table}))
    monkeypatch.setattr(recipe, "training_batches", kill)
    with pytest.raises(KeyboardInterrupt):
        full_run.run(settings, QUICK)
    monkeypatch.setattr(recipe, "training_batches", batches)
    full_run.run(settings, QUICK)
    sets = full_run.load_sets(settings)
    whole, curve = full_run.train(QUICK, settings, sets, tmp_path / "whole")
    columns = ["epoch", "side", "learning_rate"]
    assert saved["record"][columns].equals(curve[columns])
    assert saved["record"].minutes.is_monotonic_increasing
    assert saved["record-test"].test_pictures.tolist() == [len(sets.test)]
    plain = keras.models.load_model(settings.folder / "record" / "model.keras")
    expected = keras.ops.softmax(whole.predict(sets.test.images, verbose=0))
    assert np.allclose(plain.predict(sets.test.images, verbose=0), expected, atol=1e-2)


def test_fused_batch_norm_is_keras_batch_norm():
    maps = np.random.default_rng(0).normal(3, 2, (8, 4, 4, 5)).astype("float32")
    ours = recipe.FusedBatchNormalization(momentum=0.9, epsilon=1e-5)
    theirs = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    for training in (True, False):
        one, other = (np.asarray(norm(maps, training=training)) for norm in (ours, theirs))
        assert np.allclose(one, other, rtol=0.01, atol=1e-3)  # see below
    # TensorFlow's variance is that of a sample (n - 1), Keras's that of all (n).
    assert np.allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-4)
    assert np.allclose(ours.moving_variance, theirs.moving_variance, rtol=0.02)


def first_batch(pictures, chosen, epoch=0):
    images, labels = next(iter(recipe.training_batches(pictures, 10, chosen, epoch)))
    return images.numpy(), labels.numpy()


def test_batches_are_another_version_of_the_pictures_in_each_epoch(digits):
    images, labels = first_batch(digits.train, QUICK, epoch=1)
    assert images.shape == (16, 32, 32, 3) and labels.shape == (16, 10)
    assert np.array_equal(images, first_batch(digits.train, QUICK, epoch=1)[0])
    assert first_batch(digits.train, QUICK, epoch=0)[0].shape == (16, 24, 24, 3)
    other = replace(QUICK, stages=((32, 2),))
    assert not np.array_equal(*(first_batch(digits.train, other, e)[1] for e in (0, 1)))


def test_pictures_are_flipped_and_get_a_hole(digits):
    bare = replace(QUICK, stages=((32, 1),), shift=0, hole=0, batch_size=64)
    images, _ = first_batch(digits.train, bare)
    known = {picture.tobytes() for picture in digits.train.images}
    plain = [picture.astype("uint8").tobytes() in known for picture in images]
    mirrored = [picture[:, ::-1].astype("uint8").tobytes() in known for picture in images]
    assert (
        all(a or b for a, b in zip(plain, mirrored, strict=True)) and any(plain) and any(mirrored)
    )
    holed, _ = first_batch(digits.train, replace(bare, hole=8))
    changed = (holed != images).any(-1).sum((1, 2))
    assert 0 < changed.max() <= 64  # a square of 8 x 8 px, or what of it lies inside


def test_the_rate_rises_and_falls():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(10)])
    recipe.compile_network(network, Recipe(peak_rate=0.2, warm_up=0.1), steps=100)
    values = []
    for step in (0, 10, 60, 100):
        network.optimizer.iterations.assign(step)
        values.append(float(network.optimizer.learning_rate))
    assert values[0] == pytest.approx(0.02) and values[1] == pytest.approx(0.2)
    assert 0 < values[2] < 0.2 and values[3] == pytest.approx(0, abs=1e-6)
