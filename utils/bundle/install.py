"""Install the tutorial from a bundle, without a network.   python3 -B install.py [FOLDER]

install.sh and install.ps1 call it with the Python that the wheels are for. Standard library only:
it goes into the bundle as it is. Nothing is changed before all has been checked; an install that
was interrupted goes on when it is started again with the same folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True  # or the bundle would hold a file that its list does not know
import verify  # noqa: E402

HERE = Path(os.path.abspath(__file__)).parent
UNFINISHED = ".unfinished-install"  # in the target until all is done; holds the bundle's mark
WINDOWS = os.name == "nt"


class InstallError(Exception):
    """The install cannot go on; the message says why and what to do."""


def going_on(target: Path, mark: str) -> bool:
    """Say whether an interrupted install is to go on; raises unless it is so, new or empty."""
    if HERE.resolve() in (target.resolve(), *target.resolve().parents):
        raise InstallError(f"{target} lies in the bundle itself. Name a folder outside it.")
    if target.exists() and not target.is_dir():
        raise InstallError(f"{target} is a file. Name a new or an empty folder.")
    holds = {path.name for path in target.iterdir()} if target.exists() else set()
    if not holds - verify.LEFT_BEHIND:
        return False
    try:
        found = (target / UNFINISHED).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InstallError(
            f"{target} is not empty: it holds {min(holds)}, for instance. Name a new or an empty "
            "folder,\nor move it away if it is an earlier install."
        ) from None
    if found != mark:
        raise InstallError(
            f"{target} holds an unfinished install from another bundle. Delete it, or name another "
            "folder."
        )
    return True


def keras_home(target: Path) -> Path:
    """KERAS_HOME as the notebooks read it: one that is not whole counts from the repository."""
    return target / Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def need_space(target: Path) -> None:
    """Raise unless all that is copied and unpacked has room, and a tenth more."""
    source, home = HERE / "keras-home", keras_home(target)
    wanted = [source / name for name in verify.names_in(source) if not (home / name).exists()]
    for_keras = sum(path.stat().st_size for path in wanted)
    needed = sum(path.stat().st_size for path in (HERE / "repository").rglob("*"))
    for wheel in (HERE / "wheels").glob("*.whl"):
        with zipfile.ZipFile(wheel) as content:
            needed += sum(member.file_size for member in content.infolist())
    disks = {}  # of each disk: a folder on it, and the bytes that it needs
    for folder, more in ((target, needed), (home, for_keras)):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        first, before = disks.get(there.stat().st_dev, (folder, 0))
        disks[there.stat().st_dev] = first, before + more
        free, all_of_it = shutil.disk_usage(there).free, 1.1 * (before + more)
        if free < all_of_it:
            raise InstallError(
                f"{free / 1e9:.1f} GB are free for {first}; {all_of_it / 1e9:.1f} GB are needed. "
                "Make room, or name a folder on\nanother disk."
            )


def copy(source: Path, target: Path) -> None:
    """Copy so that the target is whole or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".partial-{target.name}")
    shutil.copyfile(source, partial)
    os.replace(partial, target)


def make_environment(target: Path) -> None:
    """Make .venv anew and install the wheels into it."""
    place = target / ".venv"
    # pip comes from its wheel: Debian's Python has none to put into an environment.
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(place)], check=True
    )
    python = place / ("Scripts/python.exe" if WINDOWS else "bin/python")
    wheels = HERE / "wheels"
    count = len(list(wheels.glob("*.whl")))
    print(f"Installing {count} packages (a minute or two) ...", flush=True)
    # No settings of the user's, who may have named an index or other constraints there.
    command = [python, "-m", "pip", "--isolated", "install", "--no-index", "--find-links", wheels,
               "--quiet", "--no-compile", "--no-cache-dir", "--disable-pip-version-check",
               "--no-warn-script-location", "pip", "-r", target / "requirements.txt",
               "-c", target / "constraints.txt"]  # fmt: skip
    environment = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
    environment.pop("PYTHONHOME", None)
    environment["PYTHONPATH"] = str(next(wheels.glob("pip-*.whl")))
    if subprocess.run([str(part) for part in command], env=environment).returncode:
        raise InstallError(
            "pip could not install the wheels; it says above why. 'No matching distribution' means "
            "that this system is older\nthan the one the bundle was made on: make a bundle here. "
            "On Windows long paths fail too: name a short folder.\n"
            f"Run again with the same folder ({target}), the install goes on."
        )


def place_keras_files(target: Path) -> None:
    """Put data and weights where Keras looks for them, unless something is there."""
    source, home = HERE / "keras-home", keras_home(target)
    for name in verify.names_in(source):
        if (home / name).exists():
            print(f"{home / name} is there already and stays as it is.")
        else:
            print(f"Copying {home / name} ...", flush=True)
            copy(source / name, home / name)


def install(target: Path) -> None:
    """Check everything, then install; the mark in the target goes last."""
    other = verify.other_machine(HERE)
    if other:
        raise InstallError(other)
    if not verify.check(HERE):
        raise InstallError("Nothing was installed and nothing was changed.")
    mark = verify.sha256(HERE / verify.SUMS)
    if going_on(target, mark):
        print(f"Going on with the install into {target} that was interrupted.")
    else:
        need_space(target)
    target.mkdir(parents=True, exist_ok=True)
    (target / UNFINISHED).write_text(mark, encoding="utf-8")
    print(f"Copying the tutorial to {target} ...", flush=True)
    for name in verify.names_in(HERE / "repository"):
        copy(HERE / "repository" / name, target / name)
    make_environment(target)
    place_keras_files(target)
    (target / ".venv" / "ready").touch()  # last, or make would install again
    (target / UNFINISHED).unlink()
    enter = r".venv\Scripts\activate" if WINDOWS else ". .venv/bin/activate"
    print(f'\nInstalled. To start:\n  cd "{target}"\n  {enter}')
    print("  jupyter lab notebooks/01-download.ipynb")
    print("Or, where there is make: make lab, or make run for all notebooks.")


def main() -> int:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "~/transfer-learning")
    target = Path(os.path.abspath(target.expanduser()))
    try:
        install(target)
    except InstallError as error:
        print(f"\n{error}", file=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"\nThe install stopped: {error}.\nMend that, then run it again with the same folder "
              f"({target}); it goes on.", file=sys.stderr)  # fmt: skip
    except KeyboardInterrupt:
        print(f"\nInterrupted. Run it again with the same folder ({target}); it goes on.",
              file=sys.stderr)  # fmt: skip
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
