"""The cases of the rule of thumb: what is trained, what is frozen, what comes out."""

import keras
import numpy as np
import pytest

from utils import download, model
from utils.model import build_base, build_case, count_parameters, cut_base, preprocess
from utils.weights import WeightsError

CLASSES = 7
BASE = 14_714_688  # parameters of VGG16 without top
LOW = 1_735_488  # of its blocks 1 to 3
HEAD = 512 * CLASSES + CLASSES
LOW_HEAD = 256 * CLASSES + CLASSES


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("uint8")


@pytest.mark.parametrize(
    ("case", "trainable", "frozen"),
    [
        ("from scratch", BASE + HEAD, 0),
        ("frozen base", HEAD, BASE),
        ("low-level layers only", LOW_HEAD, LOW),
        ("fine-tuned", BASE + HEAD, 0),
    ],
)
def test_each_case_trains_and_freezes_what_it_should(
    make_settings, pictures, case, trainable, frozen
):
    network = build_case(case, make_settings(), CLASSES)
    assert count_parameters(network.trainable_variables) == trainable
    assert count_parameters(network.non_trainable_variables) == frozen
    probabilities = network.predict(pictures, verbose=0)
    assert probabilities.shape == (4, CLASSES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_there_are_no_other_cases(make_settings):
    assert len(model.CASES) == 4
    with pytest.raises(ValueError, match="no case 'frozen'; the cases are from scratch, frozen"):
        build_case("frozen", make_settings(), CLASSES)


def test_only_the_case_from_scratch_begins_without_weights(make_settings):
    def first_kernel(case):
        keras.utils.set_random_seed(1)
        return build_case(case, make_settings(), 2).layers[-2].get_layer("block1_conv1").kernel

    pretrained = build_base(make_settings()).get_layer("block1_conv1").kernel
    for case in model.CASES:
        same = np.array_equal(first_kernel(case), pretrained)
        assert same == (case != "from scratch"), case


def test_preprocessing_is_vgg16s_own(pictures):
    expected = keras.applications.vgg16.preprocess_input(pictures.astype("float32"))
    np.testing.assert_array_equal(preprocess(keras.ops.convert_to_tensor(pictures)), expected)
    inputs = keras.Input((32, 32, 3))
    network = keras.Model(inputs, preprocess(inputs))
    np.testing.assert_array_equal(network.predict(pictures, verbose=0), expected)


def test_preprocessing_stays_exact_under_bfloat16(pictures):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        inputs = keras.Input((32, 32, 3), dtype="float32")
        network = keras.Model(inputs, preprocess(inputs))
    finally:
        keras.config.set_dtype_policy(before)
    expected = keras.applications.vgg16.preprocess_input(pictures.astype("float32"))
    np.testing.assert_array_equal(network.predict(pictures, verbose=0), expected)


def test_a_saved_model_says_the_same_when_read_back(make_settings, pictures, tmp_path):
    network = build_case("frozen base", make_settings(), CLASSES)
    network.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        again.predict(pictures, verbose=0), network.predict(pictures, verbose=0)
    )
    assert count_parameters(again.trainable_variables) == HEAD


def test_the_cut_base_is_the_lower_part_of_the_base_itself(make_settings):
    base = build_base(make_settings())
    low = cut_base(base, "block3_pool")
    assert low.output_shape == (None, 4, 4, 256)
    assert low.get_layer("block2_conv1") is base.get_layer("block2_conv1")
    assert "block4_conv1" not in [layer.name for layer in low.layers]


@pytest.mark.parametrize(("side", "cells"), [(32, 1), (48, 1), (96, 3)])
def test_the_base_makes_a_map_of_a_cell_for_32_pixels(make_settings, side, cells):
    base = build_base(make_settings(side=side, weights="none"))
    assert base.output_shape == (None, cells, cells, 512)


def test_imagenets_weights_are_fetched_before_keras_asks_for_them(make_settings, monkeypatch):
    fetched = []
    monkeypatch.setattr(download, "fetch", lambda file: fetched.append(file.name))
    assert model.weights_argument(make_settings(weights="imagenet")) == "imagenet"
    assert fetched == ["VGG16's ImageNet weights"]
    assert model.weights_argument(make_settings(weights="none")) is None
    assert model.weights_argument(make_settings()).endswith("vgg16-tiny-imagenet.weights.h5")
    assert len(fetched) == 1


def test_a_file_of_other_weights_is_refused(make_settings, tmp_path):
    (tmp_path / "other.h5").write_text("not weights")
    with pytest.raises(WeightsError, match=r"other\.h5"):
        build_base(make_settings(weights=str(tmp_path / "other.h5")))
