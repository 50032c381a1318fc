"""Tests of utils/download.py against a real server on this computer that misbehaves on request."""

import errno
import gzip
import hashlib
import io
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest
import requests

from utils import download
from utils.download import DownloadError, RemoteFile, answers, fetch, is_on_disk

GOOD = b"the right bytes " * 4000  # 64 kB: several chunks
BAD = GOOD.replace(b"right", b"wrong")
QUICK = {"timeout": 0.5, "stall_seconds": 0.6, "pause": 0.0}
Behaviour = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers the n-th GET with the n-th behaviour of `plan`, and later ones with its last."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: list[Behaviour] = [body(GOOD)]
        self.requests: list[str] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/some-file.bin"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.command)
        behaviour = self.server.plan[min(len(self.server.requests), len(self.server.plan)) - 1]
        try:
            behaviour(self)
        except OSError:  # the client gave up, as it should
            self.close_connection = True

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


def body(content: bytes, *, length: int | None = None, **headers: str) -> Behaviour:
    def behave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(content)

    return behave


def status(code: int) -> Behaviour:
    return lambda request: request.send_error(code)


def silence(request: Handler) -> None:
    request.server.closing.wait(20)


def trickle(request: Handler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(GOOD)))
    request.end_headers()
    for value in GOOD:
        request.wfile.write(bytes([value]))
        if request.server.closing.wait(0.05):
            return


def trickled_headers(request: Handler) -> None:
    request.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
    while not request.server.closing.wait(0.05):
        request.wfile.write(b"x")


def redirect_for_ever(request: Handler) -> None:
    request.send_response(302)
    request.send_header("Location", request.path)
    request.send_header("Content-Length", "0")
    request.end_headers()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.invalid")
    monkeypatch.setenv("no_proxy", "127.0.0.1,.invalid")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        yield server
        server.closing.set()
        server.shutdown()
        serving.join()


@pytest.fixture
def file(server: Server, tmp_path: Path) -> RemoteFile:
    return remote(server.url, tmp_path)


def remote(url: str, folder: Path, *, size: int | None = len(GOOD)) -> RemoteFile:
    return RemoteFile(
        url=url,
        hash=f"sha256:{hashlib.sha256(GOOD).hexdigest()}",
        size=size,
        name="Some file",
        target=folder / "cache" / "file.bin",
        manual="Ask the teacher for it.",
    )


def fails(file: RemoteFile, **options: float) -> str:
    """Fetch `file`, which must fail and leave its folder as it was; return the message."""
    before = contents(file)
    with pytest.raises(DownloadError) as caught:
        fetch(file, **(QUICK | options))
    assert contents(file) == before
    message = str(caught.value)
    for part in (file.name, file.url, str(file.target), file.hash, str(file.size), file.manual):
        assert part in message
    return message


def contents(file: RemoteFile) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in file.target.parent.glob("*")}


def test_good_file_arrives_alone_and_quietly(file, server, capfd):
    assert fetch(file, **QUICK) == file.target
    assert contents(file) == {"file.bin": GOOD}
    assert server.requests == ["GET"]
    captured = capfd.readouterr()
    assert captured.err == ""
    assert "Some file: 100%" in captured.out
    assert "64.0k/64.0k" in captured.out


def test_progress_can_be_silent(file, capfd):
    fetch(file, progress=False, **QUICK)
    assert capfd.readouterr() == ("", "")


def test_size_may_be_unknown(server, tmp_path):
    file = remote(server.url, tmp_path, size=None)
    assert fetch(file, **QUICK).read_bytes() == GOOD


def test_md5(server, tmp_path):
    file = RemoteFile(
        url=server.url,
        hash=f"md5:{hashlib.md5(GOOD, usedforsecurity=False).hexdigest()}",
        size=len(GOOD),
        name="Some file",
        target=tmp_path / "file.bin",
        manual="",
    )
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert is_on_disk(file)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_file_is_as_readable_as_its_folder(file):
    file.target.parent.mkdir()
    file.target.parent.chmod(0o750)
    assert fetch(file, **QUICK).stat().st_mode & 0o777 == 0o640


def test_no_request_for_a_file_on_disk(file, server):
    file.target.parent.mkdir()
    file.target.write_bytes(GOOD)
    assert is_on_disk(file)
    assert fetch(file) == file.target
    assert server.requests == []


def test_bad_file_survives_a_failure_and_is_then_replaced(file, server, capsys):
    file.target.parent.mkdir()
    file.target.write_bytes(BAD)
    assert not is_on_disk(file)
    server.plan = [status(404), body(GOOD)]
    fails(file, progress=False)
    assert capsys.readouterr().out.splitlines() == [
        f"{file.target} is not the expected file; it is replaced once a good one arrives."
    ]
    fetch(file, **QUICK)
    assert contents(file) == {"file.bin": GOOD}


def test_nothing_and_a_folder_are_not_on_disk(file):
    assert not is_on_disk(file)
    file.target.mkdir(parents=True)
    assert not is_on_disk(file)


def test_wrong_hash_is_tried_twice(file, server):
    server.plan = [body(BAD)]
    message = fails(file, attempts=5)
    assert len(server.requests) == 2
    assert "attempt 2: wrong hash" in message
    assert f"found {len(BAD)} bytes, sha256:{hashlib.sha256(BAD).hexdigest()}" in message


def test_wrong_hash_once_then_good(file, server):
    server.plan = [body(BAD), body(GOOD)]
    assert fetch(file, **QUICK).read_bytes() == GOOD


def test_a_page_of_html_instead(file, server):
    server.plan = [body(b"<html>Please log in</html>")]
    assert "found 26 bytes, sha256:" in fails(file)


def test_more_bytes_than_expected_are_not_awaited(file, server):
    server.plan = [body(GOOD * 50)]
    assert "more bytes than expected" in fails(file)


def test_truncated(file, server):
    server.plan = [body(GOOD[:20_000], length=len(GOOD))]
    message = fails(file, attempts=2)
    assert len(server.requests) == 2
    assert "20000 bytes read" in message
    assert "incomplete" in message


def test_truncated_once_then_good(file, server):
    server.plan = [body(GOOD[:20_000], length=len(GOOD)), body(GOOD)]
    assert fetch(file, **QUICK).read_bytes() == GOOD


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_a_refusal_is_not_tried_again(file, server, code):
    server.plan = [status(code)]
    assert str(code) in fails(file)
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_server_is_tried_again(file, server, code):
    server.plan = [status(code), status(code), body(GOOD)]
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert len(server.requests) == 3


def test_each_attempt_is_told(file, server):
    server.plan = [status(503), body(GOOD[:10], length=20), status(404)]
    message = fails(file, attempts=9)
    assert [line.split(":")[0].strip() for line in message.splitlines()[1:]] == [
        "URL", "target", "attempt 1", "attempt 2", "attempt 3", "expected", "by hand",
    ]  # fmt: skip
    assert "503" in message
    assert "404" in message


def test_pause_grows(file, server, monkeypatch):
    pauses = []
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    server.plan = [status(503)]
    fails(file, pause=7.0)
    assert pauses == [0.0, 7.0, 14.0]


def test_redirects_end(file, server):
    server.plan = [redirect_for_ever]
    assert "TooManyRedirects" in fails(file)


def test_a_bad_certificate_is_not_tried_again(file, monkeypatch):
    calls = []

    def get(*_: object, **__: object) -> None:
        calls.append(1)
        raise requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")

    monkeypatch.setattr(requests, "get", get)
    assert "self-signed" in fails(file)
    assert len(calls) == 1


def test_gzip_encoding_is_not_unpacked(server, tmp_path):
    packed = gzip.compress(GOOD, mtime=0)
    server.plan = [body(packed, Content_Encoding="x-gzip")]
    file = RemoteFile(
        url=server.url,
        hash=f"sha256:{hashlib.sha256(packed).hexdigest()}",
        size=len(packed),
        name="An archive",
        target=tmp_path / "file.tar.gz",
        manual="",
    )
    assert fetch(file, **QUICK).read_bytes() == packed


def test_the_file_is_asked_for_as_it_is(file, server):
    asked = []

    def note(request: Handler) -> None:
        asked.append(request.headers["Accept-Encoding"])
        body(GOOD)(request)

    server.plan = [note]
    fetch(file, **QUICK)
    assert asked == ["identity"]


def test_the_bar_of_a_transfer_over_at_once_is_full(file, monkeypatch, capsys):
    start = threading.Thread.start

    def start_and_wait(thread: threading.Thread) -> None:
        start(thread)
        if thread.daemon and threading.current_thread() is threading.main_thread():
            thread.join()

    monkeypatch.setattr(download.tqdm, "monitor_interval", 0)  # its thread never ends
    monkeypatch.setattr(threading.Thread, "start", start_and_wait)
    fetch(file, **QUICK)
    assert "Some file: 100%" in capsys.readouterr().out


def test_a_silent_server(file, server):
    server.plan = [silence]
    start = time.monotonic()
    message = fails(file, attempts=2, stall_seconds=60)
    assert time.monotonic() - start < 3
    assert len(server.requests) == 2
    assert "timed out" in message.lower()


@pytest.mark.parametrize("behaviour", [trickle, trickled_headers])
def test_a_trickle(file, server, behaviour):
    server.plan = [behaviour]
    start = time.monotonic()
    message = fails(file, attempts=2)
    assert time.monotonic() - start < 4
    assert len(server.requests) == 2
    assert "stalled: under 1 kB/s for 0.6 s" in message


def test_a_trickle_leaves_no_thread(file, server):
    server.plan = [trickle]
    before = threading.active_count()
    fails(file, attempts=1, progress=False)
    server.closing.wait(0.5)
    # The one more is the server's own, which goes on sending.
    assert threading.active_count() <= before + 1


def test_a_slow_transfer_is_not_a_stalled_one(file, server):
    def slow(request: Handler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(GOOD)))
        request.end_headers()
        for start in range(0, len(GOOD), 8000):
            request.wfile.write(GOOD[start : start + 8000])
            time.sleep(0.2)

    server.plan = [slow]
    assert fetch(file, attempts=1, **QUICK).read_bytes() == GOOD


def test_a_name_look_up_that_hangs(tmp_path, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(20) and [])
    file = remote("http://host.invalid/file.bin", tmp_path)
    start = time.monotonic()
    assert not answers(file, timeout=0.3)
    assert "stalled" in fails(file, attempts=1)
    assert time.monotonic() - start < 3
    released.set()


def test_nobody_listens(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, but not listening
        file = remote(f"http://127.0.0.1:{free.getsockname()[1]}/file.bin", tmp_path)
        assert "refused" in fails(file)
        assert not answers(file)


def test_an_address_that_makes_no_sense(tmp_path):
    file = remote("no-address", tmp_path)
    assert "attempt 2" not in fails(file)
    assert not answers(file)


def test_target_folder_cannot_be_made(server, tmp_path):
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")
    message = fails(remote(server.url, tmp_path))
    assert "on this computer: " in message
    assert server.requests == []


def test_target_is_a_folder(file):
    (file.target / "keep").mkdir(parents=True)
    with pytest.raises(DownloadError, match="on this computer: "):
        fetch(file, **QUICK)
    assert [path.name for path in file.target.parent.iterdir()] == ["file.bin"]
    assert [path.name for path in file.target.iterdir()] == ["keep"]


def test_read_only_folder(file, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(download.tempfile, "TemporaryDirectory", refuse)
    assert "Read-only file system" in fails(file)


def test_full_disk_while_writing(file, server, monkeypatch):
    class Full(io.BytesIO):
        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "open", lambda *_: Full(), raising=False)
    assert "No space left on device" in fails(file)
    assert len(server.requests) == 1


def test_full_disk_while_renaming_keeps_the_old_file(file, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file.target.parent.mkdir()
    file.target.write_bytes(BAD)
    monkeypatch.setattr(download.os, "replace", refuse)
    assert "No space left on device" in fails(file)
    assert file.target.read_bytes() == BAD


def test_an_interrupt_leaves_nothing(file, server, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    server.plan = [trickle]
    monkeypatch.setattr(download._Transfer, "_watch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(file, **QUICK)
    assert contents(file) == {}


def test_pooch_logs_nothing_and_its_logger_is_left_as_it_was(file):
    log = pooch.get_logger()
    level, records = log.level, io.StringIO()
    handler = logging.StreamHandler(records)
    log.addHandler(handler)
    fetch(file, **QUICK)
    log.removeHandler(handler)
    assert records.getvalue() == ""
    assert log.level == level


def test_answers(file, server):
    assert answers(file)
    assert server.requests == ["HEAD"]
    server.plan = [status(404)]
    assert not answers(file)


def test_a_silent_server_does_not_answer(file, server):
    server.plan = [silence]
    start = time.monotonic()
    assert not answers(file, timeout=0.4)
    assert time.monotonic() - start < 1


def test_an_unknown_host_does_not_answer(tmp_path):
    start = time.monotonic()
    assert not answers(remote("http://host.invalid/file.bin", tmp_path), timeout=0.5)
    assert time.monotonic() - start < 1.5


def test_keras_home_is_taken_from_the_environment_and_made(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "a" / "b"))
    assert download.keras_home() == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_keras_home_is_in_the_home_folder_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path.replace("~", str(tmp_path)))
    assert download.keras_home() == tmp_path / ".keras"


def test_keras_home_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(OSError, match="cannot be made") as caught:
        download.keras_home()
    assert str(tmp_path / "file" / "home") in str(caught.value)
    assert "Set KERAS_HOME" in str(caught.value)


def test_keras_home_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OSError, match="cannot be written to"):
        download.keras_home()


@pytest.mark.parametrize("ours", [download.cifar10_archive, download.imagenet_vgg16])
def test_keras_looks_for_our_two_files_where_we_put_them(ours, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    keras = pytest.importorskip("keras")
    from keras.src.backend import config
    from keras.src.utils import file_utils

    wanted = {}

    def validate(path: str, file_hash: str, **_: object) -> bool:
        wanted["hash"] = file_hash
        return False  # so that Keras goes on to download

    def retrieve(url: str, target: str, *_: object) -> None:
        wanted.update(url=url, target=Path(target))
        raise InterruptedError

    monkeypatch.setattr(config, "_KERAS_DIR", str(tmp_path))
    monkeypatch.setattr(file_utils, "validate_file", validate)
    monkeypatch.setattr(file_utils, "urlretrieve", retrieve)
    file = ours(tmp_path)
    file.target.parent.mkdir()
    file.target.write_bytes(b"")
    with pytest.raises(InterruptedError):
        if ours is download.cifar10_archive:
            keras.datasets.cifar10.load_data()
        else:
            keras.applications.VGG16(include_top=False, input_shape=(32, 32, 3))
    assert wanted == {
        "url": file.url, "hash": file.hash.partition(":")[2], "target": file.target,
    }  # fmt: skip
    assert "TRANSFER_" in file.manual


def test_import_has_no_side_effect(tmp_path):
    code = "import os, sys, utils.download; print(os.listdir(), 'keras' in sys.modules)"
    root = Path(download.__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root), "KERAS_HOME": str(tmp_path / "keras")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "[] False\n"
    assert found.stderr == ""


def test_a_page_that_answers_in_place_of_the_file_does_not_count(file, server):
    server.plan = [body(b"<html>Please sign in</html>")]
    assert not answers(file)
