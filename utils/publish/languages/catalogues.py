"""Catalogues of translations: gettext's .po files."""

import io
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from utils import files


def read(path: Path) -> Catalog:
    """The catalogue in a .po file; raises PoFileError where it is malformed."""
    with open(path, "rb") as file:
        return read_po(file, abort_invalid=True)


def translations(path: Path) -> dict[str, str]:
    """What is translated, and not in doubt, by message."""
    return {m.id: m.string for m in read(path) if m.id and m.string and not m.fuzzy}


def _new(path: Path) -> Catalog:
    code, about = path.parts[-3], {"last_translator": "", "fuzzy": False}
    words = f"# Texts of {path.stem} in {code}."
    return Catalog(code, project=path.stem, version="", header_comment=words, **about)


def update(path: Path, messages: Iterable[str]) -> int:
    """Update the catalogue to these messages; returns how many are left to translate.

    A message whose words changed keeps its old translation marked "fuzzy", which is not shown. One
    that is gone is kept at the file's end, and returns when its message does.
    """
    catalogue, template = read(path) if path.stat().st_size else _new(path), Catalog()
    for message in catalogue.obsolete.values():
        catalogue[message.id] = message
    catalogue.obsolete.clear()
    for message in messages:
        template.add(message)
    catalogue.update(template, update_creation_date=False)
    text = io.BytesIO()
    write_po(text, catalogue, width=96, no_location=True, include_previous=True)
    with files.whole_file(path) as temporary:
        temporary.write_bytes(text.getvalue())
    return sum(bool(m.id) and (m.fuzzy or not m.string) for m in catalogue)
