"""Build the site from the committed notebooks, of which nothing is executed.

python -m utils.publish.site                into outputs/site, English and Chinese
python -m utils.publish.site --catalogues   update the catalogues in notebooks/locale
"""

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from utils.files import REPOSITORY
from utils.publish.series import NOTEBOOKS, series
from utils.publish.site import CARD, classifier
from utils.settings import outputs_folder

HERE = Path(__file__).parent
LANGUAGES = {  # code: folder in the site, title of the site
    "en": ("", "Transfer learning with Keras"),
    "zh_CN": ("zh", "用 Keras 做迁移学习"),
}


class SiteError(Exception):
    """The site cannot be built; the message says why and what to do."""


def check_executed(source: Path) -> None:
    """Raise SiteError if a notebook is unreadable or its cells have not all run in order."""
    problems = []
    for path in series(source):
        try:
            cells = nbformat.read(path, as_version=4).cells
        except Exception as error:  # nbformat raises many kinds, jsonschema's among them
            raise SiteError(f"{path.name} is not a notebook: {error}") from error
        counts = [cell.execution_count for cell in cells if cell.cell_type == "code"]
        wrong = [k for k, count in enumerate(counts, 1) if count != k]
        if wrong:
            problems.append(f"  {path.name}: code cell {wrong[0]}")
    if problems:
        raise SiteError(
            "The site shows what cells printed, so every notebook must have been executed in "
            "order from a fresh kernel. The first cell out of order:\n"
            + "\n".join(problems)
            + "\nExecute the notebooks with: make refresh"
        )


def sphinx(*options: str) -> None:
    """Run Sphinx in a process of its own, because it keeps the language of the first build."""
    if not importlib.util.find_spec("sphinx"):
        raise SiteError("Sphinx is not installed; `make site` installs it and builds the site.")
    command = [sys.executable, "-m", "sphinx", "-c", str(HERE), "-q"]
    if subprocess.run([*command, *options], cwd=REPOSITORY).returncode:
        raise SiteError("Sphinx could not build the site; its messages are above.")


def stage(source: Path, scratch: Path, *, classify: bool = False) -> Path:
    """Copy the pages and what they show of data/ into `scratch`; returns the pages' folder.

    The page that classifies pictures is one of them if `classify`.

    Sphinx compiles catalogues where they lie and shows no page from outside its source. index.md
    gets the order of the pages here, because only Sphinx would understand it there.
    """
    data, pages = REPOSITORY / "data", scratch / "notebooks"
    shutil.copytree(source / "locale", pages / "locale", ignore=shutil.ignore_patterns("*.mo"))
    for name in ("index.md", "glossary.md", "teaching.md", *(path.name for path in series(source))):
        shutil.copy(source / name, pages)  # and nothing that a learner keeps next to them
    shutil.copytree(data / "figures", scratch / "data" / "figures")
    card = (data / f"{CARD}.md").read_text(encoding="utf-8")
    card = re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", card)  # its neighbours are no pages
    (pages / f"{CARD}.md").write_text(card, encoding="utf-8")
    notebooks = [path.stem for path in series(source)]
    if classify:
        shutil.copy(HERE / "classify.md", pages)
    extra = ["classify"] if classify else []
    order = "\n".join([*notebooks, *extra, "glossary", "teaching", CARD])
    with open(pages / "index.md", "a", encoding="utf-8") as file:
        file.write(f"\n```{{toctree}}\n:hidden:\n\n{order}\n```\n")
    return pages


def build(target: Path, source: Path = NOTEBOOKS, parts: Path | None = None) -> None:
    """Build the whole site without a warning; only then is `target` replaced.

    The page that classifies pictures is there if `parts` names the folder of what it loads.
    """
    check_executed(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="site-") as folder:
        scratch = Path(folder)
        pages, new = stage(source, scratch, classify=bool(parts)), scratch / "site"
        for code, (part, title) in LANGUAGES.items():
            print(f"Building {title} ...", flush=True)
            options = ["-W", "--keep-going", "-D", f"language={code}", "-D", f"html_title={title}"]
            sphinx("-b", "html", "-d", f"{scratch}/{code}", *options, str(pages), str(new / part))
        if parts:
            shutil.copytree(parts, new / "classifier")
        if target.exists():
            target.rename(scratch / "old")
        new.rename(target)


def update_catalogues(source: Path = NOTEBOOKS) -> None:
    """Update each catalogue in `source`/locale to its page, keeping what is translated."""
    from utils.publish.site import catalogues  # Babel comes with Sphinx, which may be missing

    with tempfile.TemporaryDirectory() as folder:
        templates = Path(folder) / "templates"
        pages = stage(source, Path(folder), classify=True)
        sphinx("-b", "gettext", "-d", f"{folder}/doctrees", str(pages), str(templates))
        for path in sorted(source.glob("locale/*/LC_MESSAGES/*.po")):
            left = catalogues.update(path, templates / f"{path.stem}.pot")
            print(f"{path.parts[-3]} {path.stem}: {left} messages to translate or review")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogues", action="store_true", help="update notebooks/locale")
    options = parser.parse_args(arguments)
    target = outputs_folder() / "site"
    try:
        if options.catalogues:
            update_catalogues()
        else:
            build(target, parts=classifier.prepare(target.with_name("classifier")))
            print(f"The site is in {target}; look at it with: make show")
    except (SiteError, OSError) as error:
        print(f"{error}\nWhat was there before is unchanged.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
