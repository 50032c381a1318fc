"""The record run's recipe: batch norm that changes nothing, batches, and going on after a kill."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from utils import model, recipe, record_run, unlike
from utils.experiments.recipe import MUON, Recipe

QUICK = Recipe(stages=((24, 1), (32, 1)), batch_size=16)
CASES = [Recipe(frozen_blocks=blocks, batch_norm=norm) for blocks in (0, 2) for norm in (1, 0)]


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, train=64, validation=40, test=40)


@pytest.mark.parametrize("chosen", CASES)
def test_batch_norm_put_back_changes_nothing(digits, make_settings, chosen):
    settings, images = make_settings(), digits.train.images
    network = recipe.build_network(chosen, settings, images, 10)
    features = keras.Model(network.input, network.get_layer("block5_pool").output)
    ours = features.predict(images, verbose=0).ravel()
    base = model.build_base(settings)
    theirs = base.predict(model.preprocess(images.astype("float32")), verbose=0).ravel()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9999  # equal up to one common factor


@pytest.mark.parametrize("chosen", CASES)
def test_the_folded_network_answers_the_same(digits, make_settings, chosen):
    settings, images = make_settings(), digits.train.images
    chosen = replace(chosen, stages=((24, 1),), batch_size=16, peak_rate=0.01, muon=False)
    network, _ = record_run.train(chosen, settings, digits)
    plain = recipe.fold(network, settings, 10)
    expected = keras.ops.softmax(network.predict(images, verbose=0))
    assert np.allclose(plain.predict(images, verbose=0), expected, atol=1e-3)
    norms = keras.layers.BatchNormalization
    assert not any(isinstance(layer, norms) for layer in plain.get_layer("vgg16").layers)


@pytest.mark.parametrize("keep_edges, rows", [(False, 1), (True, 2)])
def test_edges_are_kept_at_24_px(make_settings, keep_edges, rows):
    pictures = np.zeros((2, 24, 24, 3), "uint8")
    chosen = Recipe(keep_edges=keep_edges, pretrained=False)
    network = recipe.build_network(chosen, make_settings(), pictures, 10)
    maps = keras.Model(network.input, network.get_layer("block4_pool").output)
    assert maps(pictures.astype("float32")).shape == (2, rows, rows, 512)


def test_frozen_blocks_stay_as_pretrained(digits, make_settings):
    settings, base = make_settings(), model.build_base(make_settings())
    chosen = replace(QUICK, stages=((24, 1),), frozen_blocks=2)
    network, _ = record_run.train(chosen, settings, digits)
    for layer in base.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, ours = layer.kernel, network.get_layer(layer.name).kernel
            assert np.array_equal(kernel, ours) == (layer.name[:6] in ("block1", "block2"))


def test_fused_batch_norm_is_keras_batch_norm():
    chance = np.random.default_rng(0)
    maps = chance.normal(3, 2, (8, 4, 4, 5)).astype("float32")
    ours = recipe.FusedBatchNormalization(momentum=0.9, epsilon=1e-5)
    theirs = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    for training in (True, False):
        one, other = (np.asarray(norm(maps, training=training)) for norm in (ours, theirs))
        assert np.allclose(one, other, rtol=0.01, atol=1e-3)  # see below
    # TensorFlow's variance is that of a sample (n - 1), Keras's that of all (n).
    assert np.allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-4)
    assert np.allclose(ours.moving_variance, theirs.moving_variance, rtol=0.02)


def test_a_killed_run_ends_where_an_uninterrupted_one_does(digits, make_settings, tmp_path):
    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1 and self.model.optimizer.iterations > 4:
                raise KeyboardInterrupt  # in the middle of the second epoch

    settings, chosen = make_settings(), replace(MUON, stages=QUICK.stages, batch_size=16)
    whole, curve = record_run.train(chosen, settings, digits, folder=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        record_run.train(chosen, settings, digits, folder=tmp_path / "cut", also=[Kill()])
    resumed, resumed_curve = record_run.train(chosen, settings, digits, folder=tmp_path / "cut")
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert np.allclose(one, other, rtol=1e-3, atol=1e-4)
    columns = ["epoch", "side", "learning_rate"]
    assert resumed_curve[columns].equals(curve[columns])
    assert list(resumed_curve.epoch) == [1, 2] and resumed_curve.minutes.is_monotonic_increasing


def test_batches_are_another_version_of_the_pictures_in_each_epoch(digits):
    def first(epoch, chosen=QUICK):
        images, labels = next(iter(recipe.training_batches(digits.train, 10, chosen, epoch)))
        return images.numpy(), labels.numpy()

    images, labels = first(1)
    assert images.shape == (16, 32, 32, 3) and labels.shape == (16, 10)
    assert np.array_equal(images, first(1)[0])
    assert first(0)[0].shape == (16, 24, 24, 3)
    other = replace(QUICK, stages=((32, 2),))
    assert not np.array_equal(first(0, other)[1], first(1, other)[1])


def test_plain_batches_are_the_pictures(digits):
    images, labels = next(iter(recipe.plain_batches(digits.validation, 10, 32)))
    assert np.array_equal(images, digits.validation.images)
    assert np.array_equal(labels.numpy().argmax(1), digits.validation.labels)


def test_flips_shifts_and_holes_can_be_left_out(digits):
    bare = replace(QUICK, stages=((32, 1),), flips=False, shift=0, hole=0, batch_size=64)
    images, _ = next(iter(recipe.training_batches(digits.train, 10, bare, 0)))
    assert sorted(images.numpy().sum((1, 2, 3))) == sorted(digits.train.images.sum((1, 2, 3)))
    holed, _ = next(iter(recipe.training_batches(digits.train, 10, replace(bare, hole=8), 0)))
    changed = (holed.numpy() != images.numpy()).any(-1).sum((1, 2))
    assert 0 < changed.max() <= 64  # a square of 8 x 8 px, or what of it lies inside
    flipped = replace(bare, flips=True)
    others, _ = next(iter(recipe.training_batches(digits.train, 10, flipped, 0)))
    mirrored = (others.numpy() == images.numpy()[:, :, ::-1]).all((1, 2, 3))
    same = (others.numpy() == images.numpy()).all((1, 2, 3))
    assert (mirrored | same).all() and mirrored.any() and same.any()


def test_the_rate_rises_and_falls(digits, make_settings):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(10)])
    recipe.compile_network(network, Recipe(peak_rate=0.2, warm_up=0.1), steps=100)
    rate = network.optimizer._learning_rate
    values = [float(rate(step)) for step in (0, 10, 60, 100)]
    assert values[0] == pytest.approx(0.02) and values[1] == pytest.approx(0.2)
    assert 0 < values[2] < 0.2 and values[3] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("precision, name", [("float32", "muon"), ("mixed_bfloat16", "sgd")])
def test_the_recipe_follows_the_number_format(make_settings, precision, name):
    assert record_run.name_for(replace(make_settings(), precision=precision)) == name
    assert set(recipe.RECIPES) == set(record_run.NAMES)
