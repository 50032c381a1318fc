"""The packages of a bundle as wheels for this machine: those at hand, others from the index."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LARGEST = "tensorflow"  # three quarters of all bytes


class BundleError(RuntimeError):
    """A bundle cannot be made; the message says why and what to do."""


def collect(target: Path, repository: Path, at_hand: list[Path], kept: Path) -> None:
    """Put the wheels that requirements.txt needs into `target`.

    What lies in the folders `at_hand` is not fetched. The largest package is fetched first, into
    `kept`, so that a run that is broken off later does not fetch it again; pip's own cache keeps
    the others.

    Raises:
        BundleError: a wheel at hand is damaged, or one can neither be found nor be fetched.
    """
    folders = [folder for folder in (*at_hand, kept) if any(folder.glob("*.whl"))]
    refuse_damaged(folders)
    pins = repository / "constraints.txt"
    needed = ["pip", "-r", repository / "requirements.txt", "-c", pins]
    if folders and not _pip(target, folders, [*needed, "--no-index"]):
        print("All packages were at hand.")
        return
    print("Fetching packages, the largest first ...", flush=True)
    lines = (repository / "requirements.txt").read_text(encoding="utf-8").splitlines()
    first = [line.partition("#")[0].strip() for line in lines if line.startswith(LARGEST)]
    steps = {kept: ["--no-deps", "pip", *first, "-c", pins], target: needed}
    for place, wanted in steps.items():
        folders = [*at_hand, kept]
        with tempfile.TemporaryDirectory() as own:
            there = Path(own, "at-hand.txt")
            there.write_text("\n".join(pinned_and_there(folders, pins)), encoding="utf-8")
            problem = _pip(place, folders, [*wanted, "-c", there])
        if problem:
            break
    if problem:
        with contextlib.suppress(OSError):  # it holds something
            kept.rmdir()
        raise BundleError(
            f"The packages could not be fetched. pip says:\n{problem}\nA package index is needed, "
            "or a folder that holds all wheels (--wheels FOLDER).\nWhat has arrived is kept; run "
            f"it again to go on, or delete {kept}."
        )


def refuse_damaged(folders: list[Path]) -> None:
    """Raise on a file that ends early, which pip would not name."""
    for wheel in (wheel for folder in folders for wheel in folder.glob("*.whl")):
        if not zipfile.is_zipfile(wheel):
            raise BundleError(
                f"{wheel} is no whole wheel ({wheel.stat().st_size} bytes, no zip archive). "
                "Delete it and run again."
            )


def pinned_and_there(folders: list[Path], pins: Path) -> list[str]:
    """A constraint for each wheel that is pinned: without it pip prefers the index to a folder."""
    pinned = {_plain(line) for line in pins.read_text(encoding="utf-8").splitlines()}
    there = {}
    for wheel in (wheel for folder in folders for wheel in sorted(folder.glob("*.whl"))):
        name, version = wheel.name.split("-")[:2]
        if _plain(f"{name}=={version}") in pinned:
            there.setdefault(_plain(name), f"{name} @ {wheel.absolute().as_uri()}")
    return list(there.values())


def _plain(name: str) -> str:
    """One spelling of a package's name (and version), of which there are several."""
    return re.sub(r"[-_.]+", "-", name.partition("#")[0].strip()).lower()


def _pip(target: Path, folders: list[Path], needed: list) -> str:
    """Run `pip wheel`, showing what it fetches and builds; returns its errors, "" if none."""
    command = [sys.executable, "-m", "pip", "wheel", "--wheel-dir", target, *needed]
    command += ["--prefer-binary", "--progress-bar", "off", "--disable-pip-version-check"]
    for folder in folders:
        command += ["--find-links", folder]
    # A pip at hand runs from its wheel: of late it takes a third of the time for so many packages.
    pips = sorted(wheel for folder in folders for wheel in folder.glob("pip-*.whl"))
    environment = {**os.environ, **({"PYTHONPATH": str(pips[-1])} if pips else {})}
    said = []
    with subprocess.Popen(
        [str(part) for part in command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as pip:
        for line in map(str.strip, pip.stdout):
            said.append(line)
            if line.startswith(("Downloading", "Using cached", "Building wheel")):
                print(f"  {line}", flush=True)
    errors = [line for line in said if line.startswith("ERROR")] or said[-5:]
    return "\n".join(f"  {line}" for line in errors) if pip.returncode else ""
