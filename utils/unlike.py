"""Two sets of pictures that are nothing like photographs, for notebook 06; both work offline.

Handwritten digits come with scikit-learn; sounds are made by code and drawn as spectrograms.
"""

import keras
import numpy as np
from sklearn.datasets import load_digits

from utils.data import PictureSet, PictureSets, split

SOUND_CLASSES = (
    "steady", "rising", "falling", "arch", "vibrato", "tremolo", "alternating", "chord", "clicks",
    "noise band",
)  # fmt: skip
RATE = 8_000  # samples a second
SAMPLES, WINDOW, FRAMES = 4_096, 256, 32


def digits(side: int, *, train: int = 1_000, validation: int = 297, test: int = 500) -> PictureSets:
    """scikit-learn's 1,797 handwritten digits, 8x8 px, enlarged to `side`: white on black."""
    source = load_digits()
    grey = (source.images[..., None] * (255 / 16)).astype("float32")
    images = keras.ops.convert_to_numpy(keras.ops.image.resize(grey, (side, side)))
    names = [str(name) for name in source.target_names]
    return _sets(images, source.target, names, (train, validation, test))


def sounds(
    side: int, *, train: int = 1_000, validation: int = 300, test: int = 500, seed: int = 0
) -> PictureSets:
    """Ten kinds of half-second sounds in noise, as log spectrograms: time across, pitch upwards."""
    count = train + validation + test
    chance = np.random.default_rng(seed)
    labels = np.arange(count) % len(SOUND_CLASSES)
    grey = np.stack([_spectrogram(SOUND_CLASSES[label], chance) for label in labels])[..., None]
    images = keras.ops.convert_to_numpy(keras.ops.image.resize(grey, (side, side)))
    return _sets(images, labels, list(SOUND_CLASSES), (train, validation, test))


def _sets(images, labels, names, counts) -> PictureSets:
    images = np.repeat(images.clip(0, 255).astype("uint8"), 3, axis=-1)
    parts = split(labels, list(counts), names)
    pictures = [PictureSet(images[rows], labels[rows].astype("int64")) for rows in parts]
    return PictureSets(*pictures, class_names=names)


def _spectrogram(kind: str, chance: np.random.Generator) -> np.ndarray:
    """One sound: float32 [32, 32] in 0..255, the lowest pitch in the last row."""
    sound = _sound(kind, chance)
    sound /= np.sqrt(np.mean(sound**2)) + 1e-9
    loudness = 10 ** (chance.uniform(-8, 6) / 20)  # against the noise, in decibels
    sound = loudness * sound + chance.normal(size=SAMPLES)
    starts = np.linspace(0, SAMPLES - WINDOW, FRAMES).astype(int)
    frames = np.stack([sound[s : s + WINDOW] for s in starts]) * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames))[:, 1:97].reshape(FRAMES, 32, 3).mean(2) ** 2
    decibels = 10 * np.log10(power + 1e-3).T[::-1]
    low, high = np.percentile(decibels, [5, 99.5])
    return (255 * (decibels - low) / (high - low)).clip(0, 255).astype("float32")


def _sound(kind: str, chance: np.random.Generator) -> np.ndarray:
    time = np.arange(SAMPLES) / RATE
    share = np.linspace(0, 1, SAMPLES)
    pitch, width = chance.uniform(500, 1_800), chance.uniform(300, 900)  # Hz
    pace, phase = chance.uniform(4, 9), chance.uniform(0, 2 * np.pi)  # Hz, radians
    swing = np.sin(2 * np.pi * pace * time + phase)
    paths = {
        "rising": pitch + width * share,
        "falling": pitch + width * (1 - share),
        "arch": pitch + width * np.sin(np.pi * share),
        "vibrato": pitch + width / 2 + width / 3 * swing,
        "alternating": pitch + width * (swing > 0),
    }
    if kind == "clicks":
        return (np.sin(2 * np.pi * pace * 2 * time + phase) > 0.98) * chance.normal(size=SAMPLES)
    if kind == "noise band":
        spectrum = np.fft.rfft(chance.normal(size=SAMPLES))
        hertz = np.fft.rfftfreq(SAMPLES, 1 / RATE)
        return np.fft.irfft(spectrum * (np.abs(hertz - pitch) < width / 3))
    turns = 2 * np.pi * np.cumsum(paths.get(kind, np.full(SAMPLES, pitch))) / RATE
    if kind == "chord":
        return np.sin(turns) + np.sin(1.5 * turns) + np.sin(2 * turns)
    return np.sin(turns) * ((1 + swing) if kind == "tremolo" else 1)
