"""What the site adds to Sphinx: Chinese search, a link to each language, the card's page."""

import re

from sphinx.search import SearchEnglish

from utils.publish.languages import ENGLISH, LANGUAGES
from utils.publish.site import CARD

SPLIT_QUERY = r"""
var splitQuery = (query) => (query.match(/[\u4e00-\u9fff]+|[a-zA-Z0-9_]+/gu) || []).flatMap(
  (run) => /[\u4e00-\u9fff]/.test(run) && run.length > 2
    ? [...run].slice(1).map((second, place) => run[place] + second) : [run]);
"""


class SearchPairs(SearchEnglish):
    """Index Chinese by pairs of characters; Sphinx's own way needs a dictionary of words."""

    lang = "zh"
    js_splitter_code = SPLIT_QUERY

    def split(self, input: str) -> list[str]:
        words = []
        for run in re.findall(r"[\u4e00-\u9fff]+|[a-zA-Z0-9_]+", input):
            chinese = "\u4e00" <= run[0] <= "\u9fff" and len(run) > 2
            words += [run[k : k + 2] for k in range(len(run) - 1)] if chinese else [run]
        return words


def link_card(app, docname, source) -> None:
    """Let links to the weights' card lead to its page."""
    source[0] = source[0].replace(f"](../data/{CARD}.md)", f"]({CARD}.md)")


def add_languages(app, pagename, templatename, context, doctree) -> None:
    """Give the templates the language of the page, and the others' folders seen from its site."""
    own = {"en": ENGLISH, **LANGUAGES}[app.config.language]
    up = "../" if own.folder else ""
    every = [(lang, f"{up}{lang.folder}/" if lang.folder else up)
             for lang in (ENGLISH, *LANGUAGES.values())]  # fmt: skip
    context |= {"own": own, "languages": every}


def launch_translated(app, config) -> None:
    """Let launch buttons lead to the notebook in the page's language."""
    if config.language in LANGUAGES and "path_to_docs" in config.html_theme_options:
        folder = f"notebooks/{LANGUAGES[config.language].folder}"
        config.html_theme_options |= {"path_to_docs": folder}


def setup(app) -> dict:
    app.add_search_language(SearchPairs)
    app.connect("config-inited", launch_translated)
    app.connect("source-read", link_card)
    app.connect("html-page-context", add_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
