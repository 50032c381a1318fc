"""What the site adds to its theme: the language switch, and words inside raw HTML."""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.search import languages
from sphinx.search.zh import SearchChinese
from sphinx.transforms.i18n import _NodeUpdater

from utils.site import CARD, LANGUAGES

SPLIT_QUERY = """
var splitQuery = (query) => (query.match(/[\\u4e00-\\u9fff]+|[a-zA-Z0-9_]+/gu) || []).flatMap(
  (run) => /[\\u4e00-\\u9fff]/.test(run) && run.length > 2
    ? [...run].slice(1).map((second, place) => run[place] + second) : [run]);
"""
TITLES = {"en": "Transfer learning with Keras", "zh_CN": "用 Keras 做迁移学习"}
LABELS = {  # the language switch, the way home, the empty corner of a table
    "en": ("Language", "Front page", "row"),
    "zh_CN": ("语言", "首页", "行"),
}
RAW_WORDS = {"zh_CN": {"Solution</summary>": "解答</summary>"}}
EMPTY_HEAD = re.compile(r"(<th[^>]*>)(?:&nbsp;|\s)*(</th>)")  # pandas leaves some
UNTRANSLATED = {"zh_CN": "本页还没有中文翻译。下面是英文原文。"}


update_links = _NodeUpdater.update_pending_xrefs


def update_links_but_not_their_anchors(self) -> None:
    """Sphinx tells a paragraph's links apart by page: all would get the last one's anchor."""
    links = list(self.patch.findall(addnodes.pending_xref))
    anchors = [link.get("reftargetid") for link in links]
    update_links(self)
    for link, anchor in zip(links, anchors, strict=True):
        if anchor:
            link["reftargetid"] = anchor


class SearchPairs(SearchChinese):
    """Chinese is searched by pairs of characters, which needs no dictionary of words.

    Sphinx's own class needs one, and names a stemmer that its script does not have.
    """

    language_name = "English"  # the stemmer of the Latin words
    js_splitter_code = SPLIT_QUERY

    def split(self, input: str) -> list[str]:
        words = []
        for run in re.findall(r"[\u4e00-\u9fff]+|[a-zA-Z0-9_]+", input):
            chinese = "\u4e00" <= run[0] <= "\u9fff" and len(run) > 2
            words += [run[k : k + 2] for k in range(len(run) - 1)] if chinese else [run]
        self.latin_terms.update(word for word in words if word.isascii())
        return words


def add_launch_buttons(app, config) -> None:
    """Links to the repository and to services that execute it, once its address is known."""
    if config.site_repository:
        config.html_theme_options |= {
            "repository_url": config.site_repository,
            "repository_branch": config.site_branch,
            "path_to_docs": "notebooks",
            "use_repository_button": True,
            "launch_buttons": {
                "notebook_interface": "jupyterlab",
                "colab_url": config.site_colab,
                "binderhub_url": config.site_binder,
                "jupyterhub_url": config.site_jupyterhub,
            },
        }


def name_the_site(app, config) -> None:
    """The site's title in its language."""
    config.html_title = TITLES[config.language]


def prepare_source(app, docname, source) -> None:
    """Give index.md the order of the pages, which only Sphinx would understand there.

    Links to the card lead to its page.
    """
    if docname == "index":
        notebooks = sorted(path.stem for path in Path(app.srcdir).glob("[0-9][0-9]-*.ipynb"))
        pages = [*notebooks, "glossary", "teaching", Path(CARD).stem]
        source[0] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```\n"
    if docname == Path(CARD).stem:  # its neighbours in data/ are no pages
        source[0] = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", source[0])
    source[0] = source[0].replace(f"](../data/{CARD})", f"]({CARD})")


def add_language_switch(app, pagename, templatename, context, doctree) -> None:
    """The same page in each language; no address for the language it is in."""
    here = next(folder for _, code, folder in LANGUAGES if code == app.config.language)
    up = "../" * (pagename.count("/") + here.count("/"))
    context["switch_label"], context["home_label"], _ = LABELS[app.config.language]
    context["languages"] = [
        (name, code.replace("_", "-"), "" if folder == here else f"{up}{folder}{pagename}.html")
        for name, code, folder in LANGUAGES
    ]


def translate_raw(app, doctree, docname) -> None:
    """Words in raw HTML are beyond catalogues; a page without a catalogue says so.

    An empty head of a table's column gets a word for those who listen.
    """
    for head in doctree.findall(nodes.thead):
        if not head.astext().strip():
            head.parent.parent["classes"].append("without-head")
        for entry in head.findall(nodes.entry):
            if not entry.astext().strip():
                word = nodes.inline("", LABELS[app.config.language][2], classes=["for-listeners"])
                entry += nodes.paragraph("", "", word)
    words, label = RAW_WORDS.get(app.config.language, {}), LABELS[app.config.language][2]
    for node in list(doctree.findall(nodes.raw)):
        text = EMPTY_HEAD.sub(rf'\1<span class="for-listeners">{label}</span>\2', node.astext())
        for english, other in words.items():
            text = text.replace(english, other)
        if text != node.astext():
            node.replace_self(nodes.raw("", text, format="html"))
    catalogue = f"{app.config.language}/LC_MESSAGES/{docname}.po"
    folders = [Path(app.srcdir) / folder for folder in app.config.locale_dirs]
    title = next(doctree.findall(nodes.title), None)
    note = UNTRANSLATED.get(app.config.language)
    if note and title is not None and not any((f / catalogue).exists() for f in folders):
        title.parent.insert(1, nodes.note("", nodes.paragraph("", note)))


def setup(app) -> dict:
    languages["zh"] = SearchPairs
    _NodeUpdater.update_pending_xrefs = update_links_but_not_their_anchors
    for name in ("repository", "branch", "colab", "binder", "jupyterhub"):
        app.add_config_value(f"site_{name}", "", "html", str)
    app.connect("config-inited", name_the_site)
    app.connect("config-inited", add_launch_buttons)
    app.connect("source-read", prepare_source)
    app.connect("html-page-context", add_language_switch)
    app.connect("doctree-resolved", translate_raw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
