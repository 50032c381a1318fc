"""All notebooks on other pictures than the toys: a folder of odd ones, and real photographs.

nbval executes them on the toys; see pyproject.toml.
"""

import shutil

import pytest

from utils.files import REPOSITORY
from utils.publish import execute

SHARED = REPOSITORY.parent / "shared" / "data"


def run_all(monkeypatch, tmp_path, folder, **settings):
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("TRANSFER_DATA", str(folder))
    for name, value in settings.items():
        monkeypatch.setenv(f"TRANSFER_{name.upper()}", value)
    assert execute.main(["--all"]) == 0
    return (tmp_path / "outputs" / "scoreboard.csv").read_text()


@pytest.mark.slow
def test_pictures_of_all_sizes_in_three_classes(monkeypatch, tmp_path, odd_folder):
    board = run_all(monkeypatch, tmp_path, odd_folder, side="48", precision="float32")
    assert "fine-tuned" in board


@pytest.mark.slow
def test_real_photographs(monkeypatch, tmp_path):
    """Ants and bees, as they are: of many sizes, and with a GIF that is called .jpg."""
    if not (SHARED / "photographs.tar").exists():
        pytest.skip("there are no photographs next to the repository")
    shutil.unpack_archive(SHARED / "photographs.tar", tmp_path, filter="data")
    board = run_all(monkeypatch, tmp_path, tmp_path / "ants-bees", side="64")
    assert "fine-tuned" in board
