"""Fetch one file from the internet: verified, bounded in time, retried and resumed."""

import os
import sys
import time
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pooch
import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from utils import files, variables


class DownloadError(RuntimeError):
    """A file could not be downloaded; the message's first line says why in short."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on the internet and its place on this computer."""

    url: str
    hash: str  # "sha256:..."
    size: int  # bytes
    name: str  # what it is, for messages
    target: Path
    manual: str  # how to get it by hand


def keras_home() -> Path:
    """Return Keras's folder, KERAS_HOME or ~/.keras; raises CannotWriteError."""
    home = files.REPOSITORY / Path(variables.read("KERAS_HOME") or "~/.keras").expanduser()
    if not os.access(files.make_folder(home), os.W_OK):  # Keras would take a temporary folder
        raise files.cannot_write(home, PermissionError("the folder is read-only"))
    os.environ["KERAS_HOME"] = str(home)
    return home


def cifar10_archive(keras_home: Path) -> RemoteFile:
    """Return CIFAR-10, to be saved where `keras.datasets.cifar10.load_data` looks for it."""
    return RemoteFile(
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        hash="sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        size=170_498_071,
        name="CIFAR-10",
        target=keras_home / "datasets" / "cifar-10-batches-py-target_archive",
        manual="save the URL as the target, or work without it, before Jupyter starts:\n"
        f"             {variables.line_to_set('TRANSFER_DATA', 'toys')}",
    )


def is_on_disk(file: RemoteFile) -> bool:
    """Return whether the target exists with the right hash (170 MB: under a second)."""
    readable = os.access(file.target, os.R_OK) and file.target.is_file()
    return readable and _hash_of(file.target) == file.hash


def try_fetch(file: RemoteFile, *, attempts=2, **options) -> bool:
    """Fetch `file`; if that fails, print why in one line and return False."""
    try:
        fetch(file, attempts=attempts, **options)
    except DownloadError as error:
        print(str(error).splitlines()[0])
        return False
    return True


def fetch(file: RemoteFile, *, attempts=3, timeout=10.0, stall_seconds=60.0, progress=True) -> Path:
    """Return the target of `file`, downloaded and verified unless it is on disk already.

    Bytes are kept in `<target>.part`, where a later attempt or call resumes. `timeout`: seconds in
    which the server has to react; an attempt also ends after `stall_seconds` under 1 kB/s. Only
    faults that may pass are retried. Raises DownloadError, also for a full or read-only disk.
    """
    if is_on_disk(file):
        return file.target
    part = file.target.with_name(f"{file.target.name}.part")
    story, wrong = "", False
    for attempt in range(attempts):
        time.sleep(attempt)
        try:
            files.make_folder(part.parent)
            with open(part, "ab") as out:
                files.lock(out)
                if out.tell() < file.size:
                    _receive(file, out, timeout, stall_seconds, progress)
            if (found := _hash_of(part)) != file.hash:
                raise ValueError(f"wrong hash: {part.stat().st_size} bytes, {found}")
            os.replace(part, file.target)
            return file.target
        except (requests.RequestException, HTTPError) as error:
            status = getattr(getattr(error, "response", None), "status_code", 503)
            again = status >= 500 or status in (408, 429)
            while error.__context__:  # requests and urllib3 wrap the reason two or three deep
                error = error.__context__
            problem = str(error)
        except ValueError as error:
            part.unlink(missing_ok=True)
            problem, again, wrong = str(error), not wrong, True  # try once more
        except OSError as error:
            problem, again = f"on this computer: {error}", False
        story += f"  attempt {attempt + 1}: {problem}\n"
        if not again:
            break
    raise DownloadError(
        f"{file.name} could not be downloaded ({problem}).\n"
        f"  URL:       {file.url}\n  target:    {file.target}\n{story}"
        f"  expected:  {file.size} bytes, {file.hash}\n  by hand:   {file.manual}"
    )


def _receive(file: RemoteFile, out, timeout, stall_seconds, progress) -> None:
    """Append the bytes that the open file `out` lacks; all if the server cannot resume."""
    start = out.tell()
    headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-" if start else None}
    with ThreadPool(1) as pool:  # a name lookup that hangs cannot be interrupted, only left
        options = {"headers": headers, "stream": True, "timeout": timeout}
        answer = pool.apply_async(requests.get, [file.url], options)
        answer.wait(timeout)
        if not answer.ready():
            raise requests.Timeout(f"no answer within {timeout:g} s")
    with answer.get() as response:
        if response.status_code == 416:
            raise ValueError(f"the server's file is shorter than {start} bytes")
        response.raise_for_status()
        start = start if response.status_code == 206 else 0
        offered = response.raw.length_remaining
        if offered not in (None, file.size - start):  # a sign-in page, say; `out` may be good
            raise requests.RequestException(f"another file, {offered} bytes", response=response)
        out.truncate(out.seek(start))
        with tqdm(
            desc=file.name, initial=start, total=file.size, unit="B", unit_scale=True, ncols=78,
            mininterval=1, file=sys.stdout, disable=not progress,
        ) as bar:  # fmt: skip
            since, before = time.monotonic(), start
            # Not decoded: an archive that its server calls "gzip-encoded" has to stay packed.
            while out.tell() <= file.size and (chunk := response.raw.read1(65_536, False)):
                out.write(chunk)
                bar.update(len(chunk))
                if time.monotonic() - since > stall_seconds:
                    if out.tell() - before < 1_000 * stall_seconds:
                        raise requests.Timeout(f"under 1 kB/s for {stall_seconds:g} s")
                    since, before = time.monotonic(), out.tell()


def _hash_of(path: Path) -> str:
    return f"sha256:{pooch.file_hash(str(path), alg='sha256')}"
