"""Who goes where: fair, the same again, alike ones together, and all of it written or nothing."""

import csv
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from utils.files import CannotWriteError
from utils.photos.alike import GRID
from utils.photos.split import assign, at_most, left_out, whole_classes, write
from utils.picture_folders import DataError, open_folder

LENGTH = 2 * GRID**2


def table_of(counts, part="", twins=0):
    """A survey of pictures that do not exist; the first of each class are `twins` alike pairs."""
    rng, rows = np.random.default_rng(0), []
    for name, count in counts.items():
        looks = rng.integers(-127, 128, (count, LENGTH)).astype("int8")
        looks[1 : 2 * twins : 2] = looks[: 2 * twins : 2]
        for number, look in enumerate(looks):
            path = f"{part}/{name}/{number:03}.jpg".lstrip("/")
            row = {"path": path, "part": part, "class": name, "problem": "", "digest": path}
            rows.append(row | {"look": look.tobytes()})
    return pd.DataFrame(rows)


def parts_of(table, assigned, name):
    return Counter(assigned[table["class"] == name])


def test_each_class_is_divided_by_the_fractions_and_the_seed_decides():
    table = table_of({"ant": 150, "bee": 50, "cat": 4})
    assigned = assign(table)
    assert parts_of(table, assigned, "ant") == {"train": 90, "validation": 30, "test": 30}
    assert parts_of(table, assigned, "bee") == {"train": 30, "validation": 10, "test": 10}
    assert parts_of(table, assigned, "cat") == {"train": 2, "validation": 1, "test": 1}
    assert assigned.equals(assign(table))
    other = assign(table, seed=1, fractions=(0.8, 0, 0.2))
    assert set(other) == {"train", "test"} and not (other == assigned)[assigned != ""].all()


def test_pictures_that_show_the_same_stay_together():
    table = table_of({"ant": 60, "bee": 60}, twins=25)
    table.loc[119, "look"] = table.look[0]  # a bee that is a copy of two ants
    assigned = assign(table)
    for first in [*range(0, 50, 2), *range(60, 110, 2)]:
        assert assigned[first] == assigned[first + 1]
    assert assigned[119] == assigned[0]
    for name in ("ant", "bee"):
        assert abs(parts_of(table, assigned, name)["test"] - 12) <= 2


@pytest.mark.parametrize("alike", [slice(0, 3), slice(0, 29)])  # of four; of thirty
def test_a_class_that_is_all_alike_is_divided_all_the_same(capsys, alike):
    table = table_of({"ant": 4 if alike.stop == 3 else 30, "bee": 30})
    table.loc[alike, "look"] = table.look[0]
    assigned = assign(table)
    wanted = (2, 1, 1) if alike.stop == 3 else (18, 6, 6)
    parts = dict(zip(("train", "validation", "test"), wanted, strict=True))
    assert parts_of(table, assigned, "ant") == parts
    assert capsys.readouterr().out == (
        "Too much alike to keep all that shows the same on one side: ant\n"
    )


@pytest.fixture
def given_parts():
    tables = [table_of({"ant": 20, "bee": 20}, "train"), table_of({"ant": 5, "bee": 9}, "test")]
    table, rng = pd.concat(tables, ignore_index=True), np.random.default_rng(1)
    return table.assign(look=[rng.bytes(LENGTH) for _ in table.index])


def test_given_test_pictures_stay_and_nothing_like_them_is_trained_on(given_parts):
    table = given_parts
    table.loc[7, "look"] = table.look[41]
    assigned = assign(table)
    assert (assigned[40:] == "test").all() and assigned[7] == ""
    assert parts_of(table[:40], assigned[:40], "bee") == {"train": 15, "validation": 5}
    missing = left_out(table, assigned).to_numpy().tolist()
    assert missing == [["train/ant/007.jpg", "shows the same as a test picture"]]


def test_given_test_pictures_that_look_like_all_the_others(given_parts, capsys):
    table = given_parts
    table.loc[:13, "look"] = table.look[41]
    table.loc[3, "digest"] = table.digest[41]
    assigned = assign(table)
    assert assigned[assigned == ""].index.tolist() == [3]
    assert "one side: ant" in capsys.readouterr().out


def test_what_cannot_be_used_is_left_out_with_its_reason():
    table = table_of({"ant": 20, "bee": 20, "wasp": 3})
    table.loc[5, "problem"] = "cannot be read: cut off"
    assigned = assign(table)
    missing = left_out(table, assigned).set_index("path").reason
    assert missing["ant/005.jpg"] == "cannot be read: cut off"
    assert missing["wasp/000.jpg"] == "is one of only 3 pictures of its class" and len(missing) == 4


def test_too_few_classes_and_odd_fractions():
    with pytest.raises(DataError, match=r"Two classes .* found \{'ant': 20, 'bee': 3\}"):
        assign(table_of({"ant": 20, "bee": 3}))
    for fractions, words in (((0.5, 0.2, 0.2), "sum is 1"), ((0, 0.5, 0.5), "to train on")):
        with pytest.raises(ValueError, match=words):
            assign(table_of({"ant": 20, "bee": 20}), fractions=fractions)


def test_a_class_with_too_many_pictures_is_thinned_out_by_chance_and_said_so(capsys):
    table = table_of({"ant": 100, "bee": 20})
    chosen = table.assign(part=assign(table))
    drawn = at_most(chosen, 30, seed=0)
    assert drawn.groupby(["class", "part"]).size()["ant"].to_dict() == {
        "test": 20, "train": 30, "validation": 20
    }  # fmt: skip
    assert drawn.index.is_monotonic_increasing and (drawn["class"] == "bee").sum() == 20
    assert (
        "TRANSFER_SIZE=full" in (said := capsys.readouterr().out) and "Not used: 30 of ant" in said
    )
    before, after = (t[(t["class"] == "ant") & (t.part == "train")] for t in (chosen, drawn))
    assert after.index.tolist() != before.index[:30].tolist()
    assert not drawn.equals(at_most(chosen, 30, seed=1))
    capsys.readouterr()
    assert at_most(chosen, 60, seed=0).equals(chosen) and not capsys.readouterr().out


def test_a_class_that_lacks_a_set_is_left_out_and_said_so(capsys):
    table = table_of({"ant": 20, "bee": 20, "fly": 20, "wasp": 20})
    chosen = table.assign(part=assign(table))
    chosen = chosen[~((chosen["class"] == "wasp") & (chosen.part == "test"))]
    flies = chosen.index[(chosen["class"] == "fly") & (chosen.part == "train")]
    chosen = chosen.drop(flies[1:])  # with one of them cross-validation could not be made
    assert set(at_most(chosen, 99, seed=0)["class"]) == {"ant", "bee"}
    assert capsys.readouterr().out.endswith("1 to test on: fly, wasp\n")
    with pytest.raises(DataError, match=r"(?s)Two classes .*wasp +12 +4 +0"):
        at_most(chosen[chosen["class"] == "wasp"], 99, seed=0)


def test_a_class_that_01_could_not_read_is_not_copied(capsys):
    """All of a class in one part: its pictures are equal, or the folder has them in one part."""
    table = pd.concat([table_of({"ant": 20, "bee": 20}), table_of({"cat": 12})], ignore_index=True)
    table.loc[table["class"] == "cat", "digest"] = "the same"
    assigned = assign(table, 0, (0.8, 0, 0.2))
    whole = whole_classes(table, assigned)
    assert set(table["class"][whole != ""]) == {"ant", "bee"}
    assert "3 pictures in train/ and 1 in test/: cat: " in capsys.readouterr().out
    assert set(left_out(table, whole).reason) == {
        "its class would lack pictures in train/ or test/"
    }
    rest = table["class"] != "ant"
    with pytest.raises(DataError, match="Two classes with 3 pictures in train/"):
        whole_classes(table[rest], assigned[rest])


@pytest.fixture
def source(tmp_path, odd_folder):
    """Two classes, not split; one file name stands in two folders of a class."""
    table = table_of({"circle": 20, "cross": 20})
    pictures = sorted((odd_folder / "train" / "circle").iterdir())
    for path, picture in zip(table.path, pictures, strict=False):
        (tmp_path / "mine" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / path).write_bytes(picture.read_bytes())
    (tmp_path / "mine" / "circle" / "june").mkdir()
    (tmp_path / "mine" / "circle" / "000.jpg").rename(tmp_path / "mine/circle/june/001.jpg")
    table.loc[0, "path"] = "circle/june/001.jpg"
    return table, tmp_path / "mine"


def test_written_as_the_notebooks_read_it(source, tmp_path):
    table, folder = source
    before = sorted(folder.rglob("*"))
    listed = write(table, assign(table, 3), folder, tmp_path / "split", seed=3)
    train, test, names = open_folder(tmp_path / "split", 32)
    assert (len(train.labels), len(test.labels), names) == (32, 8, ["circle", "cross"])
    with (tmp_path / "split" / "split.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(listed) == 40 and {row["seed"] for row in rows} == {"3"}
    for row in rows:
        copied = (tmp_path / "split" / row["file"]).read_bytes()
        assert copied == (folder / row["source"]).read_bytes()
        assert row["file"].startswith("test/" if row["part"] == "test" else "train/")
    assert sorted(folder.rglob("*")) == before


def test_refused_destinations(source, tmp_path):
    table, folder = source
    for destination, word in ((folder / "split", "lies in"), (folder, "lies in")):
        with pytest.raises(DataError, match=word):
            write(table, assign(table), folder, destination, seed=0)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("all my work")
    with pytest.raises(DataError, match="not an empty folder"):
        write(table, assign(table), folder, tmp_path / "full", seed=0)
    (tmp_path / "empty").mkdir()
    assert len(write(table, assign(table), folder, tmp_path / "empty", seed=0)) == 40


def test_all_or_nothing(source, tmp_path):
    table, folder = source
    (folder / table.path.iloc[-1]).unlink()
    with pytest.raises(DataError, match="cannot be read"):  # and not that it cannot be written
        write(table, assign(table), folder, tmp_path / "split", seed=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "pictures"]


def test_a_place_that_cannot_be_written_is_named(source, tmp_path):
    table, folder = source
    (tmp_path / "a-file").write_text("in the way")
    with pytest.raises(CannotWriteError, match="a-file"):
        write(table, assign(table), folder, tmp_path / "a-file" / "split", seed=0)


def test_a_full_disk_is_no_fault_of_the_pictures(source, small_disk):
    table, folder = source
    with pytest.raises(CannotWriteError, match=r"split: No space left on device"):
        write(table, assign(table), folder, small_disk / "split", seed=0)
    assert not list(small_disk.iterdir())
