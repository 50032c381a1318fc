"""Sets from every source: as large as asked, disjoint, balanced and the same every time."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import train_test_split

from utils import data, download
from utils.data import (
    CLASS_NAMES,
    PictureSet,
    image_batches,
    load_sets,
    make_dataset,
    resize,
    split,
)
from utils.picture_folders import DataError
from utils.settings import SIZES

NAMES = [f"class {label}" for label in range(10)]


@pytest.fixture
def cifar10(monkeypatch):
    """Keras's CIFAR-10 as it comes: labels in a column of uint8; every picture holds its label."""
    rng = np.random.default_rng(0)

    def part(count):
        labels = rng.permutation(np.arange(count) % 10).astype("uint8")[:, None]
        images = rng.integers(0, 256, (count, 32, 32, 3)).astype("uint8")
        images[..., 2] = labels[:, :, None]
        return images, labels

    parts = part(2_000), part(500)
    monkeypatch.setattr(download, "fetch", lambda file: None)
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: parts)


def test_cifar10_is_split_into_balanced_disjoint_sets(cifar10, make_settings):
    sets = load_sets(make_settings(data="cifar10", side=48))
    assert sets.class_names == list(CLASS_NAMES)
    parts = (sets.train, sets.validation, sets.test)
    assert [part.images.shape for part in parts] == [(n, 48, 48, 3) for n in (100, 50, 100)]
    for part in parts:
        assert part.images.dtype == np.uint8 and part.labels.dtype == np.int64
        assert (np.bincount(part.labels) == len(part) / 10).all()
        assert (part.images[:, 20, 20, 2] == part.labels).all()  # pictures and labels go together
    assert len({image.tobytes() for part in parts for image in part.images}) == 250


def test_toys_are_the_shipped_ones_and_the_same_every_time(make_settings):
    first, second = (load_sets(make_settings()) for _ in range(2))
    assert first.class_names == list(CLASS_NAMES)
    for name, count in (("train", 100), ("validation", 50), ("test", 100)):
        part, again = getattr(first, name), getattr(second, name)
        assert np.bincount(part.labels).tolist() == [count // 10] * 10
        np.testing.assert_array_equal(part.images, again.images)


def test_all_2500_toys_are_used_where_more_are_asked_for(make_settings):
    sets = load_sets(make_settings(size="full"))
    assert (len(sets.train), len(sets.validation), len(sets.test)) == (1_350, 150, 1_000)


def test_a_damaged_sheet_of_toys_is_named(make_settings, monkeypatch, tmp_path):
    (tmp_path / "toys.png").write_bytes(data.TOYS.read_bytes()[:100_000])
    monkeypatch.setattr(data, "TOYS", tmp_path / "toys.png")
    with pytest.raises(DataError, match=r"toys\.png cannot be read.*\n.*git checkout"):
        load_sets(make_settings())


def test_a_folder_of_pictures_of_all_sizes(make_settings, odd_folder):
    sets = load_sets(make_settings(data=str(odd_folder), side=64))
    assert sets.class_names == ["circle", "cross", "stripes"]
    assert sets.train.images.shape[1:] == (64, 64, 3)
    assert set(sets.train.labels) == set(sets.test.labels) == {0, 1, 2}


def test_broken_pictures_of_all_sets_are_in_one_message(make_settings, odd_folder):
    broken = [next((odd_folder / part).glob("*/*1.*")) for part in ("train", "test")]
    for path in broken:
        path.write_bytes(b"damaged")
    with pytest.raises(DataError) as caught:
        load_sets(make_settings(data=str(odd_folder), side=64))
    assert "2 of 216 pictures cannot be read" in str(caught.value)
    assert all(path.name in str(caught.value) for path in broken)


def test_pictures_of_a_folder_are_read_once(make_settings, odd_folder, monkeypatch, capsys):
    settings = make_settings(data=str(odd_folder), side=64)
    first = load_sets(settings)
    capsys.readouterr()  # on a busy machine there is a bar
    monkeypatch.setattr(
        "utils.picture_folders.reading.read_picture", lambda *_: pytest.fail("read again")
    )
    again = load_sets(settings)
    for name in ("train", "validation", "test"):
        one, other = getattr(first, name), getattr(again, name)
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("source", ["toys", "folder"])
def test_sets_too_large_for_memory_are_the_same(make_settings, odd_folder, monkeypatch, source):
    settings = make_settings(data=str(odd_folder) if source == "folder" else "toys", side=64)
    expected = load_sets(settings)
    monkeypatch.setattr(data.arrays, "LARGE", 0)
    sets = load_sets(settings)
    for name in ("train", "validation", "test"):
        one, other = getattr(sets, name), getattr(expected, name)
        assert isinstance(one.images, np.memmap)
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize("source", ["toys", "folder"])
def test_each_machine_reads_its_own_share_to_train_on(
    make_settings, odd_folder, monkeypatch, source
):
    settings = make_settings(data=str(odd_folder) if source == "folder" else "toys")
    whole, found = load_sets(settings), []
    for worker in range(3):
        sets = load_sets(settings, worker=worker, num_workers=3)
        np.testing.assert_array_equal(sets.validation.images, whole.validation.images)
        np.testing.assert_array_equal(sets.test.labels, whole.test.labels)
        expected = whole.train.images[worker::3][: len(whole.train) // 3]
        np.testing.assert_array_equal(sets.train.images, expected)
        np.testing.assert_array_equal(
            sets.train.labels, whole.train.labels[worker::3][: len(expected)]
        )
        found.append(len(sets.train))
    assert found == [len(whole.train) // 3] * 3
    kept = {path.name.partition("-")[2] for path in (settings.outputs / "pictures").glob("*.npy")}
    assert len(kept) == (4 if source == "folder" else 0)


@pytest.mark.parametrize("counts", [(300, 300, 6), (700, 4), (700, 3), (6,) * 60, (10, 10), (4, 3)])
@pytest.mark.parametrize("size", ["tiny", "default"])
def test_every_set_has_every_class(make_settings, tmp_path, counts, size):
    for label, count in enumerate(counts):
        for part, number in (("train", count), ("test", 3)):
            (tmp_path / "mine" / part / f"{label:02}").mkdir(parents=True)
            for place in range(number):
                path = tmp_path / "mine" / part / f"{label:02}" / f"{place}.png"
                Image.new("L", (4, 4), place % 256).save(path)
    sets = load_sets(make_settings(data=str(tmp_path / "mine"), size=size))
    for name in ("train", "validation", "test"):
        assert np.bincount(getattr(sets, name).labels, minlength=len(counts)).min() >= 1
    few = sets.train.first(len(counts))
    assert sorted(few.labels) == list(range(len(counts)))


def test_sets_keep_the_fractions_of_the_classes():
    labels = np.repeat(np.arange(3), [600, 300, 100])
    train, validation = split(labels, [200, 100], NAMES[:3])
    assert np.bincount(labels[train]).tolist() == [120, 60, 20]
    assert np.bincount(labels[validation]).tolist() == [60, 30, 10]
    assert not set(train) & set(validation)


@pytest.mark.parametrize(
    ("pictures", "sizes"), [(600, (400, 200)), (150, (100, 50)), (80, (53, 27))]
)
def test_sets_shrink_evenly_and_use_all_where_there_are_too_few(pictures, sizes):
    train, validation = split(np.arange(pictures) % 10, [400, 200], NAMES)
    assert (len(train), len(validation)) == sizes
    assert sorted([*train, *validation]) == list(range(pictures))


def test_of_a_large_folder_full_takes_everything(make_settings, odd_folder, monkeypatch):
    settings = make_settings(data=str(odd_folder), size="full")
    expected = load_sets(settings)
    few = replace(settings.counts, train=9, validation=1, test=1)  # the folder has more
    monkeypatch.setitem(SIZES, "full", few)
    monkeypatch.setitem(SIZES, "tiny", few)
    for name in ("train", "validation", "test"):
        images = getattr(load_sets(settings), name).images
        np.testing.assert_array_equal(images, getattr(expected, name).images)
    assert len(load_sets(replace(settings, size="tiny")).train) == 9
    parts = split(np.arange(120) % 2, [45, 5], ["a", "b"], everything=True)
    assert sorted(np.concatenate(parts)) == list(range(120))


def test_sets_are_those_of_scikit_learn_where_it_gives_each_one_of_each_class():
    """Recorded results depend on it."""
    labels = np.random.default_rng(0).permutation(np.arange(5_000) % 10)
    train, validation = split(labels, [1_000, 500], NAMES)
    expected, rest = train_test_split(
        np.arange(5_000), train_size=1_000, stratify=labels, random_state=0
    )
    np.testing.assert_array_equal(train, expected)
    expected, _ = train_test_split(rest, train_size=500, stratify=labels[rest], random_state=0)
    np.testing.assert_array_equal(validation, expected)


@pytest.mark.parametrize("sizes", [(90, 2), (2, 90, 2), (2,) * 30, (500, 3, 2, 2, 2)])
@pytest.mark.parametrize("counts", [(40, 20), (400, 20), (20, 400)])
def test_each_set_has_one_of_a_rare_class(sizes, counts):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    parts = split(labels, list(counts), [str(k) for k in range(len(sizes))])
    for part in parts:
        assert set(labels[part]) == set(range(len(sizes)))
    assert len(set(np.concatenate(parts))) == sum(map(len, parts)) <= max(sum(counts), len(sizes))


def test_too_few_pictures_are_refused_by_name():
    labels = np.append(np.zeros(50, "int64"), 1)
    with pytest.raises(DataError, match="The class unicorn has only 1 of 51 pictures"):
        split(labels, [20, 10], ["horse", "unicorn"])


def test_the_first_few_hold_one_of_a_rare_class():
    pictures = PictureSet(np.arange(100)[:, None], np.repeat([0, 1, 2], [90, 9, 1]))
    assert pictures.first(95).labels.tolist()[-3:] == [1, 1, 1]
    assert sorted(pictures.first(10).labels) == [0] * 8 + [1, 2]
    assert pictures.first(1).labels.tolist() == [0] and len(pictures.first(500)) == 100
    rows = pictures.first(10).images[:, 0]
    np.testing.assert_array_equal(pictures.labels[rows], pictures.first(10).labels)


def test_resizing_keeps_order_and_averages_when_it_shrinks():
    images = np.arange(2_500, dtype="uint16").astype("uint8")[:, None, None, None]
    images = np.broadcast_to(images, (2_500, 32, 32, 3))
    assert (resize(images, 48) == images[:, :1, :1]).all()
    assert resize(images, 32) is images
    stripes = np.zeros((1, 64, 64, 3), "uint8")
    stripes[:, ::2] = 200  # without averaging, every other line would be lost
    middle = resize(stripes, 16)[0, 4:12]
    assert middle.min() > 80 and middle.max() < 120


def test_a_dataset_shuffles_only_when_asked_and_differently_in_each_epoch():
    images = np.arange(100, dtype="uint8")[:, None, None, None] * np.ones((4, 4, 3), "uint8")
    pictures = PictureSet(images, np.arange(100))

    def epoch(dataset):
        batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
        seen, labels = (np.concatenate(part) for part in zip(*batches, strict=True))
        assert (seen[:, 0, 0, 0] == labels).all()
        return labels.tolist()

    assert epoch(make_dataset(pictures)) == list(range(100))
    shuffled = make_dataset(pictures, shuffle=True)
    first, second = epoch(shuffled), epoch(shuffled)
    assert first != second
    assert sorted(first) == sorted(second) == list(range(100))


@pytest.fixture
def twins(tmp_path):
    """The same pictures in memory, and as every other row of a memory map."""
    images = np.random.default_rng(0).integers(0, 256, (101, 8, 8, 3)).astype("uint8")
    np.save(tmp_path / "twice.npy", images.repeat(2, axis=0))
    mapped = np.load(tmp_path / "twice.npy", mmap_mode="r")[::2]
    return [PictureSet(part, np.arange(101)) for part in (images, mapped)]


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"shuffle": True, "seed": 3}])
def test_a_memory_map_gives_the_same_batches_as_memory(twins, options):
    in_memory, mapped = (make_dataset(part, batch_size=16, **options) for part in twins)
    assert in_memory.element_spec == mapped.element_spec and len(in_memory) == len(mapped) == 7
    for _ in ("first epoch", "second"):
        for expected, found in zip(in_memory, mapped, strict=True):
            for one, other in zip(expected, found, strict=True):
                np.testing.assert_array_equal(one, other)


def test_mirror_images_come_after_the_pictures_in_batches_of_one_size(twins):
    images = twins[0].images
    for part in twins:
        batches = [batch.numpy() for batch in image_batches(part.images, 40, mirrored=True)]
        assert [len(batch) for batch in batches] == [40] * 5 + [2]
        expected = np.concatenate([images, images[:, :, ::-1]])
        np.testing.assert_array_equal(np.concatenate(batches), expected)
        plain = [batch.numpy() for batch in image_batches(part.images, 40)]
        np.testing.assert_array_equal(np.concatenate(plain), images)


def test_the_sheet_is_what_the_renderer_draws():
    """The first two toys of three classes, drawn again."""
    from data.toys import render

    sheet = np.asarray(Image.open(data.TOYS))
    for label in (0, 4, 9):
        drawn = render(label, 2, (0, 0))
        for place in (0, 1):
            left = 32 * (label + 10 * place)
            np.testing.assert_array_equal(sheet[:32, left : left + 32], drawn[place])


def test_toys_are_drawn_larger_and_on_a_chosen_ground():
    from data.toys import render

    small, large = (render(4, 1, 0, side=side)[0].astype(float) for side in (32, 96))
    shrunk = large.reshape(32, 3, 32, 3, 3).mean(axis=(1, 3))
    assert abs(shrunk - small).mean() < 8  # the same scene; edges and noise differ
    green = render(4, 3, 0, ground=(0.1, 0.8, 0.1))[:, -3:].mean(axis=(0, 1, 2))
    assert green.argmax() == 1
