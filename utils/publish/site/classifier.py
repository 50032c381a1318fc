"""What the page that classifies pictures needs besides its scripts: a runtime and an example.

Both are made once and kept in outputs/classifier; the site gets copies. Nothing is committed.
"""

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from utils import files
from utils.files import REPOSITORY

RUNTIME = "onnxruntime-web@1.30.0"  # a package of npm's
ARCHIVE = "onnxruntime-web-1.30.0.tgz"
INTEGRITY = (  # sha512, as the index of packages gives it
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
PARTS = {  # in the archive, and in the site; .js because some servers do not know .mjs
    "package/dist/ort.wasm.bundle.min.mjs": "ort.js",
    "package/dist/ort-wasm-simd-threaded.wasm": "ort.wasm",
}
PACKAGES = ("tensorflow", "tf2onnx", "onnx", "onnxruntime")
SOURCES = (  # of the example
    "data/toys/toys.png", "data/vgg16-imagenet.weights.h5", "utils/model.py", "utils/training.py",
    "utils/photos/example.py", "utils/photos/ship.py",
)  # fmt: skip


class MissingError(Exception):
    """The page cannot be made here; the message says what is missing and how to get it."""


def prepare(cache: Path) -> Path | None:
    """The folder of the files that the page loads, or None, after saying what is missing."""
    try:
        runtime, example = fetch_runtime(cache), make_example(cache)
    except (MissingError, OSError) as error:
        print(f"The page that classifies pictures is left out.\n{error}", flush=True)
        return None
    return lay_out(runtime, example, cache / "parts")


def lay_out(runtime: Path, example: Path, parts: Path) -> Path:
    """Put what the page loads into a fresh folder `parts`, and return it."""
    shutil.rmtree(parts, ignore_errors=True)
    shutil.copytree(example, parts, ignore=shutil.ignore_patterns("*.keras"))
    with tarfile.open(runtime) as archive:
        for inside, name in PARTS.items():
            (parts / name).write_bytes(archive.extractfile(inside).read())
    about = files.read_json(parts / "about.json")
    sizes = [(parts / name).stat().st_size for name in ("ort.wasm", "example.onnx")]
    files.write_json(parts / "about.json", about | {"bytes": sum(sizes)})
    return parts


def fetch_runtime(cache: Path) -> Path:
    """The archive of ONNX Runtime Web, from `cache` or through npm, verified.

    Raises:
        MissingError: there is no npm, the index cannot be reached, or the archive is another one.
    """
    path = files.make_folder(cache) / ARCHIVE
    if not path.exists():
        npm = shutil.which("npm")
        by_hand = f"On any computer with npm, `npm pack {RUNTIME}` fetches it: put it into {cache}."
        if not npm:
            raise MissingError(f"npm is not installed, and there is no {path}.\n{by_hand}")
        print(f"Fetching {RUNTIME} (33 MB) ...", flush=True)
        command = [npm, "pack", RUNTIME, "--silent", "--pack-destination", str(cache)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode or not path.exists():
            reason = (done.stderr.strip() or done.stdout.strip() or "no reason given")[:500]
            raise MissingError(f"npm could not fetch {RUNTIME}: {reason}\n{by_hand}")
    found = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        raise MissingError(
            f"{path} is not {RUNTIME}: sha512 {found}, expected {INTEGRITY}.\n"
            "Delete it and build the site again."
        )
    return path


def make_example(cache: Path) -> Path:
    """The folder with the example, made again only where something that it depends on changed.

    Raises:
        MissingError: packages are missing, or the example cannot be made.
    """
    missing = [name for name in PACKAGES if not importlib.util.find_spec(name)]
    if missing:
        raise MissingError(
            f"It needs {', '.join(missing)}. To install: python -m pip install "
            "-r requirements.txt -r requirements-site.txt -c constraints.txt"
        )
    digest, folder = _digest(), cache / "example"
    if files.read_json(folder / "about.json").get("digest") != digest:
        print("Training the example of the page that classifies (a minute) ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "utils.photos.example", str(folder)]
        quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
        done = subprocess.run(command, cwd=REPOSITORY, env=quiet, capture_output=True, text=True)
        if done.returncode:
            raise MissingError(f"The example could not be made:\n{done.stderr[-1_000:]}")
        about = files.read_json(folder / "about.json")
        files.write_json(folder / "about.json", about | {"digest": digest})
    return folder


def _digest() -> str:
    """A digest of all that the example is made from."""
    parts = [hashlib.sha256((REPOSITORY / name).read_bytes()).digest() for name in SOURCES]
    return hashlib.sha256(b"".join(parts)).hexdigest()
