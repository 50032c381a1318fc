"""What all tests share: toys at the tiny size, and outputs that go when they end."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from ipykernel.kernelspec import write_kernel_spec
from PIL import Image, ImageDraw

from utils.publish.series import NOTEBOOKS, saved_by_hand, series
from utils.settings import Settings

OUTPUTS = pytest.StashKey[str]()


def pytest_configure(config):
    """Set the environment here, not in a fixture: nbval's kernels inherit it."""
    config.stash[OUTPUTS] = tempfile.mkdtemp(prefix="transfer-tests-")
    os.environ.update(
        TRANSFER_DATA="toys",
        TRANSFER_WEIGHTS="imagenet",
        TRANSFER_SIZE="tiny",
        TRANSFER_OUTPUTS=config.stash[OUTPUTS],
        KERAS_HOME=os.path.join(config.stash[OUTPUTS], "keras-home"),
        TF_CPP_MIN_LOG_LEVEL="2",
        JUPYTER_PATH=os.path.join(config.stash[OUTPUTS], "jupyter"),
    )
    # Found before any other kernel of that name, which may be another Python's.
    write_kernel_spec(os.path.join(os.environ["JUPYTER_PATH"], "kernels", "python3"))
    for name in ("TRANSFER_SIDE", "TRANSFER_PRECISION", "TRANSFER_BROKEN", "TRANSFER_LANGUAGE"):
        os.environ.pop(name, None)
    if "PYTEST_XDIST_WORKER" in os.environ:  # or tests at a time would fight for the cores
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = "1"


def set_aside() -> list[Path]:
    """Learners' notebooks, and those of ours in which somebody has worked."""
    ours = series()
    return [p for p in sorted(NOTEBOOKS.glob("*.ipynb")) if p not in ours or saved_by_hand(p)]


def pytest_report_header(config):
    names = ", ".join(path.name for path in set_aside())
    return names and f"somebody's own, tested only when named: {names}"


def pytest_ignore_collect(collection_path, config):
    named = {Path(str(argument).partition("::")[0]).resolve() for argument in config.args}
    if collection_path.suffix == ".ipynb" and collection_path not in named:
        ours = collection_path.parent == NOTEBOOKS and collection_path not in set_aside()
        return None if ours else True  # those in other languages have the same code
    return None


def pytest_collection_modifyitems(items):
    """What takes longest comes first, so that no worker is left with it at the end."""
    longest = ("test_ants_and_bees.py", "test_pictures.py", "test_exercises.py")
    items.sort(key=lambda item: (item.path.name not in longest, item.path.suffix != ".ipynb"))


def pytest_unconfigure(config):
    shutil.rmtree(config.stash[OUTPUTS], ignore_errors=True)


@pytest.fixture
def make_settings(tmp_path):
    """A function that gives the settings of the tests, with changes."""

    def make(**changes):
        values = {
            "data": "toys",
            "weights": "imagenet",
            "size": "tiny",
            "side": 32,
            "precision": "float32",
            "outputs": tmp_path / "outputs",
        }
        return Settings(**(values | changes))

    return make


@pytest.fixture(scope="session")
def odd_folder_once(tmp_path_factory):
    """Class folders of three classes: 60 + 12 pictures each, of unlike sizes, modes and formats."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for part, count in (("train", 60), ("test", 12)):
        for name in ("circle", "cross", "stripes"):
            (folder / part / name).mkdir(parents=True)
            for number in range(count):
                width, height = rng.integers(90, 400, 2)
                picture = Image.effect_noise((int(width), int(height)), 60).convert("RGB")
                draw = ImageDraw.Draw(picture)
                colour, size = tuple(rng.integers(0, 256, 3).tolist()), min(width, height)
                box = (width // 2 - size // 3, height // 2 - size // 3)
                box += (width // 2 + size // 3, height // 2 + size // 3)
                if name == "circle":
                    draw.ellipse(box, fill=colour)
                elif name == "cross":
                    draw.line(box, fill=colour, width=int(size) // 6)
                    draw.line((box[2], box[1], box[0], box[3]), fill=colour, width=int(size) // 6)
                else:
                    for left in range(0, int(width), 24):
                        draw.rectangle((left, 0, left + 11, height), fill=colour)
                if number % 7 == 3:
                    picture = picture.convert("L")
                ending = ("png", "jpg", "webp", "bmp")[number % 4]
                picture.save(folder / part / name / f"{number:03}.{ending}")
    return folder


@pytest.fixture
def odd_folder(odd_folder_once, tmp_path):
    """A copy of its own of those class folders."""
    return shutil.copytree(odd_folder_once, tmp_path / "pictures")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own that holds 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
