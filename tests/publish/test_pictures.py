"""All notebooks on pictures of three uneven classes; nbval executes them on the toys."""

import numpy as np
import pytest
from PIL import Image


def stripes(kind, number, noise=0):
    """Their direction tells the class; those of one number are alike but for their noise."""
    width, height = 40 + 9 * number % 50, 40 + 13 * number % 50
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    rng = np.random.default_rng([kind, number])
    wave = np.sin((across * np.cos(kind) + down * np.sin(kind)) / 3 + rng.uniform(0, 6))
    colours = 90 * wave[..., None] * rng.uniform(0.5, 1, 3)
    grain = np.random.default_rng([kind, number, noise]).normal(0, 9, (height, width, 3))
    values = 128 + colours + grain
    return Image.fromarray(values.clip(0, 255).astype("uint8"))


@pytest.mark.slow
@pytest.mark.whole
def test_uneven_classes_without_train_and_test(run_all, tmp_path):
    """The four pictures of the rare one all look alike."""
    for kind, count in enumerate((60, 60, 4)):
        folder = tmp_path / "pictures" / f"类{kind}"
        folder.mkdir(parents=True)
        for place in range(count):
            mode, ending = ("RGB", "png") if place % 7 else ("L", "webp")
            number, noise = (place, 0) if kind < 2 else (0, place)
            stripes(kind, number, noise).convert(mode).save(folder / f"{place}.{ending}")
    board = run_all(tmp_path / "pictures", precision="float32")
    assert "last blocks fine-tuned" in board
