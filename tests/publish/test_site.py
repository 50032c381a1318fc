"""The site: built from the committed notebooks, and visited with a real browser."""

import json
import re
import shutil

import nbformat
import pytest

pytest.importorskip("sphinx", reason="make site installs what the site is built with")
pytest.importorskip("myst_nb")

from utils.publish.site import CARD
from utils.publish.site import __main__ as site

NOTEBOOKS = [path.stem for path in site.series()]
PAGES = ["index", *NOTEBOOKS, "glossary", "teaching", CARD]
KINDS = ("index", "02-model-design", "glossary", "search")  # one page of each kind
EACH = [f"{part}{name}.html" for part in ("", "zh/") for name in KINDS]
LINK = re.compile(r'href="(?:glossary\.html)?#([\w-]+)"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("site") / "site"
    site.build(target)
    return target


@pytest.mark.parametrize("part", ["", "zh"])
def test_every_page_is_there(folder, part):
    assert {f"{name}.html" for name in PAGES} <= {path.name for path in (folder / part).iterdir()}


def test_each_notebook_can_be_downloaded(folder):
    for name in NOTEBOOKS:
        assert f'href="_sources/{name}.ipynb"' in (folder / f"{name}.html").read_text("utf-8")
        committed = json.loads((site.NOTEBOOKS / f"{name}.ipynb").read_text("utf-8"))
        assert json.loads((folder / "_sources" / f"{name}.ipynb").read_text("utf-8")) == committed


def test_terms_lead_to_the_glossary_in_both_languages(folder):
    known = set(re.findall(r'id="([\w-]+)"', (folder / "glossary.html").read_text("utf-8")))
    for name in [*NOTEBOOKS, "index", "glossary"]:
        english, chinese = (
            LINK.findall((folder / part / f"{name}.html").read_text("utf-8")) for part in ("", "zh")
        )
        assert sorted(english) == sorted(chinese), name
        assert len(known & set(english)) >= 3 or name == "index"


def test_launch_buttons_appear_with_an_address(tmp_path, monkeypatch):
    conf = tmp_path / "utils" / "publish" / "site"
    shutil.copytree(site.HERE, conf)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.site]\nrepository = "https://github.com/someone/something"\nbranch = "main"\n'
        'colab = "https://colab.research.google.com"\nbinder = "https://mybinder.org"\n'
        'jupyterhub = "https://hub.example.org"\n'
    )
    monkeypatch.setattr(site, "HERE", conf)
    site.sphinx("-b", "html", str(site.stage(site.NOTEBOOKS, tmp_path)), str(tmp_path / "made"))
    text = (tmp_path / "made" / "01-download.html").read_text("utf-8")
    for wanted in (
        "colab.research.google.com/github/someone/something/blob/main/notebooks/01-download.ipynb",
        "mybinder.org/v2/gh/someone/something/main?urlpath=lab/tree/notebooks/01-download.ipynb",
        "hub.example.org/hub/user-redirect",
    ):
        assert wanted in text


def test_a_notebook_that_was_not_executed_is_named(tmp_path):
    source, target = tmp_path / "notebooks", tmp_path / "site"
    source.mkdir()
    target.mkdir()
    cells = [nbformat.v4.new_code_cell("1", execution_count=count) for count in (1, None)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), source / "02-new.ipynb")
    (source / "index.md").write_text("[02](02-new.ipynb)")
    with pytest.raises(site.SiteError, match=r"02-new\.ipynb: code cell 2\n.*make refresh"):
        site.build(target, source)
    (source / "02-new.ipynb").write_text("{ not JSON")
    with pytest.raises(site.SiteError, match=r"02-new\.ipynb"):
        site.build(target, source)
    assert target.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_opens_without_errors_and_fits_a_phone(open_page, name):
    page = open_page(name, width=360)
    assert page.troubles == []
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", EACH)
def test_is_accessible(open_page, name, mode):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(name, mode=mode)
    assert page.locator("html").get_attribute("data-theme") == mode
    # Colours that are still changing have no contrast that could be measured.
    page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
    options = {"rules": {"empty-table-header": {"enabled": False}}}  # a table's corner is empty
    if mode == "dark":  # the same structure in other colours
        options = {"runOnly": ["color-contrast"]}
    found = axe.run(page, options=options).response["violations"]
    assert not found, [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found]


@pytest.mark.slow
@pytest.mark.parametrize("part, summary", [("", "Solution"), ("zh/", "解答")])
def test_solutions_are_folded_and_open(open_page, part, summary):
    page = open_page(f"{part}02-model-design.html")
    folds = page.locator("details").filter(has_text=summary).all()
    assert len(folds) >= 2
    for fold in folds:
        inside = fold.locator("pre").first
        assert not inside.is_visible()
        fold.get_by_text(summary, exact=True).click()
        assert inside.is_visible()


@pytest.mark.slow
@pytest.mark.parametrize(
    "part, word, wanted",
    [
        ("", "freeze", "02-model-design.html"),
        ("zh/", "冻结", "02-model-design.html"),
        ("zh/", "批归一化", "glossary.html"),
    ],
)
def test_search_finds_pages(open_page, part, word, wanted):
    page = open_page(f"{part}search.html?q={word}")
    page.locator(f'#search-results a[href^="{wanted}"]').first.wait_for(timeout=20_000)
    assert page.troubles == []


@pytest.mark.slow
def test_copy_buttons_copy(open_page):
    page = open_page("02-model-design.html", permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy").first
    button.hover()
    button.click()
    copied = page.evaluate("navigator.clipboard.readText()").strip()
    assert copied and copied in page.locator("pre").first.inner_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index.html", "search.html", "teaching.html"])
def test_the_language_switch_leads_to_the_same_page_and_back(open_page, name):
    page = open_page(name)
    page.get_by_role("link", name="中文", exact=True).click()
    assert page.url.endswith(f"/zh/{name}")
    assert page.locator("html").get_attribute("lang").startswith("zh")
    page.get_by_role("link", name="English", exact=True).click()
    assert page.url.endswith(f"/{name}") and "/zh/" not in page.url
    assert page.troubles == []
