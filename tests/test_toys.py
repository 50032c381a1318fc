"""The toys: the same pictures every time, classes that can be seen, and nothing else that tells."""

import numpy as np
import pytest

from utils import toys
from utils.toys.distance import Figure
from utils.toys.scene import CHUNK, draw

SEED = 5
SIZES = (500, 20)


@pytest.fixture(scope="module")
def made():
    """The splits and the calls of on_progress."""
    calls = []
    splits = toys.make(SIZES, SEED, on_progress=lambda *call: calls.append(call))
    return splits, calls


@pytest.fixture(scope="module")
def first_split(made):
    return made[0][0]


def test_classes_are_those_of_cifar10_and_each_has_its_own_figure():
    names = list(toys.CLASS_NAMES)
    assert " ".join(names) == "airplane automobile bird cat deer dog frog horse ship truck"
    assert [figure.__name__ for figure, _ in toys.FIGURES.values()] == names


def test_splits_have_the_promised_shapes_and_are_balanced_with_classes_in_turn(made):
    for (images, labels), size in zip(made[0], SIZES, strict=True):
        assert images.shape == (size, toys.SIZE, toys.SIZE, 3) and images.dtype == np.uint8
        assert labels.dtype == np.int64
        assert labels.tolist() == list(range(10)) * (size // 10)


def test_no_picture_is_there_twice(made):
    pictures = [image.tobytes() for images, _ in made[0] for image in images]
    assert len(set(pictures)) == sum(SIZES)


def test_progress_grows_by_at_most_a_chunk_and_ends_at_the_total(made):
    done = [0] + [call[0] for call in made[1]]
    assert {call[1] for call in made[1]} == {sum(SIZES)}
    assert all(0 < step <= CHUNK for step in np.diff(done))
    assert done[-1] == sum(SIZES)


@pytest.mark.parametrize("split", [0, 1])
def test_a_picture_depends_on_seed_split_class_and_index_only(made, split):
    """Hence a split is the same at every size, and beside every other split."""
    images, labels = made[0][split]
    for class_index in (2, 9):
        alone = toys.render(class_index, 2, (SEED, split))
        np.testing.assert_array_equal(alone, images[labels == class_index][:2])


def test_more_pictures_begin_with_the_same_ones_and_do_not_repeat(first_split):
    images, labels = first_split
    more = toys.render(4, CHUNK + 3, (SEED, 0))
    np.testing.assert_array_equal(more[:CHUNK], images[labels == 4])
    assert len({picture.tobytes() for picture in more}) == CHUNK + 3


def test_another_seed_gives_other_pictures(first_split):
    images, labels = first_split
    other = toys.render(0, 2, (SEED + 1, 0))
    assert (other != images[labels == 0][:2]).mean() > 0.9


def test_every_figure_stands_out_from_its_background(first_split):
    """A tenth of the pixels or more differ clearly from the same scene without a figure."""

    def nothing(point, between):
        far_away = point.x * 0 + 99.0
        return Figure(far_away, far_away, far_away, far_away)

    images, labels = first_split
    per_class = CHUNK // 10
    scenes = [
        np.random.default_rng([SEED, 0, class_index, index])
        for index in range(per_class)
        for class_index in range(10)
    ]
    empty = draw(nothing, 1.0, scenes)
    difference = abs(images[: len(empty)].astype(int) - empty).max(axis=-1)
    covered = (difference > 20).mean(axis=(1, 2))
    # The noise is the same in both, so that pixels without figure or shadow are equal.
    unchanged = (difference == 0).mean(axis=(1, 2))
    for class_index, name in enumerate(toys.CLASS_NAMES):
        of_class = labels[: len(empty)] == class_index
        assert covered[of_class].min() > 0.1, f"{name}: {covered[of_class]} of the picture"
        assert unchanged[of_class].mean() > 0.1, f"{name} fills the picture"


def test_mean_colour_does_not_give_the_class_away(first_split):
    """Knowing each class's mean colour is worth little: chance is 0.1."""
    images, labels = first_split
    colours = images.mean(axis=(1, 2))
    half = len(labels) // 2
    right = 0
    for known, asked in ((slice(half), slice(half, None)), (slice(half, None), slice(half))):
        centroids = np.stack([colours[known][labels[known] == c].mean(axis=0) for c in range(10)])
        distances = ((colours[asked][:, None] - centroids) ** 2).sum(axis=-1)
        right += (distances.argmin(axis=1) == labels[asked]).sum()
    assert right / len(labels) < 0.2


def test_background_does_not_give_the_class_away(first_split):
    """The corners' colour deviates from the mean by no more than chance in any class."""
    images, labels = first_split
    edge = [0, 1, 2, -3, -2, -1]
    colours = images[:, edge][:, :, edge].mean(axis=(1, 2))
    by_class = np.stack([colours[labels == c].mean(axis=0) for c in range(10)])
    standard_error = colours.std(axis=0) / np.sqrt(len(labels) / 10)
    deviation = abs(by_class - colours.mean(axis=0)) / standard_error
    assert deviation.max() < 4, dict(zip(toys.CLASS_NAMES, deviation.max(axis=1), strict=True))


@pytest.mark.parametrize("sizes", [(15,), (20, 7), (-10,)])
def test_a_size_that_cannot_be_balanced_is_named(sizes):
    with pytest.raises(ValueError, match=rf"{sizes[-1]} pictures.*multiple of 10"):
        toys.make(sizes, SEED)
