"""Build the site from the committed notebooks; nothing is executed, nothing is fetched.

python -m utils.site                into outputs/site, English and Chinese
python -m utils.site --catalogues   bring notebooks/locale up to the notebooks' texts
"""

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from utils.run_notebooks import NOTEBOOKS, shown
from utils.settings import REPOSITORY, outputs_folder
from utils.site import CARD, LANGUAGES

HERE = Path(__file__).parent
TRANSLATED = (  # pages that have a catalogue
    "index", "01-download", "02-model-design", "03-compile", "04-train", "05-evaluate", "glossary",
)  # fmt: skip


class SiteError(Exception):
    """The site cannot be built; the message names what is in the way and what to do."""


def check_executed(source: Path) -> None:
    """Raise SiteError, naming it, for a notebook whose cells have not all run in order."""
    problems = []
    for path in sorted(source.glob("*.ipynb")):
        try:
            cells = nbformat.read(path, as_version=4).cells
        except Exception as error:  # nbformat raises many kinds, jsonschema's among them
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SiteError(f"{path.name} is not a notebook: {said}") from error
        counts = [cell.execution_count for cell in cells if cell.cell_type == "code"]
        if counts != list(range(1, len(counts) + 1)):
            first = next(k for k, count in enumerate(counts, 1) if count != k)
            problems.append(f"{path.name}: code cell {first} has the count {counts[first - 1]}")
    if problems:
        raise SiteError(
            "The site shows what cells printed, so every notebook must have been executed, in "
            "order, from a fresh kernel. Not so:\n  "
            + "\n  ".join(problems)
            + "\nExecute with: make refresh"
        )


def sphinx(*words: str) -> None:
    """Run Sphinx, in a process of its own: one build leaves its language to the next.

    A warning fails the build.
    """
    if not importlib.util.find_spec("sphinx"):
        raise SiteError("Sphinx is not installed; `make site` installs and builds.")
    command = [sys.executable, "-m", "sphinx", "-c", str(HERE), "-q", "-W", "--keep-going", *words]
    if subprocess.run(command, cwd=REPOSITORY).returncode:
        raise SiteError("Sphinx could not build the site; what it said stands above.")


def stage(source: Path, scratch: Path) -> Path:
    """A copy of the source with what its pages show of data/; returns where it lies.

    Sphinx compiles catalogues where they lie, and shows no page from outside its source.
    """
    data = REPOSITORY / "data"
    pages = scratch / "notebooks"
    shutil.copytree(source, pages, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.mo"))
    shutil.copytree(data / "figures", scratch / "data" / "figures")
    shutil.copy(data / CARD, pages / CARD)
    return pages


def build(target: Path, source: Path = NOTEBOOKS) -> None:
    """The whole site under `target`, which is replaced only when all of it is built."""
    check_executed(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="site-") as folder:
        scratch = Path(folder)
        pages, new = stage(source, scratch), scratch / "site"
        for name, code, part in LANGUAGES:
            print(f"Building {name} ...", flush=True)
            cache = scratch / f"doctrees-{code}"
            words = ("-b", "html", "-d", str(cache), "-D", f"language={code}")
            sphinx(*words, str(pages), str(new / part))
        if target.exists():
            target.rename(scratch / "old")
        new.rename(target)


def write_templates(source: Path, folder: Path) -> None:
    """The messages of each page, as Sphinx sees them: PAGE.pot in `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        pages = stage(source, Path(scratch))
        sphinx("-b", "gettext", "-d", f"{scratch}/doctrees", str(pages), str(folder))


def update_catalogues(source: Path = NOTEBOOKS) -> None:
    """Bring the catalogues under `source`/locale up to the texts, keeping what is translated."""
    from utils.site import catalogues  # here, because it needs what Sphinx brings

    codes = [code for _, code, _ in LANGUAGES if code != "en"]
    with tempfile.TemporaryDirectory() as folder:
        write_templates(source, Path(folder))
        catalogues.update(source / "locale", Path(folder), TRANSLATED, codes)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogues", action="store_true", help="update notebooks/locale")
    options = parser.parse_args(arguments)
    target = outputs_folder() / "site"
    try:
        if options.catalogues:
            update_catalogues()
            return 0
        build(target)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The site could not be written: {error}. Mend that; what was there before stays.",
              file=sys.stderr)  # fmt: skip
        return 1
    print(f"The site is {shown(target)}; look at it with: make show")
    return 0


if __name__ == "__main__":
    sys.exit(main())
