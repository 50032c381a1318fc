"""The catalogues keep up with the pages, and translations keep links, code and numbers."""

import copy
import re

import pytest

pytest.importorskip("sphinx", reason="make site installs what the site is built with")

from babel.messages.catalog import Catalog

from utils.run_notebooks import NOTEBOOKS
from utils.site import LANGUAGES, catalogues
from utils.site import __main__ as site

CODES = [code for _, code, _ in LANGUAGES if code != "en"]
EACH = [(code, page) for code in CODES for page in site.TRANSLATED]


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("templates")
    site.write_templates(NOTEBOOKS, folder)
    return folder


@pytest.mark.parametrize("code, page", EACH)
def test_is_not_further_behind_than_it_says(code, page, templates):
    catalogue = catalogues.read(catalogues.path_of(NOTEBOOKS / "locale", code, page), code)
    allowed, committed = catalogues.allowed_behind(catalogue), {m.id: m.string for m in catalogue}
    catalogues.merge(catalogue, catalogues.read(templates / f"{page}.pot"))
    behind = catalogues.untranslated(catalogue)
    assert len(behind) <= allowed, behind
    # Sphinx wants each message as it stands; numbers follow by python -m utils.site --catalogues
    stale = [m.id for m in catalogue if m.id and m.string and committed.get(m.id) != m.string]
    assert len(stale) <= allowed, stale


@pytest.mark.parametrize("code, page", EACH)
def test_links_code_and_numbers_stay(code, page):
    for message in catalogues.read(catalogues.path_of(NOTEBOOKS / "locale", code, page), code):
        if message.id and message.string:
            for kept in (r"\]\(([^)]*)\)", r"`[^`]+`", catalogues.NUMBER.pattern):
                theirs = sorted(re.findall(kept, message.string))
                assert theirs == sorted(re.findall(kept, message.id)), message.string


@pytest.fixture
def catalogue():
    made = Catalog(locale="zh_CN", header_comment="# May be behind by 2 messages of its source.")
    made.add("It took 12 seconds for 1,000 pictures.", "1,000 张图片用了 12 秒。")
    made.add("A picture is an array.", "图片是一个数组。")
    return made


def after(catalogue, *texts):
    template = Catalog()
    for text in texts:
        template.add(text)
    merged = copy.deepcopy(catalogue)
    catalogues.merge(merged, template)
    return merged


def test_numbers_follow_the_source(catalogue):
    new = "It took 7.5 seconds for 2,000 pictures."
    merged = after(catalogue, new, "A picture is an array.")
    assert catalogues.untranslated(merged) == []
    assert merged[new].string == "2,000 张图片用了 7.5 秒。"


def test_other_words_wait_for_a_translation(catalogue):
    merged = after(catalogue, "A picture is an array of numbers.", "Something quite different.")
    assert catalogues.untranslated(merged) == [
        "A picture is an array of numbers.",
        "Something quite different.",
    ]


def test_numbers_that_do_not_match_up_wait_for_a_person():
    catalogue = Catalog(locale="zh_CN")
    catalogue.add("Two of 12.", "12 中的 2。")
    assert catalogues.untranslated(after(catalogue, "Two of 13.")) == ["Two of 13."]


def test_equal_numbers_that_become_different_wait_for_a_person():
    catalogue = Catalog(locale="zh_CN")
    catalogue.add("All 10 of 10.", "10 个中的 10 个。")
    assert catalogues.untranslated(after(catalogue, "All 9 of 10.")) == ["All 9 of 10."]
    assert after(catalogue, "All 8 of 8.")["All 8 of 8."].string == "8 个中的 8 个。"


def test_what_holds_no_words_needs_none(catalogue):
    assert catalogues.untranslated(after(catalogue, "0.631", "`fit`", "14,719,818")) == []


def test_a_catalogue_says_how_far_it_may_be_behind(catalogue):
    assert catalogues.allowed_behind(catalogue) == 2
    assert catalogues.allowed_behind(Catalog()) == 0


def test_updating_keeps_translations_and_writes_what_is_new(tmp_path, capsys):
    template = tmp_path / "page.pot"
    template.write_text('msgid "A picture is an array."\nmsgstr ""\n', encoding="utf-8")
    catalogues.update(tmp_path, tmp_path, ("page",), ["zh_CN"])
    path = catalogues.path_of(tmp_path, "zh_CN", "page")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('array."\nmsgstr ""', 'array."\nmsgstr "数组"'), encoding="utf-8")
    template.write_text(
        'msgid "A picture is an array."\nmsgstr ""\n\nmsgid "New words"\nmsgstr ""\n',
        encoding="utf-8",
    )
    catalogues.update(tmp_path, tmp_path, ("page",), ["zh_CN"])
    catalogue = catalogues.read(path, "zh_CN")
    assert catalogue["A picture is an array."].string == "数组"
    assert catalogues.untranslated(catalogue) == ["New words"]
    assert "page in zh_CN: 1 messages to translate" in capsys.readouterr().out
