"""Files that are put as they are, over the real daemon."""

import socket
from pathlib import Path

from support.app_files import names
from support.daemon import Daemon
from support.eventually import eventually
from support.uploads import connect, put, refusal


def test_a_file_is_put_as_it_is(daemon: Daemon, files: Path) -> None:
    """With its mode kept, and the new ETag."""
    assert put(daemon, "a.txt", b"one").json == {"success": True}
    (files / "a.txt").chmod(0o600)
    answer = put(daemon, "/a.txt", b"two")

    assert answer.headers["ETag"].startswith('"')
    assert (files / "a.txt").read_text() == "two"
    assert (files / "a.txt").stat().st_mode & 0o777 == 0o600
    assert put(daemon, "empty", b"").status == 200
    assert names(files) == ["a.txt", "empty"]


def test_an_edit_of_an_old_state_is_refused(daemon: Daemon, files: Path) -> None:
    """412 with what to do, and the file stays; with the right ETag it is replaced."""
    old = put(daemon, "a.txt", b"one").headers["ETag"]
    new = put(daemon, "a.txt", b"two", If_Match=old).headers["ETag"]
    status, text = refusal(put(daemon, "a.txt", b"three", If_Match=old))

    assert (status, text[:27]) == (412, "This file was changed meanw")
    assert (files / "a.txt").read_text() == "two"
    assert put(daemon, "a.txt", b"four", If_Match=f'"x", {new}').status == 200


def test_whether_it_must_exist(daemon: Daemon, files: Path) -> None:
    """If-Match: * and If-None-Match: *."""
    assert put(daemon, "a", b"1", If_Match="*").status == 412
    assert put(daemon, "a", b"1", If_None_Match="*").status == 200
    assert put(daemon, "a", b"2", If_None_Match="*").status == 412
    assert put(daemon, "a", b"3", If_Match="*").status == 200
    assert (files / "a").read_text() == "3"


def test_who_was_faster_wins(daemon: Daemon, files: Path) -> None:
    """The ETag is compared again when the body is there."""
    tag = put(daemon, "a", b"one").headers["ETag"]
    with connect(daemon) as link:
        head = f"PUT /server/web/file?path=a HTTP/1.1\r\nHost: x\r\nIf-Match: {tag}\r\n"
        link.sendall(f"{head}Content-Length: 6\r\n\r\nslow".encode())
        eventually(lambda: len(names(files)) == 2, 10)
        put(daemon, "a", b"fast")
        link.sendall(b"er")
        assert link.recv(4096).startswith(b"HTTP/1.1 412")
    assert (files / "a").read_text() == "fast"
    eventually(lambda: names(files) == ["a"], 5)


def test_a_session_that_ends_meanwhile_ends_the_upload(daemon: Daemon, files: Path) -> None:
    """401 at the end of the body."""
    token = daemon.token()
    link = socket.create_connection(("127.0.0.1", daemon.port), timeout=20)
    head = f"PUT /server/web/file?path=a HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
    link.sendall(f"{head}Content-Length: 6\r\n\r\nslow".encode())
    eventually(lambda: len(names(files)) == 1, 10)
    assert daemon.api("GET", "/logout", Authorization=token).status == 200
    link.sendall(b"er")

    assert link.recv(4096).startswith(b"HTTP/1.1 401")
    link.close()
    eventually(lambda: names(files) == [], 5)
