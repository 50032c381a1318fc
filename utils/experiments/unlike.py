"""Two sets of pictures that are nothing like photographs, for notebook 06: digits and sounds."""

import numpy as np
from sklearn.datasets import load_digits

from utils.data import PictureSet, PictureSets, resize, split

SOUNDS = (
    "steady", "rising", "falling", "arch", "vibrato", "tremolo", "alternating", "chord", "clicks",
    "noise band",
)  # fmt: skip
RATE, SAMPLES, WINDOW, FRAMES = 8_000, 4_096, 256, 32  # the first in samples a second


def digits(
    side: int, counts: tuple[int, int, int] = (1_000, 297, 500), seed: int = 0
) -> PictureSets:
    """scikit-learn's handwritten digits, 8x8 px, enlarged; `counts` to train, validate, test on.

    Another seed puts others of the 1,797 into each set.
    """
    source = load_digits()
    order = np.random.default_rng(seed).permutation(len(source.target))
    names = [str(name) for name in source.target_names]
    return _sets(source.images[order] * (255 / 16), source.target[order], names, side, counts)


def sounds(side: int, counts: tuple[int, int, int] = (1_000, 300, 500), seed: int = 0):
    """Ten kinds of half-second sounds in noise, as log spectrograms: time across, pitch upwards."""
    labels, rng = np.arange(sum(counts)) % len(SOUNDS), np.random.default_rng(seed)
    grey = np.stack([_spectrogram(_sound(SOUNDS[label], rng), rng) for label in labels])
    return _sets(grey, labels, list(SOUNDS), side, counts)


def _sets(grey: np.ndarray, labels: np.ndarray, names: list[str], side: int, counts) -> PictureSets:
    images = resize(np.repeat(grey[..., None].astype("uint8"), 3, axis=-1), side)
    parts = [PictureSet(images[i], labels[i].astype("int64")) for i in split(labels, counts, names)]
    return PictureSets(*parts, class_names=names)


def _spectrogram(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sound in noise: [32, 32] in 0..255, the lowest pitch in the last row."""
    sound = sound / (np.sqrt(np.mean(sound**2)) + 1e-9)
    loudness = 10 ** (rng.uniform(-8, 6) / 20)  # compared with the noise, in decibels
    sound = loudness * sound + rng.normal(size=SAMPLES)
    starts = np.linspace(0, SAMPLES - WINDOW, FRAMES).astype(int)
    frames = np.stack([sound[s : s + WINDOW] for s in starts]) * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames))[:, 1:97].reshape(FRAMES, 32, 3).mean(2) ** 2
    decibels = 10 * np.log10(power + 1e-3).T[::-1]
    low, high = np.percentile(decibels, [5, 99.5])
    return (255 * (decibels - low) / (high - low)).clip(0, 255)


def _sound(kind: str, rng: np.random.Generator) -> np.ndarray:
    time, progress = np.arange(SAMPLES) / RATE, np.linspace(0, 1, SAMPLES)
    pitch, width = rng.uniform(500, 1_800), rng.uniform(300, 900)  # Hz
    pace, phase = rng.uniform(4, 9), rng.uniform(0, 2 * np.pi)  # Hz, radians
    swing = np.sin(2 * np.pi * pace * time + phase)
    if kind == "clicks":
        return (np.sin(2 * np.pi * pace * 2 * time + phase) > 0.98) * rng.normal(size=SAMPLES)
    if kind == "noise band":
        spectrum, hertz = np.fft.rfft(rng.normal(size=SAMPLES)), np.fft.rfftfreq(SAMPLES, 1 / RATE)
        return np.fft.irfft(spectrum * (np.abs(hertz - pitch) < width / 3))
    pitches = {
        "rising": pitch + width * progress,
        "falling": pitch + width * (1 - progress),
        "arch": pitch + width * np.sin(np.pi * progress),
        "vibrato": pitch + width / 2 + width / 3 * swing,
        "alternating": pitch + width * (swing > 0),
    }
    turns = 2 * np.pi * np.cumsum(pitches.get(kind, np.full(SAMPLES, pitch))) / RATE
    if kind == "chord":
        return np.sin(turns) + np.sin(1.5 * turns) + np.sin(2 * turns)
    return np.sin(turns) * ((1 + swing) if kind == "tremolo" else 1)
