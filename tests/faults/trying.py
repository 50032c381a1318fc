"""What a fault is, and how it is tried: in a process of its own, with bounded time and memory."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from utils.files import REPOSITORY

OURS = "utils."  # an error that says what to do is one of our own classes
NOT_TRIED = "not tried: "
TINY = {"TRANSFER_DATA": "toys", "TRANSFER_WEIGHTS": "imagenet", "TRANSFER_SIZE": "tiny",
        "TF_CPP_MIN_LOG_LEVEL": "2", "TRANSFER_SIDE": "", "TRANSFER_PRECISION": "",
        "TRANSFER_BROKEN": ""}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How one try ended. `megabytes` is the peak memory of its process, None if not measured.

    What cannot be tried on this computer is not wrong, and its `said` begins with NOT_TRIED.
    """

    right: bool
    said: str
    seconds: float
    megabytes: float | None = None


@dataclass(frozen=True)
class Fault:
    """`attempt(folder, number)` tries it once more, in an empty folder, and gives an Outcome."""

    kind: str
    name: str
    attempt: Callable[[Path, int], Outcome]
    times: int = 1


def environment(folder: Path, **more: str) -> dict[str, str]:
    """This process's variables, with toys at the tiny size and every output in `folder`."""
    own = {"TRANSFER_OUTPUTS": str(folder / "outputs"), "KERAS_HOME": str(folder / "keras")}
    return os.environ | TINY | own | more


class Process:
    """A process whose output, both streams together, is read line by line as it comes."""

    def __init__(self, command: Iterable[object], env: dict[str, str]):
        self.lines: list[str] = []
        self.start = time.monotonic()
        self.popen = subprocess.Popen(
            [sys.executable, *map(str, command)], cwd=REPOSITORY, env=env, text=True, bufsize=1,
            encoding="utf-8", errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        self.lines.extend(iter(self.popen.stdout.readline, ""))

    @property
    def text(self) -> str:
        return "".join(list(self.lines))

    def saw(self, words: str, seconds: float) -> bool:
        """Wait until the output matches; False when the process or the time is over before."""
        while not re.search(words, self.text):
            if time.monotonic() - self.start > seconds or self.popen.poll() is not None:
                return False
            time.sleep(0.02)
        return True

    def kill(self, *, children_only: bool = False) -> None:
        """SIGKILL: the processes that it has started, and itself."""
        own = psutil.Process(self.popen.pid)
        for process in [*own.children(recursive=True), *([] if children_only else [own])]:
            process.kill()

    def end(self, seconds: float) -> int | None:
        """Wait for it until `seconds` after its start; its exit status, None if it was too slow."""
        try:
            self.popen.wait(max(0.1, seconds - (time.monotonic() - self.start)))
        except subprocess.TimeoutExpired:
            self.kill()
            self.popen.wait()
            return None
        self._reader.join(10)
        return self.popen.returncode

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start


def in_child(
    module: str, name: str, folder: Path, expected: str, *, error: bool = True,
    seconds: float = 300, megabytes: float = 1_800, **variables: str,
) -> Outcome:  # fmt: skip
    """Do `module`.USES[name] in a process of its own.

    It is right when the text matches `expected` and, for an `error`, ends in one of our own; in
    the given time and memory.
    """
    command = ["-m", "tests.faults.child", module, name, folder]
    process = Process(command, environment(folder, **variables))
    status = process.end(seconds)
    printed, mark, last = process.text.rpartition('\n{"error"')
    found = json.loads(mark + last.splitlines()[0]) if mark and status == 0 else {}
    if not found:
        how = "was still at work" if status is None else f"ended with status {status}"
        return Outcome(False, f"{how}: {plain(process.text[-300:], folder)}", process.seconds)
    said = printed + found["said"]
    ours = found["error"].startswith(OURS) if error else not found["error"]
    small = not found["megabytes"] or found["megabytes"] < megabytes
    match = re.search(expected, said, re.DOTALL)
    right = bool(ours and small and match)
    if not right:
        words = f"{found['error'] or 'no error'}, {found['megabytes'] or 0:.0f} MB: {said[-400:]}"
    else:
        words = found["said"] if error else match[0]
    return Outcome(right, plain(words, folder), found["seconds"], found["megabytes"])


def plain(text: str, folder: Path) -> str:
    """What was said on one line, without this computer's paths; 250 characters at most."""
    for path in (folder, folder.resolve(), REPOSITORY):
        text = text.replace(f"{path}{os.sep}", "").replace(str(path), ".")
    text = " ".join(re.sub(r"\S*[\r\b]", "", text).split())
    return text if len(text) <= 250 else f"{text[:247]}..."
