"""Say whether all is there that the notebooks need, and how to mend what is not.

python -m utils.doctor    exit status 0: all is well; 1: something is to be mended

Each check is a generator of findings; what it looks at on the computer itself is in `findings`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from utils import findings
from utils.findings import ENVIRONMENT, REPOSITORY, Finding, attempt, install, keras_home, shown

ANEW = "`make clean`, then `make run` (without make: delete .venv, then Start in README.md)"
IMPORT_SECONDS = 180.0  # importing TensorFlow takes 5; on a slow disk, the first time, a minute
PROBE = """
import json
import tensorflow as tf
tf.ones((8, 8)) @ tf.ones((8, 8))
gpus = [tf.config.experimental.get_device_details(gpu).get("device_name") or gpu.name
        for gpu in tf.config.list_physical_devices("GPU")]
try:
    import keras
    kept = [keras.backend.backend(), keras.config.image_data_format()]
except Exception as error:
    kept = [repr(error)]
print(json.dumps([tf.__version__, gpus, kept]))
"""


def check_python(version: tuple = tuple(sys.version_info[:3])) -> Iterator[Finding]:
    """TensorFlow exists for some versions of Python only."""
    found = ".".join(map(str, version))
    if (3, 11) <= version[:2] <= (3, 13):
        yield Finding("Python", "OK", found)
    else:
        advice = "3.11, 3.12 or 3.13 is needed: `make clean`, then `make PYTHON=python3.11 run`"
        yield Finding("Python", "MEND", found, advice)


def check_environment(prefix: str = sys.prefix) -> Iterator[Finding]:
    """Whether this Python is the one of .venv; another may do, the packages decide."""
    if Path(prefix).resolve() == ENVIRONMENT.resolve():
        yield Finding("environment", "OK", ".venv")
    else:
        found = "none" if prefix == sys.base_prefix else f"not .venv but {shown(Path(prefix))}"
        yield Finding("environment", "note", found, "It will do where the packages below are OK")


def check_packages(
    requirements: Path = REPOSITORY / "requirements.txt",
    constraints: Path = REPOSITORY / "constraints.txt",
) -> Iterator[Finding]:
    """Each direct requirement: installed, in its range, of the version that was tested."""
    pins = re.findall(r"^([\w.-]+)==(\S+)", constraints.read_text(encoding="utf-8"), re.MULTILINE)
    tested = {name.lower(): version for name, version in pins}
    for line in requirements.read_text(encoding="utf-8").splitlines():
        match = re.match(r"([A-Za-z0-9][\w.-]*)\s*([^#;]*)", line)
        if match:
            name, wanted = match[1], match[2].strip()
            yield from attempt(name, _check_package, name, wanted, tested.get(name.lower()))


def _check_package(name: str, wanted: str, tested: str | None) -> Iterator[Finding]:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        yield Finding(name, "MEND", "not installed", install())
        return
    if found == tested:
        yield Finding(name, "OK", found)
        return
    from packaging.specifiers import SpecifierSet

    if SpecifierSet(wanted).contains(found, prereleases=True):
        yield Finding(name, "OK", f"{found} ({tested or 'none'} was tested)")
    else:
        yield Finding(name, "MEND", f"{found}, but {wanted} is needed", install())


def check_tensorflow(seconds: float = IMPORT_SECONDS) -> Iterator[Finding]:
    """Import TensorFlow and compute with it, in a process of its own, since that can crash or hang.

    The same process tells what Keras is set to, and the GPU.
    """
    what = "TensorFlow runs"
    yield Finding(what, "...", "importing it takes some seconds")
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROBE],
            cwd=REPOSITORY,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
        )
        trouble = _why(done.returncode, done.stderr) if done.returncode else None
    except subprocess.TimeoutExpired:
        advice = f"Close what else is running and try again; else {ANEW}"
        trouble = f"no answer within {seconds:g} seconds", advice
    if trouble:
        yield Finding(what, "MEND", *trouble)
        yield Finding("GPU", "note", "unknown", "Mend TensorFlow first")
        return
    version, gpus, kept = json.loads(done.stdout.splitlines()[-1])
    yield Finding(what, "OK", version)
    if kept == ["tensorflow", "channels_last"]:
        yield Finding("Keras's settings", "OK", ", ".join(kept))
    else:
        advice = f"Unset KERAS_BACKEND, and delete {shown(keras_home() / 'keras.json')}"
        found = f"{', '.join(kept)}; tensorflow, channels_last are needed"
        yield Finding("Keras's settings", "MEND", found, advice)
    if gpus:
        yield Finding("GPU", "OK", ", ".join(gpus))
    else:
        yield Finding("GPU", "note", "none that TensorFlow can use", "Not needed: a CPU will do")


def _why(status: int, errors: str) -> tuple[str, str]:
    """What ended the process that imported TensorFlow, and how to mend it."""
    if status in (-signal.SIGILL, 0xC000001D):  # the second on Windows
        return "illegal instruction", "TensorFlow cannot run on this CPU: take another computer"
    if status == -9:
        return "killed, often for want of memory", "Close what else is running and try again"
    if status < 0:
        return f"ended by {signal.Signals(-status).name}", ANEW
    reasons = re.findall(r"^[\w.]*Error: .*", errors, re.M)  # TensorFlow adds lines to its own
    found = reasons[-1] if reasons else f"ended with exit status {status}"
    return found, install() if "No module named" in found else ANEW


def check_files() -> Iterator[Finding]:
    """The weights that are shipped, and the two files that 01 downloads, by their hash."""
    from utils import download, settings

    weights = settings.BUNDLED_WEIGHTS
    again = f"git checkout -- data/{weights.name} (without git: download the repository again)"
    absent = Finding("bundled weights", "MEND", "not there", again)
    yield from attempt(
        absent.what, _check_file, weights, f"sha256:{settings.BUNDLED_SHA256}", absent, again
    )
    for file in (download.cifar10_archive(keras_home()), download.imagenet_vgg16(keras_home())):
        serves = "01 downloads it; till then the bundled edition serves"
        absent = Finding(file.name, "note", "not on disk", serves)
        again = f"Delete {shown(file.target)}, then execute 01 again"
        yield from attempt(file.name, _check_file, file.target, file.hash, absent, again)


def _check_file(path: Path, expected: str, absent: Finding, again: str) -> Iterator[Finding]:
    import pooch

    if not path.exists():
        yield absent
        return
    algorithm, wanted = expected.split(":")
    found = pooch.file_hash(str(path), alg=algorithm)
    if found == wanted:
        yield Finding(absent.what, "OK", f"{algorithm} {found[:12]}... as expected")
    else:
        found = f"damaged: {algorithm} {found[:12]}..., expected {wanted[:12]}..."
        yield Finding(absent.what, "MEND", found, again)


def check_notebooks(repository: Path = REPOSITORY) -> Iterator[Finding]:
    """All that README.md links to are there and can be read."""
    readme = (repository / "README.md").read_text(encoding="utf-8")
    names = sorted(set(re.findall(r"\((notebooks/\d\d-[\w-]+\.ipynb)\)", readme)))
    bad = [name for name in names if not _is_notebook(repository / name)]
    if bad:
        again = f"git checkout -- {' '.join(bad)} (without git: download the repository again)"
        yield Finding("notebooks", "MEND", f"{len(bad)} missing or damaged", again)
    else:
        yield Finding("notebooks", "OK", f"all {len(names)} are there")


def _is_notebook(path: Path) -> bool:
    try:
        return "cells" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


CHECKS = (check_python, check_environment, check_packages, check_tensorflow)
CHECKS += (*findings.CHECKS, check_files, check_notebooks)


def run(checks: tuple) -> int:
    """Print each finding as soon as it is known, then how many are to mend; the exit status."""
    to_mend, waiting = 0, ""
    for check in checks:
        for finding in attempt(check.__name__.replace("check_", ""), check):
            if finding.state == "...":
                waiting = str(finding) if sys.stdout.isatty() else ""
                print(waiting, end="\r" if waiting else "", flush=True)
                continue
            print(str(finding).ljust(len(waiting)), flush=True)
            waiting = ""
            to_mend += finding.state == "MEND"
    print(f"{to_mend} thing{'s' * (to_mend > 1)} to mend." if to_mend else "All well.")
    return 1 if to_mend else 0


def main(arguments: list[str] | None = None) -> int:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a path may hold what the screen cannot show
    return run(CHECKS)


if __name__ == "__main__":
    sys.exit(main())
