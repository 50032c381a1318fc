"""One picture file as any viewer shows it: upright, on white, in 8 bits of red, green and blue."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, JpegImagePlugin, features

PICTURE_ENDINGS = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif")
PICTURE_ENDINGS += (".tiff", ".avif") if features.check("avif") else (".tiff",)
READING = "2"  # to be changed when the same file comes out otherwise: kept pictures become stale
KINDS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "PPM", "JPEG2000")  # by content
MOST_PIXELS = 178_000_000  # decoded at once, 0.7 GB; Pillow opens nothing larger
ORIENTATION = 0x0112  # the only EXIF tag that changes what is shown
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class DataError(ValueError):
    """The pictures asked for cannot be used; the message names what is wrong and where."""


def read_picture(path: Path, side: int) -> np.ndarray:
    """One picture file as uint8 [side, side, 3]; the longer side is cropped about the centre.

    Transparent places become white, 16-bit grey is divided by 257, other numbers are scaled to
    their own range, and of moving pictures the first one is taken. A JPEG is reduced while it is
    decoded, to twice `side` or more.

    Raises:
        DataError: there is no such file, or it is not a picture that can be read.
    """
    path = Path(path)
    if not path.exists():  # also a link that leads nowhere
        raise DataError(f"There is no picture {path}. Check its name and folder.")
    try:
        with warnings.catch_warnings(action="ignore"), open_picture(path) as picture:
            return _square(picture, side)
    except Exception as error:  # on a damaged file Pillow raises errors of nearly every kind
        raise DataError(
            f"The picture {path} cannot be read: {reason(error)}.\n"
            f"Expected a whole {', '.join(e[1:].upper() for e in PICTURE_ENDINGS)} file. "
            "Open it in a viewer; replace or delete it."
        ) from error


def header_problem(path: Path) -> str:
    """Why this picture file cannot be read, as far as its first bytes show; "" if nothing does."""
    try:
        with warnings.catch_warnings(action="ignore"), open_picture(path):
            return ""
    except Exception as error:
        return reason(error)


def reason(error: Exception) -> str:
    """The error in a few words."""
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than {MOST_PIXELS // 1_000_000} million pixels; save it smaller"
    words = getattr(error, "strerror", None) or " ".join(str(error).split()).rstrip(".")
    return words or type(error).__name__


def open_picture(path: Path) -> Image.Image:
    """Pillow's picture, not decoded yet. Any JPEG is opened: it can be reduced while decoding."""
    if not Path(path).is_file():  # a pipe would wait for ever
        raise ValueError("it is no file, but a folder, a pipe or a device")
    Image.init()
    try:
        return Image.open(path, formats=[kind for kind in KINDS if kind in Image.OPEN])
    except Image.UnidentifiedImageError:
        with open(path, "rb") as file:
            start = file.read(12)
        if start[4:] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1"):
            raise ValueError("it is HEIC under another name; save it as JPEG") from None
        if start[:4] in (b"II*\0", b"MM\0*"):
            raise ValueError("it is a TIFF of a kind that is not read, or cut off") from None
        raise ValueError("it is no picture of a known kind" if start else "it is empty") from None
    except Image.DecompressionBombError as error:
        try:
            return JpegImagePlugin.JpegImageFile(path)
        except SyntaxError:
            raise error from None


def _square(picture: Image.Image, side: int) -> np.ndarray:
    whole = picture.size
    picture.draft(picture.mode, (2 * side, 2 * side))  # does nothing but with JPEG
    width, height = whole if picture.info.get("progressive") else picture.size
    if width * height > MOST_PIXELS:
        raise Image.DecompressionBombError
    picture.load()
    try:
        turn = TURNS.get(picture.getexif().get(ORIENTATION))
    except Exception:  # odd EXIF is no reason to refuse what viewers show
        turn = None
    small = ImageOps.fit(_eight_bits(picture), (side, side), Image.Resampling.BILINEAR)
    if small.mode == "RGBA":
        white = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(white, small).convert("RGB")
    return np.asarray(small if turn is None else small.transpose(turn), "uint8")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The picture as RGB, or as RGBA if some of it is transparent."""
    if picture.mode[0] in "IF":  # 16 or 32 bits of grey
        picture = Image.fromarray(_scaled(picture))
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if picture.format == "BMP" and picture.mode == "RGBA" and not picture.getchannel(3).getbbox():
        mode = "RGB"  # all of it transparent: its writer left these bytes unused
    return picture if picture.mode == mode else picture.convert(mode)  # which would copy it


def _scaled(picture: Image.Image) -> np.ndarray:
    """Grey values of any range as uint8 [height, width]."""
    values = np.asarray(picture)
    if picture.mode.startswith("I;16") or picture.format in ("PNG", "PPM"):
        values = ((values.clip(0, 65_535).astype("uint32") + 128) // 257).astype("uint8")
    else:
        values = values.astype("float32")
        finite = np.isfinite(values)
        low, high = (float(f(values[finite])) for f in (np.min, np.max)) if finite.any() else (0, 1)
        values = np.where(finite, values, low)  # not a number: black
        values = ((values - low) * (255 / ((high - low) or 1))).round().astype("uint8")
    white_is_zero = getattr(picture, "tag_v2", {}).get(262) == 0  # PhotometricInterpretation
    return 255 - values if white_is_zero else values
