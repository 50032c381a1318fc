"""All notebooks on other pictures than the toys: a folder of odd ones, and real photographs.

nbval executes them on the toys; see pyproject.toml.
"""

import shutil

import numpy as np
import pytest
from PIL import Image

from utils.files import REPOSITORY
from utils.publish import execute

SHARED = REPOSITORY.parent / "shared" / "data"


def run_all(monkeypatch, tmp_path, folder, names=("--all",), **settings):
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("TRANSFER_DATA", str(folder))
    for name, value in settings.items():
        monkeypatch.setenv(f"TRANSFER_{name.upper()}", value)
    assert execute.main(list(names)) == 0
    return (tmp_path / "outputs" / "scoreboard.csv").read_text()


@pytest.mark.slow
def test_pictures_of_all_sizes_in_three_classes(monkeypatch, tmp_path, odd_folder):
    board = run_all(monkeypatch, tmp_path, odd_folder, side="48", precision="float32")
    assert "fine-tuned" in board


def stripes(kind, number, side=40):
    """Their direction tells the class; no two are alike."""
    across, down = np.meshgrid(np.arange(side), np.arange(side))
    rng = np.random.default_rng([kind, number])
    wave = np.sin((across * np.cos(kind) + down * np.sin(kind)) / 3 + rng.uniform(0, 6))
    values = 128 + 90 * wave[..., None] * rng.uniform(0.5, 1, 3) + rng.normal(0, 9, (side, side, 3))
    return Image.fromarray(values.clip(0, 255).astype("uint8"))


@pytest.mark.slow
def test_uneven_classes_without_train_and_test(monkeypatch, tmp_path):
    for kind, count in enumerate((60, 60, 4)):
        folder = tmp_path / "pictures" / f"类{kind}"
        folder.mkdir(parents=True)
        for place in range(count):
            stripes(kind, place).save(folder / f"{place}.png")
    names = ("01", "05", "06", "08")  # what depends on the classes most
    board = run_all(monkeypatch, tmp_path, tmp_path / "pictures", names, precision="float32")
    assert "last blocks fine-tuned" in board


@pytest.mark.slow
def test_real_photographs(monkeypatch, tmp_path):
    """Ants and bees, as they are: of many sizes, and with a GIF that is called .jpg."""
    if not (SHARED / "photographs.tar").exists():
        pytest.skip("there are no photographs next to the repository")
    shutil.unpack_archive(SHARED / "photographs.tar", tmp_path, filter="data")
    board = run_all(monkeypatch, tmp_path, tmp_path / "ants-bees", side="64")
    assert "fine-tuned" in board
