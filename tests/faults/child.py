"""One try in a process of its own: python -m tests.faults.child MODULE NAME FOLDER.

The last line says, as JSON, which error there was and what it said, how long it took, and the
peak of memory.
"""

import contextlib
import json
import os
import re
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

ADDRESSES = 16 << 30  # bytes; beyond that the machine is not to be drawn into it


def peak() -> float | None:
    """The largest amount of memory that this process has had, in MB; None but on Linux."""
    with contextlib.suppress(OSError):
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1_000
    return None


def main(module: str, name: str, folder: str) -> None:
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    use = import_module(f"tests.faults.{module}").USES[name]
    os.chdir(folder)
    found, start = {"error": ""}, time.monotonic()
    try:
        found["said"] = str(use(Path(folder)))
    except Exception as error:
        found["said"] = str(error)
        found["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
    found |= {"seconds": time.monotonic() - start, "megabytes": peak()}
    print(f"\n{json.dumps(found)}", flush=True)  # "error" comes first


if __name__ == "__main__":
    main(*sys.argv[1:])
