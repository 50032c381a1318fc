"""A weights file is checked layer by layer before Keras sees it."""

import h5py
import keras
import numpy as np
import pytest

from utils.settings import BUNDLED_WEIGHTS
from utils.weights import WeightsError, check_weights_file, vgg16_kernels

POOL_AFTER = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")


def network(**filters):
    """VGG16 without top, but with the layers named in `filters` of another width, or dropped."""
    layers = [keras.Input((32, 32, 3))]
    for name, (*_, width) in vgg16_kernels().items():
        width = filters.get(name, width)
        if width:
            layers.append(keras.layers.Conv2D(width, 3, padding="same", name=name))
    return keras.Sequential(layers)


def write_older_layout(path, shapes):
    """The layout of Keras's own file of ImageNet's weights; tiny on disk, only shapes matter."""
    with h5py.File(path, "w") as file:
        names = ["input_1"]
        for name in shapes:
            names += [name, name.replace("conv", "pool")] if name in POOL_AFTER else [name]
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = file.create_group(name)
            shape = shapes.get(name)
            if shape is None:
                group.attrs["weight_names"] = np.array([], "S")
                continue
            weights = {f"{name}_W_1:0": shape, f"{name}_b_1:0": shape[-1:]}
            group.attrs["weight_names"] = [weight.encode() for weight in weights]
            for weight, size in weights.items():
                group.create_dataset(weight, size, "float32", chunks=True)


def problem(path):
    """The message with which the file is refused."""
    with pytest.raises(WeightsError) as caught:
        check_weights_file(path)
    assert str(path) in str(caught.value)
    assert "Expected the 13 convolutions of VGG16 without top" in str(caught.value)
    return str(caught.value)


def test_the_expected_kernels_are_those_of_keras():
    vgg16 = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    kernels = {layer.name: layer.kernel.shape for layer in vgg16.layers if layer.weights}
    assert vgg16_kernels() == kernels
    assert list(vgg16_kernels()) == list(kernels)


def test_the_bundled_file_passes():
    check_weights_file(BUNDLED_WEIGHTS)


def test_the_layout_of_todays_keras_passes(tmp_path):
    """Thirteen layers of one class: conv2d_10 must come after conv2d_9, not after conv2d_1."""
    network().save_weights(tmp_path / "own.weights.h5")
    check_weights_file(tmp_path / "own.weights.h5")


@pytest.mark.parametrize("layer", ["block1_conv1", "block4_conv2"])
def test_the_layer_that_differs_is_named(tmp_path, layer):
    network(**{layer: 16}).save_weights(tmp_path / "other.weights.h5")
    message = problem(tmp_path / "other.weights.h5")
    wanted = vgg16_kernels()[layer]
    assert f"layer {layer} wants a kernel of shape {wanted}" in message
    assert f"the file has {(*wanted[:3], 16)}" in message


def test_a_network_that_ends_early(tmp_path):
    network(block5_conv2=0, block5_conv3=0).save_weights(tmp_path / "short.weights.h5")
    message = problem(tmp_path / "short.weights.h5")
    assert "ends before layer block5_conv2: it holds 11 kernels" in message


def test_a_network_with_its_top(tmp_path):
    whole = network()
    whole.add(keras.layers.GlobalAveragePooling2D())
    whole.add(keras.layers.Dense(8, name="fc1"))
    whole.add(keras.layers.Dense(10, name="predictions"))
    whole.save_weights(tmp_path / "top.weights.h5")
    message = problem(tmp_path / "top.weights.h5")
    assert "has more layers than VGG16 without top: after block5_conv3 comes dense" in message
    assert "(512, 8)" in message


def test_the_older_layout_passes(tmp_path):
    write_older_layout(tmp_path / "notop.h5", vgg16_kernels())
    check_weights_file(tmp_path / "notop.h5")


def test_the_older_layout_of_another_network(tmp_path):
    shapes = vgg16_kernels() | {"block3_conv2": (1, 1, 256, 256)}
    write_older_layout(tmp_path / "notop.h5", shapes)
    message = problem(tmp_path / "notop.h5")
    assert "layer block3_conv2 wants a kernel of shape (3, 3, 256, 256)" in message
    assert "the file has (1, 1, 256, 256) (there called block3_conv2)" in message


def test_the_older_layout_with_its_top(tmp_path):
    write_older_layout(tmp_path / "full.h5", vgg16_kernels() | {"fc1": (25_088, 4_096)})
    assert "after block5_conv3 comes fc1 with shape (25088, 4096)" in problem(tmp_path / "full.h5")


def test_a_file_that_is_missing(tmp_path):
    assert "There is no weights file" in problem(tmp_path / "missing.weights.h5")
    assert "There is no weights file" in problem(tmp_path)


@pytest.mark.parametrize("content", [b"", b"<html>Please log in</html>"])
def test_a_file_that_is_not_hdf5(tmp_path, content):
    (tmp_path / "page.weights.h5").write_bytes(content)
    assert "cannot be read" in problem(tmp_path / "page.weights.h5")


def test_a_file_that_is_cut_off(tmp_path):
    (tmp_path / "cut.weights.h5").write_bytes(BUNDLED_WEIGHTS.read_bytes()[:100_000])
    assert "cannot be read" in problem(tmp_path / "cut.weights.h5")


def test_hdf5_of_something_else(tmp_path):
    with h5py.File(tmp_path / "table.h5", "w") as file:
        file["temperatures"] = np.arange(10)
    assert "cannot be read" in problem(tmp_path / "table.h5")


def test_a_whole_model_is_not_a_weights_file(tmp_path):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    assert "cannot tell from its name" in problem(tmp_path / "model.keras")
    (tmp_path / "model.keras").rename(tmp_path / "model.weights.h5")
    assert "cannot be read" in problem(tmp_path / "model.weights.h5")
