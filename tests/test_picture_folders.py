"""Folders of class folders: what is read, how, and how each possible fault is named."""

import shutil

import numpy as np
import pytest
from PIL import Image

from utils.picture_folders import DataError, open_folder, read_picture, typical_side

SIDE = 32
MODES = [  # as PIL calls them, with a colour and what it is in red, green and blue
    ("L", 90, 90), ("1", 1, 255), ("RGB", (255, 0, 0), (255, 0, 0)), ("P", 0, 0),
    ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
]  # fmt: skip


def save_picture(path, colour=(200, 30, 30), size=(40, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


@pytest.fixture
def folder(tmp_path):
    """Three classes, four training and three test pictures each."""
    for name, colour in (("cat", (255, 0, 0)), ("ant", (0, 255, 0)), ("bee", (0, 0, 255))):
        for part, count in (("train", 4), ("test", 3)):
            for place in range(count):
                save_picture(tmp_path / "mine" / part / name / f"{place}.png", colour)
    return tmp_path / "mine"


def problem(folder):
    """The message with which `folder` is refused."""
    with pytest.raises(DataError) as caught:
        open_folder(folder, SIDE)
    return str(caught.value)


def test_labels_are_places_in_the_alphabet_and_go_with_their_pictures(folder):
    train, test, class_names = open_folder(folder, SIDE)
    assert class_names == ["ant", "bee", "cat"]
    assert train.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert test.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    images = train.read(np.array([11, 0, 4]))
    assert images.shape == (3, SIDE, SIDE, 3)
    assert (images.dtype, train.labels.dtype) == ("uint8", "int64")
    assert images[:, 5, 5].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_hidden_files_and_other_kinds_of_files_are_skipped(folder):
    (folder / "train" / "ant" / "notes.txt").write_text("which ant is which")
    (folder / "train" / "ant" / "._0.png").write_bytes(b"left by another computer")
    (folder / "train" / ".cache").mkdir()
    save_picture(folder / "train" / "ant" / "LOUD.JPG")
    train, _, class_names = open_folder(folder, SIDE)
    assert class_names == ["ant", "bee", "cat"]
    names = [path.name for path in train.paths if path.parent.name == "ant"]
    assert names == ["0.png", "1.png", "2.png", "3.png", "LOUD.JPG"]


def test_a_folder_without_both_parts(folder, tmp_path):
    assert f"{tmp_path} has no folder train/" in problem(tmp_path)
    (folder / "test").rename(folder / "elsewhere")
    assert f"{folder} has no folder test/" in problem(folder)


def test_classes_that_do_not_fit(folder):
    (folder / "test" / "ant").rename(folder / "test" / "wasp")
    assert "ant, wasp" in problem(folder)
    for part in ("train", "test"):
        shutil.rmtree(folder / part)
        save_picture(folder / part / "cat" / "0.png")
    assert "1 class folders ['cat']" in problem(folder)


@pytest.mark.parametrize("part", ["train", "test"])
def test_too_few_pictures_in_a_class(folder, part):
    for path in sorted((folder / part / "bee").iterdir())[2:]:
        path.rename(path.with_suffix(".txt"))
    assert f"{folder / part / 'bee'} holds 2 pictures" in problem(folder)


def damage(path, how):
    if how == "cut off":
        Image.effect_noise((64, 64), 50).convert("RGB").save(path, "JPEG")
        path.write_bytes(path.read_bytes()[:-500])
    elif how == "folder":
        path.mkdir()
    elif how == "bomb":  # its header claims 100,000 x 100,000 pixels
        Image.new("RGB", (4, 4)).save(path, "BMP")
        content, side = path.read_bytes(), (100_000).to_bytes(4, "little")
        path.write_bytes(content[:18] + side * 2 + content[26:])
    else:
        path.write_text(how)


@pytest.mark.parametrize("how", ["cut off", "folder", "bomb", "not a picture", ""])
def test_a_picture_that_cannot_be_read_is_named(folder, how):
    damage(folder / "train" / "bee" / "9.jpg", how)
    train, _, _ = open_folder(folder, SIDE)
    with pytest.raises(DataError, match=r"bee.9\.jpg cannot be read"):
        train.read(np.arange(len(train.labels)))
    with pytest.raises(DataError, match=r"no picture .*my-cat\.jpg"):
        read_picture(folder / "my-cat.jpg", SIDE)


def test_typical_side_is_the_median_of_the_shorter_sides(tmp_path):
    assert typical_side(tmp_path) == 0
    for place, size in enumerate([(32, 500), (90, 60), (300, 400)]):
        save_picture(tmp_path / "train" / "ant" / f"{place}.png", size=size)
    (tmp_path / "train" / "ant" / "damaged.png").write_text("not a picture")
    assert typical_side(tmp_path) == 60


@pytest.mark.parametrize("turned", [False, True])
def test_the_longer_side_is_cropped_about_the_centre(tmp_path, turned):
    """The middle third is white and nothing else is left of the picture."""
    pixels = np.zeros((40, 120, 3), "uint8")
    pixels[:, 40:80] = 255
    Image.fromarray(pixels.transpose(1, 0, 2) if turned else pixels).save(tmp_path / "flag.png")
    picture = read_picture(tmp_path / "flag.png", 40)
    assert picture.shape == (40, 40, 3) and (picture == 255).all()


@pytest.mark.parametrize(("mode", "colour", "expected"), MODES)
def test_every_kind_of_picture_becomes_rgb(tmp_path, mode, colour, expected):
    Image.new(mode, (40, 40), colour).save(tmp_path / "picture.png")
    picture = read_picture(tmp_path / "picture.png", SIDE)
    assert picture.shape == (SIDE, SIDE, 3) and (picture == expected).all()
