"""The cases of the rule of thumb: what is trained, what is frozen, what comes out."""

import keras
import numpy as np
import pytest

from utils import model
from utils.model import build_base, build_case, count_parameters, cut_base, linear_head, preprocess
from utils.weights import IMAGENET, WeightsError

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
        ("last blocks fine-tuned", BASE - LOW + HEAD, LOW),
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


def test_an_unknown_case_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="no case 'frozen'; the cases are from scratch, frozen"):
        build_case("frozen", None, CLASSES)


def test_only_from_scratch_starts_without_the_pretrained_weights(make_settings):
    pretrained = build_base(make_settings()).get_layer("block1_conv1").kernel
    for case in model.CASES:
        keras.utils.set_random_seed(1)
        kernel = build_case(case, make_settings(), 2).layers[-2].get_layer("block1_conv1").kernel
        assert np.array_equal(kernel, pretrained) == (case != "from scratch"), case


def test_the_weights_are_imagenets(make_settings):
    """The first weights of the file that the VGG group released, to float16's precision."""
    first = build_base(make_settings()).get_layer("block1_conv1").kernel.numpy()[0, 0, 0, :3]
    np.testing.assert_allclose(first, [0.42947057, 0.11727387, 0.03401296], rtol=1e-3)
    assert model.weights_argument(make_settings()) == str(IMAGENET)
    assert model.weights_argument(make_settings(weights="none")) is None


def test_large_features_neither_blow_up_the_loss_nor_stop_the_gradient(make_settings):
    """A head for features of hundreds starts near ln n, whatever the scale of the features."""
    rng = np.random.default_rng(0)
    features = rng.exponential(1, (64, 1, 1, 512)).astype("float32")
    labels = rng.integers(0, CLASSES, 64)
    losses = []
    for scale in (1, 300):
        keras.utils.set_random_seed(0)
        head = linear_head(CLASSES)
        head.compile(loss="sparse_categorical_crossentropy")
        losses.append(head.evaluate(scale * features, labels, verbose=0))
    assert np.log(CLASSES) / 2 < losses[1] < 2 * np.log(CLASSES)
    assert losses[0] == pytest.approx(losses[1], rel=0.01)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_preprocessing_is_vgg16s_own_in_every_precision(pictures, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        inputs = keras.Input((32, 32, 3), dtype="float32")
        network = keras.Model(inputs, preprocess(inputs))
    finally:
        keras.config.set_dtype_policy(before)
    expected = keras.applications.vgg16.preprocess_input(pictures.astype("float32"))
    np.testing.assert_array_equal(network.predict(pictures, verbose=0), expected)


def test_a_saved_model_gives_the_same_when_read_back(make_settings, pictures, tmp_path):
    network = build_case("last blocks fine-tuned", make_settings(), CLASSES)
    network.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        again.predict(pictures, verbose=0), network.predict(pictures, verbose=0)
    )
    assert count_parameters(again.trainable_variables) == BASE - LOW + HEAD  # still frozen below


def test_the_cut_base_is_the_lower_part_of_the_base_itself(make_settings):
    base = build_base(make_settings(side=96, weights="none"))
    assert base.output_shape == (None, 3, 3, 512)
    low = cut_base(base, "block3_pool")
    assert low.output_shape == (None, 12, 12, 256)
    assert low.get_layer("block2_conv1") is base.get_layer("block2_conv1")


def test_a_file_of_other_weights_is_refused(make_settings, tmp_path):
    (tmp_path / "other.h5").write_text("not weights")
    with pytest.raises(WeightsError, match=r"other\.h5"):
        build_base(make_settings(weights=str(tmp_path / "other.h5")))
