"""Files that are complete or not there, whatever goes wrong; folders that are made and removed."""

import contextlib
import gc
import glob
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parent.parent
LEFT_BEHIND = 3600  # seconds after which nobody is still writing a temporary file


class CannotWriteError(OSError):
    """A folder or file could not be written; the message says which and what to do."""


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; what is written there then becomes `target`.

    Otherwise `target` stays as it was. CannotWriteError: a full disk, a read-only folder. What a
    program that was killed has left of this file, an hour ago or more, is deleted.
    """
    temporary = _temporary(target)
    try:
        yield temporary
        os.replace(temporary, target)
    except CannotWriteError:
        raise
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """As `whole_file`, for a folder that is not there yet, or empty."""
    temporary = _temporary(target)
    try:
        yield make_folder(temporary)
        if Path(target).exists():
            Path(target).rmdir()  # it is empty
        temporary.rename(target)
    except CannotWriteError:
        raise
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _temporary(target: Path) -> Path:
    """A new path in the target's folder; what was left under such a name long ago is deleted."""
    folder, name = make_folder(Path(target).parent), Path(target).name
    for left in folder.glob(f".partial-*-{glob.escape(name)}"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    return folder / f".partial-{secrets.token_hex(4)}-{name}"


def make_folder(folder: Path) -> Path:
    """Make a folder and those above it, and return it; raises CannotWriteError."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return Path(folder)


def remove_folder(folder: Path) -> None:
    """Delete a folder with what is in it; where a file stays, say so instead of stopping.

    Windows does not delete a file that is open, and a network drive keeps it under another name.
    """
    gc.collect()  # closes what an interrupted training has left open
    shutil.rmtree(folder, ignore_errors=True)
    if left := [path for path in Path(folder).rglob("*") if path.is_file()]:
        print(
            f"{len(left)} file(s) in {folder} cannot be deleted and stay, such as {left[0].name}.\n"
            "If a program, such as TensorBoard, or another notebook has them open, close it."
        )


class InUseError(OSError):
    """Another program is writing to a file at the moment."""


def cannot_write(target: Path, error: OSError) -> CannotWriteError:
    """Return an error that names `target`, the reason and what to do."""
    remedy = "Free some disk space, make the folder writable, close a program that has it open"
    if isinstance(error, InUseError):
        remedy = "Wait until it has ended, close it"
    return CannotWriteError(
        f"Cannot write {target}: {error.strerror or error}.\n"
        f"{remedy}, or name another folder in TRANSFER_OUTPUTS (for downloads and caches: "
        "KERAS_HOME)."
    )


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Raise CannotWriteError where another program is in such a block, in the same folder."""
    mark = make_folder(folder) / ".in-use"
    with contextlib.ExitStack() as stack:
        try:
            lock(stack.enter_context(open(mark, "a")))
        except OSError as error:
            raise cannot_write(folder, error) from error
        yield


def lock(file: IO) -> None:
    """Keep other programs from writing to an open file; raises OSError if one is doing so."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUseError("another program is writing to it at the moment") from None
    except (ImportError, OSError):  # Windows, or a file system without locks
        pass


def read_json(path: Path) -> dict:
    """Return the object in a JSON file, or {} if the file is missing, damaged or no object."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: dict) -> None:
    """Write `content` atomically."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
