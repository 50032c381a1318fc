"""A headless Chromium for tests, and a server on 127.0.0.1 for it to visit."""

import contextlib
import functools
import http.server
import importlib.util
import os
import shutil
import threading

import pytest

OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--use-fake-device-for-media-stream",  # a camera that shows a test picture
)  # fmt: skip


@contextlib.contextmanager
def chromium():
    """The browser; without one, tests are skipped, or fail if TRANSFER_BROWSER is "required"."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not (program and importlib.util.find_spec("playwright")):
        stop = pytest.fail if os.environ.get("TRANSFER_BROWSER") == "required" else pytest.skip
        stop("Chromium or playwright (make site) is not installed: no browser tests.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@contextlib.contextmanager
def served(folder):
    """The address of a server of the files in `folder`."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
