"""Build the site from the committed notebooks, of which nothing is executed.

python -m utils.publish.site   into outputs/site, in English and in every other language
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
from utils.publish.languages import ENGLISH, LANGUAGES
from utils.publish.languages.pages import CLASSIFY, edition
from utils.publish.series import NOTEBOOKS, series
from utils.publish.site import CARD, classifier
from utils.settings import outputs_folder

HERE = Path(__file__).parent


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


def stage(source: Path, scratch: Path, code: str = "en", *, classify: bool = False) -> Path:
    """Write the pages in a language, and what they show of data/, into `scratch`.

    Returns the folder of the pages. The one that classifies pictures is there if `classify`.

    Sphinx shows no page from outside its source. index.md gets the order of the pages here, because
    only Sphinx would understand it there.
    """
    notebooks, names = series(source), ["index.md", "glossary.md", "teaching.md"]
    if code == "en":
        pages, card = scratch / "notebooks", REPOSITORY / "data" / f"{CARD}.md"
        pages.mkdir(parents=True)
        for name in (*names, *(path.name for path in notebooks)):
            shutil.copy(source / name, pages)  # and nothing that a learner keeps next to them
        shutil.copy(card, pages)
        if classify:
            shutil.copy(HERE / "classify.md", pages)
    else:
        pages = scratch / "notebooks" / LANGUAGES[code].folder
        pages.mkdir(parents=True)
        for name, text in edition(code, source, site=True).items():
            wanted = classify or Path(name).name != Path(CLASSIFY).name
            if (scratch / name).parent == pages and wanted:
                (scratch / name).write_text(text, encoding="utf-8")
        (pages / "data.md").unlink()  # of data/README.md, which is no page of the site
    shutil.copytree(REPOSITORY / "data" / "figures", scratch / "data" / "figures")
    card = (pages / f"{CARD}.md").read_text(encoding="utf-8")
    card = re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", card)  # its neighbours are no pages
    (pages / f"{CARD}.md").write_text(card, encoding="utf-8")
    extra = ["classify"] if classify else []
    order = "\n".join([*(path.stem for path in notebooks), *extra, "glossary", "teaching", CARD])
    index = (pages / "index.md").read_text(encoding="utf-8")
    index = re.sub(r"\[([^\]]*)\]\([./]*README[^)]*\)", r"\1", index)  # no page of the site
    order = f"\n```{{toctree}}\n:hidden:\n\n{order}\n```\n"
    (pages / "index.md").write_text(index + order, encoding="utf-8")
    return pages


def build(target: Path, source: Path = NOTEBOOKS, parts: Path | None = None) -> None:
    """Build the whole site without a warning; only then is `target` replaced.

    The page that classifies pictures is there if `parts` names the folder of what it loads.
    """
    check_executed(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="site-") as folder:
        scratch = Path(folder)
        new = scratch / "site"
        for code, language in {"en": ENGLISH, **LANGUAGES}.items():
            print(f"Building {language.title} ...", flush=True)
            pages = stage(source, scratch / code, code, classify=bool(parts))
            options = ["-W", "--keep-going", "-D", f"language={code}"]
            options += ["-D", f"html_title={language.title}", "-d", f"{scratch}/{code}/doctrees"]
            sphinx("-b", "html", *options, str(pages), str(new / language.folder))
        if parts:
            shutil.copytree(parts, new / "classifier")
        if target.exists():
            target.rename(scratch / "old")
        new.rename(target)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args(arguments)
    target = outputs_folder() / "site"
    try:
        build(target, parts=classifier.prepare(target.with_name("classifier")))
        print(f"The site is in {target}; look at it with: make show")
    except (SiteError, OSError) as error:
        print(f"{error}\nWhat was there before is unchanged.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
