"""One picture file: what any viewer shows, and a word on what cannot be read."""

import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from utils.files import REPOSITORY
from utils.picture_folders.decoding import PICTURE_ENDINGS, DataError, header_problem, read_picture

SIDE = 32
RAMP = np.tile(np.linspace(0, 255, 64), (64, 1))  # dark on the left, light on the right


def read(path, side=SIDE):
    picture = read_picture(path, side)
    assert picture.shape == (side, side, 3) and picture.dtype == np.uint8
    return picture.astype(int)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 90, 90), ("1", 1, 255), ("RGB", (255, 0, 0), (255, 0, 0)), ("P", 0, 0),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)), ("LA", (50, 255), 50), ("I;16", 257 * 100, 100),
    ],
)  # fmt: skip
def test_every_kind_of_png_becomes_rgb(tmp_path, mode, colour, expected):
    Image.new(mode, (40, 40), colour).save(tmp_path / "picture.png")
    assert (read(tmp_path / "picture.png") == expected).all()


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "webp",
                                    "tif", "tiff", "avif", "PNG"])  # fmt: skip
def test_a_ramp_in_every_kind_of_file(tmp_path, ending):
    if f".{ending.lower()}" not in PICTURE_ENDINGS:
        pytest.skip(f"this Pillow cannot read {ending}")
    grey = Image.fromarray(RAMP.astype("uint8"))
    grey.convert("RGB").save(tmp_path / f"ramp.{ending}")
    expected = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR)).astype(int)
    assert abs(read(tmp_path / f"ramp.{ending}") - expected[..., None]).max() < 12


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uint16", RAMP * 257), ("int32", RAMP * 1e6 - 3e7), ("int32", RAMP - 200),
        ("float32", RAMP / 255), ("float32", RAMP * 257),
    ],
)  # fmt: skip
def test_grey_of_more_than_8_bits_is_not_cut_off(tmp_path, kind, values):
    Image.fromarray(values.astype(kind)).save(tmp_path / "ramp.tif")
    picture = read(tmp_path / "ramp.tif")
    assert picture[:, 0].max() < 8 and picture[:, -1].min() > 247
    assert abs(picture[:, SIDE // 2] - 128).max() < 8


def test_grey_of_16_bits_keeps_its_darkness_and_odd_numbers_do_no_harm(tmp_path):
    Image.fromarray((RAMP * 2.57).astype("uint16")).save(tmp_path / "dark.png")
    assert read(tmp_path / "dark.png").max() == 3
    values = RAMP.astype("float32")
    values[0, 0], values[1, 1] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "holes.tif")
    assert read(tmp_path / "holes.tif")[:, -1].min() > 247
    Image.fromarray((RAMP * 257).astype("uint16")).save(tmp_path / "x-ray.tif", tiffinfo={262: 0})
    assert read(tmp_path / "x-ray.tif")[:, 0].min() > 247  # in this file 0 means white


@pytest.mark.parametrize("how", ["RGBA", "LA", "P", "grey key", "colour key"])
def test_transparent_places_are_white(tmp_path, how):
    """The left half is black and transparent, the right half dark grey."""
    path, pixels = tmp_path / "cut-out.png", np.zeros((40, 40), "uint8")
    pixels[:, 20:] = 60
    if how in ("RGBA", "LA"):
        alpha = Image.fromarray(np.where(pixels, 255, 0).astype("uint8"))
        picture = Image.fromarray(pixels).convert("RGB" if how == "RGBA" else "L")
        picture.putalpha(alpha)
        picture.save(path)
    elif how == "P":
        Image.fromarray(pixels).convert("P").save(path, transparency=0)
    elif how == "grey key":
        Image.fromarray(pixels).save(path, transparency=0)
    else:
        Image.fromarray(pixels).convert("RGB").save(path, transparency=(0, 0, 0))
    picture = read(path)
    assert (picture[:, :14] == 255).all() and (abs(picture[:, 18:] - 60) < 3).all()


def test_a_bitmap_whose_fourth_bytes_are_unused(tmp_path):
    Image.new("RGBA", (40, 40), (10, 20, 30, 0)).save(tmp_path / "picture.bmp")
    assert (read(tmp_path / "picture.bmp") == (10, 20, 30)).all()


def test_cmyk_and_the_first_of_moving_pictures(tmp_path):
    red = Image.new("RGB", (40, 40), (250, 10, 10))
    red.convert("CMYK").save(tmp_path / "print.jpg")
    blue = Image.new("RGB", (40, 40), (10, 10, 250))
    for name in ("moving.gif", "moving.png", "moving.webp", "moving.tif"):
        red.save(tmp_path / name, save_all=True, append_images=[blue, blue])
    for path in tmp_path.iterdir():
        assert abs(read(path) - (250, 10, 10)).max() < 12, path


def exif(*tags):
    """EXIF with one directory; a tag is (number, type, count, four bytes of value)."""
    body = struct.pack("<H", len(tags))
    for number, kind, count, value in sorted(tags):
        body += struct.pack("<HHL", number, kind, count) + value.ljust(4, b"\0")
    return b"Exif\0\0II*\0" + struct.pack("<L", 8) + body + struct.pack("<L", 0)


def turned(way):
    return (0x0112, 3, 1, struct.pack("<H", way))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("way", range(1, 9))
def test_pictures_are_shown_upright(tmp_path, ending, way):
    """Each of the eight ways in which a camera can be held, compared with Pillow's own turning."""
    pixels = np.zeros((60, 90, 3), "uint8")
    pixels[:30], pixels[:, :45, 1] = 200, 120
    tags = Image.Exif()
    tags[0x0112] = way
    Image.fromarray(pixels).save(tmp_path / f"held.{ending}", exif=tags)
    with Image.open(tmp_path / f"held.{ending}") as stored:
        upright = ImageOps.fit(ImageOps.exif_transpose(stored), (SIDE, SIDE))
    assert abs(read(tmp_path / f"held.{ending}") - np.asarray(upright)).mean() < 4


ODD = {
    "resolution as text": exif(turned(6), (0x011A, 2, 3, b"72\0")),
    "unit too large": exif(turned(6), (0x0128, 4, 1, struct.pack("<L", 70_000))),
    "values that lie outside": exif(turned(6), (0x010F, 2, 90_000, struct.pack("<L", 70_000))),
    "unknown type": exif(turned(6), (0x0131, 99, 1, b"")),
    "two orientations": exif((0x0112, 3, 2, struct.pack("<HH", 6, 6))),
    "orientation as text": exif((0x0112, 2, 2, b"6\0")),
    "no such orientation": exif(turned(77)),
    "no EXIF at all": b"Exif\0\0nothing of the kind",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_exif_ends_nothing(tmp_path, name):
    pixels = np.zeros((60, 60, 3), "uint8")
    pixels[:30] = 200
    Image.fromarray(pixels).save(tmp_path / "odd.jpg", exif=ODD[name])
    picture = read(tmp_path / "odd.jpg")
    if turned(6)[3] in ODD[name] and "orientation" not in name:
        assert picture[:, -8:].min() > 180 and picture[:, :8].max() < 20  # its top is on the right


def test_a_jpeg_reduced_while_decoding_looks_like_one_decoded_whole(tmp_path):
    rng = np.random.default_rng(0)
    scene = Image.fromarray(rng.integers(0, 256, (12, 16, 3)).astype("uint8"))
    scene = scene.resize((1_600, 1_200), Image.Resampling.BICUBIC)
    scene.save(tmp_path / "photograph.jpg", quality=92)
    scene.save(tmp_path / "photograph.png")
    for side in (32, 96, 224):
        jpeg, png = (read(tmp_path / f"photograph.{e}", side) for e in ("jpg", "png"))
        assert abs(jpeg - png).mean() < 1.5 and abs(jpeg - png).max() < 12


@pytest.mark.parametrize("turned", [False, True])
def test_the_longer_side_is_cropped_about_the_centre(tmp_path, turned):
    """The middle third is white and nothing else is left of the picture."""
    pixels = np.zeros((40, 120, 3), "uint8")
    pixels[:, 40:80] = 255
    Image.fromarray(pixels.transpose(1, 0, 2) if turned else pixels).save(tmp_path / "flag.png")
    assert (read(tmp_path / "flag.png", 40) == 255).all()


def chunk(name, content):
    check = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + check


MEMORY = """import pathlib, re, sys
from utils.picture_folders.decoding import read_picture
status = pathlib.Path("/proc/self/status")
print(read_picture(sys.argv[1], 32).mean())
print(*re.findall(r"VmHWM:\\s+(\\d+)", status.read_text() if status.exists() else ""))"""


def test_pictures_of_20_000_pixels_take_little_memory(tmp_path):
    """A JPEG is reduced while it is decoded; a PNG, which cannot be, is refused by its size."""
    Image.new("L", (20_000, 10_000), 77).save(tmp_path / "poster.jpg")
    command = [sys.executable, "-c", MEMORY, tmp_path / "poster.jpg"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True)
    mean, *kilobytes = map(float, done.stdout.split())  # the second on Linux alone
    assert abs(mean - 77) < 2 and max(kilobytes, default=0) < 150_000  # whole: 200,000 more
    header = struct.pack(">LLBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    (tmp_path / "poster.png").write_bytes(png)
    with pytest.raises(DataError, match=r"poster\.png cannot be read: .* 178 million pixels; save"):
        read(tmp_path / "poster.png")


def test_what_is_no_file_is_named_at_once(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "link.jpg").symlink_to(tmp_path / "gone.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    gone, other = r"no picture .*{}\.jpg", r"{}\.jpg cannot be read: it is no file, but a folder"
    for name, words in {"folder": other, "link": gone, "pipe": other, "none": gone}.items():
        with pytest.raises(DataError, match=words.format(name)):
            read_picture(tmp_path / f"{name}.jpg", SIDE)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\xff\xd8\xff\xe0cut off", b"GIF89a",
                                     b"BM" + b"\0" * 60, b"II*\0" + b"\xff" * 40])  # fmt: skip
def test_damage_is_named_with_its_reason(tmp_path, content):
    (tmp_path / "damaged.jpg").write_bytes(content)
    with pytest.raises(DataError, match=r"damaged\.jpg cannot be read: \w.*\n.*replace or delete"):
        read_picture(tmp_path / "damaged.jpg", SIDE)
    assert header_problem(tmp_path / "damaged.jpg")


def test_what_a_file_really_is_can_be_said(tmp_path):
    for content, why in ((b"", "it is empty"), (b"<html>", "it is no picture of a known kind"),
                         (b"II*\0" + bytes(20), "it is a TIFF of a kind that is not read"),
                         (b"%!PS-Adobe-3.0 EPSF-3.0", "it is no picture of a known kind"),
                         (b"\0\0\0\x24ftypheic\0\0", "it is HEIC under another name")):  # fmt: skip
        (tmp_path / "photograph.jpg").write_bytes(content)
        assert header_problem(tmp_path / "photograph.jpg").startswith(why)
    Image.new("RGB", (9, 9), (10, 20, 30)).save(tmp_path / "photograph.jpg", "PNG")
    assert (read(tmp_path / "photograph.jpg") == (10, 20, 30)).all()


def test_a_name_of_255_bytes_and_other_scripts(tmp_path):
    for name in ("n" * 251 + ".png", "猫 🐈 é.png"):
        Image.new("RGB", (9, 9), (1, 2, 3)).save(tmp_path / name)
        assert (read_picture(tmp_path / name, SIDE) == (1, 2, 3)).all()
