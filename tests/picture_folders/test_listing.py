"""Folders of class folders, laid out in any way: what is found, and how each fault is named."""

import os
import shutil
import unicodedata
import zipfile

import numpy as np
import pytest
from PIL import Image

from utils.photos.survey import survey
from utils.picture_folders import DataError, list_folder, open_folder, typical_side

SIDE = 32


def save_picture(path, colour=(200, 30, 30), size=(40, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def make_classes(folder, **counts):
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for place in range(count):
            save_picture(folder / name / f"{place:03}.png")


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


def sizes(part):
    return {name: len(paths) for name, paths in part.items()}


def test_labels_are_places_in_the_alphabet_and_go_with_their_pictures(folder, capsys):
    train, test, class_names = open_folder(folder, SIDE)
    assert class_names == ["ant", "bee", "cat"]
    assert train.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert test.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    images = train.read(np.array([11, 0, 4]))
    assert images.shape == (3, SIDE, SIDE, 3)
    assert (images.dtype, train.labels.dtype) == ("uint8", "int64")
    assert images[:, 5, 5].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert not capsys.readouterr().out


def test_litter_is_skipped_without_a_word_and_other_files_are_counted(folder):
    ant = folder / "train" / "ant"
    for name in (".DS_Store", "._0.png", "Thumbs.db", "desktop.ini"):
        (ant / name).write_bytes(b"left by another computer")
    for name in (".cache", "__MACOSX/ant", "ant/.ipynb_checkpoints"):
        save_picture(folder / "train" / name / "copy.png")
    save_picture(ant / "LOUD.JPG")
    assert not list_folder(folder).notes
    for name in ("a.heic", "b.HEIC", "notes.txt", "scan"):
        (ant / name).write_bytes(b"of another kind")
    listing = list_folder(folder)
    names = [path.name for path in listing.train["ant"]]
    assert names == ["0.png", "1.png", "2.png", "3.png", "LOUD.JPG"]
    assert listing.notes == [
        "Left out, because they are not read as pictures: 2 .heic, 1 .txt, 1 without an ending."
    ]


def test_class_folders_without_train_and_test_are_split_by_us(tmp_path, capsys):
    make_classes(tmp_path, ant=50, bee=20, cat=3)
    train, test, class_names = open_folder(tmp_path, SIDE)
    assert class_names == ["ant", "bee", "cat"]
    assert np.bincount(train.labels).tolist() == [40, 16, 2]
    assert np.bincount(test.labels).tolist() == [10, 4, 1]
    assert not set(train.paths) & set(test.paths)
    assert "a fifth of each class is set aside for testing, 15 pict" in capsys.readouterr().out
    again = open_folder(tmp_path, SIDE)[1]
    assert again.paths == test.paths  # the same in all notebooks
    copy = shutil.copytree(tmp_path, tmp_path.with_name("elsewhere"))
    elsewhere = [path.relative_to(copy) for path in open_folder(copy, SIDE)[1].paths]
    assert elsewhere == [path.relative_to(tmp_path) for path in test.paths]
    save_picture(tmp_path / "ant" / "new.png")
    assert len(set(list_folder(tmp_path).test["ant"]) & set(test.paths)) >= 9


@pytest.mark.parametrize(
    ("train", "test"), [("Train", "TEST"), ("training", "testing"), ("train", "val")]
)
def test_other_names_for_the_two_parts(folder, train, test):
    (folder / "train").rename(folder / train)
    (folder / "test").rename(folder / test)
    listing = list_folder(folder)
    assert sizes(listing.train) == {"ant": 4, "bee": 4, "cat": 4} and not listing.notes
    make_classes(folder / "more", ant=1)
    assert list_folder(folder).notes == ["Left out, next to train and test: more."]


def test_a_folder_too_many_is_followed_and_one_too_few_is_named(folder, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "mine"), "zip", folder.parent, "mine")
    unpacked = tmp_path / "unpacked" / "mine"
    zipfile.ZipFile(archive).extractall(unpacked)
    save_picture(unpacked / "__MACOSX" / "mine" / "._0.png")
    listing = list_folder(unpacked)
    assert sizes(listing.test) == {"ant": 3, "bee": 3, "cat": 3}
    assert listing.notes == [f"The pictures are those in {unpacked / 'mine'}."]
    (tmp_path / "other").mkdir()
    assert f"{tmp_path} is a folder too high. Did you mean {folder}?" in problem(tmp_path)
    assert "0 class folders []" in problem(folder / "train" / "ant")
    assert "4 outside the class folders" in problem(folder / "train" / "ant")


def test_a_folder_without_both_parts(folder):
    (folder / "test").rename(folder / "elsewhere")
    assert f"{folder} has train/, but no folder test/" in problem(folder)
    (folder / "train").rename(folder / "test")
    assert f"{folder} has test/, but no folder train/" in problem(folder)


def test_classes_that_do_not_fit(folder):
    (folder / "test" / "ant").rename(folder / "test" / "wasp")
    assert "ant, wasp" in problem(folder)
    for part in ("train", "test"):
        shutil.rmtree(folder / part)
        make_classes(folder / part, cat=5)
    assert "1 class folders ['cat']" in problem(folder)


def test_a_class_with_too_few_pictures_is_named_and_left_out(folder, capsys):
    make_classes(folder / "train", wasp=2, dog=3, empty=0, fly=4)
    make_classes(folder / "test", wasp=5, dog=0, empty=0, fly=1)
    train, _, class_names = open_folder(folder, SIDE)
    assert class_names == ["ant", "bee", "cat", "fly"] and train.labels.max() == 3
    assert capsys.readouterr().out.splitlines() == [
        "Left out, because a class needs 3 pictures to train on and 1 to test: "
        "dog: 0 to test, empty: 0, wasp: 2."
    ]
    for name in ("ant", "bee", "fly"):
        shutil.rmtree(folder / "train" / name)
        make_classes(folder / "train", **{name: 1})
    assert "['cat'] with enough pictures" in problem(folder)
    assert "ant: 1, bee: 1" in problem(folder)


def test_one_message_on_all_broken_pictures(folder):
    broken = [folder / "train" / "ant" / "1.png", folder / "train" / "bee" / "2.png",
              folder / "test" / "cat" / "0.png"]  # fmt: skip
    for path in broken:
        path.write_bytes(path.read_bytes()[:60])
    train, _, _ = open_folder(folder, SIDE)
    assert len(train.read(np.array([0, 2]))) == 2
    with pytest.raises(DataError, match="3 of 21 pictures cannot be read") as caught:
        train.read(np.arange(3))
    for path in broken:
        assert str(path.relative_to(folder)) in str(caught.value)


def test_broken_pictures_are_left_out_where_asked(folder, tmp_path, monkeypatch, capsys):
    make_classes(folder / "train", bee=9)
    for name in ("ant/1.png", "bee/2.png", "cat/0.png", "cat/3.png"):
        path = folder / "train" / name
        path.write_bytes(path.read_bytes()[:60])
    monkeypatch.setenv("TRANSFER_BROKEN", "leave out")
    kept = tmp_path / "outputs" / "broken.json"
    for _ in range(2):
        train, test, class_names = open_folder(folder, SIDE, kept)
        assert class_names == ["ant", "bee"]  # of cat only two are left
        assert np.bincount(train.labels).tolist() == [3, 12] and len(test.labels) == 6
        train.read(np.arange(15))
        lines = capsys.readouterr().out.splitlines()
        assert lines[-1] == (
            "Left out, because 4 cannot be read: ant/1.png, bee/2.png, cat/0.png, cat/3.png."
        )
        monkeypatch.setattr(
            "utils.picture_folders.reading.find_broken", lambda _: pytest.fail("looked again")
        )


def test_links_out_of_the_folder_and_in_circles(folder, tmp_path):
    make_classes(tmp_path / "elsewhere", wasp=5)
    for part in ("train", "test"):
        (folder / part / "wasp").symlink_to(tmp_path / "elsewhere" / "wasp")
    (folder / "train" / "ant" / "around").symlink_to(folder / "train")
    (folder / "train" / "bee" / "9.png").symlink_to(folder / "train" / "ant" / "0.png")
    listing = list_folder(folder)
    assert listing.train["bee"][-1].name == "9.png" and sizes(listing.test)["wasp"] == 5
    assert sizes(listing.train)["ant"] == 4  # a link to a folder above is not followed


def test_pictures_in_folders_inside_a_class_folder(folder):
    make_classes(folder / "train" / "ant", summer=2, winter=1)
    assert sizes(list_folder(folder).train) == {"ant": 7, "bee": 4, "cat": 4}


def test_names_in_other_scripts_and_encodings(folder):
    for part in ("train", "test"):
        form = "NFC" if part == "train" else "NFD"  # Linux and macOS
        make_classes(folder / part, **{unicodedata.normalize(form, "café"): 3, "猫": 3})
        odd = folder / part / os.fsdecode(b"na\xefve")
        make_classes(odd.parent, **{odd.name: 3})
    train, _, class_names = open_folder(folder, SIDE)
    assert class_names == ["ant", "bee", "café", "cat", "na\\xefve", "猫"]
    assert train.read(np.arange(len(train.labels))).any()


LAYOUTS = {
    "a loose file next to the only folder": ["README.txt", "my/a/*", "my/b/*"],
    "a folder too many in each part": ["train/pics/a/*", "train/pics/b/*", "test/pics/a/*",
                                       "test/pics/b/*"],
    "five folders too many": ["1/2/3/4/5/a/*", "1/2/3/4/5/b/*"],
    "parts called sets": ["training_set/a/*", "training_set/b/*", "test-set/a/*", "test-set/b/*"],
    "classes with names of parts": ["valid/*", "invalid/*"],
    "a train among vehicles": ["car/*", "train/*"],
    "only a test": ["test/a/*", "test/b/*"],
    "accents written in two ways": ["train/b/*", "test/b/*", "train/caf\u00e9/*",
                                    "test/cafe\u0301/*"],
    "in no encoding": [os.fsdecode(b"caf\xe9/*"), os.fsdecode(b"caf\xe8/*")],
    "lists of the split command": ["split.csv", "train/a/*", "train/b/*", "test/a/*", "test/b/*"],
    "a folder too high": ["photos/train/a/*", "photos/test/a/*", "original/x/*"],
    "parts in each class": ["a/train/*", "a/test/*", "b/train/*", "b/test/*"],
    "half": ["train/a/*", "train/b/*", "notes/b/*"],
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_survey_of_08_finds_the_same_classes(tmp_path, layout):
    for pattern in LAYOUTS[layout]:
        path = tmp_path / "mine" / pattern
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == "*":
            make_classes(path.parent.parent, **{path.parent.name: 4})
        else:
            path.touch()
    try:
        listing = list_folder(tmp_path / "mine")
    except DataError as error:
        with pytest.raises(DataError) as caught:
            survey(tmp_path / "mine")
        assert str(caught.value) == str(error) and layout in list(LAYOUTS)[-3:]
        return
    table = survey(tmp_path / "mine")
    found = table[table.problem == ""].groupby("class").size().to_dict()
    assert found == {name: 4 * (1 + ("test" in set(table.part))) for name in listing.train}
    assert len(found) == 2


def test_a_pipe_holds_nothing_up(folder):
    os.mkfifo(folder / "train" / "ant" / "pipe.jpg")
    os.mkfifo(folder / "train" / "ant" / "pipe")
    assert typical_side(folder) == 40
    table = survey(folder).set_index("path")
    assert "it is no file" in table.problem["train/ant/pipe.jpg"]


def test_typical_side_is_the_median_of_the_shorter_sides(tmp_path):
    assert typical_side(tmp_path) == 0
    for place, size in enumerate([(32, 500), (90, 60), (300, 400)]):
        for part in ("train/ant", "train/bee", "test/ant", "test/bee"):
            save_picture(tmp_path / part / f"{place}.png", size=size)
    (tmp_path / "train" / "ant" / "damaged.png").write_text("not a picture")
    assert typical_side(tmp_path) == 60
