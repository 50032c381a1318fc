"""Build a bundle: beside its place, then renamed, so that a half one never bears its name."""

import contextlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from utils import download
from utils.bundle import contents, verify, wheels
from utils.bundle.wheels import BundleError
from utils.settings import REPOSITORY

SCRIPTS = ("install.sh", "install.ps1", "install.py", "verify.py")
WHEELS_BYTES = 760_000_000  # of all packages on Linux, measured 2026-11-24
LARGEST_BYTES = 580_000_000  # of TensorFlow alone, which pip holds twice for a moment
NO_LICENCE = (
    "CIFAR-10 has no licence: keep this bundle to yourself and your class; do not publish it."
)


def build(folder: Path, wheels_at_hand: Path | None = None, repository: Path = REPOSITORY) -> None:
    """Make the bundle `folder`; an earlier bundle there is replaced when the new one is whole.

    Raises:
        BundleError: `folder` holds something else, packages cannot be had, or the disk is full.
    """
    refuse_other_content(folder)
    at_hand = [wheels_at_hand] if wheels_at_hand else []
    if wheels_at_hand and not any(wheels_at_hand.glob("*.whl")):
        raise BundleError(f"There are no wheels (*.whl) in {wheels_at_hand}. Name another folder.")
    if not at_hand and (folder / verify.SUMS).exists():
        damaged = verify.problems(folder)
        at_hand = [] if damaged else [folder / "wheels"]
        if damaged:
            print(f"Not used, since the earlier bundle has changed ({damaged[0]}): its packages.")
    kept = folder.with_name(f".{folder.name}-wheels")
    keras_files = contents.keras_files_at_hand()
    need_space(folder, at_hand, keras_files)
    with _new_folder(folder) as new:
        made = {folder, new, kept, *at_hand}
        contents.copy_repository(repository, new / "repository", leave_out=made)
        wheels.collect(new / "wheels", repository, at_hand, kept)
        for file in keras_files:
            contents.copy(
                file.target, new / "keras-home" / file.target.relative_to(download.keras_home())
            )
        write_scripts(new, keras_files)
        print("Computing checksums ...", flush=True)
        verify.write_sums(new)
    shutil.rmtree(kept, ignore_errors=True)
    size = sum(path.stat().st_size for path in folder.rglob("*"))
    print(f"\nThe bundle is ready: {folder} ({size / 1e9:.2f} GB).")
    print((folder / "README.txt").read_text(encoding="utf-8"))


def refuse_other_content(folder: Path) -> None:
    """Raise if replacing `folder` would delete what no bundle holds."""
    if os.path.ismount(folder):
        raise BundleError(f"{folder} is a whole disk. Name a folder on it: {folder / 'bundle'}")
    if folder.exists() and not folder.is_dir():
        raise BundleError(f"{folder} is a file. Name a new folder, or that of an earlier bundle.")
    try:
        known = set(verify.read_sums(folder))
    except (OSError, ValueError):
        known = set()
    strange = sorted(set(verify.names_in(folder)) - known)
    if strange:
        raise BundleError(
            f"{folder} holds {strange[0]}, which is no part of a bundle and would be deleted "
            f"({len(strange)} such files). Move it away, or name another folder."
        )


def need_space(folder: Path, at_hand: list[Path], keras_files: list[download.RemoteFile]) -> None:
    """Raise where the disks of the bundle and of temporary files have too little room."""
    needed = {folder.parent: WHEELS_BYTES + sum(file.target.stat().st_size for file in keras_files)}
    if not at_hand:
        needed[folder.parent] += LARGEST_BYTES
        needed[Path(tempfile.gettempdir())] = LARGEST_BYTES
    by_disk = {}
    for place, count in needed.items():
        there = next(path for path in (place, *place.parents) if path.exists())
        first, total = by_disk.get(there.stat().st_dev, (there, 0))
        by_disk[there.stat().st_dev] = (first, total + count)
    for there, count in by_disk.values():
        free = shutil.disk_usage(there).free
        if free < count:
            raise BundleError(
                f"{free / 1e9:.1f} GB are free on the disk of {there}; {count / 1e9:.1f} GB are "
                "needed to make a bundle.\nMake room, or name a folder on another disk."
            )


def write_scripts(new: Path, keras_files: list[download.RemoteFile]) -> None:
    """Write the installers, what machine they are for, and README.txt."""
    machine = verify.this_machine()
    templates = Path(__file__).parent
    for name in SCRIPTS:
        text = (templates / name).read_text(encoding="utf-8")
        text = text.replace("@PYTHON@", machine["python"])
        (new / name).write_text(text, encoding="utf-8", newline="\n")
    (new / "bundle.json").write_text(json.dumps(machine, indent=2) + "\n", encoding="utf-8")
    unpacked = sum(
        member.file_size
        for wheel in (new / "wheels").glob("*.whl")
        for member in zipfile.ZipFile(wheel).infolist()
    )
    names = " and ".join(file.name for file in keras_files)
    keras = f"With {names}, which go to Keras's folder (KERAS_HOME, or .keras in your home folder)."
    if not keras_files:
        keras = "Without CIFAR-10 and ImageNet's weights: the notebooks take their bundled edition."
    elif any(file.name == "CIFAR-10" for file in keras_files):
        keras += f" {NO_LICENCE}"
    text = (templates / "README.txt").read_text(encoding="utf-8")
    text = text.format(date=date.today(), gigabytes=1.1 * unpacked / 1e9, keras=keras, **machine)
    (new / "README.txt").write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside `folder`, which takes its place only if all went well."""
    new, old = (folder.with_name(f".{folder.name}-{word}") for word in ("new", "old"))
    if old.exists() and not folder.exists():  # left by a run that was ended from outside
        old.rename(folder)
    for left in (new, old):
        if left.exists():
            shutil.rmtree(left)
    new.mkdir(parents=True)
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        if not folder.exists() and old.exists():
            old.rename(folder)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
