"""Fetch one file from the internet, verified: bounded in time, retried, all or nothing.

The transfer is pooch's (https://www.fatiando.org/pooch); here are added a time limit, retries and
an error that says what to do, which `keras.utils.get_file` lacks. CIFAR-10 goes where Keras itself
would put it, so that the plain Keras call finds it.
"""

import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pooch
import requests
from requests import exceptions as web
from tqdm import tqdm

from utils import files

MINIMUM_SPEED = 1000  # bytes per second; slower over `stall_seconds` counts as stalled
CHUNK = 8192  # bytes per step: small, so that a slow transfer is not taken for a stalled one


class DownloadError(RuntimeError):
    """A file could not be fetched; the message says what happened and how to go on."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on the internet and its place on this computer."""

    url: str
    hash: str  # as pooch writes it: "sha256:..." or "md5:..."
    size: int | None  # bytes
    name: str  # what it is, for messages
    target: Path
    manual: str  # one sentence: how to get it by hand


def keras_home() -> Path:
    """Return Keras's folder, KERAS_HOME or ~/.keras, created if missing, and tell Keras.

    Keras reads KERAS_HOME when imported (`keras/src/backend/config.py`); if the folder is missing
    or read-only it silently uses a temporary one (`keras/src/utils/file_utils.py`). Hence the
    OSError raised here if the folder cannot be made or written.
    """
    home = files.REPOSITORY / Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    advice = "Set KERAS_HOME to a folder you can write to, before importing keras."
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"Keras's folder {home} cannot be made: {error.strerror}. {advice}") from None
    if not os.access(home, os.W_OK):
        raise OSError(f"Keras's folder {home} cannot be written to. {advice}")
    os.environ["KERAS_HOME"] = str(home)  # so that Keras, once imported, looks in the same place
    return home


def cifar10_archive(keras_home: Path) -> RemoteFile:
    """Return CIFAR-10 as `keras.datasets.cifar10.load_data` wants it (source: that function)."""
    return RemoteFile(
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        hash="sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        size=170_498_071,
        name="CIFAR-10",
        target=keras_home / "datasets" / "cifar-10-batches-py-target_archive",
        manual="Download the URL in a browser and save it as the target, "
        "or set TRANSFER_DATA=toys to work without it.",
    )


def is_on_disk(file: RemoteFile) -> bool:
    """Say whether the target exists with the right hash (hashing 170 MB: under a second)."""
    try:
        return _hash_of(file.target, file) == file.hash.lower()
    except OSError:
        return False


def try_fetch(file: RemoteFile, **options) -> bool:
    """`fetch`, but where the file cannot be had say why in one line and return False."""
    try:
        fetch(file, **options)
    except DownloadError as error:
        problem = next((line for line in str(error).splitlines() if "attempt" in line), str(error))
        print(f"{file.name} could not be fetched ({problem.strip()}).")
        return False
    return True


def fetch(
    file: RemoteFile,
    *,
    attempts: int = 3,
    timeout: float = 10.0,
    stall_seconds: float = 60.0,
    progress: bool = True,
    pause: float = 1.0,
) -> Path:
    """Return the target of `file`, downloaded and verified unless it is on disk already.

    What is at the target stays there until a good file has arrived; a failure leaves nothing
    behind. Tried again: timeouts, broken connections, HTTP 408, 429 and 5xx; a wrong hash once.

    `attempts`: tries in all. `timeout`: seconds the server has to react. `stall_seconds`: a try
    under 1 kB/s for so many seconds is given up. `progress`: draw a bar on stdout. `pause`:
    seconds before the second try, twice that before the third, and so on.

    Raises DownloadError, also for a full disk or a folder that cannot be written.
    """
    if is_on_disk(file):
        return file.target
    if file.target.is_file():
        print(f"{file.target} is not the expected file; it is replaced once a good one arrives.")
    story = []
    wrong = 0
    for attempt in range(attempts):
        time.sleep(pause * attempt)
        transfer = _Transfer(file, timeout, stall_seconds, progress)
        try:
            return _place(file, transfer)
        except web.RequestException as error:
            problem, again = _innermost(error), _may_pass(error)
        except OSError as error:
            problem, again = f"on this computer: {error}", False
        except ValueError as error:  # what pooch raises for a wrong hash
            wrong += 1
            problem, again = "wrong hash" if transfer.hash else str(error), wrong < 2
        found = f"{transfer.count} bytes, {transfer.hash or 'incomplete'}"
        story.append(f"  attempt {attempt + 1}: {problem}; found {found}\n")
        if not again:
            break
    raise DownloadError(
        f"{file.name} could not be downloaded.\n"
        f"  URL:       {file.url}\n"
        f"  target:    {file.target}\n"
        f"{''.join(story)}"
        f"  expected:  {file.size or 'any number of'} bytes, {file.hash}\n"
        f"  by hand:   {file.manual}"
    )


class _Transfer:
    """One try: a downloader for `pooch.retrieve`, and the file object pooch writes to.

    pooch works in a daemon thread, since a name look-up or a read that hangs cannot be
    interrupted. The caller's thread watches, draws the bar and gives up when it stalls.
    """

    def __init__(
        self, file: RemoteFile, timeout: float, stall_seconds: float, progress: bool
    ) -> None:
        self.file, self.timeout = file, timeout
        self.stall_seconds, self.progress = stall_seconds, progress
        self.count = 0  # bytes received
        self.hash = ""  # of what arrived, once all has
        self.response: requests.Response | None = None

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        get = pooch.HTTPDownloader(
            chunk_size=CHUNK,
            timeout=self.timeout,
            headers={"Accept-Encoding": "identity"},
            hooks={"response": self._on_response},
        )
        errors: list[Exception] = []

        def work() -> None:
            try:
                get(url, self, None)
            except Exception as error:
                errors.append(error)  # raised below, in the caller's thread

        worker = threading.Thread(target=work, daemon=True)
        with open(output_file, "wb") as self.out:
            worker.start()
            try:
                self._watch(worker)
            finally:
                if worker.is_alive() and self.response is not None:
                    with suppress(Exception):
                        self.response.raw.shutdown()  # wakes a thread that waits for bytes
        if errors:
            raise errors[0]
        self.hash = _hash_of(output_file, self.file)

    def _watch(self, worker: threading.Thread) -> None:
        with tqdm(
            desc=self.file.name,
            total=self.file.size,
            unit="B",
            unit_scale=True,
            ncols=79,
            mininterval=1,
            file=sys.stdout,  # the notebook widget does not survive in a saved notebook
            disable=not self.progress,
        ) as bar:
            received, since, before = 0, time.monotonic(), 0
            working = True
            while working:
                worker.join(0.1)
                working = worker.is_alive()  # asked before counting, so that the last bytes count
                bar.update(self.count - received)
                received = self.count
                if working and time.monotonic() - since > self.stall_seconds:
                    if received - before < MINIMUM_SPEED * self.stall_seconds:
                        raise web.Timeout(f"stalled: under 1 kB/s for {self.stall_seconds:g} s")
                    since, before = time.monotonic(), received

    def _on_response(self, response: requests.Response, **_: Any) -> None:
        self.response = response
        # Some servers call a .tar.gz "gzip-encoded"; unpacked on the way, its hash is wrong.
        response.raw.headers.pop("Content-Encoding", None)

    def write(self, chunk: bytes) -> None:
        self.out.write(chunk)
        self.count += len(chunk)
        if self.file.size is not None and self.count > self.file.size:
            raise ValueError("more bytes than expected")

    def flush(self) -> None:
        """Do nothing: pooch flushes after every chunk, which only costs time."""


def _place(file: RemoteFile, transfer: _Transfer) -> Path:
    """Download into a folder beside the target, verify, and only then rename."""
    folder = file.target.parent
    log = pooch.get_logger()
    level = log.level
    log.setLevel("WARNING")  # its "Downloading ..." would name the temporary folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A folder of our own: whatever an error leaves in it goes with it.
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as own:
            good = pooch.retrieve(file.url, file.hash, "download", own, downloader=transfer)
            with suppress(OSError):  # pooch's file is private; a shared folder's are for all
                os.chmod(good, folder.stat().st_mode & 0o666)
            os.replace(good, file.target)
    finally:
        log.setLevel(level)
    return file.target


def _hash_of(path: str | Path, file: RemoteFile) -> str:
    """Return the hash of what is at `path`, by the algorithm and in the form of `file.hash`."""
    algorithm = file.hash.partition(":")[0]
    return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"


def _may_pass(error: web.RequestException) -> bool:
    """Say whether another try may go better."""
    if isinstance(error, web.HTTPError):
        return error.response.status_code >= 500 or error.response.status_code in (408, 429)
    passing = (web.Timeout, web.ConnectionError, web.ChunkedEncodingError)
    return isinstance(error, passing) and "CERTIFICATE_VERIFY_FAILED" not in str(error)


def _innermost(error: web.RequestException) -> str:
    """Return the reason in words; requests and urllib3 wrap it two or three deep."""
    reason: Any = error
    while isinstance(reason, Exception) and reason.args:
        reason = getattr(reason, "reason", None) or reason.args[0]
    return f"{type(error).__name__}: {reason}"
