"""A headless Chromium for tests, and servers on 127.0.0.1 for it to look at."""

import contextlib
import functools
import http.server
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

REQUIRED = "TRANSFER_BROWSER"  # set to "required" where a missing browser is a failure (.ci/run)
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


def missing(what: str) -> None:
    """Skip the test, or fail it where the browser tests are required."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(f"The browser tests are required here, but {what} is not installed.")
    pytest.skip(f"{what} is not installed: no browser tests")


@contextlib.contextmanager
def chromium():
    """The browser, or a skip."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright (make site)")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
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


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def running(words, address: str, log, *, seconds: float = 90, **options):
    """A program that serves `address`, stopped at the end; what it says goes to the file `log`."""
    with open(log, "w") as file:
        process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, **options)
        try:
            end = time.monotonic() + seconds
            while not _answers(address):
                assert process.poll() is None, log.read_text()[-2000:]
                assert time.monotonic() < end, (
                    f"no answer from {address}: {log.read_text()[-2000:]}"
                )
                time.sleep(0.3)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=5).status < 400
    except (urllib.error.URLError, OSError):
        return False
