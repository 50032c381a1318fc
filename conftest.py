"""What all tests share: the bundled edition at its tiny size, and outputs that go when they end."""

import os
import shutil
import subprocess
import tempfile

import pytest

from utils.settings import Settings

OUTPUTS = pytest.StashKey[str]()


def pytest_configure(config):
    """Set the environment here, not in a fixture: nbval's kernels inherit it."""
    config.stash[OUTPUTS] = tempfile.mkdtemp(prefix="transfer-tests-")
    os.environ.update(
        TRANSFER_DATA="toys",
        TRANSFER_WEIGHTS="bundled",
        TRANSFER_SIZE="tiny",
        TRANSFER_OUTPUTS=config.stash[OUTPUTS],
        KERAS_HOME=os.path.join(config.stash[OUTPUTS], "keras-home"),
        TF_CPP_MIN_LOG_LEVEL="2",
    )
    os.environ.pop("TRANSFER_SIDE", None)
    if "PYTEST_XDIST_WORKER" in os.environ:  # or tests at a time would fight for the cores
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = "1"


def pytest_unconfigure(config):
    shutil.rmtree(config.stash[OUTPUTS], ignore_errors=True)


@pytest.fixture
def make_settings(tmp_path):
    """A function that gives the settings of the tests, with changes."""

    def make(**changes):
        values = {
            "data": "toys",
            "weights": "bundled",
            "size": "tiny",
            "side": 32,
            "precision": "float32",
            "outputs": tmp_path / "outputs",
        }
        return Settings(**(values | changes))

    return make


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
