"""What the models that `ship` wrote cost: size, time, and how far they are from Keras."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from utils.photos import answers, ship


def measure(folder: Path, pictures: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """What each model of `folder` costs, on pictures uint8 [n, side, side, 3], labels int64 [n].

    By format: size in MB, milliseconds per picture (the median, one picture at a time, after
    warming up), accuracy, and how far a probability lies from Keras's at most.

    Raises:
        FileNotFoundError: `folder` holds no model.keras to compare with.
    """
    folder, rows, ours = Path(folder), {}, None
    if not (folder / ship.FORMATS["Keras"]).exists():
        raise FileNotFoundError(f"{folder} holds no {ship.FORMATS['Keras']}; `export` writes one.")
    found = [kind for kind in ship.FORMATS if (folder / ship.FORMATS[kind]).exists()]
    for kind in (bar := tqdm(found, file=sys.stdout, ncols=78)):
        bar.set_description(f"Measuring {kind}")
        path = folder / ship.FORMATS[kind]
        with ship.quiet():
            answer = OPENERS[kind.split()[0]](path)
            probabilities, seconds = _one_by_one(answer, pictures)
        ours = probabilities if ours is None else ours  # Keras's come first
        rows[kind] = {
            "MB": sum(p.stat().st_size for p in [path, *path.rglob("*")] if p.is_file()) / 1e6,
            "ms per picture": 1_000 * float(np.median(seconds)),
            "accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
            "largest difference": float(abs(probabilities - ours).max()),
        }
    return pd.DataFrame(rows).T.rename_axis("format")


def _one_by_one(answer: Callable, pictures: np.ndarray) -> tuple[np.ndarray, list[float]]:
    for _ in range(3):
        answer(pictures[:1].astype("float32"))
    probabilities, seconds = [], []
    for picture in pictures:
        begun = time.perf_counter()
        probabilities.append(np.asarray(answer(picture[None].astype("float32")))[0])
        seconds.append(time.perf_counter() - begun)
    return np.stack(probabilities), seconds


def _open_keras(path: Path) -> Callable:
    network, _ = answers.load_model(path)
    return network.predict_on_batch


def _open_saved_model(path: Path) -> Callable:
    served = tf.saved_model.load(str(path))
    return lambda picture: served.serve(picture).numpy()


def _open_litert(path: Path) -> Callable:
    interpreter = tf.lite.Interpreter(str(path), num_threads=os.cpu_count())
    run = interpreter.get_signature_runner()
    (name,) = run.get_input_details()
    return lambda picture: next(iter(run(**{name: picture}).values()))


def open_onnx(path: Path) -> Callable:
    """A function from pictures float32 [n, side, side, 3] to probabilities [n, classes]."""
    from onnxruntime import InferenceSession

    session = InferenceSession(path)
    name = session.get_inputs()[0].name
    return lambda picture: session.run(None, {name: picture})[0]


OPENERS = {
    "Keras": _open_keras,
    "SavedModel": _open_saved_model,
    "LiteRT": _open_litert,
    "ONNX": open_onnx,
}
