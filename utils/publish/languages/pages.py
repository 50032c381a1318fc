"""The pages of the series, their messages, and what each is in another language."""

from collections.abc import Iterator
from pathlib import Path

import nbformat

from utils.files import REPOSITORY
from utils.publish.languages import catalogues, find, hints, texts
from utils.publish.series import NOTEBOOKS, series

CLASSIFY = "notebooks/classify.md"  # only of the site, where it lies there
NAMES = {"README.md": "README", "data/README.md": "data"}  # of catalogues; others: as the page
HINTS = "exercises"  # the catalogue of the exercises' hints, which are no page
ALT = ("alt", "caption")


def pages(source: Path = NOTEBOOKS) -> list[str]:
    """The paths of all pages in the repository, the notebooks' from `source`."""
    own = ["index.md", *(path.name for path in series(source)), "glossary.md", "teaching.md"]
    others = ["README.md", "data/README.md", "data/vgg16-imagenet.md"]
    return [*others, *(f"notebooks/{name}" for name in own), CLASSIFY]


def read(page: str, source: Path = NOTEBOOKS) -> str:
    if page == CLASSIFY:
        path = REPOSITORY / "utils" / "publish" / "site" / "classify.md"
    else:
        path = source / Path(page).name if page.startswith("notebooks/") else REPOSITORY / page
    return path.read_text(encoding="utf-8")


def catalogue_of(page: str) -> str:
    return NAMES.get(page, Path(page).stem)


def messages(page: str, text: str) -> Iterator[str]:
    """The messages of a page; of a notebook those of its words and of its figures' alt texts."""
    if not page.endswith(".ipynb"):
        yield from texts.messages(text)
        return
    for cell in nbformat.reads(text, as_version=4).cells:
        if cell.cell_type == "markdown":
            yield from texts.messages(cell.source)
        yield from _alt(cell).values()


def all_messages(source: Path = NOTEBOOKS) -> dict[str, list[str]]:
    """The messages of each catalogue."""
    found = {catalogue_of(page): list(messages(page, read(page, source))) for page in pages(source)}
    return found | {HINTS: list(hints.messages())}


def catalogue(code: str, name: str, source: Path = NOTEBOOKS) -> Path:
    return source / "locale" / code / "LC_MESSAGES" / f"{name}.po"


def edition(code: str, source: Path = NOTEBOOKS, site: bool = False) -> dict[str, str]:
    """All pages in a language, by their paths in the repository.

    Those that have no catalogue are left out; links then lead to the English page. For the site
    they are there too, in English, with a word on that.
    """
    moved = _new_paths(code, source, site)
    english = {page: read(page, source) for page in moved}
    say = {page: translator(code, catalogue_of(page), source) for page in moved}
    anchors = {}
    for page, text in english.items():
        if page.endswith(".md"):
            ours, theirs = texts.slugs(text), texts.slugs(texts.translate(text, say[page]))
            anchors[page] = dict(zip(ours, theirs, strict=True))

    def translate(page: str, text: str) -> str:
        text = texts.translate(text, say[page])
        return texts.move_links(text, page, moved[page], moved, anchors)

    made = {}
    for page, text in english.items():
        known = catalogue(code, catalogue_of(page), source).exists()
        note = "" if known else f"> {find(code).untranslated}"
        if page.endswith(".md"):
            title, _, rest = translate(page, text).partition("\n")
            made[moved[page]] = "\n".join([title, *(["", note] if note else []), rest])
            continue
        notebook = nbformat.reads(text, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = translate(page, cell.source)
            for key, words in _alt(cell).items():
                cell.metadata["mystnb"]["image"][key] = say[page](words)
        if note:
            notebook.cells.insert(1, nbformat.v4.new_markdown_cell(note, id="untranslated"))
        made[moved[page]] = nbformat.writes(notebook) + "\n"
    return made


def _new_paths(code: str, source: Path, site: bool) -> dict[str, str]:
    """Where each page of an edition lies, by the path of the English one."""
    language, moved = find(code), {}
    for page in pages(source):
        name = catalogue_of(page)
        known = catalogue(code, name, source).exists()
        if page == "README.md" and known:
            moved[page] = f"README.{language.tag}.md"
        elif page != "README.md" and (site or (known and page != CLASSIFY)):
            moved[page] = f"notebooks/{language.folder}/{name}{Path(page).suffix}"
    return moved


def translator(code: str, name: str, source: Path = NOTEBOOKS) -> texts.Translate:
    """A function that translates messages by one catalogue, and gives others back."""
    path = catalogue(code, name, source)
    known = catalogues.translations(path) if path.exists() else {}
    return lambda message: known.get(message, message)


def _alt(cell: nbformat.NotebookNode) -> dict[str, str]:
    image = cell.metadata.get("mystnb", {}).get("image", {})
    return {key: image[key] for key in ALT if key in image}
