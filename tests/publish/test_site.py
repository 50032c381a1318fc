"""The site: built from the committed notebooks, and visited with a real browser."""

import re
import shutil
from urllib.parse import unquote

import nbformat
import pytest

pytest.importorskip("sphinx", reason="make site installs what the site is built with")
pytest.importorskip("myst_nb")

from tests.publish import browser
from utils.publish import languages
from utils.publish.site import CARD
from utils.publish.site import __main__ as site

NOTEBOOKS = [path.stem for path in site.series()]
PAGES = ["index", *NOTEBOOKS, "glossary", "teaching", CARD]
FOLDERS = ["", *(f"{language.folder}/" for language in languages.LANGUAGES.values())]
EACH = [f"{folder}{name}.html" for folder in FOLDERS for name in [*PAGES, "search"]]
LINK = re.compile(r'href="glossary\.html#([\w%-]+)"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("site") / "site"
    site.build(target)
    return target


@pytest.mark.parametrize("part", FOLDERS)
def test_every_page_is_there(folder, part):
    assert {f"{name}.html" for name in PAGES} <= {path.name for path in (folder / part).iterdir()}


@pytest.mark.parametrize("part", FOLDERS)
def test_each_notebook_can_be_downloaded_in_its_language(folder, part):
    for name in NOTEBOOKS:
        page = (folder / part / f"{name}.html").read_text("utf-8")
        assert f'href="_sources/{name}.ipynb"' in page
        committed = (site.NOTEBOOKS / part / f"{name}.ipynb").read_text("utf-8")
        assert (folder / part / "_sources" / f"{name}.ipynb").read_text("utf-8") == committed


def test_terms_lead_to_the_glossary_in_both_languages(folder):
    for name in NOTEBOOKS:
        found = []
        for part in ("", "zh"):
            glossary = (folder / part / "glossary.html").read_text("utf-8")
            known = set(re.findall(r'id="(?!id\d|main)([\w-]+)"', glossary))  # terms, not numbers
            links = LINK.findall((folder / part / f"{name}.html").read_text("utf-8"))
            found.append(len({unquote(link) for link in links} & known))
        assert found[0] == found[1] >= 3, (name, found)


@pytest.mark.slow
@pytest.mark.parametrize("code, name", [("en", "01-download"), ("zh_CN", "zh/01-download")])
def test_launch_buttons_lead_to_the_notebook(tmp_path, monkeypatch, code, name):
    """Clicked, with a server on this computer in the place of each service."""
    conf, address = tmp_path / "utils" / "publish" / "site", "https://github.com/someone/something"
    shutil.copytree(site.HERE, conf)
    monkeypatch.setattr(site, "HERE", conf)
    with browser.served(tmp_path / "made") as here, browser.chromium() as chromium:
        (tmp_path / "pyproject.toml").write_text(
            f'[tool.site]\nrepository = "{address}"\nbranch = "main"\n'
            f'colab = "{here}colab"\nbinder = "{here}binder"\njupyterhub = "{here}hub"\n'
        )
        pages = site.stage(site.NOTEBOOKS, tmp_path / "staged", code)
        site.sphinx("-b", "html", "-D", f"language={code}", str(pages), str(tmp_path / "made"))
        page = chromium.new_page()
        page.goto(f"{here}01-download.html")
        for service, wanted in {
            "Colab": f"{here}colab/github/someone/something/blob/main/notebooks/{name}.ipynb",
            "Binder": f"{here}binder/v2/gh/someone/something/main"
            f"?urlpath=lab/tree/notebooks/{name}.ipynb",
            "JupyterHub": f"{here}hub/hub/user-redirect/git-pull?repo={address}"
            f"&urlpath=lab/tree/something/notebooks/{name}.ipynb&branch=main",
        }.items():
            page.locator(".dropdown-launch-buttons > button").click()
            with page.expect_popup() as opened:
                page.locator(".dropdown-launch-buttons").get_by_text(service).click()
            assert unquote(opened.value.url) == wanted
            opened.value.close()


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
def test_a_page_is_accessible_and_fits_a_phone(open_page, name):
    """Solutions are opened; in the dark only colours differ, and are looked at once more."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page(name)
    assert page.troubles == []
    assert page.get_by_role("heading", level=1).count() == 1
    # Colours that are still changing have no contrast that could be measured.
    page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    for mode, options in (
        ("light", {"rules": {"empty-table-header": {"enabled": False}}}),  # a corner is empty
        ("dark", {"runOnly": ["color-contrast"]}),
    ):
        page.evaluate(f"document.documentElement.dataset.theme = '{mode}'")
        found = axe.run(page, options=options).response["violations"]
        shown = [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found]
        assert not found, (mode, shown)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_is_cut_off_on_paper(open_page, name):
    page = open_page(f"{name}.html", width=718)  # A4 less its margins
    page.emulate_media(media="print")
    wider = "(all) => all.filter((e) => e.scrollWidth > e.clientWidth + 2).map((e) => e.innerText)"
    assert page.locator("pre").evaluate_all(wider) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 718


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_mode_follows_the_readers_system(open_page, mode):
    assert open_page("index.html", mode=mode).locator("html").get_attribute("data-theme") == mode


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
