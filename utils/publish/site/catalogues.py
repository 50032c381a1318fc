"""Catalogues of translations: gettext's .po files under notebooks/locale, one for each page.

For a page that has none yet, make an empty file `notebooks/locale/LANGUAGE/LC_MESSAGES/PAGE.po`,
then run `python -m utils.publish.site --catalogues`.
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po


def read(path: Path) -> Catalog:
    """The catalogue in a .po or .pot file; raises PoFileError where it is malformed."""
    with open(path, "rb") as file:
        return read_po(file, abort_invalid=True)


def update(path: Path, template: Path) -> int:
    """Update the catalogue to its template; returns how many messages are left to translate.

    A message whose words changed keeps its old translation marked "fuzzy", which the site does
    not show. One that is gone is kept at the file's end, and returns when its message does.
    """
    catalogue = read(path)
    for message in catalogue.obsolete.values():
        catalogue[message.id] = message
    catalogue.obsolete.clear()
    catalogue.update(read(template), update_creation_date=False)
    text = io.BytesIO()
    write_po(text, catalogue, width=96, no_location=True, include_previous=True)
    path.write_bytes(text.getvalue())
    return sum(bool(m.id) and (m.fuzzy or not m.string) for m in catalogue)
