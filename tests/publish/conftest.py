"""A run of all notebooks; pages of a site (a module's fixture `folder`), opened in a browser."""

import pytest

from tests.publish import browser
from utils.publish import execute


@pytest.fixture
def run_all(monkeypatch, tmp_path):
    """A function that executes all notebooks on a folder of pictures and gives their scoreboard."""

    def run_all(folder, **settings):
        monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
        monkeypatch.setenv("TRANSFER_DATA", str(folder))
        for name, value in settings.items():
            monkeypatch.setenv(f"TRANSFER_{name.upper()}", value)
        assert execute.main(["--all"]) == 0
        return (tmp_path / "outputs" / "scoreboard.csv").read_text()

    return run_all


@pytest.fixture(scope="module")
def visit(folder):
    """The browser and the site's address."""
    with browser.served(folder) as address, browser.chromium() as chromium:
        yield chromium, address


@pytest.fixture
def open_page(visit):
    """A function that opens a page of the site; what goes wrong is noted in its `troubles`."""
    (chromium, address), contexts = visit, []

    def open_page(name, *, mode="light", width=1280, **options):
        size = {"width": width, "height": 800}
        contexts.append(chromium.new_context(viewport=size, color_scheme=mode, **options))
        page = contexts[-1].new_page()
        page.troubles = []

        def note(trouble, where):
            if trouble:
                page.troubles.append(where)

        page.on("console", lambda said: note(said.type in ("error", "warning"), said.text))
        page.on("pageerror", lambda error: note(True, str(error)))
        page.on("request", lambda r: note(not r.url.startswith((address, "data:", "blob:")), r.url))
        page.goto(address + name)
        return page

    yield open_page
    for context in contexts:
        context.close()
