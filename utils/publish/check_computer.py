"""Check whether this computer can run the notebooks: a line for each part, with what to do.

python -m utils.publish.check_computer                    all of it
python -m utils.publish.check_computer --before-install   what pip needs, and problems only
The exit status is 0 without a problem, 1 with one.
It needs the standard library alone and Python 3.8, so that it can say what is missing or old.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import random
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Iterator, NamedTuple  # noqa: UP035

REPOSITORY = Path(__file__).resolve().parents[2]
WHEELS = ("Linux x86_64", "Linux aarch64", "Darwin arm64", "Windows AMD64")  # of TensorFlow 2.21
INSTALL = "`make clean`, then `make run` (without make: delete .venv, then Start in README.md)"
RESTORE = "`git checkout -- data notebooks` (without git: download the repository again)"
SMALLER = "Close other programs, or choose the size tiny (README, Settings)"
MISLEADING = ("user", "target", "prefix", "root", "no-deps", "no-binary", "dry-run")  # to pip
INDEX = ("index-url", "no-index", "find-links", "proxy", "cert")  # where pip looks
# As in utils.weights and utils.download, which need packages.
WEIGHTS_SHA256 = "3db68046dc660cf3607a1c711f61f60b2e1249a883acbfa0e37fea7b0ba7ecf0"
CIFAR10_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
PROBE = """import json, tensorflow as tf
tf.ones((8, 8)) @ tf.ones((8, 8))
print(json.dumps([tf.__version__, [gpu.name for gpu in tf.config.list_physical_devices("GPU")]]))
"""


class Finding(NamedTuple):
    """What was checked, what was found, and what to do about a problem or, if you like, a note."""

    what: str
    found: str
    problem: str | bool = False
    note: str | bool = False

    def __str__(self) -> str:
        state = "PROBLEM" if self.problem else "note" if self.note else "OK"
        return f"{state:8}{self.what:18}" + ". ".join(filter(None, self[1:]))


def check_python() -> Iterator[Finding]:
    system, problem = f"{platform.system()} {platform.machine()}", ""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        problem = "3.11, 3.12 or 3.13 is needed: `make clean`, then `make PYTHON=python3.11 run`"
    elif system == "Darwin x86_64":
        problem = "TensorFlow 2.21 has no package for Intel processors; on a Mac with an Apple chip"
        problem += " install a Python made for it, otherwise use another computer"
    elif system not in WHEELS or sys.maxsize < 2**32:
        problem = f"TensorFlow 2.21 runs on {', '.join(WHEELS)}, in a Python of 64 bits"
    elif sysconfig.get_config_var("Py_GIL_DISABLED") or sys.implementation.name != "cpython":
        problem = "TensorFlow needs the usual CPython, neither PyPy nor a free-threaded build"
    elif "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""):
        problem = "TensorFlow needs glibc, which Alpine Linux lacks: use another distribution"
    yield Finding("Python", f"{platform.python_version()}, {system}", problem)
    both = importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")
    fine = both or importlib.util.find_spec("tensorflow")
    problem = not fine and f"On Debian and Ubuntu `apt install python3-venv`; then {INSTALL}"
    yield Finding("venv module", "usable" if fine else "incomplete", problem)
    other = Path(sys.prefix).resolve() != (REPOSITORY / ".venv").resolve()
    yield Finding("environment", sys.prefix, note=other and "Not .venv: see the packages below")
    found = ", ".join(name for name in ("PYTHONPATH", "PYTHONHOME") if os.environ.get(name))
    note = found and "Unset them if a package is not found, or a wrong one"
    yield Finding("variables", found or "none in the way", note=note)


def check_pip() -> Iterator[Finding]:
    """Before installing: name the settings that send pip elsewhere, and fetch one small package."""
    if importlib.util.find_spec("tensorflow"):
        return
    settings, off = pip_settings(), ("", "0", "false", "no", "off")
    bad = [settings[o][0] for o in MISLEADING if settings.get(o, ("", ""))[1].lower() not in off]
    problem = bad and "pip would install elsewhere: unset it (in pip's files: `pip config unset`)"
    yield Finding("pip's settings", ", ".join(bad) or "none in the way", problem)
    if not importlib.util.find_spec("pip"):
        return
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir"]
    command += ["--retries=0", "--timeout=10", "download", "pooch", "--no-deps", "--dest"]
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*command, folder], env=environment, capture_output=True)
    where = ", ".join(settings[option][0] for option in INDEX if option in settings)
    problem = "Are you online? " + (where and f"pip goes by {where}. ")
    problem += "Without an index: `make kit` on another computer (notebooks/teaching.md)"
    found = "gives no package" if done.returncode else "reached"
    yield Finding("package index", found, done.returncode and problem)


def pip_settings() -> dict[str, tuple[str, str]]:
    """pip's settings by option: the name of the variable or of the entry in pip's files, value."""
    names = {n: value for n, value in os.environ.items() if n.startswith("PIP_") and value}
    found = {n[4:].lower().replace("_", "-"): (n, value) for n, value in names.items()}
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace").stdout
    for name, option, value in re.findall(r"^((?:global|install)\.([\w-]+))=(.*)$", listed, re.M):
        found.setdefault(option, (name, value.strip("'\"")))
    return found


def check_settings() -> Iterator[Finding]:
    """Show which variables arrive here: PowerShell's `set`, for one, sets none and does not say."""
    from utils import variables

    ours = {n: v for n, v in os.environ.items() if n.upper().startswith("TRANSFER_")}
    found = ", ".join(f"{name}={value}" for name, value in ours.items())
    yield Finding("settings", found or "all by default", note=" ".join(variables.unknown()))


def installed() -> bool:
    """Whether somebody has begun to install: before, missing packages are no problem."""
    return bool((REPOSITORY / ".venv").exists() or importlib.util.find_spec("tensorflow"))


def check_packages(folder: Path = REPOSITORY) -> Iterator[Finding]:
    """Compare what is installed with requirements.txt (needed) and constraints.txt (tested)."""
    if not installed():
        return (yield Finding("packages", "not installed yet", note="`make run` does it"))
    wrong, other = [], []
    for file, names in (("requirements.txt", wrong), ("constraints.txt", other)):
        text = (folder / file).read_text(encoding="utf-8")
        for name, wanted in re.findall(r"^([A-Za-z0-9][\w.-]*) *([^#;\s]*)", text, re.M):
            found = next((d.version for d in importlib.metadata.distributions(name=name)), "")
            if found:
                from packaging.specifiers import SpecifierSet

                fits = SpecifierSet(wanted).contains(found, prereleases=True)
                names += [] if fits else [f"{name} {found} is not {wanted}"]
            elif names is wrong:
                names += [f"{name} is missing"]
    note = other and not wrong and f"If something fails: {INSTALL}"
    yield Finding("packages", ", ".join(wrong or other) or "as tested", wrong and INSTALL, note)


def check_tensorflow(seconds: float = 180.0) -> Iterator[Finding]:
    """Read Keras's settings; compute with TensorFlow, in a process of its own as it can crash."""
    stored, path = {}, _folder("KERAS_HOME", "~/.keras") / "keras.json"
    with contextlib.suppress(OSError, ValueError):
        stored = json.loads(path.read_text(encoding="utf-8"))
    usual = {"backend": "tensorflow", "floatx": "float32", "image_data_format": "channels_last"}
    found = ", ".join(str(stored.get(name, value)) for name, value in usual.items())
    note = found != ", ".join(usual.values()) and f"The notebooks use the usual ones, not {path}"
    yield Finding("Keras's settings", found, note=note)
    if not installed():
        return
    print("Importing TensorFlow takes some seconds ...", file=sys.stderr, flush=True)
    command, problem = [sys.executable, "-c", PROBE], INSTALL
    try:
        done = subprocess.run(command, capture_output=True, errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        yield Finding("TensorFlow", f"no answer in {seconds:g} seconds", "Close other programs")
        return
    if done.returncode == 0:
        version, gpus = json.loads(done.stdout.splitlines()[-1])
        yield Finding("GPU", ", ".join(gpus) or "none", note=not gpus and "A CPU will do")
        found, problem = f"{version} runs", ""
    elif done.returncode in (-4, 0xC000001D):  # the second on Windows
        found, problem = "illegal instruction", "It needs a CPU with AVX: use another computer"
    elif done.returncode == -9:
        found, problem = "killed, often for lack of memory", "Close other programs"
    else:
        reasons = re.findall(r"^[\w.]*Error: .*", done.stderr, re.M)  # other lines may follow
        found = [f"exit status {done.returncode}", *reasons][-1]
    yield Finding("TensorFlow", found, problem)


def memory_gigabytes(limit: Path = Path("/sys/fs/cgroup/memory.max")) -> float:
    """Return the memory of the computer, or of its container if that is less; nan if unknown."""
    found = []
    with contextlib.suppress(AttributeError, OSError, ValueError):  # Windows has no sysconf
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9)
    with contextlib.suppress(OSError, ValueError):  # "max" means no limit
        found.append(int(limit.read_text(encoding="utf-8")) / 1e9)
    return min(found, default=float("nan"))


def check_hardware() -> Iterator[Finding]:
    from utils import hardware

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    flags = hardware.cpu_flags().intersection(hardware.BFLOAT16_FLAGS)
    found = f"cores: {cores}, {', '.join(sorted(flags)) or 'no sign of bfloat16'}"
    yield Finding("CPU", found, note=cores == 1 and SMALLER)
    total = free = memory_gigabytes()  # nan where the system does not say
    with contextlib.suppress(ImportError):
        memory = importlib.import_module("psutil").virtual_memory()
        total = min(memory.total / 1e9, total)  # the first if the other is nan
        free = min(memory.available / 1e9, total)
    note = (total < 4 or free < 2) and SMALLER
    yield Finding("memory", f"{free:.1f} of {total:.1f} GB free", note=note)


def check_folders() -> Iterator[Finding]:
    """Look how much disk is free, and write a file, which goes again, into each folder."""
    places = [("TRANSFER_OUTPUTS", _folder("TRANSFER_OUTPUTS", "outputs"), 1.5)]  # gigabytes
    places += [("KERAS_HOME", _folder("KERAS_HOME", "~/.keras"), 0.5)]
    if not importlib.util.find_spec("tensorflow"):
        places += [(".venv", REPOSITORY / ".venv", 4.5)]  # with what a run makes
    for what, folder, needed in places:
        there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        free = shutil.disk_usage(there).free / 1e9
        problem = free < needed and f"{needed:g} GB are needed: free some, or use another disk"
        try:
            with tempfile.TemporaryFile(dir=there) as file:
                file.write(b"x")
        except OSError as error:
            problem = f"Cannot be written ({error.strerror}): use another folder"
        yield Finding(what, f"{folder}, {free:.1f} GB free", problem)


def check_jupyter(port: int = 8888) -> Iterator[Finding]:
    """Try the port that Jupyter tries first, and find which Python its notebooks would start."""
    note = "Taken: Jupyter tries others; open the address that it prints"
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        note = ""
    yield Finding("Jupyter's port", str(port), note=note)
    if not installed():
        return
    from jupyter_client.kernelspec import KernelSpecManager

    kernel = KernelSpecManager().get_kernel_spec("python3")
    program = Path(kernel.argv[0])  # a bare "python" means the one that Jupyter runs in
    other = program.name != str(program) and program.parent != Path(sys.executable).parent
    note = other and "Not this environment: delete that folder, or unset JUPYTER_PATH"
    yield Finding("Jupyter's kernel", f"{program}, named in {kernel.resource_dir}", note=note)


def check_files(repository: Path = REPOSITORY) -> Iterator[Finding]:
    """Check the weights and notebooks that are shipped, and CIFAR-10 where Keras keeps it."""
    text, bad = (repository / "README.md").read_text(encoding="utf-8"), []
    names = sorted(set(re.findall(r"\((notebooks/[\w-]+\.ipynb)\)", text)))
    for name in names:
        try:
            json.loads((repository / name).read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, LookupError, TypeError):
            bad.append(f"{name} is missing or damaged")
    yield Finding("notebooks", ", ".join(bad) or f"all {len(names)} are there", bad and RESTORE)
    found = _compare(repository / "data" / "vgg16-imagenet.weights.h5", WEIGHTS_SHA256)
    yield Finding("weights", found, found != "whole" and RESTORE)
    archive = _folder("KERAS_HOME", "~/.keras") / "datasets" / "cifar-10-batches-py-target_archive"
    found = _compare(archive, CIFAR10_SHA256)
    note = found == "not there" and "Notebook 01 fetches it; without it the toys are used"
    yield Finding("CIFAR-10", found, found == "damaged" and f"Delete {archive}", note)


def _compare(path: Path, sha256: str) -> str:
    if not path.exists():
        return "not there"
    return "whole" if hashlib.sha256(path.read_bytes()).hexdigest() == sha256 else "damaged"


def check_pictures(seconds: float = 5.0) -> Iterator[Finding]:
    """Look at the folder that TRANSFER_DATA names: its classes, and whether pictures are broken.

    All headers are read; then pictures are decoded for as long as the seconds last.
    """
    from utils import variables

    value = variables.read("TRANSFER_DATA")
    if value in ("", "auto", "cifar10", "toys"):
        return
    folder = (REPOSITORY / Path(value).expanduser()).resolve()
    if not importlib.util.find_spec("PIL") and not installed():
        return (yield Finding("TRANSFER_DATA", str(folder), note="Checked once packages are there"))
    from utils import picture_folders
    from utils.picture_folders import decoding, reading

    try:
        listing = picture_folders.list_folder(folder)
        leave_out = reading.broken_are_left_out()
    except ValueError as error:  # a DataError, which says what to do
        said = " ".join(str(error).split()).rstrip(".")
        return (yield Finding("TRANSFER_DATA", said, "See README.md"))
    sizes = sorted((len(paths), name) for name, paths in listing.train.items())
    (few, rarest), (most, frequent) = sizes[0], sizes[-1]
    found = f"{len(listing.paths)} pictures of {len(sizes)} classes; to train on, {few} of {rarest}"
    yield Finding("TRANSFER_DATA", f"{found} to {most} of {frequent}")
    for line in listing.notes:
        yield Finding("TRANSFER_DATA", line.rstrip("."), note="Is that what you want?")
    broken = {path for path in listing.paths if decoding.header_problem(path)}
    rest, decoded, end = sorted(set(listing.paths) - broken), 0, time.monotonic() + seconds
    random.Random(0).shuffle(rest)
    while decoded < len(rest) and time.monotonic() < end:
        broken.update(reading.find_broken([rest[decoded]]))
        decoded += 1
    if broken:
        found = f"{len(broken)} cannot be read: {reading.names(sorted(broken))}"
        what = "Replace them, delete them, or leave them out: "
        what += variables.line_to_set("TRANSFER_BROKEN", "leave out")
        yield Finding("broken pictures", found, not leave_out and what, leave_out and "Left out")
    else:
        yield Finding("broken pictures", f"none found; {decoded} were decoded")


def _folder(variable: str, default: str) -> Path:
    return (REPOSITORY / Path(os.environ.get(variable) or default).expanduser()).resolve()


CHECKS = (check_python, check_pip, check_packages, check_tensorflow, check_hardware)
CHECKS += (check_folders, check_settings, check_jupyter, check_files, check_pictures)


def main(checks: tuple = CHECKS, problems_only: bool = False) -> int:
    """Print each finding when it is there, then the number of problems; return the exit status."""
    problems = 0
    for check in checks:
        try:
            for finding in check():
                if finding.problem or not problems_only:
                    print(finding, flush=True)
                problems += bool(finding.problem)
        except Exception as error:  # the other checks still run
            found = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
            problem = INSTALL if isinstance(error, ImportError) else "If unclear, report this line"
            print(Finding(check.__name__[6:], found, problem), flush=True)
            problems += 1
    if problems or not problems_only:
        print(f"{problems or 'No'} problem{'s' * (problems > 1)} found.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # a path may hold what a screen cannot show
    before = "--before-install" in sys.argv
    sys.exit(main((check_python, check_pip), True) if before else main())
