"""Which pictures show the same: copies at other sizes, qualities and cuts, and nothing else."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from utils.photos.alike import across, duplicates
from utils.photos.survey import survey


def scene(number, size=(300, 240)):
    """Coarse coloured noise, smooth as photographs are; each number another one."""
    coarse = np.random.default_rng(number).integers(0, 256, (9, 12, 3), "uint8")
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def compressed(picture, quality):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


EDITS = {
    "poor quality": lambda p: compressed(p, 20),
    "half the size": lambda p: p.resize((150, 120)),
    "cut by a few pixels": lambda p: p.crop((3, 2, 299, 237)),
    "brighter": lambda p: p.point(lambda value: min(255, value * 1.15)),
}


@pytest.fixture
def folder(tmp_path):
    for part, numbers in (("train", range(6)), ("test", range(10, 13))):
        for name, extra in (("ant", 0), ("bee", 100)):
            (tmp_path / part / name).mkdir(parents=True)
            for number in numbers:
                scene(number + extra).save(tmp_path / part / name / f"{number}.png")
    return tmp_path


def test_different_pictures_are_not_alike(folder):
    assert duplicates(survey(folder)).empty


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_is_found_on_the_other_side(folder, edit):
    EDITS[edit](scene(3)).save(folder / "test" / "ant" / "copy.jpg", quality=80)
    doubles = duplicates(survey(folder))
    assert doubles.path.tolist() == ["test/ant/copy.jpg", "train/ant/3.png"]
    assert doubles.group.tolist() == [0, 0] and not doubles.exact.any()
    assert across(doubles) == [("test/ant/copy.jpg", "train/ant/3.png")]


def test_equal_bytes_are_exact_also_where_a_picture_has_one_colour(folder):
    for name, colour in (("a", "red"), ("b", "red"), ("c", "blue")):
        Image.new("RGB", (50, 50), colour).save(folder / "train" / "bee" / f"{name}.png")
    doubles = duplicates(survey(folder))
    assert doubles.path.tolist() == ["train/bee/a.png", "train/bee/b.png"]
    assert doubles.exact.all() and across(doubles) == []


def test_where_all_look_alike_only_equal_bytes_count(folder):
    for number in range(20):
        scene(50).save(folder / "train" / "ant" / f"still-{number}.jpg", quality=70 + number)
    copied = (folder / "train" / "ant" / "still-3.jpg").read_bytes()
    (folder / "test" / "bee" / "copy.jpg").write_bytes(copied)
    doubles = duplicates(survey(folder))
    assert doubles.attrs["too_alike"] == ["ant"]
    assert doubles.path.tolist() == ["test/bee/copy.jpg", "train/ant/still-3.jpg"]


def test_a_long_film_is_one_group():
    """More pictures than are compared at once, each like its neighbours only."""
    rng = np.random.default_rng(0)
    film = np.cumsum(rng.normal(0, 0.35, (700, 288)), axis=0) + rng.normal(0, 9, 288)
    looks = [np.int8(127 * look / abs(look).max()).tobytes() for look in film]
    table = pd.DataFrame({"path": range(700), "look": looks, "digest": range(700)})
    table = table.assign(part="", problem="", **{"class": np.arange(700) % 350})
    assert set(duplicates(table).group) == {0} and len(duplicates(table)) == 700
