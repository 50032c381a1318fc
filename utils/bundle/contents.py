"""What goes into a bundle beside the packages: the repository, and files of Keras's folder."""

import fnmatch
import os
import shutil
import subprocess
from pathlib import Path

from utils import download

NO_SOURCE = (".git", ".venv*", "outputs", "__pycache__", ".*_cache", ".ipynb_checkpoints")


def copy_repository(repository: Path, target: Path, leave_out: set[Path]) -> None:
    """Copy the files that git tracks, or without git all but what a run or a tool has made."""
    names = _tracked(repository)
    if names is None:
        names = [
            path.relative_to(repository)
            for path in repository.rglob("*")
            if path.is_file() and not leave_out & set(path.parents)
        ]
        made = [name for name in names if any(fnmatch.filter(name.parts, p) for p in NO_SOURCE)]
        names = sorted(set(names) - set(made))
    print(f"Copying {len(names)} files of {repository} ...", flush=True)
    for name in names:
        copy(repository / name, target / name)


def _tracked(repository: Path) -> list[Path] | None:
    """The files that git tracks and that are there; None where git cannot tell."""
    if not (repository / ".git").exists():  # git would ask the folders above
        return None
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=repository, check=True, capture_output=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    names = [Path(os.fsdecode(name)) for name in listed.split(b"\0") if name]
    return [name for name in names if (repository / name).is_file()]


def keras_files_at_hand() -> list[download.RemoteFile]:
    """CIFAR-10 and ImageNet's weights, as far as they are in Keras's folder and right; says so."""
    found = []
    for wanted in (download.cifar10_archive, download.imagenet_vgg16):
        file = wanted(download.keras_home())
        if download.is_on_disk(file):
            found.append(file)
            print(f"{file.name}: taken from {file.target}")
        else:
            reason = "its hash is wrong" if file.target.exists() else "there is none"
            print(f"{file.name}: not taken, {reason} at {file.target}")
    return found


def copy(source: Path, target: Path) -> None:
    """Copy a file, making the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
