"""A classifier that leaves Keras: as SavedModel, LiteRT and ONNX. `cost` says what each costs.

Class names travel with every file: as `class_names.json` in the archive that `.keras` and, by its
end, `.tflite` are, in SavedModel's folder `assets.extra`, and under `class_names` in the properties
of an ONNX model, where the site's page looks for them.
"""

import contextlib
import importlib.util
import json
import logging
import os
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from utils.files import make_folder
from utils.photos import answers

FORMATS = {  # and what is written for each into the folder
    "Keras": "model.keras",
    "SavedModel": "saved_model",
    "LiteRT": "model.tflite",
    "LiteRT int8": "model-int8.tflite",
    "ONNX": "model.onnx",
    "ONNX int8": "model-int8.onnx",
}
NAMES = "class_names"
CALIBRATION = 100  # pictures; more change little
ONNX_NEEDS = ("tf2onnx", "onnx", "onnxruntime")


def export(
    network: keras.Model, class_names: list[str], folder: Path, calibration: np.ndarray
) -> list[Path]:
    """Write the network into `folder` in every format of FORMATS; returns the paths.

    All of them compute in float32, because a network trained in bfloat16 is slow on processors
    that do not compute in it. In int8, weights take a byte each. The pictures of `calibration`,
    uint8 [n, side, side, 3], show how large the values between layers get: take training pictures.

    Without the packages that ONNX needs, one line says how to install them. Files of an earlier
    export go; what else is in `folder` stays. An error changes nothing there.

    Raises:
        ValueError: class names or calibration pictures do not fit the network.
        CannotWriteError: a full disk, a read-only folder.
    """
    _check(network, class_names, calibration)
    network, names = in_float32(network), list(class_names)
    steps = {
        "Keras": lambda path: answers.save_model(network, path, names),
        "SavedModel": lambda path: _to_saved_model(network, path, names),
        "LiteRT": lambda path: _to_litert(network, path, names),
        "LiteRT int8": lambda path: _to_litert(network, path, names, int8=True),
    }
    if all(importlib.util.find_spec(name) for name in ONNX_NEEDS):
        steps["ONNX"] = lambda path: to_onnx(network, path, names)
        steps["ONNX int8"] = lambda path: to_onnx_int8(path, calibration)
    else:
        print(
            f"ONNX is left out, because it needs {', '.join(ONNX_NEEDS)}. To install them:\n"
            "python -m pip install -r requirements-site.txt -c constraints.txt"
        )
    with tempfile.TemporaryDirectory(dir=make_folder(folder), prefix=".partial-") as scratch:
        problem = ""
        for kind in (bar := tqdm(steps, file=sys.stdout, ncols=78)):
            bar.set_description(f"Writing {kind}")
            write, path = steps[kind], Path(scratch) / FORMATS[kind]
            problem = problem or _problem_with_onnx(kind, write, path)
        if problem:
            print(f"ONNX is left out, because its converter failed: {problem}")
        return _replace(Path(folder), Path(scratch))


def _problem_with_onnx(kind: str, write: Callable, path: Path) -> str:
    """Write a file; if it is ONNX and a converter raises, on a strange layer, say what."""
    try:
        with quiet():
            write(path)
    except OSError:
        raise
    except Exception as error:
        if not kind.startswith("ONNX"):
            raise
        path.unlink(missing_ok=True)
        return " ".join(str(error).split())[:300]
    return ""


def _replace(folder: Path, made: Path) -> list[Path]:
    """Move what was made into `folder`, from which every file of an earlier export goes."""
    for name in FORMATS.values():
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    names = [name for name in FORMATS.values() if (made / name).exists()]
    return [(made / name).replace(folder / name) for name in names]


def _check(network, class_names, calibration) -> None:
    if len(class_names) != network.output_shape[-1]:
        raise ValueError(
            f"The network answers with {network.output_shape[-1]} probabilities, but there are "
            f"{len(class_names)} class names: {', '.join(class_names)}."
        )
    if calibration.shape[1:] != network.input_shape[1:] or not len(calibration):
        raise ValueError(
            f"The calibration pictures have the shape {list(calibration.shape)}; expected "
            f"[n, {', '.join(map(str, network.input_shape[1:]))}], with n at least 1."
        )


def in_float32(network: keras.Model) -> keras.Model:
    """The same network, weight by weight, with every layer computing in float32."""
    text = network.to_json()
    for policy in ("mixed_bfloat16", "mixed_float16"):
        text = text.replace(f'"{policy}"', '"float32"')
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")  # for layers whose description names none
    try:
        copy = keras.models.model_from_json(text)
    finally:
        keras.config.set_dtype_policy(usual)
    copy.set_weights(network.get_weights())
    return copy


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hide the pages that converters print, even from C++; exceptions still show."""
    kept = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
    logging.disable(logging.WARNING)
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for descriptor in kept:
            os.dup2(nowhere.fileno(), descriptor)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
            for descriptor, copy in kept.items():
                os.dup2(copy, descriptor)
                os.close(copy)


def _to_saved_model(network, path: Path, names: list[str]) -> None:
    network.export(path, verbose=False)
    extra = make_folder(path / "assets.extra")  # TensorFlow's place for what it does not read
    (extra / f"{NAMES}.json").write_text(json.dumps(names), encoding="utf-8")


def _to_litert(network, path: Path, names: list[str], int8: bool = False) -> None:
    options = {"optimizations": [tf.lite.Optimize.DEFAULT]} if int8 else {}
    network.export(path, format="litert", verbose=False, **options)
    with zipfile.ZipFile(path, "a") as end:  # the format's own way to carry labels
        end.writestr(f"{NAMES}.json", json.dumps(names))


def to_onnx(network: keras.Model, path: Path, names: list[str]) -> None:
    """Write a network that computes in float32 to `path`, with its class names."""
    import onnx

    network(np.zeros((1, *network.input_shape[1:]), "float32"))  # or Keras cannot export it
    network.export(path, format="onnx", verbose=False)
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {NAMES: json.dumps(names)})
    onnx.save(model, path)


def to_onnx_int8(path: Path, calibration: np.ndarray) -> None:
    """Round model.onnx, which lies next to `path`, to 8 bits; `calibration` as in `export`.

    Only convolutions and what lies between them: the head is small, and would suffer.
    """
    from onnxruntime import InferenceSession, quantization

    source = path.with_name(FORMATS["ONNX"])
    name = InferenceSession(source).get_inputs()[0].name

    class Pictures(quantization.CalibrationDataReader):
        left = iter(calibration[:CALIBRATION].astype("float32"))

        def get_next(self):
            picture = next(self.left, None)
            return None if picture is None else {name: picture[None]}

    quantization.quantize_static(
        source,
        path,
        Pictures(),
        op_types_to_quantize=["Conv", "Relu", "MaxPool"],
        per_channel=True,
    )
