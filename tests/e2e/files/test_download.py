"""Downloads, by the contract's sentences, on the real daemon."""

import contextlib
import os
import signal
import socket
import time
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import pytest

from support.app_files import Home, file_name
from support.daemon import running
from support.eventually import eventually

MIB = 1 << 20
TEXT = "text/plain; charset=utf-8"


def test_a_download_has_the_headers_of_the_contract(home: Home, place: Path) -> None:
    """By content, not by name."""
    (place / "page.bin").write_text("<html>")
    got = home.get(f"{place.name}/page.bin")

    assert (got.status, got.body) == (200, b"<html>")
    assert got.headers["Content-Type"] == "text/html; charset=utf-8"
    assert got.headers["Content-Length"] == "6"
    assert got.headers["Content-Disposition"] == "attachment; filename=page.bin"
    assert got.headers["Accept-Ranges"] == "bytes"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Last-Modified"].endswith(" GMT")


def test_head_is_the_same_without_a_body(home: Home, place: Path) -> None:
    """Also with Range, which means nothing there."""
    (place / "a").write_bytes(b"0123456789")
    path = f"{place.name}/a"
    got, head = home.get(path), home.ask("file", "HEAD", {"Range": "bytes=0-1"}, path=path)
    names = ("Content-Type", "Content-Length", "Content-Disposition", "ETag", "Last-Modified")

    assert (head.status, head.body) == (200, b"")
    assert [head.headers[name] for name in names] == [got.headers[name] for name in names]


def test_an_empty_file(home: Home, place: Path) -> None:
    """A text of nothing."""
    (place / "a").touch()
    got = home.get(f"{place.name}/a")

    assert (got.status, got.body, got.headers["Content-Length"]) == (200, b"", "0")
    assert got.headers["Content-Type"] == TEXT


def test_what_is_no_file(home: Home, place: Path) -> None:
    """With the exact texts."""
    (place / "a").touch()
    (place / "dead").symlink_to("nowhere")
    for path in ("missing", "a/b", "dead"):
        answer = home.get(f"{place.name}/{path}")
        assert (answer.status, answer.json) == (404, {"error": "This file does not exist!"})
    for path in ("", "/", place.name):
        answer = home.get(path)
        assert (answer.status, answer.json) == (400, {"error": "This is not a file!"})


def test_links_that_stay_inside_are_followed(home: Home, place: Path) -> None:
    """By downloads; the name is the one asked for."""
    (place / "real").write_text("x")
    (place / "link").symlink_to("real")
    got = home.get(f"{place.name}/link")

    assert (got.body, file_name(got)) == (b"x", "link")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=2000000-", 2_000_000, 3 * MIB), ("bytes=-7", -7, 3 * MIB),
     ("bytes=3145727-99999999", 3 * MIB - 1, 3 * MIB)],
)  # fmt: skip
def test_ranges(home: Home, place: Path, asked: str, start: int, stop: int) -> None:
    """Single ones, from any place to any other."""
    content = os.urandom(3 * MIB)
    (place / "a").write_bytes(content)
    got = home.get(f"{place.name}/a", Range=asked)
    first = start % len(content)

    assert (got.status, got.body) == (206, content[start:stop])
    assert got.headers["Content-Range"] == f"bytes {first}-{stop - 1}/{3 * MIB}"
    assert got.headers["Content-Length"] == str(stop - first)


def test_ranges_that_are_answered_whole(home: Home, place: Path) -> None:
    """Several at once, and nonsense."""
    (place / "a").write_bytes(b"0123456789")
    for asked in ("bytes=0-1,4-5", "bytes=5-1", "lines=1-2", "bytes=x-"):
        got = home.get(f"{place.name}/a", Range=asked)
        assert (got.status, got.body) == (200, b"0123456789")


def test_a_range_outside(home: Home, place: Path) -> None:
    """416 says how much there is."""
    (place / "a").write_bytes(b"0123456789")
    got = home.get(f"{place.name}/a", Range="bytes=10-")

    assert got.status == 416
    assert got.headers["Content-Range"] == "bytes */10"
    assert got.json["error"]


def test_conditions(home: Home, place: Path) -> None:
    """A client that has the file isn't sent it; one that knows another gets it whole."""
    file, path = place / "a", f"{place.name}/a"
    file.write_bytes(b"0123456789")
    os.utime(file, (1_600_000_000, 1_600_000_000))
    first = home.get(path)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]

    for headers in ({"If-None-Match": tag}, {"If-None-Match": "*"}, {"If-Modified-Since": date}):
        same = home.get(path, **headers)
        assert (same.status, same.body, same.headers["ETag"]) == (304, b"", tag)
    assert home.get(path, Range="bytes=0-1", **{"If-Range": tag}).status == 206
    assert home.get(path, Range="bytes=0-1", **{"If-Range": date}).status == 206
    assert home.get(path, **{"If-Match": '"x"'}).status == 412
    file.write_bytes(b"abcdefghij")
    os.utime(file, (1_600_000_000, 1_600_000_000))

    assert home.get(path, **{"If-None-Match": tag}).body == b"abcdefghij"
    changed = home.get(path, Range="bytes=0-1", **{"If-Range": tag})
    assert (changed.status, changed.body) == (200, b"abcdefghij")


def test_a_sparse_file(home: Home, place: Path) -> None:
    """Holes are zeros."""
    with (place / "a").open("wb") as file:
        file.truncate(5 * MIB)
        file.seek(4 * MIB)
        file.write(b"end")

    assert home.get(f"{place.name}/a").body == bytes(4 * MIB) + b"end" + bytes(MIB - 3)


class Slow:
    """A download whose body isn't read yet."""

    def __init__(self, home: Home, path: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", home.daemon.port, timeout=20)
        self.connection.request(
            "GET", f"/server/app/file?path={path}", headers={"Authorization": home.token}
        )
        self.answer = self.connection.getresponse()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def test_a_file_that_grows_is_sent_as_it_was(home: Home, place: Path) -> None:
    """The length is that of the moment when it was opened."""
    (place / "a").write_bytes(b"a" * 20 * MIB)
    with Slow(home, f"{place.name}/a") as slow:
        with (place / "a").open("ab") as file:
            file.write(b"more")

        assert len(slow.answer.read()) == 20 * MIB


def test_a_file_that_shrinks_breaks_off_visibly(home: Home, place: Path) -> None:
    """The client must not take it for the whole; the daemon goes on."""
    (place / "a").write_bytes(b"a" * 40 * MIB)
    with Slow(home, f"{place.name}/a") as slow:
        os.truncate(place / "a", MIB)
        with pytest.raises((IncompleteRead, ConnectionError)):
            slow.answer.read()

    assert home.listed(place.name)["a"]["size"] == MIB


def test_a_file_that_is_replaced_is_sent_as_it_was(home: Home, place: Path) -> None:
    """Old or new, never a mixture."""
    (place / "a").write_bytes(b"a" * 20 * MIB)
    with Slow(home, f"{place.name}/a") as slow:
        (place / "b").write_bytes(b"b" * 20 * MIB)
        (place / "b").replace(place / "a")

        assert slow.answer.read() == b"a" * 20 * MIB


def test_clients_that_take_nothing_hold_no_thread(home: Home, place: Path) -> None:
    """Forty of them, and everything else is answered at once."""
    (place / "a").write_bytes(bytes(20 * MIB))
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(Slow(home, f"{place.name}/a"))
        begun = time.monotonic()
        home.listed(place.name)

        assert time.monotonic() - begun < 5


def test_a_download_ends_with_its_session(home: Home, place: Path) -> None:
    """As consoles do."""
    (place / "a").write_bytes(bytes(40 * MIB))
    token, home.token = home.token, home.daemon.token()
    try:
        with Slow(home, f"{place.name}/a") as slow:
            home.daemon.api("POST", "/logout", Authorization=home.token)
            with pytest.raises((IncompleteRead, ConnectionError)):
                slow.answer.read()
    finally:
        home.token = token


def test_a_client_that_sends_no_more_still_gets_its_file(home: Home, place: Path) -> None:
    """`nc` closes its sending side at once."""
    (place / "a").write_bytes(bytes(3 * MIB))
    with socket.create_connection(("127.0.0.1", home.daemon.port)) as sock:
        sock.sendall(
            f"GET /server/app/file?path={place.name}/a HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {home.token}\r\n\r\n".encode()
        )
        sock.shutdown(socket.SHUT_WR)
        data = b""
        while chunk := sock.recv(1 << 16):
            data += chunk

    assert data.endswith(bytes(3 * MIB))


def test_downloads_by_ticket(home: Home, place: Path) -> None:
    """Once; lists don't look at it."""
    (place / "a").write_text("x")

    def by_ticket(route: str) -> int:
        query = urlencode({"path": f"{place.name}/a", "ticket": ticket})
        return home.daemon.api("GET", f"/server/app/{route}?{query}").status

    ticket = home.daemon.api("GET", "/ott", Authorization=home.token).json["ticket"]
    assert by_ticket("files") == 401
    assert by_ticket("file") == 200
    assert by_ticket("file") == 401


def test_downloads_are_in_the_action_log(home: Home, place: Path) -> None:
    """Each that is sent: not a look by HEAD, nor an answer that nothing has changed."""
    (place / "a").write_text("x")
    path = f"/{place.name}/a"
    tag = home.get(path).headers["ETag"]
    home.ask("file", "HEAD", path=path)
    home.get(path, **{"If-None-Match": tag})
    home.get(path)

    def logged() -> list[dict[str, Any]]:
        return [each for each in home.actions("server.files.download") if each["path"] == path]

    eventually(lambda: len(logged()) >= 2)
    assert [(each["user"], each["server"]) for each in logged()] == [("admin", "app")] * 2


def test_pages_of_other_origins(home: Home, place: Path) -> None:
    """May read the answer and its tag."""
    (place / "a").write_text("x")
    got = home.get(f"{place.name}/a", Origin="http://elsewhere")

    assert got.headers["Access-Control-Allow-Origin"] == "*"
    exposed = got.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Accept-Ranges", "Content-Disposition", "Content-Range", "ETag"} <= set(exposed)


def test_a_shutdown_beside_a_download(tmp_path: Path) -> None:
    """It ends in time, though a client takes nothing."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a").write_bytes(bytes(40 * MIB))
    app = {"directory": str(tmp_path / "files"), "command": ["cat"], "enabled": False}
    (tmp_path / "d").mkdir()
    with running(tmp_path / "d", {"app": app}) as daemon, Slow(Home(daemon, tmp_path), "a"):
        daemon.tell(signal.SIGTERM)

        assert daemon.wait(25) == 0
