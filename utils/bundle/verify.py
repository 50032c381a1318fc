"""Check a bundle: each file is there, as it was, and no other.   python3 -B verify.py [FOLDER]

Standard library only: this file goes into the bundle as it is, beside install.py, which uses it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from pathlib import Path

SUMS = "SHA256SUMS"
# What file managers and systems leave on a stick; ._* too, which macOS writes beside each file.
LEFT_BEHIND = {
    ".DS_Store", "Thumbs.db", "desktop.ini", ".fseventsd", ".Spotlight-V100", ".Trashes",
    "System Volume Information",
}  # fmt: skip


def names_in(folder: Path) -> list[str]:
    """The files below `folder` but SHA256SUMS, as relative POSIX paths, in order."""
    names = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_BEHIND]
        for name in files:
            if name not in LEFT_BEHIND and not name.startswith("._"):
                names.append(Path(parent, name).relative_to(folder).as_posix())
    return sorted(name for name in names if name != SUMS)


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:  # hashlib.file_digest needs Python 3.11
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS in the format of the program sha256sum."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in names_in(folder)]
    (folder / SUMS).write_bytes("".join(lines).encode())


def read_sums(folder: Path) -> dict[str, str]:
    """The hash of each name; raises ValueError on a line that is none of sha256sum's."""
    sums = {}
    for number, line in enumerate((folder / SUMS).read_bytes().decode().splitlines(), 1):
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef") or not name:
            raise ValueError(f"line {number} is not 64 hexadecimal digits, two blanks and a name")
        sums[name] = digest
    return sums


def problems(folder: Path) -> list[str]:
    """One line for each file that is missing, additional, damaged or unreadable."""
    try:
        expected = read_sums(folder)
    except FileNotFoundError:
        return [f"missing: {SUMS}"]
    except (OSError, ValueError) as error:
        return [f"damaged: {SUMS} ({error})"]
    present = set(names_in(folder))
    found = [f"missing: {name}" for name in sorted(set(expected) - present)]
    found += [f"additional: {name}" for name in sorted(present - set(expected))]
    for name in sorted(present & set(expected)):
        try:
            digest = sha256(folder / name)
        except OSError as error:  # a stick's bad sector, for instance
            found.append(f"unreadable: {name} ({error.strerror})")
            continue
        if digest != expected[name]:
            size = (folder / name).stat().st_size
            found.append(
                f"damaged: {name} ({size} bytes, SHA-256 {digest[:12]}..., "
                f"expected {expected[name][:12]}...)"
            )
    return found


def check(folder: Path) -> bool:
    """Print what is wrong with the bundle and what to do; say whether all is well."""
    names = names_in(folder)
    size = sum((folder / name).stat().st_size for name in names) / 1e9
    print(f"Checking the {len(names)} files of {folder} ({size:.2f} GB) ...", flush=True)
    found = problems(folder)
    if found:
        print(
            f"\nThe bundle in {folder} is not as it was made:\n  "
            + "\n  ".join(found)
            + "\nEvery file was expected as SHA256SUMS lists it. Copy what is damaged or missing "
            "anew\nfrom where the bundle came, and take away what is additional.",
            file=sys.stderr,
        )
    return not found


def this_machine() -> dict[str, str]:
    """What wheels depend on."""
    return {
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "system": platform.system(),
        "processor": platform.machine(),
    }


def other_machine(folder: Path) -> str:
    """Why the wheels do not fit this machine and what to do; "" if they fit."""
    try:
        if sha256(folder / "bundle.json") != read_sums(folder)["bundle.json"]:
            return ""
        about = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
        wanted = {name: about[name] for name in this_machine()}
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # `check` will name the file
    if this_machine() == wanted:
        return ""
    told = "Python {python} on {system} ({processor})"
    return (
        f"The wheels in {folder} are for {told.format(**wanted)}; this is "
        f"{told.format(**this_machine())}.\nUse that Python (name it in the variable PYTHON), or "
        "make a bundle on a machine like this one: make bundle"
    )


if __name__ == "__main__":
    if not check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent):
        sys.exit(1)
    print("All files are as they were made.")
