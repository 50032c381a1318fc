"""Servers on 127.0.0.1 that misbehave, and the downloads from them."""

import contextlib
import hashlib
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.faults.trying import NOT_TRIED, Fault, Outcome, in_child
from utils import download

GOOD = b"the right bytes " * 4_000  # 64 kB
BAD = GOOD.replace(b"right", b"wrong")


class Handler(BaseHTTPRequestHandler):
    """Gives the n-th answer of the server's `plan` to the n-th request, then always the last."""

    def do_GET(self):
        plan, asked = self.server.plan, self.server.asked
        asked.append(self.headers["Range"])
        with suppress(OSError):  # the client gave up, as it should
            plan[min(len(asked), len(plan)) - 1](self)

    do_CONNECT = do_GET  # of a proxy, for https

    def log_message(self, *words):
        pass


def send(content, code=200, header="Content-Length: 64000"):
    """An answer that promises 64 kB, whatever it brings."""
    start = f"HTTP/1.0 {code} Status\r\n{header}\r\n\r\n".encode()
    return lambda handler: handler.wfile.write(start + content)


def resume(handler):
    start = int((handler.headers["Range"] or "0").strip("bytes=-"))
    send(GOOD[start:], 206 if start else 200, f"Content-Length: {len(GOOD) - start}")(handler)


def silence(handler):
    handler.server.closing.wait(20)


def trickle(handler):
    send(b"")(handler)
    for byte in GOOD:
        handler.wfile.write(bytes([byte]))
        handler.server.closing.wait(0.05)


CUT_OFF = send(GOOD[:20_000])
SIGN_IN_PAGE = send(b"<html>Please sign in</html>", header="Content-Length: 27")


@contextlib.contextmanager
def serving(certificate: Path | None = None) -> Iterator[ThreadingHTTPServer]:
    """A server with the attributes `plan`, `asked` (the Range of each request) and `closing`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.plan, server.asked, server.closing = [resume], [], threading.Event()
        server.handle_error = lambda *_: None  # the client has refused the certificate
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield server
        server.closing.set()
        server.shutdown()


def remote_file(url: str, folder: Path) -> download.RemoteFile:
    """The file of GOOD bytes at `url`, whose target in the folder is file.bin."""
    digest = f"sha256:{hashlib.sha256(GOOD).hexdigest()}"
    return download.RemoteFile(
        url, digest, len(GOOD), "Some file", folder / "file.bin", "Ask a friend"
    )


def fetch(folder: Path) -> str:
    """Download what the file `url` in the folder names; an older file has to survive a failure."""
    file = remote_file((folder / "url").read_text(), folder)
    file.target.write_bytes(BAD)
    try:
        download.fetch(file, timeout=1.5, stall_seconds=1.5, progress=False)
    except download.DownloadError:
        assert file.target.read_bytes() == BAD, "the file that was there is lost"
        raise
    return "downloaded"


USES: dict[str, Callable] = {"fetch": fetch}


def attempt(plan: list | str, expected: str, folder: Path, number: int) -> Outcome:
    """Download from a server with this plan, which has to fail; then from a good one.

    A plan can also be "untrusted", TLS with a certificate that nobody else has signed, or "proxy",
    one that answers its sign-in page to whatever is asked of it.
    """
    if plan == "untrusted" and not shutil.which("openssl"):
        return Outcome(True, f"{NOT_TRIED}there is no openssl to make a certificate", 0.0)
    with serving(certificate(folder) if plan == "untrusted" else None) as server:
        here = f"127.0.0.1:{server.server_port}"
        url, proxy = f"http://{here}/f", {"NO_PROXY": "127.0.0.1"}
        if plan == "untrusted":
            url = f"https://{here}/f"
        elif plan == "proxy":
            url, server.plan = "https://host.invalid/f", [SIGN_IN_PAGE]
            proxy = {"HTTPS_PROXY": f"http://{here}", "NO_PROXY": "", "no_proxy": ""}
        else:
            server.plan = plan
        (folder / "url").write_text(url)
        words = rf"Some file could not be downloaded \(.*{expected}.*by hand:   Ask a friend"
        found = in_child("servers", "fetch", folder, words, megabytes=400, **proxy)
    if not found.right:
        return found
    with serving() as server:
        (folder / "url").write_text(f"http://127.0.0.1:{server.server_port}/f")
        again = in_child("servers", "fetch", folder, "downloaded", error=False)
    return found if again.right else again


def certificate(folder: Path) -> Path:
    """A new key and a certificate that it has signed itself, in one file."""
    key, signed, both = (folder / f"{name}.pem" for name in ("key", "signed", "both"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
               "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]  # fmt: skip
    command += ["-keyout", str(key), "-out", str(signed)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + signed.read_text())
    return both


PLANS = {
    "silent": ([silence], "timed out|no answer"),
    "trickling": ([trickle], "under 1 kB/s"),
    "cut off": ([CUT_OFF], "20000 bytes"),
    "wrong hash": ([send(BAD)], "wrong hash"),
    "redirect loop": ([send(b"", 302, "Location: /")], "redirects"),
    "404": ([send(b"", 404)], "404"),
    "429": ([send(b"", 429)], "429"),
    "500": ([send(b"", 500)], "500"),
    "503": ([send(b"", 503)], "503"),
    "wrong length": ([send(GOOD[:999], header="Content-Length: 999")], "999 bytes"),
    "TLS without trust": ("untrusted", "certificate verify failed"),
    "proxy that answers a sign-in page": ("proxy", "SSL|[Tt]unnel|[Pp]roxy"),
}
FAULTS = [Fault("server", name, partial(attempt, *plan)) for name, plan in PLANS.items()]
