"""The three places pictures come from: Keras's CIFAR-10, a folder of class folders, the toys.

Each gives two pools, one to train on and one to test on, with the same shapes and the same order
on every machine. Taught in notebook 01.
"""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from utils import download, files
from utils.folders import open_folder
from utils.pool import Pool
from utils.progress import progress_bar
from utils.settings import Settings

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
TOYS_SEED = 0


def open_source(settings: Settings) -> tuple[Pool, Pool, list[str]]:
    """The training pool, the test pool and the class names that the settings ask for.

    Raises:
        folders.DataError: a folder of pictures that cannot be used.
        download.DownloadError: CIFAR-10 is neither on disk nor to be had.
    """
    if settings.data == "cifar10":
        return _open_cifar10(settings)
    if settings.data == "toys":
        return _open_toys(settings)
    return open_folder(Path(settings.data), settings.side)


def _open_cifar10(settings: Settings) -> tuple[Pool, Pool, list[str]]:
    import keras

    download.fetch(download.cifar10_archive(download.keras_home()))
    (train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()
    train = Pool(train_images, train_labels.reshape(-1).astype("int64"), settings.side)
    test = Pool(test_images, test_labels.reshape(-1).astype("int64"), settings.side)
    return train, test, list(CIFAR10_CLASSES)


def _open_toys(settings: Settings) -> tuple[Pool, Pool, list[str]]:
    from utils import toys

    counts = settings.counts
    sizes = (counts.train + counts.validation, counts.test)
    code = sorted(Path(toys.__file__).parent.glob("*.py"))
    renderer = b"".join(path.read_bytes() for path in code)
    drawn_by = hashlib.sha256(renderer).hexdigest()[:8]  # another renderer, another file
    name = f"toys-{drawn_by}-{TOYS_SEED}-{sizes[0]}-{sizes[1]}.npz"
    path = download.keras_home() / "datasets" / name
    arrays = _read_toys(path)
    if arrays is None:
        with progress_bar(total=sum(sizes), what="Drawing toys") as bar:
            sets = toys.make(sizes, TOYS_SEED, lambda done, total: bar.update(done - bar.n))
        keys = ("train_images", "train_labels", "test_images", "test_labels")
        arrays = dict(zip(keys, (array for pair in sets for array in pair), strict=True))
        with files.whole_file(path) as temporary:
            np.savez(temporary, **arrays)
    train = Pool(arrays["train_images"], arrays["train_labels"], settings.side)
    test = Pool(arrays["test_images"], arrays["test_labels"], settings.side)
    return train, test, list(toys.CLASS_NAMES)


def _read_toys(path: Path) -> dict | None:
    """The cached arrays, or None where there are none; a damaged cache is reported and redrawn."""
    try:
        with np.load(path) as stored:
            return dict(stored)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        print(f"{path.name} in the cache is damaged ({error}); drawing it anew.")
        return None
