"""Downloads from a server on this computer that misbehaves on request."""

import gzip
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from utils import download
from utils.download import DownloadError, RemoteFile, fetch, is_on_disk, try_fetch

GOOD = b"the right bytes " * 4_000  # 64 kB
BAD = GOOD.replace(b"right", b"wrong")
QUICK = {"timeout": 0.6, "stall_seconds": 0.6, "progress": False}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        plan, asked = self.server.plan, self.server.asked
        asked.append(self.headers["Range"])
        try:
            plan[min(len(asked), len(plan)) - 1](self)
        except OSError:  # the client gave up, as it should
            self.close_connection = True

    def log_message(self, *_):
        pass


def send(content, code=200, length=None, **headers):
    """An answer to a request, with a Content-Length that may be wrong."""

    def answer(handler):
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def resume(handler):
    start = int((handler.headers["Range"] or "0").strip("bytes=-"))
    send(GOOD[start:], 206 if start else 200)(handler)


def slowly(start, content):
    """An answer that goes on with one byte of `content` at a time."""

    def answer(handler):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + start)
        for byte in content:
            handler.wfile.write(bytes([byte]))
            if handler.server.closing.wait(0.05):
                return

    return answer


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.closing.is_set():
        handler.wfile.write(GOOD)


def silence(handler):
    handler.server.closing.wait(20)


def redirect(handler):
    send(b"", 302, Location=handler.path)(handler)


TRICKLE = slowly(b"\r\n", GOOD)
HEADERS_TRICKLE = slowly(b"X-Slow: ", GOOD)
CUT_OFF = send(GOOD[:20_000], length=len(GOOD))
SIGN_IN_PAGE = send(b"<html>Please sign in</html>")


@pytest.fixture
def server(monkeypatch):
    """A server that gives the n-th answer of its `plan` to the n-th request, then the last."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.invalid")
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)  # no pauses
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        server.plan, server.asked, server.closing = [resume], [], threading.Event()
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield server
        server.closing.set()
        server.shutdown()


@pytest.fixture
def file(server, tmp_path):
    return remote(f"http://127.0.0.1:{server.server_port}/file.bin", tmp_path / "cache")


def remote(url, folder, content=GOOD):
    folder.mkdir(exist_ok=True)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return RemoteFile(url, digest, len(content), "Some file", folder / "file.bin", "Ask a friend")


def problem(file, **options):
    """The message with which the download of `file` fails."""
    with pytest.raises(DownloadError) as caught:
        fetch(file, **(QUICK | options))
    for part in (file.name, file.url, str(file.target), file.hash, str(file.size), file.manual):
        assert part in str(caught.value)
    return str(caught.value)


def test_a_good_file_replaces_a_bad_one_and_is_not_fetched_twice(file, server, capsys):
    file.target.write_bytes(BAD)
    assert not is_on_disk(file)
    assert try_fetch(file) and fetch(file) == file.target
    assert is_on_disk(file) and server.asked == [None]
    assert list(file.target.parent.iterdir()) == [file.target]
    assert "Some file: 100%" in capsys.readouterr().out


PASSING = [send(b"", 429), send(b"", 503), silence, HEADERS_TRICKLE, TRICKLE, CUT_OFF, send(BAD)]


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("then", [resume, send(GOOD)])
def test_a_fault_that_passes(file, server, fault, then):
    server.plan = [fault, then]
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("fault", "word", "requests"),
    [
        (send(b"", 404), "404", 1),
        (send(b"", 503), "503", 3),
        (redirect, "redirects", 31),
        (SIGN_IN_PAGE, "27 bytes", 1),
        (send(BAD), "wrong hash", 2),
        (endless, "wrong hash", 2),
        (silence, "attempt 3", 3),
        (TRICKLE, "under 1 kB/s", 3),
        (HEADERS_TRICKLE, "no answer", 3),
        (CUT_OFF, "20000 bytes", 3),
    ],
)
def test_a_fault_that_does_not_pass(file, server, fault, word, requests):
    file.target.write_bytes(BAD)
    server.plan = [fault]
    assert word in problem(file)
    assert len(server.asked) == requests
    assert file.target.read_bytes() == BAD  # as it was


def test_the_next_call_resumes_an_interrupted_download(file, server):
    server.plan = [CUT_OFF, SIGN_IN_PAGE, resume]
    problem(file, attempts=1)
    problem(file, attempts=1)  # the page does not replace the part received
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert server.asked == [None, "bytes=20000-", "bytes=20000-"]


@pytest.mark.parametrize(
    ("part", "first", "asked"),
    [
        (GOOD, resume, []),
        (BAD, resume, [None]),
        (GOOD * 2, resume, [None]),
        (BAD[:20_000], resume, ["bytes=20000-", None]),
        (GOOD[:20_000], send(b"", 416), ["bytes=20000-", None]),
    ],
)
def test_a_part_that_was_left_is_used_if_it_is_good(file, server, part, first, asked):
    file.target.with_name("file.bin.part").write_bytes(part)
    server.plan = [first, resume]
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert server.asked == asked
    assert list(file.target.parent.iterdir()) == [file.target]


def test_an_archive_called_gzip_encoded_stays_packed(file, server):
    packed = gzip.compress(GOOD)
    server.plan = [send(packed, Content_Encoding="x-gzip")]
    assert fetch(remote(file.url, file.target.parent, packed)).read_bytes() == packed


def test_a_name_lookup_that_hangs(server, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: server.closing.wait(20) and [])
    assert "no answer" in problem(remote("http://host.invalid/file.bin", tmp_path))


def test_without_a_connection_one_line_says_so(server, tmp_path, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # a port at which nobody listens
        file = remote(f"http://127.0.0.1:{free.getsockname()[1]}/file.bin", tmp_path)
        assert not try_fetch(file)
    (line,) = capsys.readouterr().out.splitlines()
    assert "Some file" in line and "refused" in line


def test_a_full_disk(file, server, small_disk):
    server.plan = [send(GOOD * 2)]
    assert "No space left" in problem(remote(file.url, small_disk, GOOD * 2))
    assert len(server.asked) == 1 and not (small_disk / "file.bin").exists()


def test_two_programs_that_download_the_same_file(file):
    fcntl = pytest.importorskip("fcntl")
    with open(file.target.with_name("file.bin.part"), "ab") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        assert "another program" in problem(file)
    assert fetch(file, **QUICK).read_bytes() == GOOD


def test_keras_home_is_made_or_named(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "a" / "b"))
    assert download.keras_home() == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(OSError, match="KERAS_HOME"):
        download.keras_home()


def test_keras_looks_for_cifar10_where_we_put_it(tmp_path, monkeypatch):
    import keras
    from keras.src.utils import file_utils

    asked = []
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setattr(file_utils, "urlretrieve", lambda *found: asked.extend(found) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keras.datasets.cifar10.load_data()
    file = download.cifar10_archive(tmp_path)
    assert asked[0] == file.url and Path(asked[1]) == file.target
