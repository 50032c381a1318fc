"""The folder that is drawn: as untidy as a real one, whole, and kept."""

import numpy as np
import pytest

from utils.photos import made
from utils.photos.alike import duplicates
from utils.photos.survey import survey


def noise():
    rng = np.random.default_rng(0)
    return {
        name: np.kron(rng.integers(0, 256, (count, 10, 10, 3), "uint8"), np.ones((1, 16, 16, 1)))
        .astype("uint8")
        for name, count in made.COUNTS.items()
    }  # fmt: skip


@pytest.mark.parametrize("draw", [noise, pytest.param(made._draw, marks=pytest.mark.slow)])
def test_a_folder_as_real_ones_are(tmp_path, monkeypatch, draw):
    monkeypatch.setattr(made, "_draw", draw)
    folder = made.make_folder(tmp_path / "made")
    table = survey(folder)
    good = table[table.problem == ""]
    assert good["class"].value_counts().to_dict() == {"cat": 157, "dog": 104, "horse": 52}
    sides = good[["width", "height"]].min(axis=1)
    assert 160 <= sides.min() < 180 and 300 < sides.max() <= 320
    assert set(good.format) == {"JPEG", "PNG", "WEBP"} and 5 < good.turned.sum() < 40
    doubles = duplicates(table)
    assert doubles.group.nunique() == 12 and doubles.exact.sum() == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["made"]
    bad = table[table.problem != ""]
    assert bad.path.tolist() == ["cat/IMG_9999.jpg", "cat/notes.txt"]
    monkeypatch.setattr(made, "_draw", dict)  # a second call draws nothing
    assert survey(made.make_folder(folder)).equals(table)
