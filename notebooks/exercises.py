"""`from exercises import check`: finds the repository even in a kernel that was restarted."""

import sys
from pathlib import Path

HOME = ".."  # the repository, as seen from this folder
here = Path(__file__).resolve().parent
for folder in ((here / HOME).resolve(), *here.parents):
    if (folder / "utils" / "exercises.py").exists():
        sys.path.insert(0, str(folder))
        break

from utils.exercises import check  # noqa: E402, F401
