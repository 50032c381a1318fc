"""The series in other languages: `python -m utils.publish.languages` writes what it translates.

The catalogues lie in notebooks/locale/CODE/LC_MESSAGES, one for each page, and one of the
exercises' hints. From them and the English pages all else is made, and nothing of it is edited.
"""

from typing import NamedTuple


class Language(NamedTuple):
    """How a language is written on the site and in the repository."""

    name: str  # as its readers write it
    folder: str  # in notebooks/ and in the site
    tag: str  # in README's name and in HTML
    title: str  # of the site
    words: dict[str, str]  # of the site's frame
    untranslated: str = ""  # what stands above a page that has no catalogue


ENGLISH = Language(
    "English", "", "en", "Transfer learning with Keras",
    {"language": "Language", "front": "Front page"},
)  # fmt: skip
LANGUAGES = {  # by gettext's and Sphinx's code
    "zh_CN": Language(
        "中文", "zh", "zh-CN", "用 Keras 做迁移学习",
        {"language": "语言", "front": "首页"},
        "本页还没有中文翻译。下面是英文原文。",
    ),
}  # fmt: skip


class LanguageError(ValueError):
    """There is no such language; the message says which there are."""


def find(code: str) -> Language:
    """The language of a code such as zh_CN; raises LanguageError."""
    if code not in LANGUAGES:
        there = ", ".join(LANGUAGES)
        raise LanguageError(f"There is no language {code!r}. There are: {there} (and English).")
    return LANGUAGES[code]
