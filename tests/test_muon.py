"""Muon for convolutions: how long and in which directions its steps are."""

import keras
import numpy as np
import pytest

from utils.muon import ConvMuon


@pytest.fixture
def chance():
    return np.random.default_rng(0)


def step_of(variable, gradient, **options):
    before = np.array(variable)
    optimizer = ConvMuon(0.1, weight_decay=None, adam_weight_decay=None, **options)
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return before - np.array(variable)


@pytest.mark.parametrize("channels, filters", [(4, 8), (2, 40)])
def test_a_step_is_the_rate_times_the_kernel_in_all_directions(chance, channels, filters):
    kernel = keras.Variable(chance.normal(0, 3, (3, 3, channels, filters)).astype("float32"))
    length = np.linalg.norm(kernel)
    gradient = chance.normal(0, 1e-3, kernel.shape).astype("float32")
    step = step_of(kernel, gradient, ns_steps=5)
    assert np.linalg.norm(step) == pytest.approx(0.1 * length, rel=0.25)
    assert (step * gradient).sum() > 0
    strengths = np.linalg.svd(step.reshape(-1, filters), compute_uv=False)
    before = np.linalg.svd(gradient.reshape(-1, filters), compute_uv=False)
    assert strengths.max() / strengths.min() < 2 < before.max() / before.min()


def test_a_tiny_gradient_and_a_large_one_give_the_same_step(chance):
    start = chance.normal(0, 1, (3, 3, 4, 4)).astype("float32")
    gradient = chance.normal(0, 1, start.shape).astype("float32")
    steps = [step_of(keras.Variable(start), gradient * scale) for scale in (1e-3, 1e3)]
    assert np.allclose(*steps, rtol=0.05, atol=1e-3)


def test_what_is_no_convolution_is_left_to_adam(chance):
    weights = keras.Variable(chance.normal(0, 1, (6, 3)).astype("float32"))
    gradient = chance.normal(0, 1, (6, 3)).astype("float32")
    step = step_of(weights, gradient, adam_lr_ratio=0.5)
    assert np.allclose(step, 0.1 * 0.5 * np.sign(gradient), rtol=1e-3)  # Adam's first step


def test_momentum_is_kept_with_the_optimizer(chance, tmp_path):
    network = keras.Sequential([keras.Input((4, 4, 2)), keras.layers.Conv2D(3, 3)])
    network.compile(ConvMuon(0.01, momentum=0.8, adam_lr_ratio=0.3), loss="mse")
    images = chance.normal(0, 1, (8, 4, 4, 2)).astype("float32")
    targets = np.zeros((8, 2, 2, 3), "float32")
    network.fit(images, targets, verbose=0)
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert again.optimizer.momentum == 0.8 and again.optimizer.adam_lr_ratio == 0.3
    for one in (network, again):
        one.fit(images, targets, verbose=0)
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        assert np.allclose(one, other, rtol=1e-4, atol=1e-6)
