"""Install the tutorial from this kit, without internet. Needs only Python's standard library.

Nothing is changed before all files are verified. An interrupted install is resumed when it is run
again with the same folder.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Python 3.11 or newer is needed; README.txt says which one this kit is for.")

HERE = Path(__file__).resolve().parent
SUMS = "SHA256SUMS"
CIFAR10 = "cifar-10-batches-py-target_archive"  # as Keras calls it in its folder "datasets"
UNFINISHED = ".unfinished-install"  # in the target folder until all is done
PYTHON = "{}.{}".format(*sys.version_info)
MACHINE = f"Python {PYTHON} on {platform.system()} ({platform.machine()})"  # what wheels depend on
WINDOWS = os.name == "nt"


class KitError(Exception):
    """A kit cannot be made or installed; the message says why and what to do."""


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_sums(kit: Path) -> dict[str, str]:
    """Return the SHA-256 of each file by name."""
    lines = (kit / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    matches = [re.fullmatch("([0-9a-f]{64})  (.+)", line) for line in lines]
    if not all(matches) or not matches:
        raise KitError(f"{kit / SUMS} is damaged. Copy the kit again, or delete it.")
    return {match[2]: match[1] for match in matches}


def verify() -> None:
    """Raise KitError naming the kit's files that are missing, unreadable or damaged."""
    print(f"Verifying the files in {HERE} ...", flush=True)
    problems = []
    for name, expected in read_sums(HERE).items():
        try:
            if sha256(HERE / name) != expected:
                problems.append(f"\n  damaged: {name}")
        except OSError as error:  # it is missing, or the stick has a bad sector
            problems.append(f"\n  {error.strerror}: {name}")
    if problems:
        raise KitError("Copy these files of the kit again:" + "".join(problems))


def check_space(needed: dict[Path, int]) -> None:
    """Raise KitError if a disk has less room than these folders on it need, in bytes."""
    totals = {}
    for folder, count in needed.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        disk, free = existing.stat().st_dev, shutil.disk_usage(existing).free
        totals[disk] = totals.get(disk, 0) + count
        if free < totals[disk]:
            sizes = f"{free / 1e9:.1f} GB are free and {totals[disk] / 1e9:.1f} GB are needed"
            raise KitError(f"{sizes} on the disk of {folder}. Make room, or use another disk.")


def make_environment(target: Path) -> None:
    """Create .venv and install the wheels into it, whatever index or options pip is set to."""
    # Without pip, which Debian's Python cannot put there: it runs from its wheel instead.
    venv.create(target / ".venv", clear=True, symlinks=not WINDOWS)
    python = target / ".venv" / ("Scripts/python.exe" if WINDOWS else "bin/python")
    command = [python, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "pip"]
    command += ["-r", target / "requirements.txt", "-c", target / "constraints.txt", "--no-index"]
    command += ["--find-links", HERE / "wheels", "--no-cache-dir", "--no-compile", "--quiet"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    environment["PYTHONPATH"] = str(next((HERE / "wheels").glob("pip-*.whl")))
    environment["PIP_CONFIG_FILE"] = os.devnull  # --isolated does not keep the system's out
    print("Installing the packages (a minute or two) ...", flush=True)
    if subprocess.run([str(part) for part in command], env=environment).returncode:
        raise KitError(
            "pip says above why. 'No matching distribution' means that this system is older than\n"
            "the one the kit was made on: make one here. On Windows, try a shorter path."
        )


def install(target: Path) -> None:
    """Verify the kit, then install the tutorial into `target` and CIFAR-10 into Keras's folder."""
    resumes = (target / UNFINISHED).exists()
    used = target.is_file() or (target.exists() and os.listdir(target) and not resumes)
    if used or HERE in target.parents:
        raise KitError(f"{target} is in use, or in the kit itself. Name a new folder.")
    verify()
    about = json.loads((HERE / "kit.json").read_text(encoding="utf-8"))
    if about["machine"] != MACHINE:
        raise KitError(
            f"This kit is for {about['machine']}; this is {MACHINE}. Use that Python (its path in\n"
            "the variable PYTHON), or make a kit on a machine like this one."
        )
    # As the notebooks read KERAS_HOME: a relative path counts from the repository.
    home = target / Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    archive, place = HERE / CIFAR10, home / "datasets" / CIFAR10
    wanted = archive.exists() and not place.exists()
    if not resumes:
        check_space({target: about["bytes"], home: archive.stat().st_size if wanted else 0})
    print(f"Copying the tutorial to {target} ...", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    (target / UNFINISHED).touch()
    shutil.copytree(HERE / "repository", target, dirs_exist_ok=True)
    make_environment(target)
    if wanted:
        print(f"Copying CIFAR-10 to {place} ...", flush=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(shutil.copyfile(archive, place.with_suffix(".partial")), place)
    (target / ".venv" / "ready").touch()  # or make would install again, from an index
    (target / UNFINISHED).unlink()
    activate = r".venv\Scripts\activate" if WINDOWS else ". .venv/bin/activate"
    lab = "jupyter lab notebooks/01-download.ipynb"
    print(f'\nInstalled. To start:\n  cd "{target}"\n  {activate}\n  {lab}')
    print("In Chinese: notebooks/zh/01-download.ipynb")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="~/transfer-learning", help="new or empty")
    parser.add_argument("--check", action="store_true", help="only verify the files of the kit")
    options = parser.parse_args()
    target = Path(options.folder).expanduser().resolve()
    try:
        verify() if options.check else install(target)
    except (KitError, OSError, KeyboardInterrupt) as error:
        sys.exit(f"\nNot installed. {str(error) or 'Interrupted.'}")


if __name__ == "__main__":
    main()
