"""Catalogues of translations under notebooks/locale, kept up with the pages' texts.

A catalogue's head says by how many messages it may be behind its source: "May be behind by N". A
message that differs from an earlier one in its numbers only keeps its translation, with the new
numbers, so that executing the notebooks again leaves nothing to translate.
"""

import re
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from utils import files

NUMBER = re.compile(r"\d[\d,.]*\d|\d")
BEHIND = re.compile(r"May be behind by (\d+)")
HEAD = "Texts of {page} in {code}. May be behind by 0 messages of its source."


def path_of(locale: Path, code: str, page: str) -> Path:
    return locale / code / "LC_MESSAGES" / f"{page}.po"


def read(path: Path, code: str | None = None) -> Catalog:
    with open(path, "rb") as file:
        return read_po(file, locale=code)


def needs_words(message: Message) -> bool:
    """Numbers, paths and code alone need no translation."""
    return bool(message.id) and bool(re.search(r"[A-Za-z]{2}", re.sub(r"`[^`]*`", "", message.id)))


def untranslated(catalogue: Catalog) -> list[str]:
    """Messages of the source that the catalogue does not have, or not for sure."""
    return [m.id for m in catalogue if needs_words(m) and (not m.string or m.fuzzy)]


def allowed_behind(catalogue: Catalog) -> int:
    """By how many messages the catalogue says that it may be behind."""
    found = BEHIND.search(catalogue.header_comment)
    return int(found[1]) if found else 0


def merge(catalogue: Catalog, template: Catalog) -> None:
    """Bring the catalogue up to the template; numbers in translations follow the source's."""
    known = {
        NUMBER.sub("#", m.id): (m.id, m.string)
        for m in catalogue
        if m.id and m.string and not m.fuzzy
    }
    catalogue.update(template)
    for message in catalogue:
        old = known.get(NUMBER.sub("#", message.id)) if message.id else None
        if old and (message.fuzzy or not message.string):
            string = with_numbers(*old, message.id)
            if string:
                message.string = string
                message.flags.discard("fuzzy")


def with_numbers(old_id: str, old_string: str, new_id: str) -> str:
    """The old translation with the new message's numbers; empty where they do not match up."""
    pairs = list(zip(NUMBER.findall(old_id), NUMBER.findall(new_id), strict=True))
    if len({old for old, _ in pairs}) < len(set(pairs)):
        return ""  # two numbers were equal and are not any more: which is which?
    if sorted(NUMBER.findall(old_string)) != sorted(old for old, _ in pairs):
        return ""  # the translation has other numbers than its source: leave it to a person

    def new_number(match: re.Match) -> str:
        place = next(k for k, (old, _) in enumerate(pairs) if old == match[0])
        return pairs.pop(place)[1]

    return NUMBER.sub(new_number, old_string)


def update(locale: Path, templates: Path, pages: tuple[str, ...], codes: list[str]) -> None:
    """Update each page's catalogue in each language from its template, PAGE.pot."""
    for code in codes:
        for page in pages:
            path = path_of(locale, code, page)
            catalogue = read(path, code) if path.exists() else Catalog(locale=code)
            if not path.exists():
                catalogue.header_comment = "# " + HEAD.format(page=page, code=code)
            catalogue.project, catalogue.version, catalogue.fuzzy = page, "", False
            catalogue.msgid_bugs_address = catalogue.last_translator = ""
            catalogue.language_team = code
            begun = catalogue.creation_date
            merge(catalogue, read(templates / f"{page}.pot"))
            catalogue.creation_date = begun  # or each update would change every file
            path.parent.mkdir(parents=True, exist_ok=True)
            with files.whole_file(path) as temporary, open(temporary, "wb") as file:
                write_po(file, catalogue, width=96, no_location=True, ignore_obsolete=True)
            print(f"{page} in {code}: {len(untranslated(catalogue))} messages to translate")
