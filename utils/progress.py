"""A progress bar in plain text, which reads the same in a terminal and in a saved notebook."""

import sys

from tqdm import tqdm


def progress_bar(*, total: int, what: str, unit: str = "pictures") -> tqdm:
    """A bar on standard output, drawn at most once a second; call `update(n)` on it."""
    return tqdm(total=total, desc=what, unit=f" {unit}", file=sys.stdout, mininterval=1, ncols=78)
