"""Environment variables as people set them, in any shell, and the line that sets one."""

import os
import sys
from pathlib import Path

from utils.files import REPOSITORY

# What follows TRANSFER_ in the names of ours.
OURS = ("DATA", "WEIGHTS", "SIZE", "SIDE", "PRECISION", "BROKEN", "OUTPUTS", "LANGUAGE", "BROWSER")


def read(name: str) -> str:
    """The variable's value, "" if it is not set; without the quotes that Windows' `set` keeps."""
    return os.environ.get(name, "").strip(" \t\"'")


def line_to_set(name: str, value: str) -> str:
    """What to type to set a variable, in the shell that people have here."""
    shell = Path(os.environ.get("SHELL", "")).name
    power_shell = f'$env:{name} = "{value}"'
    if os.name == "nt":
        return f"{power_shell} (PowerShell) or set {name}={value} (Command Prompt)"
    if "PSModulePath" in os.environ:
        return power_shell
    if shell in ("csh", "tcsh"):
        return f'setenv {name} "{value}"'
    return f'set -gx {name} "{value}"' if shell == "fish" else f'export {name}="{value}"'


def unknown() -> list[str]:
    """A line for each variable that looks like one of ours and is none."""
    known = {f"TRANSFER_{name}" for name in OURS}
    odd = [n for n in os.environ if n.upper().startswith("TRANSFER_") and n not in known]
    return [f'The variable "{name}" is none of ours: see Settings in README.md.' for name in odd]


def other_python() -> list[str]:
    """A line if the repository has an environment and this process runs in another one."""
    own = REPOSITORY / ".venv"
    if own.is_dir() and Path(sys.prefix).resolve() != own.resolve():
        return [f"This Python is {sys.executable}, not that of {own}: see Start in README.md."]
    return []
