"""The record run's recipe: batch norm that changes nothing, batches, and resuming after a kill."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from utils import model
from utils.experiments import full_run, recipe, unlike
from utils.experiments.recipe import Recipe

QUICK = Recipe(stages=((32, 1), (48, 1)), batch_size=16, peak_rate=0.01)


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, (64, 40, 40))


def test_batch_norm_put_in_changes_nothing(digits, make_settings):
    settings, images = make_settings(), digits.train.images
    network = recipe.build_network(QUICK, settings, images, 10)
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
    views = recipe.view(sets.test.images, 48)
    expected = keras.ops.softmax(whole.predict(views, verbose=0))
    assert np.allclose(plain.predict(views, verbose=0), expected, atol=1e-2)


@pytest.mark.slow
def test_the_ingredients_are_measured(make_settings, monkeypatch):
    saved = {}
    monkeypatch.setattr(full_run, "save", lambda name, table, about: saved.update({name: table}))
    full_run.measure_ingredients(make_settings(), pictures=20, epochs=1)
    table = saved["ingredients"]
    assert list(table) == full_run.COLUMNS["ingredients"] and table.recipe.nunique() == len(table)
    assert table.seconds.min() > 0 and table.validation_accuracy.between(0, 1).all()


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
    assert images.shape == (16, 48, 48, 3) and labels.shape == (16, 10)
    assert np.array_equal(images, first_batch(digits.train, QUICK, epoch=1)[0])
    assert first_batch(digits.train, QUICK, epoch=0)[0].shape == (16, 32, 32, 3)
    other = replace(QUICK, stages=((32, 2),))
    assert not np.array_equal(*(first_batch(digits.train, other, e)[1] for e in (0, 1)))


def test_every_other_epoch_mirrors_a_picture(digits):
    bare = replace(QUICK, stages=((32, 2),), shift=0, batch_size=64)
    known = {picture.tobytes() for picture in digits.train.images}
    shown = []
    for epoch in (0, 1):
        images = first_batch(digits.train, bare, epoch)[0].astype("uint8")
        plain = {picture.tobytes() for picture in images} & known
        mirrored = {picture[:, ::-1].tobytes() for picture in images} & known
        assert len(plain) + len(mirrored) == len(images) and plain and mirrored
        shown.append((plain, mirrored))
    assert shown[0] == shown[1][::-1]


def test_views_are_the_pictures_mirrored_and_moved(digits):
    images = digits.train.images
    (same,) = recipe.view(images, 32)
    assert np.array_equal(same, images)
    (mirrored,) = recipe.view(images, 32, mirrored=True)
    assert np.array_equal(mirrored, images[:, :, ::-1])
    (moved,) = recipe.view(images, 32, move=1)
    assert np.array_equal(moved[:, :-1, :-1], images[:, 1:, 1:])


def test_the_rate_rises_and_falls():
    rate = recipe.UpAndDown(0.2, warm_up=10, steps=110)
    values = [float(rate(step)) for step in (0, 9, 60, 110)]
    assert values == pytest.approx([0.02, 0.2, 0.1, 0])
