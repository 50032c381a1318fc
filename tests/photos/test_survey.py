"""What a survey lists, whatever the layout, and what it says in words."""

import numpy as np
import pytest
from PIL import Image

from utils.photos.survey import in_words, odd_ones, survey
from utils.picture_folders import DataError


def save(path, size=(60, 40), **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(str(path).encode()))  # each file another picture
    noise = rng.integers(0, 256, (*size[::-1], 3), "uint8")
    Image.fromarray(noise).save(path, **how)


def where(table):
    return list(zip(table.path, table.part, table["class"], strict=True))


def test_a_split_folder(tmp_path):
    for name in ("train/ant/1.png", "test/ant/2.png", "val/bee/3.png"):
        save(tmp_path / name)
    assert where(survey(tmp_path)) == [
        ("test/ant/2.png", "test", "ant"),
        ("train/ant/1.png", "train", "ant"),
        ("val/bee/3.png", "validation", "bee"),
    ]


def test_an_unsplit_folder_in_a_folder_with_folders_in_it(tmp_path):
    for name in ("ant/1.png", "ant/june/2.png", "test/3.png", "loose.png"):
        save(tmp_path / "my" / "pictures" / name)
    for name in (".DS_Store", "ant/Thumbs.db", "ant/.trash/4.png", "__MACOSX/ant/5.png"):
        save(tmp_path / "my" / "pictures" / name, format="PNG")
    (tmp_path / "__MACOSX").mkdir()
    table = survey(tmp_path)
    assert where(table) == [
        ("my/pictures/ant/1.png", "", "ant"),
        ("my/pictures/ant/june/2.png", "", "ant"),
        ("my/pictures/loose.png", "", ""),
        ("my/pictures/test/3.png", "", "test"),
    ]
    assert table.problem.tolist() == ["", "", "lies in no class folder", ""]


def test_a_class_folder_may_be_a_link(tmp_path):
    save(tmp_path / "elsewhere" / "1.png")
    save(tmp_path / "mine" / "bee" / "2.png")
    (tmp_path / "mine" / "ant").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "mine" / "ant" / "loop").symlink_to(tmp_path / "mine")
    (tmp_path / "mine" / "bee" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    table = survey(tmp_path / "mine").set_index("path")
    assert table.index.tolist() == ["ant/1.png", "bee/2.png", "bee/gone.png"]
    assert "cannot be read: No such file" in table.problem["bee/gone.png"]


def test_sizes_are_those_shown(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "ant" / "held-upright.jpg", exif=exif)
    save(tmp_path / "ant" / "plain.png")
    table = survey(tmp_path)
    assert table.width.tolist() == [40, 60] and table.height.tolist() == [60, 40]
    assert table.turned.tolist() == [True, False]
    assert table.format.tolist() == ["JPEG", "PNG"] and set(table["mode"]) == {"RGB"}
    assert (table.bytes > 1_000).all() and table.digest.str.len().eq(64).all()


def test_what_is_wrong_is_said_file_by_file(tmp_path):
    for number in range(3):
        save(tmp_path / "ant" / f"{number}.jpg")
        save(tmp_path / "bee" / f"{number}.jpg")
    cut = tmp_path / "ant" / "1.jpg"
    cut.write_bytes(cut.read_bytes()[:500])
    (tmp_path / "bee" / "0.jpg").write_bytes(b"")
    (tmp_path / "bee" / "live.heic").write_bytes(b"of a telephone")
    table = survey(tmp_path)
    problems = table[table.problem != ""].set_index("path").problem
    assert problems["ant/1.jpg"].startswith("cannot be read: ")
    assert problems["bee/0.jpg"].startswith("cannot be read: ")
    assert problems["bee/live.heic"] == "is not read: its ending is .heic"
    assert f"Cannot be used: 3\n  ant/1.jpg {problems.iloc[0]}" in in_words(table)


def test_odd_ones_are_named(tmp_path):
    for number in range(100):
        save(tmp_path / "ant" / f"{number}.png")
    Image.new("RGB", (50, 50), "grey").save(tmp_path / "ant" / "blank.png")
    save(tmp_path / "ant" / "placeholder.gif")
    save(tmp_path / "ant" / "strip.png", size=(400, 40))
    save(tmp_path / "ant" / "tiny.png", size=(20, 20))
    assert [path for path, _ in odd_ones(survey(tmp_path))] == [
        "ant/blank.png", "ant/tiny.png", "ant/strip.png", "ant/placeholder.gif",
    ]  # fmt: skip


def test_words_on_uneven_classes_and_doubles(tmp_path):
    for number in range(12):
        save(tmp_path / "train" / "ant" / f"{number}.png")
    save(tmp_path / "train" / "bee" / "0.png")
    picture = (tmp_path / "train" / "ant" / "3.png").read_bytes()
    (tmp_path / "test" / "bee").mkdir(parents=True)
    (tmp_path / "test" / "bee" / "copy.png").write_bytes(picture)
    words = in_words(survey(tmp_path))
    assert "uneven" in words and "Shorter side: 40 to 40 px, median 40." in words
    assert "test/bee/copy.png, train/ant/3.png (the same file)" in words
    assert "Of these, in more than one class: 1" in words
    assert "Test pictures that show the same as a picture to train on: 1" in words


def test_a_folder_without_classes(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        survey(tmp_path / "nowhere")
    save(tmp_path / "loose.png")
    with pytest.raises(DataError, match="holds no class folders"):
        survey(tmp_path)
