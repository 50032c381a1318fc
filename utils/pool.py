"""What every source of pictures gives: labels at once, pictures when they are asked for."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pool:
    """Labelled pictures held in memory; `folders.ListedPictures` is the same for files.

    `images` is uint8 [n, height, width, 3], `labels` int64 [n], `side` in pixels;
    `read(indices)` gives uint8 pictures [len(indices), side, side, 3].
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
    resized = [tf.image.resize(part, (side, side)).numpy() for part in parts]
    return np.concatenate([part.round().astype("uint8") for part in resized])
