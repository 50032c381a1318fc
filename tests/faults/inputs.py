"""Damaged and hostile files: pictures and their folders, archives, weights, models, results."""

import io
import json
import os
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from tests.faults.trying import Fault, Outcome, in_child
from utils import weights
from utils.data import PictureSet, PictureSets, load_sets
from utils.experiments import results
from utils.files import REPOSITORY
from utils.settings import Settings, choose_settings

REPLACE = "replace or delete them"
NOWHERE = "http://127.0.0.1:9"  # nobody listens
MUCH = 100_000_000  # bytes, packed into a hundredth


def settings_for(folder: Path, data: str = "pictures") -> Settings:
    """Settings of the pictures in `folder`, or of another kind of data."""
    data = str(folder / data) if data == "pictures" else data
    return Settings(data, "imagenet", "tiny", 32, "float32", folder / "outputs")


def nothing_escaped(folder: Path, use: Callable[[], object]) -> object:
    """What `use()` gives; AssertionError where code or an archive has written a file `escaped`."""
    places = [place / "escaped" for place in (folder, folder.parent, folder.parent.parent)]
    for place in places:
        place.unlink(missing_ok=True)
    try:
        return use()
    finally:
        assert not any(place.exists() for place in places), "a file was written outside"


# Pictures


def encoded(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((90, 90), 60).convert("RGB").save(stream, kind)
    return stream.getvalue()


def zeros(count: int) -> bytes:
    """So many zero bytes, packed; a block that is packed once is repeated."""
    packer, block = zlib.compressobj(9, zlib.DEFLATED, -15), 1 << 20
    once = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(count % block)) + packer.flush()
    return b"\x78\xda" + once * (count // block) + rest + struct.pack(">HH", count % 65_521, 1)


def chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + check


def png(side: int, more: bytes = b"") -> bytes:
    """A black picture in grey, complete however large."""
    header = chunk(b"IHDR", struct.pack(">LLBBBBB", side, side, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zeros(side * (side + 1)))
    return b"\x89PNG\r\n\x1a\n" + header + more + body + chunk(b"IEND", b"")


def large_jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (20_000, 20_000), 77).save(stream, "JPEG")
    return stream.getvalue()


PICTURES = {  # name: (file, content, why it is refused; "" where it is read)
    "JPEG cut off": ("odd.jpg", lambda: encoded("JPEG")[:-900], "truncated"),
    "PNG cut off": ("odd.png", lambda: encoded("PNG")[:-900], "truncated"),
    "WebP cut off": ("odd.webp", lambda: encoded("WEBP")[:-300], "could not create decoder"),
    "GIF cut off": ("odd.gif", lambda: encoded("GIF")[:900], "truncated"),
    "TIFF cut off": ("odd.tif", lambda: encoded("TIFF")[:900], "truncated"),
    "zero bytes": ("odd.jpg", lambda: b"", "it is empty"),
    "text named .jpg": ("odd.jpg", lambda: b"Dear diary", "no picture of a known kind"),
    "sign-in page named .png": ("odd.png", lambda: b"<html>Sign in</html>", "no picture of a"),
    "HEIC named .jpg": ("odd.jpg", lambda: b"\0\0\0\x24ftypheic\0\0", "it is HEIC"),
    "PNG damaged": ("odd.png", lambda: encoded("PNG").replace(b"IDAT", b"IDAT0"), "broken data"),
    "PNG of 20,000 x 20,000": ("odd.png", lambda: png(20_000), "178 million pixels; save it sm"),
    "decompression bomb": ("odd.png", lambda: png(60_000), "178 million pixels; save it smaller"),
    "bomb in a comment": (
        "odd.png", lambda: png(90, chunk(b"zTXt", b"Comment\0\0" + zeros(MUCH))), "too large"),
    "JPEG of 20,000 x 20,000": ("odd.jpg", large_jpeg, ""),
    "name of 255 bytes": ("n" * 251 + ".png", lambda: encoded("PNG"), ""),
}  # fmt: skip


def link_in_a_circle(ants: Path) -> None:
    """A folder of pictures elsewhere, in which a link leads back."""
    elsewhere = ants.parent.parent / "elsewhere"
    elsewhere.mkdir()
    (ants / "out").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(ants)


PLACES = {  # name: (what is done in the folder of a class, what is said of it, "" where it is read)
    "link out of the folder, to a text": (
        lambda ants: (ants / "odd.jpg").symlink_to(REPOSITORY / "LICENSE"), "no picture of a"),
    "link to an endless device": (
        lambda ants: (ants / "odd.jpg").symlink_to("/dev/zero"), "it is no file, but"),
    "link that leads nowhere": (
        lambda ants: (ants / "odd.jpg").symlink_to("/no/such/file"), "there is no such file"),
    "pipe named .jpg": (lambda ants: os.mkfifo(ants / "odd.jpg"), "it is no file, but"),
    "links in a circle": (link_in_a_circle, ""),
}  # fmt: skip


def write(name: str, content: Callable[[], bytes], ants: Path) -> None:
    (ants / name).write_bytes(content())


def picture(folder: Path, add: Callable[[Path], object]) -> str:
    """Read two classes of noise, to one of which something is added."""
    for name in ("ants", "bees"):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(6):
            (folder / "pictures" / name / f"{number}.png").write_bytes(encoded("PNG"))
    add(folder / "pictures" / "ants")
    return read_folder(folder)


def read_folder(folder: Path) -> str:
    sets = load_sets(settings_for(folder))
    return f"{sum(map(len, (sets.train, sets.validation, sets.test)))} pictures are read"


class Escape:
    """Unpickled, it runs a program."""

    def __reduce__(self):
        return os.system, ("touch escaped",)


def code_in_kept_pictures(folder: Path) -> object:
    """The file in which pictures are kept for the next notebook holds code."""
    picture(folder, lambda ants: None)
    (kept,) = (folder / "outputs" / "pictures").glob("*.npy")
    np.save(kept, np.array(Escape(), object))
    return nothing_escaped(folder, lambda: read_folder(folder))


# Archives with ../ in them


def archive_as_data(folder: Path) -> object:
    path = hostile_archive(folder / "pictures.tar.gz")
    return nothing_escaped(folder, lambda: choose_settings(data=str(path)))


def archive_as_cifar10(folder: Path) -> object:
    os.environ |= {"HTTPS_PROXY": NOWHERE, "https_proxy": NOWHERE}
    hostile_archive(folder / "keras" / "datasets" / "cifar-10-batches-py-target_archive")
    return nothing_escaped(folder, lambda: load_sets(settings_for(folder, "cifar10")))


def hostile_archive(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../escaped"))
    return path


# Weights


def put(name: str, value: object, layers: h5py.Group) -> None:
    del layers[name]
    layers[name] = value


def large(layers: h5py.Group) -> None:
    del layers["conv2d_7/vars/0"]
    layers.create_dataset("conv2d_7/vars/0", (1 << 20, 1 << 20), "float32", chunks=(1, 1))


KERNEL = "conv2d_7/vars/0"
WEIGHTS = {  # name: (what is done to the shipped file, what is said of it)
    "an extra layer": (lambda layers: layers.copy("conv2d_12", "conv2d_13"), "14 kernels"),
    "a missing layer": (lambda layers: layers.pop("conv2d_12"), "differ from block5_conv3"),
    "NaN": (partial(put, KERNEL, np.full((3, 3, 256, 512), np.nan)), "block4_conv1.*not finite"),
    "infinity": (partial(put, "conv2d_7/vars/1", np.full(512, np.inf)), "block4_conv1.*not fin"),
    "4 TB": (large, "block4_conv1 wants a kernel"),
    "a link to another file": (
        partial(put, KERNEL, h5py.ExternalLink(str(weights.IMAGENET), f"layers/{KERNEL}")),
        "block4_conv1.*link to another file"),
}  # fmt: skip


def changed_weights(change: Callable[[h5py.Group], object], folder: Path) -> None:
    path = Path(shutil.copy(weights.IMAGENET, folder / "odd.weights.h5"))
    with h5py.File(path, "r+") as file:
        change(file["layers"])
    weights.check_weights_file(path)


def cut_off_weights(folder: Path) -> None:
    (folder / "odd.weights.h5").write_bytes(weights.IMAGENET.read_bytes()[:9_000_000])
    weights.check_weights_file(folder / "odd.weights.h5")


def one_bit(folder: Path) -> str:
    content = bytearray(weights.IMAGENET.read_bytes())
    content[len(content) // 2] ^= 1
    weights.IMAGENET = folder / "vgg16-imagenet.weights.h5"
    weights.IMAGENET.write_bytes(content)
    return weights.check_imagenet_weights()


# Models


def load(folder: Path, *layers, change: Callable[[Path], None] | None = None, bias: float = 0.0):
    """Save a small network with class names, change the file, and load it as our programs do."""
    import keras

    from utils.photos import answers

    layers = [*layers, keras.layers.Flatten(), keras.layers.Dense(2)]
    network = keras.Sequential([keras.Input((32, 32, 3)), *layers])
    network.layers[-1].bias.assign([bias, bias])
    path = answers.save_model(network, folder / "odd.keras", ["a", "b"])
    if change:
        change(path)
    network, _ = nothing_escaped(folder, lambda: answers.load_model(path))
    return f"{len(network.layers)} layers are loaded"


def member(name: str, content: bytes, path: Path) -> None:
    """Put a member into an archive, in the place of the one of that name if there is one."""
    old = path.rename(path.with_suffix(".old"))
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(path, "w") as target:
        for kept in source.namelist():
            if kept != name:
                target.writestr(kept, source.read(kept))
        target.writestr(name, content, zipfile.ZIP_DEFLATED)


def code_in_lambda(folder: Path) -> object:
    import keras

    return load(folder, keras.layers.Lambda(lambda x: x + os.system("touch escaped")))


MODULE = {"module": "os", "class_name": "system", "config": "touch escaped"}
MODELS = {  # name: (what is done to the file, what is said of it)
    "another module's code": (
        partial(member, "config.json", json.dumps(MODULE).encode()), "cannot load|brings code"),
    "a bomb": (lambda path: member("config.json", bytes(MUCH), path), "unpacks to 10. MB"),
    "its end cut off": (
        lambda path: path.write_bytes(path.read_bytes()[:-200]), "not a whole .keras file. Save"),
    "the class names of another": (
        partial(member, "class_names.json", b'["a", "b", "c"]'), "3 class names.*Expected one"),
}  # fmt: skip


# Results of runs


def saved_run(change: Callable[[Path, Path], object], folder: Path) -> str:
    """Save two runs, of three and of two classes, change the files of the first, and load it."""
    import keras
    import pandas as pd

    from utils.runs import Run, load_run, run_folder, save_run

    part = PictureSet(np.zeros((9, 2, 2, 3), "uint8"), np.arange(9) % 3)
    settings, sets = settings_for(folder, "toys"), PictureSets(part, part, part, list("abc"))
    two = replace(sets, class_names=list("ab"))
    for case, known in (("frozen base", sets), ("fine-tuned", two)):
        network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(len(known.class_names))])
        save_run(Run(case, network, pd.DataFrame({"loss": [1.0]}), 1.0), settings, known)
    change(run_folder(settings, "frozen base"), run_folder(settings, "fine-tuned"))
    return "taken" if load_run("frozen base", settings, sets) else "no run, so it is trained again"


DAMAGED = "the saved model is damaged"
RUNS = {  # name: (what is done to a run's folder, what is said of it)
    "the model of another": (
        lambda own, other: shutil.copy(other / "model.keras", own), f"{DAMAGED} .it is not"),
    "a model without a config": (
        lambda own, other: zipfile.ZipFile(own / "model.keras", "w").close(), DAMAGED),
    "a history of rubbish": (
        lambda own, other: (own / "history.csv").write_bytes(bytes(range(256))), "incomplete"),
}  # fmt: skip


def run_of_other_classes(folder: Path) -> str:
    return saved_run(lambda own, other: shutil.copytree(other, own, dirs_exist_ok=True), folder)


def results_of_another(folder: Path) -> str:
    """The recorded results of CIFAR-10 where those of the toys are asked for."""
    return f"used: {results.load_or_say('scoreboard-cifar10', data='toys') is not None}"


def _cases():
    """Of each: its name, how it is done, what is said, and whether it is an error."""
    added = {name: (file, partial(write, file, content), why)
             for name, (file, content, why) in PICTURES.items()}  # fmt: skip
    added |= {name: ("odd.jpg", *place) for name, place in PLACES.items()}
    for name, (file, add, why) in added.items():
        said = f"{file}: [^\n]*{why}.*{REPLACE}" if why else "1[23] pictures are read"
        yield name, partial(picture, add=add), said, bool(why)
    yield "code in kept pictures", code_in_kept_pictures, "is damaged.*12 pictures", False
    yield "archive with ../ as data", archive_as_data, "nor a folder that exists.*Allowed", True
    yield "archive with ../ as CIFAR-10", archive_as_cifar10, "not be downloaded.*by hand", True
    for name, (change, why) in WEIGHTS.items():
        yield f"weights with {name}", partial(changed_weights, change), f"{why}.*Expected", True
    yield "weights cut off", cut_off_weights, "cannot be read.*Expected", True
    yield "shipped weights, one bit changed", one_bit, "is damaged.*git checkout", True
    for name, (change, why) in MODELS.items():
        yield f"model with {name}", partial(load, change=change), why, True
    yield "model with code in a Lambda", code_in_lambda, "brings code.*not loaded", True
    yield "model with NaN", partial(load, bias=np.nan), "not a number.*train and save", True
    how = partial(load, change=partial(member, "../escaped", b"evil"))
    yield "model with ../ in it", how, "3 layers are loaded", False
    for name, (change, why) in RUNS.items():
        yield f"run with {name}", partial(saved_run, change), f"{why}.*no run", False
    yield "run of other classes", run_of_other_classes, "2 classes.*Execute notebook 04", True
    yield "results of other pictures", results_of_another, "on cifar10, not.*used: False", False


def attempt(name: str, expected: str, error: bool, folder: Path, number: int) -> Outcome:
    return in_child("inputs", name, folder, expected, error=error)


USES = {name: how for name, how, _, _ in _cases()}
FAULTS = [
    Fault("input", name, partial(attempt, name, expected, error))
    for name, _, expected, error in _cases()
]
