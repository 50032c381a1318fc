"""A classifier in one file: class names travel inside the .keras file; and asking it."""

import json
import os
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from utils import files
from utils.picture_folders import DataError, read_picture
from utils.picture_folders.classes import files_below, is_picture

NAMES = "class_names.json"  # a member of the archive that a .keras file is; Keras ignores it
BATCH = 32
MOST_PACKED = 20  # bytes from one; Keras itself does not pack
COLUMNS = ["picture", "class", "probability", "second", "second_probability", "problem"]


class ModelError(ValueError):
    """A model file cannot be used; the message says why and what to do."""


def save_model(network: keras.Model, path: Path, class_names: list[str]) -> Path:
    """Save a network and its class names in one .keras file, and return its path.

    `keras.models.load_model` reads it like any other. Saved without optimizer, whose state would
    triple the file of a VGG16: compile it again before you evaluate or train it further.

    Raises:
        ModelError: `path` does not end in .keras, or there is not one name for each answer.
        files.CannotWriteError: the disk is full or the folder read-only.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ModelError(f"A model's file ends in .keras; {path.name} does not.")
    check_names(network, class_names, path)
    bare = keras.Model(network.inputs, network.outputs, name=network.name)  # not compiled
    with files.whole_file(path) as temporary:
        bare.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(NAMES, json.dumps(list(class_names), ensure_ascii=False))
    return path


def check_names(network: keras.Model, class_names: list[str], path: Path) -> None:
    """Raise ModelError unless there is one name for each probability of the network."""
    if network.output_shape[1:] != (len(class_names),):
        raise ModelError(
            f"{path}: {len(class_names)} class names for a network whose answer has the shape "
            f"{network.output_shape}. Expected one probability for each name."
        )


def load_model(path: Path) -> tuple[keras.Model, list[str]]:
    """A network that `save_model` has saved, not compiled, and its class names.

    Where there are no names inside, those of a JSON file of the same name are taken, as notebook 05
    and its script write it. A model that brings code of its own along is refused.

    Raises:
        ModelError: there is no such file, it is damaged, brings code, unpacks to far more than it
            can hold, has weights that are no numbers, or no class names.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"There is no model {path}. Notebook 08 saves one; check name and folder.")
    try:
        with zipfile.ZipFile(path) as archive:
            archive.getinfo("config.json")
            _check_size(archive, path)
            inside = archive.read(NAMES) if NAMES in archive.namelist() else None
        network = keras.models.load_model(path, compile=False)
    except ModelError:
        raise
    except (zipfile.BadZipFile, KeyError):
        raise ModelError(
            f"{path} is not a whole .keras file. Save it again: network.save('{path.stem}.keras')"
        ) from None
    except (ValueError, TypeError, OSError, EOFError) as error:
        raise _not_loaded(path, error) from error
    if not all(np.isfinite(values).all() for values in network.get_weights()):
        raise ModelError(
            f"{path} holds weights that are not a number or infinite, so every answer would be "
            "chance. Its training failed, or the file was damaged: train and save it again."
        )
    names = _names(inside, path)
    check_names(network, names, path)
    return network, names


def _check_size(archive: zipfile.ZipFile, path: Path) -> None:
    """Raise ModelError where so much is packed into a file that it would fill the memory."""
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MOST_PACKED * path.stat().st_size + 1_000_000:
        raise ModelError(
            f"{path} unpacks to {unpacked / 1e6:.0f} MB, far more than a model of "
            f"{path.stat().st_size / 1e6:.1f} MB can hold. It was not loaded. Save it again."
        )


def _not_loaded(path: Path, error: Exception) -> ModelError:
    reason = " ".join(str(error).split())
    if "safe_mode" in reason or "unsafe" in reason:
        return ModelError(
            f"{path} brings code along (a Lambda layer), which would run on this computer. It was "
            "not loaded. If you made it, build it from layers of Keras without Lambda."
        )
    return ModelError(f"Keras cannot load {path}: {reason[:300]}")


def _names(inside: bytes | None, path: Path) -> list[str]:
    found, neighbour = inside, path.with_suffix(".json")
    if found is None and neighbour.is_file():
        found = neighbour.read_bytes()
    if found is None:
        raise ModelError(
            f"{path} holds no class names. Save it with utils.photos.answers.save_model, or put "
            f'them next to it, in the order of training: {neighbour.name} with ["ant", "bee"].'
        )
    try:
        names = json.loads(found)
        names = names["class_names"] if isinstance(names, dict) else names
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return names
    except (ValueError, KeyError):
        pass
    raise ModelError(f"The class names of {path} cannot be read. Expected a JSON list of texts.")


def list_pictures(paths: Iterable[Path]) -> list[Path]:
    """The paths, with the pictures below it in the place of each folder; hidden ones left out."""
    found = []
    for path in map(Path, paths):
        found += filter(is_picture, files_below(path)) if path.is_dir() else [path]
    return found


def predict(network: keras.Model, class_names: list[str], paths: Iterable[Path]) -> pd.DataFrame:
    """The network's answer to each picture file, in the order of `paths`.

    Columns: picture, class, probability, second (the runner-up), second_probability, problem. A
    picture that cannot be read has a problem and no answer; the others are answered all the same.

    Raises:
        ModelError: the network does not take square colour pictures of one size.
    """
    height, width, channels = (*network.input_shape[1:], None, None, None)[:3]
    if not height or height != width or channels != 3:
        raise ModelError(
            f"The network takes {network.input_shape}; expected square pictures in colour, of a "
            "fixed size: (None, side, side, 3)."
        )
    paths, rows = [os.fspath(path) for path in paths], []
    with tqdm(total=len(paths), desc="Classifying", file=sys.stdout, ncols=78, delay=2) as bar:
        for start in range(0, len(paths), BATCH):
            part = paths[start : start + BATCH]
            rows += _answers(network, class_names, part, height)
            bar.update(len(part))
    return pd.DataFrame(rows, columns=COLUMNS)


def _answers(network, class_names, paths: list[str], side: int) -> list[dict]:
    rows, images = [{"picture": path, "problem": ""} for path in paths], []
    for row in rows:
        try:
            images.append(read_picture(Path(row["picture"]), side))
        except DataError as error:
            row["problem"] = str(error).splitlines()[0]
    if images:
        given = iter(network.predict_on_batch(np.stack(images)))
        for row in rows:
            if not row["problem"]:
                answer = next(given)
                second, first = np.argsort(answer)[-2:]
                row |= {"class": class_names[first], "probability": float(answer[first])}
                row |= {"second": class_names[second], "second_probability": float(answer[second])}
    return rows
