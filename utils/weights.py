"""VGG16's weights files: the one that is shipped, and whether another one fits.

Taught in notebook 01. The shipped file is described in data/vgg16-imagenet.md.
"""

from pathlib import Path

import h5py
import numpy as np
import pooch

from utils.files import REPOSITORY

IMAGENET = REPOSITORY / "data" / "vgg16-imagenet.weights.h5"
IMAGENET_SHA256 = "3db68046dc660cf3607a1c711f61f60b2e1249a883acbfa0e37fea7b0ba7ecf0"
KERAS_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"  # in KERAS_HOME/models

FILTERS = {1: (64, 64), 2: (128, 128), 3: (256, 256, 256), 4: (512, 512, 512), 5: (512, 512, 512)}
EXPECTED = "Expected the 13 convolutions of VGG16 without top, in HDF5 (.weights.h5 or .h5)."


class WeightsError(ValueError):
    """A weights file cannot be used; the message names the layer that differs."""


def check_imagenet_weights() -> str:
    """Compare the shipped file's SHA-256 with the one it was shipped with, and return it.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    again = f"Get it again: git checkout -- data/{IMAGENET.name}"
    if not IMAGENET.is_file():
        raise WeightsError(f"There is no {IMAGENET}.\n{again}")
    found = pooch.file_hash(str(IMAGENET), alg="sha256")
    if found != IMAGENET_SHA256:
        raise WeightsError(
            f"{IMAGENET} is damaged: sha256 {found}, expected {IMAGENET_SHA256}.\n{again}"
        )
    return found


def compare_kernels(one: Path, other: Path) -> float:
    """The largest difference between two VGG16 files' kernels, layer by layer, as a fraction.

    A layer's difference is the norm of what separates the two kernels, divided by the norm of the
    second. Rounding kernels to float16 gives about 0.0002.

    Raises:
        WeightsError: one of the files is not a weights file of VGG16 without top.
    """
    for path in (one, other):
        check_weights_file(path)
    with h5py.File(one) as first, h5py.File(other) as second:
        pairs = zip(_kernels(first), _kernels(second), strict=True)
        norm = np.linalg.norm
        parts = [norm(a[...].astype("float64") - b[...]) / norm(b[...]) for (_, a), (_, b) in pairs]
        return float(np.max(parts))  # nan if any is


def check_weights_file(path: Path) -> None:
    """Compare the kernels in `path` with VGG16's, layer by layer, before Keras fails on them.

    Raises:
        WeightsError: no such file, not HDF5, a layer is missing, extra or of another shape, lies
            in another file, or holds a value that is not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}.\n{EXPECTED}")
    if not path.name.endswith((".weights.h5", ".h5", ".hdf5")):
        raise WeightsError(f"Keras cannot tell from its name what {path} holds.\n{EXPECTED}")
    try:
        with h5py.File(path) as stored:
            found = [(name, kernel.shape) for name, kernel in _kernels(stored)]
            fits = [shape for _, shape in found] == list(vgg16_kernels().values())
            problem = _problem(stored) if fits else ""
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path} cannot be read: {error}.\n{EXPECTED}") from error
    for (layer, shape), (name, given) in zip(vgg16_kernels().items(), found, strict=False):
        if given != shape:
            raise WeightsError(
                f"The weights file {path} is of another network: layer {layer} wants a kernel of "
                f"shape {shape}, the file has {given} (there called {name}).\n{EXPECTED}"
            )
    if len(found) != len(vgg16_kernels()):
        layers = [*vgg16_kernels(), "the end"]
        first = layers[min(len(found), len(layers) - 1)]
        raise WeightsError(
            f"The weights file {path} holds {len(found)} kernels, VGG16 without top has "
            f"{len(vgg16_kernels())}; they differ from {first} on.\n{EXPECTED}"
        )
    if problem:
        raise WeightsError(f"The weights file {path} cannot be used: {problem}.\n{EXPECTED}")


def vgg16_kernels() -> dict[str, tuple[int, ...]]:
    """The kernel shape [height, width, channels in, channels out] of each convolution, in order."""
    shapes, channels = {}, 3
    for block, widths in FILTERS.items():
        for place, filters in enumerate(widths, 1):
            shapes[f"block{block}_conv{place}"] = (3, 3, channels, filters)
            channels = filters
    return shapes


def _kernels(stored: h5py.File) -> list[tuple[str, h5py.Dataset]]:
    """(name, kernel) of each layer that has one, in the order Keras loads them."""
    if "layer_names" not in stored.attrs:
        groups = stored["layers"]  # conv2d, conv2d_1 ... conv2d_12
        names = [name for name in groups if "vars/0" in groups[name]]
        names.sort(key=lambda name: (name.rstrip("0123456789"), len(name), name))
        return [(name, groups[name]["vars/0"]) for name in names]
    found = []  # the older layout: one group a layer, the order in attributes
    for name in np.asarray(stored.attrs["layer_names"]).astype(str):
        weights = np.asarray(stored[name].attrs["weight_names"]).astype(str)
        found += [(name, stored[name][weight]) for weight in weights[:1]]
    return found


def _problem(stored: h5py.File) -> str:
    """What is wrong with kernels whose shapes are right, or with their biases; "" if nothing is."""
    for (name, kernel), layer in zip(_kernels(stored), vgg16_kernels(), strict=True):
        for values in kernel.parent.values():  # the kernel and the bias
            if values.file != stored or values.external:
                return f"layer {layer} (there called {name}) is a link to another file"
            if values.size <= kernel.size and not np.isfinite(values[()]).all():
                return f"layer {layer} (there called {name}) holds values that are not finite"
    return ""
