"""A weights file is checked layer by layer before Keras sees it."""

import h5py
import keras
import numpy as np
import pytest

from utils import weights
from utils.weights import WeightsError, check_weights_file, compare_kernels, vgg16_kernels


def network(**filters):
    """VGG16 without top; layers named in `filters` are dropped (0) or of another width."""
    layers = [keras.Input((32, 32, 3))]
    for name, (*_, width) in vgg16_kernels().items():
        width = filters.get(name, width)
        if width:
            layers.append(keras.layers.Conv2D(width, 3, padding="same", name=name))
    return keras.Sequential(layers)


def write_older_layout(path, kernels):
    """Write the layout of Keras's own file; a kernel given as a shape takes no room on disk."""
    with h5py.File(path, "w") as file:
        names = ["input_1", *kernels, "block5_pool"]
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group, kernel = file.create_group(name), kernels.get(name)
            stored = [] if kernel is None else [f"{name}_W_1:0", f"{name}_b_1:0"]
            group.attrs["weight_names"] = np.array([weight.encode() for weight in stored], "S")
            if isinstance(kernel, tuple):
                group.create_dataset(stored[0], kernel, "float32", chunks=True)
            elif kernel is not None:
                group[stored[0]] = kernel


def problem(path):
    """The message with which the file is refused."""
    with pytest.raises(WeightsError) as caught:
        check_weights_file(path)
    assert str(path) in str(caught.value) and weights.EXPECTED in str(caught.value)
    return str(caught.value)


def test_the_shipped_file_is_whole_and_a_damaged_one_is_named(tmp_path, monkeypatch):
    assert weights.check_imagenet_weights() == weights.IMAGENET_SHA256
    check_weights_file(weights.IMAGENET)
    monkeypatch.setattr(weights, "IMAGENET", tmp_path / "vgg16.weights.h5")
    for content in (None, b"<html>Please log in</html>"):
        if content:
            weights.IMAGENET.write_bytes(content)
        with pytest.raises(WeightsError, match=r"vgg16\.weights\.h5") as caught:
            weights.check_imagenet_weights()
        assert "git checkout" in str(caught.value)


def test_kernels_and_their_order_are_those_of_keras():
    vgg16 = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    kernels = {layer.name: layer.kernel.shape for layer in vgg16.layers if layer.weights}
    assert list(vgg16_kernels().items()) == list(kernels.items())


def test_files_are_compared_across_layouts_and_number_formats(tmp_path):
    own = network()
    own.save_weights(tmp_path / "own.weights.h5")
    rounded = {layer.name: layer.kernel.numpy().astype("float16") for layer in own.layers}
    write_older_layout(tmp_path / "rounded.h5", rounded)
    assert 0 < compare_kernels(tmp_path / "rounded.h5", tmp_path / "own.weights.h5") < 0.001
    rounded["block4_conv2"] = rounded["block4_conv2"] * np.float16(1.1)
    write_older_layout(tmp_path / "other.h5", rounded)
    difference = compare_kernels(tmp_path / "other.h5", tmp_path / "own.weights.h5")
    assert difference == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("filters", "layer"),
    [
        ({"block1_conv1": 16}, "block1_conv1"),
        ({"block4_conv2": 16}, "block4_conv2"),
        ({"block5_conv2": 0, "block5_conv3": 0}, "block5_conv2"),
    ],
)
def test_the_layer_that_differs_is_named(tmp_path, filters, layer):
    network(**filters).save_weights(tmp_path / "other.weights.h5")
    assert layer in problem(tmp_path / "other.weights.h5")


@pytest.mark.parametrize(("place", "value"), [("0", np.nan), ("1", -np.inf)])
def test_values_that_are_not_finite_are_named_with_their_layer(tmp_path, place, value):
    path = tmp_path / "broken.weights.h5"
    network().save_weights(path)
    with h5py.File(path, "r+") as file:
        values = file[f"layers/conv2d_7/vars/{place}"]
        values[...] = np.full(values.shape, value)
    assert "block4_conv1" in problem(path) and "not finite" in problem(path)


def test_a_link_to_another_file_is_not_followed(tmp_path):
    path = tmp_path / "link.weights.h5"
    network().save_weights(path)
    with h5py.File(path, "r+") as file:
        del file["layers/conv2d_7/vars/0"]
        link = h5py.ExternalLink(str(weights.IMAGENET), "layers/conv2d_7/vars/0")
        file["layers/conv2d_7/vars/0"] = link
    assert "block4_conv1" in problem(path) and "link to another file" in problem(path)


def test_a_network_with_its_top(tmp_path):
    network_with_top = network()
    network_with_top.add(keras.layers.GlobalAveragePooling2D())
    network_with_top.add(keras.layers.Dense(8))
    network_with_top.save_weights(tmp_path / "top.weights.h5")
    assert "14 kernels" in problem(tmp_path / "top.weights.h5")


def test_the_older_layout_of_another_network(tmp_path):
    write_older_layout(tmp_path / "top.h5", vgg16_kernels() | {"fc1": (25_088, 4_096)})
    assert "14 kernels" in problem(tmp_path / "top.h5")
    write_older_layout(tmp_path / "notop.h5", vgg16_kernels() | {"block3_conv2": (1, 1, 256, 256)})
    assert "block3_conv2" in problem(tmp_path / "notop.h5")


def test_what_is_no_weights_file(tmp_path):
    path = tmp_path / "page.weights.h5"
    assert "no weights file" in problem(path)
    for content in (b"", b"<html>Please log in</html>", weights.IMAGENET.read_bytes()[:100_000]):
        path.write_bytes(content)
        assert "cannot be read" in problem(path)
    with h5py.File(tmp_path / "table.h5", "w") as file:
        file["temperatures"] = np.arange(10)
    assert "cannot be read" in problem(tmp_path / "table.h5")
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    assert "from its name" in problem(tmp_path / "model.keras")
