"""What `utils.doctor` finds out about the computer itself: CPU, memory, disk, folders, port.

Like the doctor it imports only the standard library up here, and uses nothing newer than
Python 3.8, so that both start where packages are missing or broken or Python is too old.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT = REPOSITORY / ".venv"
MEMORY, FREE_MEMORY = 4.0, 2.0  # gigabytes
DISK = {"outputs": 1.0, "KERAS_HOME": 0.5, "environment": 3.0}  # gigabytes to be free
PORT = 8888  # the one that Jupyter tries first


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is not as it should be."""

    what: str
    state: str  # "OK", "note" (one can do without), "MEND", or "..." while it takes time
    found: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.state:<5} {self.what:<24} {self.found}{self.mend and f'. {self.mend}.'}"


def attempt(what: str, check: Callable, *arguments) -> Iterator[Finding]:
    """The findings of a check; that it could not find out is a finding, too."""
    try:
        yield from check(*arguments)
    except ImportError as error:
        yield Finding(what, "MEND", f"cannot be looked at: {error}", install())
    except Exception as error:
        found = " ".join(f"cannot be looked at: {type(error).__name__}: {error}".split())
        yield Finding(what, "MEND", found, "Mend what it names, or report this line")


def install() -> str:
    """How to get missing packages."""
    if sys.prefix == sys.base_prefix:
        return "`make run` creates the environment (without make: Start in README.md)"
    return f"{shown(Path(sys.executable))} -m pip install -r requirements.txt -c constraints.txt"


def shown(path: Path) -> str:
    """A path from the repository or from home, where it lies in there."""
    for top, start in ((REPOSITORY, Path()), (Path.home(), Path("~"))):
        if top in path.parents:
            return str(start / path.relative_to(top))
    return str(path)


def outputs_folder() -> Path:
    """What `settings.outputs_folder` says, told without the packages that settings need."""
    given = Path(os.environ.get("TRANSFER_OUTPUTS") or "outputs").expanduser()
    return (REPOSITORY / given).resolve()


def keras_home() -> Path:
    """What `download.keras_home` says, without making it."""
    return REPOSITORY / Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def check_cpu(cores: int | None = None, flags: set | None = None) -> Iterator[Finding]:
    """Cores, and the features that TensorFlow needs or gains from (2.21 is built for AVX)."""
    from utils import hardware

    cores = cores or hardware.this_machine(SimpleNamespace(precision="")).cores
    if cores > 1:
        yield Finding("CPU cores", "OK", str(cores))
    else:
        yield Finding("CPU cores", "note", "1", "It works, slowly: TRANSFER_SIZE=tiny helps")
    flags = hardware.cpu_flags() if flags is None else flags
    has = [flag for flag in ("avx", "avx2", *hardware.BFLOAT16_FLAGS) if flag in flags]
    what, found = "CPU features", ", ".join(has)
    if not flags:
        yield Finding(what, "note", "not told by this system", "That TensorFlow runs is enough")
    elif "avx" not in has:
        yield Finding(what, "MEND", "no avx", "TensorFlow needs it: take another computer")
    elif "avx2" not in has:
        yield Finding(what, "note", f"{found}, no avx2", "It works, but slower")
    else:
        found += "" if has[2:] else "; no bfloat16, so float32 is taken"
        yield Finding(what, "OK", found)


def check_memory(total: float | None = None, free: float | None = None) -> Iterator[Finding]:
    """Memory in all, and what is free of it where psutil, which Jupyter brings, is there."""
    from utils import hardware

    total = hardware.memory_gigabytes() if total is None else total
    try:
        import psutil
    except ImportError:
        free = float("inf") if free is None else free
    else:
        free = psutil.virtual_memory().available / 1e9 if free is None else free
        total = total if total == total else psutil.virtual_memory().total / 1e9
    found = f"{total:.1f} GB" + (f", {min(free, total):.1f} GB of it free" if free < 1e9 else "")
    if total != total:
        found, advice = "not told by this system", f"With less than {MEMORY:g} GB"
    elif total < MEMORY:
        advice = "With so little,"
    elif free < FREE_MEMORY:
        advice = "Close what else is running, or"
    else:
        yield Finding("memory", "OK", found)
        return
    yield Finding("memory", "note", found, f"{advice} set TRANSFER_SIZE=tiny")


def check_disk(needs: dict = DISK, made: bool | None = None) -> Iterator[Finding]:
    """Free disk for outputs, Keras's folder and, until it is made, the environment."""
    if made is None:
        made = (ENVIRONMENT / "ready").exists() or _has("tensorflow")
    places = {"outputs": outputs_folder(), "KERAS_HOME": keras_home()}
    if not made:
        places["environment"] = ENVIRONMENT
    advice = {
        "outputs": "Delete outputs/, or set TRANSFER_OUTPUTS to a folder on a larger disk",
        "KERAS_HOME": "Make room, or set KERAS_HOME to a folder on a larger disk",
        "environment": "Make room, or move the repository to a larger disk",
    }
    disks = {name: os.stat(_nearest(folder)).st_dev for name, folder in places.items()}
    for name, folder in places.items():
        needed = sum(needs[other] for other in places if disks[other] == disks[name])
        free = shutil.disk_usage(_nearest(folder)).free / 1e9
        found = f"{free:.1f} GB free, {needed:g} GB needed on that disk"
        if free >= needed:
            yield Finding(f"disk for {name}", "OK", found)
        else:
            yield Finding(f"disk for {name}", "MEND", found, advice[name])


def _has(package: str) -> bool:
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


def check_folders() -> Iterator[Finding]:
    """Keras's folder and outputs can be written: tried, with a file that goes again."""
    yield from _check_folder("KERAS_HOME", keras_home(), "KERAS_HOME")
    yield from _check_folder("outputs", outputs_folder(), "TRANSFER_OUTPUTS")


def _check_folder(what: str, folder: Path, variable: str) -> Iterator[Finding]:
    there = _nearest(folder)
    try:
        if not there.is_dir():
            raise NotADirectoryError(0, f"{shown(there)} is not a folder")
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
    except OSError as error:
        found = f"{shown(folder)} cannot be written: {error.strerror}"
        advice = f"Make it writable, or set {variable} to a folder that is"
        yield Finding(what, "MEND", found, advice)
    else:
        state = "writable" if there == folder else "not there yet, can be made"
        yield Finding(what, "OK", f"{shown(folder)}, {state}")


def _nearest(folder: Path) -> Path:
    """The folder itself or else, of those above it, the lowest that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def check_graphviz() -> Iterator[Finding]:
    """Only `keras.utils.plot_model` would use it."""
    if shutil.which("dot"):
        yield Finding("Graphviz", "OK", "dot is there")
    else:
        yield Finding("Graphviz", "note", "none", "Not needed: the notebooks draw with matplotlib")


def check_port(port: int = PORT, host: str = "127.0.0.1") -> Iterator[Finding]:
    """Whether Jupyter can listen, and on the port that it tries first."""
    what, refused = "port for Jupyter", _refused(host, 0)  # 0: any that is free
    if refused:
        advice = f"Let programs listen on {host}: look at firewall, container or sandbox"
        yield Finding(what, "MEND", f"none can be had: {refused}", advice)
    elif _refused(host, port):
        advice = "Jupyter takes another: open the address that `make lab` prints"
        yield Finding(what, "note", f"{port} is taken", advice)
    else:
        yield Finding(what, "OK", f"{port} is free")


def _refused(host: str, port: int) -> str:
    """Why one cannot listen there; empty where one can."""
    with socket.socket() as listener:
        if os.name != "nt":  # as Jupyter does; Windows would share a port that is taken
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except OSError as error:
            return error.strerror or str(error)
    return ""


CHECKS = (check_cpu, check_memory, check_disk, check_folders, check_graphviz, check_port)
