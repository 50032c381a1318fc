"""What the site adds to Sphinx: links that keep their anchors, Chinese search, a few words."""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.search import SearchEnglish
from sphinx.transforms import SphinxTransform

from utils.publish.site import CARD

ASIDE = "set aside"
SPLIT_QUERY = r"""
var splitQuery = (query) => (query.match(/[\u4e00-\u9fff]+|[a-zA-Z0-9_]+/gu) || []).flatMap(
  (run) => /[\u4e00-\u9fff]/.test(run) && run.length > 2
    ? [...run].slice(1).map((second, place) => run[place] + second) : [run]);
"""
UNTRANSLATED = "本页还没有中文翻译。下面是英文原文。"


class SetLinksAside(SphinxTransform):
    """Hide links from Sphinx while it translates (at priority 20).

    It tells a paragraph's links apart by page only, so that all links into the glossary would get
    the last one's anchor. Links that it does not recognize stay as the translation has them.
    """

    default_priority = 19
    old, new = "doc", ASIDE

    def apply(self, **_) -> None:
        for link in self.document.findall(addnodes.pending_xref):
            if link.get("refdomain") == self.old:
                link["refdomain"] = self.new


class PutLinksBack(SetLinksAside):
    default_priority = 21
    old, new = ASIDE, "doc"


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


def finish_chinese(app, doctree, docname) -> None:
    """Translate the one word in raw HTML; say so where a page has no catalogue."""
    if app.config.language != "zh_CN":
        return
    for node in list(doctree.findall(nodes.raw)):
        if "Solution</summary>" in node.astext():
            text = node.astext().replace("Solution</summary>", "解答</summary>")
            node.replace_self(nodes.raw("", text, format="html"))
    title = next(doctree.findall(nodes.title), None)
    catalogue = Path(app.srcdir) / "locale" / "zh_CN" / "LC_MESSAGES" / f"{docname}.po"
    if title is not None and not catalogue.exists():
        title.parent.insert(1, nodes.note("", nodes.paragraph("", UNTRANSLATED)))


def setup(app) -> dict:
    app.add_search_language(SearchPairs)
    app.add_transform(SetLinksAside)
    app.add_transform(PutLinksBack)
    app.connect("source-read", link_card)
    app.connect("doctree-resolved", finish_chinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
