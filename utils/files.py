"""Files that are either whole or not there: written beside their place, then renamed."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class CannotWriteError(OSError):
    """A folder or file could not be written; the message says which and what to do."""


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a temporary path of the same ending; it becomes `target` only if all went well.

    A full disk, a read-only folder or an interruption leaves `target` as it was.

    Raises:
        CannotWriteError: the disk is full, or the folder cannot be written.
    """
    target = Path(target)
    make_folder(target.parent)
    temporary = None
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=".partial-", suffix="".join(target.suffixes[-2:])
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files that only their owner reads
        os.replace(temporary, target)
    except CannotWriteError:
        raise
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def make_folder(folder: Path) -> Path:
    """Make a folder and those above it; raises CannotWriteError where that cannot be done."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return Path(folder)


def cannot_write(target: Path, error: OSError) -> CannotWriteError:
    return CannotWriteError(
        f"Cannot write {target}: {error.strerror or error}.\n"
        "Nothing was left half-written. Free some disk space or make the folder writable, or name "
        "another folder in the variable TRANSFER_OUTPUTS (for caches: KERAS_HOME)."
    )


def read_json(path: Path) -> dict:
    """The file's content, or an empty dict if there is no such file or it is no JSON object."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: dict) -> None:
    """Write `content` in one piece."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
