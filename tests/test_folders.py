"""Folders of class folders: what is read, how, and what each thing that can be wrong is called."""

import numpy as np
import pytest
from PIL import Image

from utils.folders import DataError, open_folder, read_picture

SIDE = 32


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


def remove(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_labels_are_places_in_the_alphabet_and_go_with_their_pictures(folder):
    train, test, class_names = open_folder(folder, SIDE)
    assert class_names == ["ant", "bee", "cat"]
    assert train.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert test.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    assert train.labels.dtype == np.int64
    images = train.read(np.array([11, 0, 4]))
    assert images.shape == (3, SIDE, SIDE, 3) and images.dtype == np.uint8
    assert images[:, 5, 5].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_what_is_hidden_or_no_picture_is_passed_over(folder):
    (folder / "train" / "ant" / "notes.txt").write_text("which ant is which")
    (folder / "train" / "ant" / "._0.png").write_bytes(b"left by another computer")
    (folder / "train" / ".cache").mkdir()
    (folder / "train" / "read me.txt").write_text("about the pictures")
    save_picture(folder / "train" / "ant" / "LOUD.JPG")
    train, _, class_names = open_folder(folder, SIDE)
    assert class_names == ["ant", "bee", "cat"]
    assert [path.name for path in train.paths if path.parent.name == "ant"] == [
        "0.png", "1.png", "2.png", "3.png", "LOUD.JPG",
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_part_that_is_missing(folder, part):
    (folder / part).rename(folder / "elsewhere")
    message = problem(folder)
    assert f"{folder} has no folder {part}/" in message
    assert "Expected train/<class>/* and test/<class>/*" in message


def test_a_folder_that_is_missing_or_empty(tmp_path):
    assert f"{tmp_path / 'nowhere'} has no folder train/" in problem(tmp_path / "nowhere")
    assert f"{tmp_path} has no folder train/" in problem(tmp_path)
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
    assert f"{tmp_path / 'train'} holds 0 class folders" in problem(tmp_path)


def test_a_single_class(folder):
    for part in ("train", "test"):
        remove(folder / part / "ant")
        remove(folder / part / "bee")
    assert f"{folder / 'train'} holds 1 class folders ['cat']" in problem(folder)


def test_other_classes_in_the_test_set(folder):
    (folder / "test" / "ant").rename(folder / "test" / "wasp")
    message = problem(folder)
    assert str(folder) in message
    assert "in only one of them: ant, wasp." in message


@pytest.mark.parametrize("part", ["train", "test"])
def test_too_few_pictures_in_a_class(folder, part):
    for path in sorted((folder / part / "bee").iterdir())[2:]:
        path.rename(path.with_suffix(".txt"))
    message = problem(folder)
    assert f"{folder / part / 'bee'} holds 2 pictures; 3 or more are needed" in message
    assert ".png" in message


def damage(path, how):
    if how == "cut off":
        Image.effect_noise((64, 64), 50).convert("RGB").save(path, "JPEG")
        path.write_bytes(path.read_bytes()[:-500])
    elif how == "text":
        path.write_text("not a picture")
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "folder":
        path.mkdir()
    else:  # its header claims 100,000 x 100,000 pixels
        Image.new("RGB", (4, 4)).save(path, "BMP")
        header = bytearray(path.read_bytes())
        header[18:26] = (100_000).to_bytes(4, "little") * 2
        path.write_bytes(header)


@pytest.mark.parametrize("how", ["cut off", "text", "empty", "folder", "bomb"])
def test_a_picture_that_cannot_be_read_is_named(folder, how):
    bad = folder / "train" / "bee" / "9.jpg"
    damage(bad, how)
    train, _, _ = open_folder(folder, SIDE)
    with pytest.raises(DataError) as caught:
        train.read(np.arange(len(train.labels)))
    assert f"The picture {bad} cannot be read" in str(caught.value)
    assert "replace or delete it" in str(caught.value)


def test_a_picture_that_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no picture .*my-cat\.jpg"):
        read_picture(tmp_path / "my-cat.jpg", SIDE)


@pytest.mark.parametrize("size", [(120, 40), (40, 120)])
def test_the_longer_side_is_cropped_about_the_centre(tmp_path, size):
    """The middle third is white and nothing else is left of the picture."""
    pixels = np.zeros((size[1], size[0], 3), "uint8")
    middle = slice(40, 80)
    pixels[(slice(None), middle) if size[0] > size[1] else middle] = 255
    Image.fromarray(pixels).save(tmp_path / "flag.png")
    picture = read_picture(tmp_path / "flag.png", 40)
    assert picture.shape == (40, 40, 3)
    assert (picture == 255).all()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 90, [90, 90, 90]),
        ("1", 1, [255, 255, 255]),
        ("RGBA", (10, 20, 30, 255), [10, 20, 30]),
        ("P", 0, [0, 0, 0]),
    ],
)
def test_every_kind_of_picture_becomes_rgb(tmp_path, mode, colour, expected):
    Image.new(mode, (40, 40), colour).save(tmp_path / "picture.png")
    picture = read_picture(tmp_path / "picture.png", SIDE)
    assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8
    assert (picture == expected).all()


def test_channels_are_red_green_blue(tmp_path):
    save_picture(tmp_path / "red.png", (255, 0, 0))
    assert read_picture(tmp_path / "red.png", SIDE)[0, 0].tolist() == [255, 0, 0]


def test_reading_many_shows_a_bar(folder, monkeypatch, capsys):
    train, _, _ = open_folder(folder, SIDE)
    monkeypatch.setattr(
        "utils.folders.read_picture", lambda path, side: np.full((side, side, 3), 7)
    )
    images = train.read(np.zeros(2_000, "int64"))
    assert images.shape == (2_000, SIDE, SIDE, 3) and (images == 7).all()
    assert "Reading pictures: 100%" in capsys.readouterr().out
