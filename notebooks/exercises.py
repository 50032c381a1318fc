"""`from exercises import check`: finds the repository even in a kernel that was restarted."""

import sys
from pathlib import Path

for folder in Path(__file__).resolve().parents:
    if (folder / "utils" / "exercises.py").exists():
        sys.path.insert(0, str(folder))
        break

from utils.exercises import check  # noqa: E402, F401
