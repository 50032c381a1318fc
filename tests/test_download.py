"""Downloads from a server on this computer that misbehaves on request."""

import socket
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from tests.faults.servers import (
    BAD,
    CUT_OFF,
    GOOD,
    SIGN_IN_PAGE,
    remote_file,
    resume,
    send,
    serving,
    silence,
    trickle,
)
from utils import download
from utils.download import DownloadError, fetch, is_on_disk, try_fetch
from utils.files import CannotWriteError

QUICK = {"timeout": 0.6, "stall_seconds": 0.6, "progress": False}


PASSING = [send(b"", 429), send(b"", 503), silence, trickle, CUT_OFF, send(BAD)]
LASTING = [  # the answer, a word of the message, how often it is tried
    (send(b"", 404), "404", 1),
    (send(b"", 503), "503", 3),
    (send(b"", 302, "Location: /"), "redirects", 31),
    (SIGN_IN_PAGE, "27 bytes", 1),
    (send(BAD), "wrong hash", 2),
    (send(GOOD * 2, header="X-Length: unknown"), "wrong hash", 2),
    (silence, "attempt 3", 3),
    (trickle, "under 1 kB/s", 3),
    (CUT_OFF, "20000 bytes", 3),
]
PARTS = [  # what an earlier program left, the first answer, what is asked for
    (GOOD, resume, []),
    (GOOD * 2, resume, [None]),
    (BAD[:20_000], resume, ["bytes=20000-", None]),
    (GOOD[:20_000], send(b"", 416), ["bytes=20000-", None]),
]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.invalid")
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)  # no pauses
    with serving() as server:
        yield server


@pytest.fixture
def file(server, tmp_path):
    return remote_file(f"http://127.0.0.1:{server.server_port}/file.bin", tmp_path)


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


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("then", [resume, send(GOOD)])
def test_a_fault_that_passes(file, server, fault, then):
    server.plan = [fault, then]
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert len(server.asked) == 2


@pytest.mark.parametrize(("fault", "word", "requests"), LASTING)
def test_a_fault_that_does_not_pass(file, server, fault, word, requests):
    file.target.write_bytes(BAD)
    server.plan = [fault]
    assert word in problem(file)
    assert len(server.asked) == requests and file.target.read_bytes() == BAD


def test_the_next_call_resumes_an_interrupted_download(file, server):
    server.plan = [CUT_OFF, SIGN_IN_PAGE, resume]
    problem(file, attempts=1)
    problem(file, attempts=1)  # the page does not replace the part received
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert server.asked == [None, "bytes=20000-", "bytes=20000-"]


@pytest.mark.parametrize(("part", "first", "asked"), PARTS)
def test_a_part_that_was_left_is_used_if_it_is_good(file, server, part, first, asked):
    file.target.with_name("file.bin.part").write_bytes(part)
    server.plan = [first, resume]
    assert fetch(file, **QUICK).read_bytes() == GOOD
    assert server.asked == asked
    assert list(file.target.parent.iterdir()) == [file.target]


def test_an_archive_called_gzip_encoded_stays_packed(file, server):
    server.plan = [send(GOOD, header="Content-Encoding: x-gzip")]
    assert fetch(file, **QUICK).read_bytes() == GOOD


def test_a_name_lookup_that_hangs(file, server, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: server.closing.wait(20) and [])
    assert "no answer" in problem(replace(file, url="http://host.invalid/file.bin"))


def test_without_a_connection_one_line_says_so(file, capsys):
    assert not try_fetch(replace(file, url="http://127.0.0.1:9/nobody-listens"))
    (line,) = capsys.readouterr().out.splitlines()
    assert "Some file" in line and "refused" in line


def test_a_full_disk(file, server, small_disk):
    (small_disk / "other").write_bytes(bytes(30_000))
    assert "No space left" in problem(replace(file, target=small_disk / "file.bin"))
    assert len(server.asked) == 1


def test_a_folder_that_cannot_be_made(file, server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    assert "Cannot write" in problem(replace(file, target=tmp_path / "file" / "file.bin"))
    assert server.asked == []
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(CannotWriteError, match="home"):
        download.keras_home()


def test_two_programs_that_download_the_same_file(file):
    fcntl = pytest.importorskip("fcntl")
    with open(file.target.with_name("file.bin.part"), "ab") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        assert "another program" in problem(file)


def test_keras_looks_for_cifar10_where_we_put_it(tmp_path, monkeypatch):
    asked, retrieve = [], "keras.src.utils.file_utils.urlretrieve"
    monkeypatch.setattr(retrieve, lambda *found: asked.extend(found) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keras.datasets.cifar10.load_data()
    file = download.cifar10_archive(tmp_path)
    assert asked[0] == file.url and Path(asked[1]).parts[-2:] == file.target.parts[-2:]
