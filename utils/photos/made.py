"""A folder of pictures as real ones are, for readers who have none: toys, drawn larger."""

import io
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from data.toys import CLASS_NAMES, render
from data.toys.scene import CHUNK
from utils import files

COUNTS = {"cat": 3 * CHUNK, "dog": 2 * CHUNK, "horse": CHUNK}  # uneven; near-duplicates come on top
DRAWN, LARGEST = 160, 320  # pixels; drawn at the smaller side, enlarged up to the other
ENDINGS = (".jpg",) * 8 + (".png", ".webp")
EDITED = 25  # one picture in so many lies there twice, cut and compressed again
ORIENTATION, HELD_UPRIGHT = 0x0112, 6  # an EXIF tag; it wants a quarter turn clockwise
SEED = 8


def make_folder(folder: Path) -> Path:
    """Draw some 300 toys into <folder>/<class>/* and return the folder; once, half a minute.

    Three uneven classes; 160 to 320 pixels, square or 4:3, JPEG, PNG and WebP; some turned by
    EXIF, some there twice (cut by a few pixels and compressed again), one copied as it is, one
    broken file, and a text. A folder that is there already is kept as it is.

    Raises:
        files.CannotWriteError: the disk is full, or the place read-only.
    """
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        return folder
    with files.whole_folder(folder) as new:
        _fill(new)
    return folder


def _fill(folder: Path) -> None:
    rng = np.random.default_rng(SEED)
    for name, toys in _draw().items():
        files.make_folder(folder / name)
        for number, toy in enumerate(toys):
            picture, path = _framed(toy, rng), folder / name / f"IMG_{number:04}"
            path = path.with_suffix(ENDINGS[rng.integers(len(ENDINGS))])
            path.write_bytes(_encoded(picture, path.suffix, turned=rng.random() < 0.08))
            if number % EDITED == 7:
                edited = picture.crop((3, 2, picture.width - 1, picture.height - 2))
                path.with_name(f"{path.stem} (edited).jpg").write_bytes(_encoded(edited, ".jpg"))
    first = next(iter(COUNTS))
    shutil.copyfile(*(folder / first / n for n in ("IMG_0007 (edited).jpg", "IMG_0007 copy.jpg")))
    whole = folder / first / "IMG_0007 copy.jpg"
    (folder / first / "IMG_9999.jpg").write_bytes(whole.read_bytes()[:2_000])
    (folder / first / "notes.txt").write_text("Drawn by utils/photos/made.py.\n", encoding="utf-8")


def _draw() -> dict[str, np.ndarray]:
    """For each class uint8 [count, DRAWN, DRAWN, 3]; two chunks at a time where there are cores."""
    jobs = [(name, chunk) for name, count in COUNTS.items() for chunk in range(count // CHUNK)]

    def draw(job):
        name, chunk = job
        return render(CLASS_NAMES.index(name), CHUNK, (SEED, chunk), side=DRAWN)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        chunks = tqdm(
            pool.map(draw, jobs), "Drawing toys", len(jobs), file=sys.stdout, ncols=78, delay=2
        )
        drawn = list(zip(jobs, chunks, strict=True))
    return {
        name: np.concatenate([toys for (other, _), toys in drawn if other == name])
        for name in COUNTS
    }


def _framed(toy: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """The toy at a size of its own; one in three is cut to 4:3 above and below."""
    wide = rng.random() < 1 / 3
    side = int(rng.integers(DRAWN * 4 // 3 + 1 if wide else DRAWN, LARGEST + 1))
    picture = Image.fromarray(toy).resize((side, side), Image.Resampling.LANCZOS)
    return picture.crop((0, side // 8, side, side - side // 8)) if wide else picture


def _encoded(picture: Image.Image, ending: str, turned: bool = False) -> bytes:
    """A file's content. If `turned`, the picture lies on its side and EXIF says so."""
    exif, file = Image.Exif(), io.BytesIO()
    if turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[ORIENTATION] = HELD_UPRIGHT
    kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}[ending]
    picture.save(file, kind, quality=85, exif=exif)
    return file.getvalue()
