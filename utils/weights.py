"""Whether a weights file fits VGG16 without top, told before Keras fails on it."""

from pathlib import Path

import h5py

FILTERS = {1: (64, 64), 2: (128, 128), 3: (256, 256, 256), 4: (512, 512, 512), 5: (512, 512, 512)}
EXPECTED = "Expected the 13 convolutions of VGG16 without top, in HDF5 (.weights.h5 or .h5)."


class WeightsError(ValueError):
    """A weights file cannot be used; the message names the layer that differs."""


def vgg16_kernels() -> dict[str, tuple[int, ...]]:
    """The kernel shape [height, width, channels in, channels out] of each convolution, in order."""
    shapes, channels = {}, 3
    for block, widths in FILTERS.items():
        for place, filters in enumerate(widths, 1):
            shapes[f"block{block}_conv{place}"] = (3, 3, channels, filters)
            channels = filters
    return shapes


def check_weights_file(path: Path) -> None:
    """Compare the kernels in `path` with VGG16's, layer by layer.

    Raises:
        WeightsError: no such file, not HDF5, or a layer that is missing, more or of another shape.
    """
    if not Path(path).is_file():
        raise WeightsError(f"There is no weights file {path}.\n{EXPECTED}")
    if not Path(path).name.endswith((".weights.h5", ".h5", ".hdf5")):
        raise WeightsError(f"Keras cannot tell from its name what {path} holds.\n{EXPECTED}")
    try:
        with h5py.File(path) as stored:
            found = _kernels(stored)
    except (OSError, KeyError) as error:
        raise WeightsError(
            f"The weights file {path} cannot be read: {error}.\n{EXPECTED}"
        ) from error
    for place, (layer, shape) in enumerate(vgg16_kernels().items()):
        if place >= len(found):
            raise WeightsError(
                f"The weights file {path} ends before layer {layer}: it holds {len(found)} "
                f"kernels.\n{EXPECTED}"
            )
        name, found_shape = found[place]
        if found_shape != shape:
            raise WeightsError(
                f"The weights file {path} is of another network: layer {layer} wants a kernel of "
                f"shape {shape}, the file has {found_shape} (there called {name}).\n{EXPECTED}"
            )
    if len(found) > len(vgg16_kernels()):
        name, shape = found[len(vgg16_kernels())]
        raise WeightsError(
            f"The weights file {path} has more layers than VGG16 without top: after block5_conv3 "
            f"comes {name} with shape {shape}.\n{EXPECTED}"
        )


def _kernels(stored: h5py.File) -> list[tuple[str, tuple[int, ...]]]:
    """(name, shape) of each layer's first weight, in the order Keras loads them."""
    if "layer_names" in stored.attrs:  # the older layout: one group a layer, order in attributes
        names = [_text(name) for name in stored.attrs["layer_names"]]
        weights = {name: [_text(w) for w in stored[name].attrs["weight_names"]] for name in names}
        return [(name, stored[name][w[0]].shape) for name, w in weights.items() if w]
    groups = stored["layers"]
    names = sorted((name for name in groups if "vars/0" in groups[name]), key=_class_and_number)
    return [(name, groups[name]["vars/0"].shape) for name in names]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _class_and_number(name: str) -> tuple[str, int]:
    """conv2d, conv2d_1 ... conv2d_10: Keras 3 counts the layers of a class as it saves them."""
    stem, _, number = name.rpartition("_")
    return (stem, int(number)) if number.isdecimal() else (name, 0)
