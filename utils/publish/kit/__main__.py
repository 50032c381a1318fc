"""Make the kit: one folder, for a USB stick, that installs the tutorial without internet.

python -m utils.publish.kit                    into outputs/kit
python -m utils.publish.kit /media/stick/kit   into another folder, new or an earlier kit

pip takes the packages from its index; with PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER from a folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from datetime import date
from pathlib import Path

from utils import download
from utils.publish.kit import install
from utils.publish.kit.install import KitError
from utils.settings import REPOSITORY, full_path, outputs_folder

WHEELS_BYTES = 800_000_000  # of all packages on Linux, three quarters of them TensorFlow
NOT_SOURCE = (".git", ".venv*", "outputs", "__pycache__", ".*_cache", ".ipynb_checkpoints")


def build(folder: Path, repository: Path = REPOSITORY) -> None:
    """Make the kit in `folder`; an earlier kit there is replaced once the new one is whole."""
    refuse_other_content(folder)
    cifar10 = download.cifar10_archive(download.keras_home())
    archive = cifar10.target if download.is_on_disk(cifar10) else None
    print(f"CIFAR-10: {'found' if archive else 'missing or damaged'} at {cifar10.target}")
    own = WHEELS_BYTES + (archive.stat().st_size if archive else 0)
    install.check_space({folder: own, Path(tempfile.gettempdir()): WHEELS_BYTES})
    new, old = (folder.with_name(f".{folder.name}-{word}") for word in ("new", "old"))
    shutil.rmtree(new, ignore_errors=True)  # left by a run that was killed
    try:
        copy_repository(repository, new / "repository")
        collect_wheels(repository, new / "wheels")
        if archive:
            shutil.copyfile(archive, new / install.CIFAR10)
        write_scripts(new)
        print("Computing checksums ...", flush=True)
        sums = [f"{install.sha256(new / name)}  {name}\n" for name in files_in(new)]
        (new / install.SUMS).write_text("".join(sums), encoding="utf-8", newline="\n")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(new, ignore_errors=True)
    print(f"\nThe kit is ready: {folder}\n\n{(folder / 'README.txt').read_text('utf-8')}")


def files_in(folder: Path) -> list[str]:
    """Return the sorted POSIX names of all files, except what macOS leaves behind on sticks."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    kept = (path for path in paths if not path.name.startswith("._") and path.name != ".DS_Store")
    return sorted(path.relative_to(folder).as_posix() for path in kept)


def refuse_other_content(folder: Path) -> None:
    """Raise KitError if replacing `folder` would delete files that are not a kit's."""
    if folder.is_file() or os.path.ismount(folder):
        raise KitError(f"{folder} is a file or a whole disk. Name a folder.")
    known = {install.SUMS, *install.read_sums(folder)} if (folder / "kit.json").exists() else set()
    for name in files_in(folder):
        if name not in known:
            raise KitError(f"{folder / name} is not part of a kit. Move it, or name a new folder.")


def copy_repository(repository: Path, target: Path) -> None:
    """Copy the files that git tracks, or without git all that no run and no tool has made."""
    print(f"Copying the files of {repository} ...", flush=True)
    command = ["git", "--git-dir", ".git", "ls-files", "-z"]  # never of a repository further up
    try:
        listed = subprocess.run(command, cwd=repository, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        ignore = shutil.ignore_patterns(*NOT_SOURCE, target.parent.name)
        shutil.copytree(repository, target, ignore=ignore)
        return
    for name in os.fsdecode(listed).split("\0"):
        if (repository / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(repository / name, target / name)


def collect_wheels(repository: Path, target: Path) -> None:
    """Have pip download or build wheels of all requirements, and of itself."""
    print("Collecting the packages ...", flush=True)
    command = [sys.executable, "-m", "pip", "wheel", "pip", "--wheel-dir", target]
    command += ["-r", repository / "requirements.txt", "-c", repository / "constraints.txt"]
    if subprocess.run([str(part) for part in command]).returncode:
        raise KitError(
            "pip says above why it cannot collect the packages. It needs a package index,\n"
            "or a folder of wheels: set PIP_NO_INDEX=1 and PIP_FIND_LINKS=FOLDER."
        )


def write_scripts(new: Path) -> None:
    """Write kit.json, README.txt and the installers."""
    size = sum(path.stat().st_size for path in (new / "repository").rglob("*"))
    for wheel in (new / "wheels").glob("*.whl"):
        with zipfile.ZipFile(wheel) as content:
            size += sum(member.file_size for member in content.infolist())
    about = {"machine": install.MACHINE, "bytes": int(1.1 * size)}
    (new / "kit.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    pictures = "not included; the notebooks take the toys instead."
    if (new / install.CIFAR10).exists():
        pictures = "included. It has no licence: share this kit with your class, do not publish it."
    values = {"@MACHINE@": install.MACHINE, "@PYTHON@": install.PYTHON, "@DATE@": str(date.today())}
    values |= {"@GIGABYTES@": f"{about['bytes'] / 1e9:.1f}", "@CIFAR10@": pictures}
    for name in ("README.txt", "install.ps1", "install.py", "install.sh"):
        text = (Path(__file__).parent / name).read_text(encoding="utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        (new / name).write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m utils.publish.kit", description=__doc__.split("\n")[0]
    )
    parser.add_argument("folder", nargs="?", default=str(outputs_folder() / "kit"))
    try:
        build(full_path(parser.parse_args().folder))
    except (KitError, OSError, KeyboardInterrupt) as error:
        sys.exit(f"\nNo kit was made. {str(error) or 'Interrupted.'}")


if __name__ == "__main__":
    main()
