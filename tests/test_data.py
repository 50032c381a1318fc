"""Sets from every source: as large as asked, disjoint, balanced and the same every time."""

import io
import tarfile
from pathlib import Path

import keras
import numpy as np
import pytest

from utils import download, settings, sources, toys
from utils.data import PictureSet, image_batches, load_sets, make_dataset, split
from utils.folders import DataError
from utils.pool import Pool, resize
from utils.recipe import Recipe, plain_batches, training_batches

NAMES = [f"class {label}" for label in range(10)]
CIFAR10_FOLDER = Path(settings.REPOSITORY).parent / "shared" / "data" / "cifar10.tar.xz"


@pytest.fixture(autouse=True)
def keras_home(monkeypatch, tmp_path):
    """An empty cache of this test's own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


@pytest.fixture
def drawn(monkeypatch):
    """Toys that are drawn at once, and a list of the sizes that were; test_toys.py has the real."""
    calls = []

    def make(sizes, seed, on_progress):
        calls.append(sizes)
        rng = np.random.default_rng(seed)
        on_progress(sum(sizes), sum(sizes))
        return [
            (rng.integers(0, 256, (n, 32, 32, 3)).astype("uint8"), np.arange(n) % 10) for n in sizes
        ]

    monkeypatch.setattr(toys, "make", make)
    return calls


@pytest.fixture
def cifar10(monkeypatch):
    """Keras's CIFAR-10 as it comes: labels in a column of uint8; every picture tells its place."""
    rng = np.random.default_rng(0)

    def part(first, count):
        labels = rng.permutation(np.arange(count) % 10).astype("uint8")[:, None]
        pixel = np.stack(np.divmod(np.arange(first, first + count), 256), axis=-1)
        images = np.zeros((count, 32, 32, 3), "uint8")
        images[..., :2] = pixel[:, None, None]
        images[..., 2] = labels[:, :, None]
        return images, labels

    fetched = []
    parts = part(0, 2_000), part(2_000, 500)
    monkeypatch.setattr(download, "fetch", lambda file: fetched.append(file.name))
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: parts)
    return fetched


def test_cifar10_is_fetched_checked_and_split(cifar10, make_settings):
    sets = load_sets(make_settings(data="cifar10"))
    assert cifar10 == ["CIFAR-10"]
    assert sets.class_names == list(sources.CIFAR10_CLASSES)
    parts = (sets.train, sets.validation, sets.test)
    assert [len(part) for part in parts] == [200, 100, 100]
    for part in parts:
        assert part.images.shape == (len(part), 32, 32, 3) and part.images.dtype == np.uint8
        assert part.labels.shape == (len(part),) and part.labels.dtype == np.int64
        assert (np.bincount(part.labels) == len(part) / 10).all()
        assert (part.images[:, 0, 0, 2] == part.labels).all()  # pictures and labels go together
    places = [part.images[:, 0, 0, :2].astype("int64") @ [256, 1] for part in parts]
    assert len(set(np.concatenate(places).tolist())) == 400
    assert places[0].max() < 2_000 and places[1].max() < 2_000 and places[2].min() >= 2_000


def test_the_same_sets_every_time(cifar10, make_settings):
    first, second = (load_sets(make_settings(data="cifar10")) for _ in range(2))
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(first, part).images, getattr(second, part).images)
        np.testing.assert_array_equal(getattr(first, part).labels, getattr(second, part).labels)


def test_pictures_come_at_the_side_that_is_asked_for(cifar10, make_settings):
    sets = load_sets(make_settings(data="cifar10", side=48))
    assert sets.test.images.shape == (100, 48, 48, 3)
    assert (sets.test.images[:, 20, 20, 2] == sets.test.labels).all()


def test_toys_are_drawn_once_and_kept(drawn, make_settings, keras_home, capsys):
    first = load_sets(make_settings())
    assert drawn == [(300, 100)]
    assert "Drawing toys: 100%" in capsys.readouterr().out
    assert [len(part) for part in (first.train, first.validation, first.test)] == [200, 100, 100]
    assert first.class_names == list(sources.CIFAR10_CLASSES) == list(toys.CLASS_NAMES)
    (kept,) = (keras_home / "datasets").iterdir()
    assert kept.name.startswith("toys-") and kept.name.endswith("-300-100.npz")

    second = load_sets(make_settings())
    assert len(drawn) == 1
    assert capsys.readouterr().out == ""
    np.testing.assert_array_equal(first.train.images, second.train.images)
    np.testing.assert_array_equal(first.test.labels, second.test.labels)


def test_a_damaged_cache_is_said_and_drawn_anew(drawn, make_settings, keras_home, capsys):
    first = load_sets(make_settings())
    (kept,) = (keras_home / "datasets").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    second = load_sets(make_settings())
    assert len(drawn) == 2
    assert f"{kept.name} in the cache is damaged" in capsys.readouterr().out
    np.testing.assert_array_equal(first.validation.images, second.validation.images)
    assert kept.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off"])
def test_any_damage_to_the_cache_is_said(tmp_path, capsys, content):
    (tmp_path / "toys.npz").write_bytes(content)
    assert sources._read_toys(tmp_path / "toys.npz") is None
    assert "toys.npz in the cache is damaged" in capsys.readouterr().out


def test_a_flipped_bit_in_the_cache_is_said(tmp_path, capsys):
    content = io.BytesIO()
    np.savez(content, train_images=np.zeros(5_000, "uint8"))
    flipped = bytearray(content.getvalue())
    flipped[2_000] ^= 1
    (tmp_path / "toys.npz").write_bytes(flipped)
    assert sources._read_toys(tmp_path / "toys.npz") is None
    assert "toys.npz in the cache is damaged" in capsys.readouterr().out


def test_cifar10_as_a_folder(tmp_path, make_settings):
    """A few of the real pictures, as an owner of the archive would use them."""
    if not CIFAR10_FOLDER.exists():
        pytest.skip(f"the archive {CIFAR10_FOLDER.name} is not beside the repository")
    wanted = {f"{place:04}.jpg" for place in range(9)}
    with tarfile.open(CIFAR10_FOLDER) as archive:
        members = [m for m in archive if Path(m.name).name in wanted]
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from 3.11.4 on
        archive.extractall(tmp_path, members)
    folder = tmp_path / "cifar10"
    sets = load_sets(make_settings(data=str(folder)))
    assert sets.class_names == list(sources.CIFAR10_CLASSES)
    # 90 pictures where 300 are asked for: both sets shrink to 90/300 of their size
    assert [len(part) for part in (sets.train, sets.validation, sets.test)] == [60, 30, 90]
    assert np.bincount(sets.train.labels).tolist() == [6] * 10
    assert sets.train.images.std() > 30  # pictures, not blanks

    (folder / "train" / "ship" / "0003.jpg").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"ship.0003\.jpg"):
        load_sets(make_settings(data=str(folder)))


def test_sets_are_as_large_as_asked_disjoint_and_have_the_shares_of_the_whole():
    labels = np.repeat(np.arange(3), [600, 300, 100])
    train, validation = split(labels, [200, 100], NAMES[:3])
    assert np.bincount(labels[train]).tolist() == [120, 60, 20]
    assert np.bincount(labels[validation]).tolist() == [60, 30, 10]
    assert not set(train) & set(validation)
    assert len(set(train)) == 200


def test_all_of_the_pictures_may_be_asked_for():
    labels = np.arange(600) % 10
    train, validation = split(labels, [500, 100], NAMES)
    assert sorted([*train, *validation]) == list(range(600))
    (test,) = split(labels, [600], NAMES)
    assert sorted(test) == list(range(600))


def test_sets_shrink_evenly_where_there_are_too_few():
    train, validation = split(np.arange(150) % 10, [200, 100], NAMES)
    assert (len(train), len(validation)) == (100, 50)
    assert not set(train) & set(validation)


def test_a_handful_that_would_be_left_over_is_taken_too():
    train, validation = split(np.arange(80) % 10, [200, 100], NAMES)
    assert (len(train), len(validation)) == (53, 27)
    assert sorted([*train, *validation]) == list(range(80))


def test_too_few_pictures_for_the_classes():
    with pytest.raises(DataError, match=r"25 pictures are too few .* 10 classes"):
        split(np.arange(25) % 10, [200, 100], NAMES)


def test_a_class_with_a_single_picture_is_named():
    labels = np.append(np.zeros(50, "int64"), 1)
    with pytest.raises(DataError, match="The class unicorn has only 1 of 51 pictures"):
        split(labels, [20, 10], ["horse", "unicorn"])


def test_resizing_keeps_order_and_values():
    images = np.arange(2_500, dtype="uint16").astype("uint8")[:, None, None, None]
    images = np.broadcast_to(images, (2_500, 32, 32, 3))
    resized = resize(images, 48)
    assert resized.shape == (2_500, 48, 48, 3) and resized.dtype == np.uint8
    assert (resized == images[:, :1, :1]).all()
    assert resize(images, 32) is images


def test_resizing_is_bilinear_and_rounds_to_the_nearest():
    image = np.zeros((1, 2, 2, 3), "uint8")
    image[0, :, 1] = 255
    assert resize(image, 4)[0, 0, :, 0].tolist() == [0, 64, 191, 255]


def test_a_pool_reads_what_is_asked_for_in_that_order():
    images = np.arange(5, dtype="uint8")[:, None, None, None] * np.ones((32, 32, 3), "uint8")
    assert Pool(images, np.arange(5), 32).read(np.array([4, 1]))[:, 0, 0, 0].tolist() == [4, 1]


def test_a_dataset_shuffles_only_when_asked_and_anew_in_each_epoch():
    images = np.arange(100, dtype="uint8")[:, None, None, None] * np.ones((4, 4, 3), "uint8")
    pictures = PictureSet(images, np.arange(100))

    def epoch(dataset):
        batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
        seen, labels = (np.concatenate(part) for part in zip(*batches, strict=True))
        assert (seen[:, 0, 0, 0] == labels).all() and seen.dtype == np.uint8
        return labels.tolist()

    assert epoch(make_dataset(pictures)) == list(range(100))
    assert [len(labels) for _, labels in make_dataset(pictures)] == [32, 32, 32, 4]
    keras.utils.set_random_seed(0)
    shuffled = make_dataset(pictures, shuffle=True)
    first, second = epoch(shuffled), epoch(shuffled)
    assert first != second
    assert sorted(first) == sorted(second) == list(range(100))


def test_the_tuner_of_tf_data_is_off_whatever_is_made_of_a_dataset():
    pictures = PictureSet(np.zeros((4, 32, 32, 3), np.uint8), np.zeros(4, np.int64))
    recipe = Recipe(stages=((32, 1),), batch_size=2)
    ours = {
        "pairs": make_dataset(pictures).map(lambda image, label: (image, label)).prefetch(1),
        "pictures": image_batches(pictures.images),
        "record, training": training_batches(pictures, 1, recipe, epoch=0),
        "record, plain": plain_batches(pictures, 1, side=32),
    }
    assert {name: set_.options().autotune.enabled for name, set_ in ours.items()} == dict.fromkeys(
        ours, False
    )


def test_the_seed_of_the_split_is_not_the_time_of_day():
    np.random.seed(1)
    first = split(np.arange(300) % 10, [100, 50], NAMES)
    np.random.seed(2)
    second = split(np.arange(300) % 10, [100, 50], NAMES)
    assert [part.tolist() for part in first] == [part.tolist() for part in second]
