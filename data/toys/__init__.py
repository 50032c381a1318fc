"""Ten toy figures with CIFAR-10's class names, 32x32 RGB, made by code alone.

`make` draws whole data sets and `render` single classes; both need no download.  Every picture is a
function of its seed, class and index, however many are asked for.

How to add a class

1. Write a function (point, between) -> Figure, in vehicles.py, animals.py or quadrupeds.py.  The
   figure heads along x, stands on y = 0 and is about two units long; `between(low, high)` gives a
   proportion (twelve at most).  The shapes to build it from are in distance.py.
2. Name it in FIGURES below, with a scale that makes it look as large as the others.  The new class
   goes last, so that labels and pictures of the others stay what they were.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from .animals import bird, frog
from .quadrupeds import cat, deer, dog, horse
from .scene import CHUNK, SIZE, draw
from .vehicles import airplane, automobile, ship, truck

__all__ = ["CLASS_NAMES", "SIZE", "make", "render"]

FIGURES = {
    "airplane": (airplane, 1.08),
    "automobile": (automobile, 1.0),
    "bird": (bird, 1.15),
    "cat": (cat, 1.18),
    "deer": (deer, 0.93),
    "dog": (dog, 1.08),
    "frog": (frog, 1.05),
    "horse": (horse, 1.0),
    "ship": (ship, 0.97),
    "truck": (truck, 0.95),
}
CLASS_NAMES = tuple(FIGURES)


def render(
    class_index: int,
    n: int,
    seed: int | Sequence[int],
    *,
    side: int = SIZE,
    ground: Sequence[float] | None = None,
) -> np.ndarray:
    """Draw the first n pictures of a class: uint8 [n, side, side, 3].

    `make(sizes, seed)` draws its split number s with the seed (seed, s). Another
    `side` shows the same scenes in more or fewer pixels. A `ground`, red, green and blue from 0
    to 1, puts all of them on a floor of this colour and changes nothing else.
    """
    pictures = np.empty((n, side, side, 3), np.uint8)
    for start, chunk in _chunks(class_index, n, seed, side, ground):
        pictures[start : start + len(chunk)] = chunk
    return pictures


def make(
    sizes: Sequence[int], seed: int, on_progress: Callable[[int, int], None] | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw splits, for example of training, validation and test pictures.

    Returns (images uint8 [size, SIZE, SIZE, 3], labels int64 [size]) for every size.  A split is
    balanced, its classes come in turn, and no picture is in two splits.  A split depends on the
    seed and its position only: at another size, or with others, it begins with the same pictures.

    `on_progress(done_pictures, total_pictures)` is called after each chunk of pictures.

    Raises ValueError for a size that is not a multiple of the number of classes.
    """
    classes = len(CLASS_NAMES)
    for size in sizes:
        if size < 0 or size % classes:
            raise ValueError(
                f"A split of {size} pictures cannot hold as many of each of the {classes} classes: "
                f"make every size a multiple of {classes}."
            )
    splits, done = [], 0
    for split, size in enumerate(sizes):
        images = np.empty((size // classes, classes, SIZE, SIZE, 3), np.uint8)
        for class_index in range(classes):
            for start, chunk in _chunks(class_index, size // classes, (seed, split)):
                images[start : start + len(chunk), class_index] = chunk
                done += len(chunk)
                if on_progress:
                    on_progress(done, sum(sizes))
        labels = np.arange(size, dtype=np.int64) % classes
        splits.append((images.reshape(size, SIZE, SIZE, 3), labels))
    return splits


def _chunks(class_index, n, seed, side=SIZE, ground=None) -> Iterator[tuple[int, np.ndarray]]:
    """The first n pictures of a class in turn, as (index of the chunk's first picture, chunk)."""
    figure, scale = FIGURES[CLASS_NAMES[class_index]]
    seeds = [*np.atleast_1d(seed), class_index]
    for start in range(0, n, CHUNK):
        generators = [np.random.default_rng([*seeds, i]) for i in range(n)[start : start + CHUNK]]
        yield start, draw(figure, scale, generators, side, ground)
