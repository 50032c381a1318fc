"""Training, validation and test set, where their pictures come from, and how Keras is fed.

Taught in notebook 01; what happens to pictures that do not fit into memory, in 07.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.model_selection import train_test_split

from utils import arrays, download
from utils.files import REPOSITORY
from utils.picture_folders import DataError, ListedPictures, open_folder
from utils.picture_folders.reading import read_once
from utils.settings import Settings, short_name

CLASS_NAMES = (  # of CIFAR-10, and of the toys that stand in for it
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
TOYS = REPOSITORY / "data" / "toys" / "toys.png"  # a sheet; data/toys/__main__.py draws it
TOYS_SIDE, TOYS_TO_TRAIN = 32, 1_500  # pixels; the other 1,000 are for testing
SPLIT_SEED = 0


@dataclass(frozen=True)
class PictureSet:
    """Pictures and what they show: uint8 [n, side, side, 3] and int64 [n].

    Many pictures are a memory map: they stay in a file and are read when they are needed.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> "PictureSet":
        """The first `count` of them, and of a rare class at least one, if `count` allows."""
        missing = np.setdiff1d(self.labels, self.labels[:count])
        if not len(missing):
            return PictureSet(self.images[:count], self.labels[:count])
        rows = np.arange(len(self))[:count]
        for label in missing:
            frequent = np.bincount(self.labels[rows]).argmax()
            places = np.flatnonzero(self.labels[rows] == frequent)
            if len(places) > 1:
                rows[places[-1]] = np.flatnonzero(self.labels == label)[0]
        return PictureSet(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class PictureSets:
    """The three sets. Choices are made on `validation`; `test` waits for notebook 05."""

    train: PictureSet
    validation: PictureSet
    test: PictureSet
    class_names: list[str]


@dataclass(frozen=True)
class Pool:
    """Pictures uint8 [n, height, width, 3] and labels int64 [n] in memory, resized when read.

    `read(indices)` gives uint8 [len(indices), side, side, 3]. `ListedPictures` does so for files.
    """

    images: np.ndarray
    labels: np.ndarray
    side: int

    def read(self, indices: np.ndarray) -> np.ndarray:
        return resize(self.images[indices], self.side)


def resize(images: np.ndarray, side: int) -> np.ndarray:
    """uint8 pictures [n, height, width, 3] -> uint8 [n, side, side, 3], bilinear."""
    if images.shape[1:3] == (side, side):
        return images
    import tensorflow as tf

    parts = np.array_split(images, max(1, len(images) // 1_000))
    resized = [tf.image.resize(part, (side, side), antialias=True).numpy() for part in parts]
    return np.concatenate([part.round().astype("uint8") for part in resized])


def open_source(
    settings: Settings,
) -> tuple[Pool | ListedPictures, Pool | ListedPictures, list[str]]:
    """The training pool, the test pool and the class names that the settings ask for.

    Raises:
        DataError: a folder of pictures that cannot be used.
        download.DownloadError: CIFAR-10 is neither on disk nor can it be downloaded.
    """
    if settings.data == "cifar10":
        return _open_cifar10(settings.side)
    if settings.data == "toys":
        return _open_toys(settings.side)
    return open_folder(Path(settings.data), settings.side, _kept(settings, "broken.json"))


def _kept(settings: Settings, what: str) -> Path:
    """Where something is kept that was found in this folder of pictures."""
    return settings.outputs / "pictures" / f"{short_name(settings.data)}-{what}"


def _open_cifar10(side: int) -> tuple[Pool, Pool, list[str]]:
    import keras

    download.fetch(download.cifar10_archive(download.keras_home()))
    train, test = (
        Pool(images, labels.reshape(-1).astype("int64"), side)
        for images, labels in keras.datasets.cifar10.load_data()
    )
    return train, test, list(CLASS_NAMES)


def _open_toys(side: int) -> tuple[Pool, Pool, list[str]]:
    try:
        sheet = np.asarray(Image.open(TOYS).convert("RGB"))
    except OSError as error:
        raise DataError(
            f"The toys {TOYS} cannot be read: {error}.\n"
            "Get them again: git checkout -- data/toys/toys.png"
        ) from error
    tiles = sheet.reshape(-1, TOYS_SIDE, sheet.shape[1] // TOYS_SIDE, TOYS_SIDE, 3)
    images = tiles.swapaxes(1, 2).reshape(-1, TOYS_SIDE, TOYS_SIDE, 3)
    labels = np.arange(len(images)) % len(CLASS_NAMES)  # classes come in turn
    train, test = slice(TOYS_TO_TRAIN), slice(TOYS_TO_TRAIN, None)
    train, test = (Pool(images[part], labels[part], side) for part in (train, test))
    return train, test, list(CLASS_NAMES)


def load_sets(settings: Settings, *, worker: int = 0, num_workers: int = 1) -> PictureSets:
    """Read the pictures that the settings ask for; the same ones in every notebook.

    Of several machines each gets its own share of the training pictures, all equally large, and
    reads and keeps no others. Validation and test set are whole on each.

    Raises:
        DataError: the folder of pictures cannot be used.
        download.DownloadError: CIFAR-10 is neither on disk nor can it be downloaded.
        files.CannotWriteError: there are more pictures than memory should hold, and no disk.
    """
    train_pool, test_pool, class_names = open_source(settings)
    counts, side = settings.counts, settings.side
    draw = functools.partial(split, class_names=class_names, everything=settings.size == "full")
    train, validation = draw(train_pool.labels, [counts.train, counts.validation])
    (test,) = draw(test_pool.labels, [counts.test])
    train = train[: len(train) // num_workers * num_workers][worker::num_workers]
    drawn = (train_pool, train), (train_pool, validation), (test_pool, test)
    if isinstance(train_pool, ListedPictures):  # read together: one bar, one message, one file
        paths = [pool.paths[row] for pool, rows in drawn for row in rows]
        share = f"-{worker + 1}-of-{num_workers}" if num_workers > 1 else ""
        kept = _kept(settings, f"{settings.size}-{side}px{share}.npy")
        images = read_once(paths, side, kept, train_pool.everything)
        images = np.split(images, np.cumsum([len(train), len(validation)]))
    else:
        images = [read_all(pool, rows, settings.outputs) for pool, rows in drawn]
    labels = [pool.labels[rows] for pool, rows in drawn]
    return PictureSets(*map(PictureSet, images, labels), class_names)


def read_all(pool: Pool | ListedPictures, rows: np.ndarray, folder: Path) -> np.ndarray:
    """As `pool.read`, piece by piece; many stay in a file in `folder` (`arrays.gather`)."""
    pieces = (pool.read(rows[start : start + 250]) for start in range(0, len(rows), 250))
    return arrays.gather(pieces, (len(rows), pool.side, pool.side, 3), "uint8", folder)


def split(
    labels: np.ndarray, counts: list[int], class_names: list[str], *, everything: bool = False
) -> list[np.ndarray]:
    """Disjoint sets of `counts` indices, in which each class has the same fraction as in `labels`.

    Each set has at least one picture of each class. Where there are fewer pictures than asked for,
    every set shrinks by the same factor; with `everything` it grows so where there are more.
    Leftovers too few to give one to each class go to the last set.

    Raises:
        DataError: a class has fewer pictures than there are sets.
    """
    sizes = np.bincount(labels, minlength=len(class_names))
    if sizes.min() < len(counts):
        raise DataError(
            f"The class {class_names[sizes.argmin()]} has only {sizes.min()} of {len(labels)} "
            "pictures: too few to give each set some of them. Add pictures, or leave it out."
        )
    left, sets = np.arange(len(labels)), []
    scale = min(len(labels) / sum(counts), np.inf if everything else 1.0)
    wanted = [max(int(count * scale), len(class_names)) for count in counts]
    wanted[0] += max(0, len(labels) - sum(wanted)) if scale > 1 else 0  # what rounding has left
    while sum(wanted) > len(labels):
        wanted[int(np.argmax(wanted))] -= 1
    for place, count in enumerate(wanted):
        chosen, rest = left, left[:0]
        if len(left) - count >= len(class_names):
            chosen, rest = _draw(left, count, labels, later=len(wanted) - place - 1)
        sets.append(chosen)
        left = rest
    return sets


def _draw(left: np.ndarray, count: int, labels: np.ndarray, later: int):
    """`count` of the indices `left`, and the rest, which has one of each class for `later` sets."""
    try:
        chosen, rest = train_test_split(
            left, train_size=count, stratify=labels[left], random_state=SPLIT_SEED
        )
    except ValueError:  # scikit-learn wants two pictures of each class
        chosen, rest = np.split(np.random.default_rng(SPLIT_SEED).permutation(left), [count])
    # Where a class is rare its fraction can round to none: swap it with one of the most frequent.
    for to, least, away, kept in ((chosen, 1, rest, later), (rest, later, chosen, 1)):
        for label in np.unique(labels[left]):
            while (labels[to] == label).sum() < least and (labels[away] == label).sum() > kept:
                frequent = np.bincount(labels[to]).argmax()
                given = np.flatnonzero(labels[to] == frequent)[-1]
                taken = np.flatnonzero(labels[away] == label)[-1]
                to[given], away[taken] = away[taken], to[given]
    return chosen, rest


def make_dataset(
    pictures: PictureSet, *, batch_size: int = 32, shuffle: bool = False, seed: int = 0
):
    """A `tf.data.Dataset` of (uint8 [batch, side, side, 3], int64 [batch]) pairs.

    With `shuffle` the order differs in every epoch, and is the same again for the same `seed`;
    without, it is that of `pictures`. Of a memory map only the row numbers are shuffled, and each
    batch is read when its turn comes. tf.data's autotuning is off: see `untuned`.
    """
    import tensorflow as tf

    images, in_file = pictures.images, isinstance(pictures.images, np.memmap)
    if in_file:
        images = np.arange(len(images))
    dataset = tf.data.Dataset.from_tensor_slices((images, pictures.labels))
    if shuffle:
        dataset = dataset.shuffle(len(pictures), seed=seed)
    dataset = dataset.batch(batch_size)
    if in_file:
        dataset = dataset.map(lambda rows, labels: (read_rows(pictures.images, rows), labels))
    return untuned(dataset.prefetch(2))


def read_rows(images: np.memmap, rows):
    """A batch of the pictures in a file, as a tensor."""
    import tensorflow as tf

    read = functools.partial(arrays.rows_of, images)
    return tf.ensure_shape(tf.numpy_function(read, [rows], images.dtype), (None, *images.shape[1:]))


def image_batches(images: np.ndarray, batch_size: int = 100, *, mirrored: bool = False):
    """Pictures [n, side, side, 3] alone and in order, in batches, for `predict`.

    With `mirrored`, their mirror images come after them.
    """
    pictures = PictureSet(images, np.zeros(len(images), "int64"))
    batches = make_dataset(pictures, batch_size=batch_size).map(lambda images, _: images)
    if mirrored:
        both = batches.concatenate(batches.map(lambda images: images[:, :, ::-1]))
        batches = both.rebatch(batch_size)
    return batches


def untuned(dataset):
    """The same dataset without autotuning, whose thread can keep the end of an epoch waiting.

    The thread sleeps for 10, 20, 40 ... ms, at most 60 s, and a pipeline that ends may have to wait
    until it wakes, nearly as long again as it ran (seen in TensorFlow 2.21).
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
