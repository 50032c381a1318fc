"""Translations keep links, code and numbers; updating the catalogues keeps translations."""

import re
import shutil

import pytest

pytest.importorskip("sphinx", reason="make site installs what the site is built with")

from utils.publish.site import __main__ as site
from utils.publish.site import catalogues

PATHS = sorted(site.NOTEBOOKS.glob("locale/*/LC_MESSAGES/*.po"))
KEPT = (r"\]\(([^)]*)\)", r"`[^`]+`", r"\d[\d,.]*\d|\d")  # links, code, numbers


def translations(path):
    return {m.id: m.string for m in catalogues.read(path) if m.id and m.string and not m.fuzzy}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_links_code_and_numbers_stay(path):
    for message, translation in translations(path).items():
        for pattern in KEPT:
            found = sorted(re.findall(pattern, translation))
            assert found == sorted(re.findall(pattern, message)), translation


@pytest.fixture
def update(tmp_path):
    """A function that updates a catalogue to these messages, and gives its translations."""
    path, template = tmp_path / "page.po", tmp_path / "page.pot"
    path.write_text(
        'msgid "A picture is an array."\nmsgstr "图片是一个数组。"\n\n'
        'msgid "Train the head first."\nmsgstr "先训练头部。"\n',
        encoding="utf-8",
    )

    def update(*messages):
        text = "\n".join(f'msgid "{message}"\nmsgstr ""\n' for message in messages)
        template.write_text(text, encoding="utf-8")
        update.left = catalogues.update(path, template)
        return translations(path)

    return update


def test_an_update_adds_what_is_new_and_keeps_the_rest(update):
    found = update("A picture is an array.", "Something else entirely.")
    assert found == {"A picture is an array.": "图片是一个数组。"}
    assert update.left == 1


def test_a_translation_returns_with_its_message(update):
    update("A picture is an array.")
    assert update("Train the head first.") == {"Train the head first.": "先训练头部。"}
    assert update.left == 0


def test_a_changed_message_waits_for_review(update):
    assert update("A picture is an array of numbers.") == {}
    assert update.left == 1


def test_the_command_loses_no_translation(tmp_path):
    source = tmp_path / "notebooks"
    shutil.copytree(site.NOTEBOOKS, source)
    site.update_catalogues(source)
    for path in PATHS:
        updated = catalogues.read(source / path.relative_to(site.NOTEBOOKS))
        strings = {m.string for m in [*updated, *updated.obsolete.values()]}
        for message, translation in translations(path).items():
            assert translation in strings
            assert message not in updated or updated[message].string == translation
