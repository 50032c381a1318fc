"""Draw data/toys/toys.png: python -m data.toys (half a minute).

One sheet of 50 columns; the first 1,500 toys are for training and validation, the other 1,000 for
testing. Classes come in turn, in the order of CLASS_NAMES.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from data.toys import SIZE, make

COUNTS, COLUMNS, SEED = (1_500, 1_000), 50, 0
SHEET = Path(__file__).with_name("toys.png")


def main() -> None:
    with tqdm(total=sum(COUNTS), desc="Drawing toys") as bar:
        parts = make(COUNTS, SEED, lambda done, total: bar.update(done - bar.n))
    images = np.concatenate([images for images, _ in parts])
    rows = images.reshape(-1, COLUMNS, SIZE, SIZE, 3).swapaxes(1, 2)
    sheet = rows.reshape(-1, COLUMNS * SIZE, 3)
    Image.fromarray(sheet).save(SHEET, optimize=True)


if __name__ == "__main__":
    main()
