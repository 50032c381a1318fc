"""All notebooks on real photographs, larger than the toys."""

import shutil

import pytest

from utils.files import REPOSITORY

SHARED = REPOSITORY.parent / "shared" / "data"


@pytest.mark.slow
@pytest.mark.whole
def test_real_photographs(run_all, tmp_path):
    """Ants and bees, as they are: of many sizes, and with a GIF that is called .jpg."""
    if not (SHARED / "photographs.tar").exists():
        pytest.skip("there are no photographs next to the repository")
    shutil.unpack_archive(SHARED / "photographs.tar", tmp_path, filter="data")
    assert "last blocks fine-tuned" in run_all(tmp_path / "ants-bees", side="128")
