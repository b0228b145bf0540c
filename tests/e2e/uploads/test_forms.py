"""Files that are sent in forms: every sentence of the contract, over the real daemon."""

import json
import os
import socket
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import MakeDaemon
from support.app_files import names
from support.daemon import Daemon
from support.eventually import eventually
from support.uploads import (
    BOUNDARY,
    MIB,
    TYPE,
    begin,
    connect,
    file_part,
    form,
    part,
    put,
    refusal,
    send,
)


def test_a_file_arrives(daemon: Daemon, files: Path) -> None:
    """200 with success; it is there with all its bytes, and nothing beside it."""
    content = os.urandom(3 * MIB)
    answer = send(daemon, form(file_part(content)))

    assert (answer.status, answer.json) == (200, {"success": True})
    assert (files / "a.txt").read_bytes() == content
    assert names(files) == ["a.txt"]
    assert (files / "a.txt").stat().st_mode & 0o7777 == 0o644


def test_it_arrives_on_all_listeners(daemon: Daemon, files: Path) -> None:
    """With a token on the ports; strangers are refused."""
    token = daemon.token()
    url, body = "/server/web/file?path=/", form(file_part(b"1"))

    assert daemon.api("POST", url, body, Content_Type=TYPE, Authorization=token).status == 200
    assert (
        daemon.web("POST", f"/api{url}", body, Content_Type=TYPE, Authorization=token).status == 200
    )
    assert daemon.api("POST", url, body, Content_Type=TYPE).status == 401


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="a.txt"', "a.txt"),
        ("filename=plain", "plain"),
        ('filename="böse €.txt"', "böse €.txt"),
        ("filename*=UTF-8''caf%C3%A9.txt", "café.txt"),
        ("filename=\"x\"; filename*=utf-8'en'%e2%82%ac", "€"),
        ('filename="dir/sub/b.txt"', "b.txt"),
        ('filename="../../c.txt"', "c.txt"),
        ('filename="/etc/d.txt"', "d.txt"),
        (r'filename="a\b.txt"', r"a\b.txt"),
        (r'filename="a\\b.txt"', r"a\b.txt"),
        (r'filename="a\"b.txt"', 'a"b.txt'),
        ('filename="a%22b%0Ac.txt"', 'a"b\nc.txt'),
        ('filename="100%25.txt"', "100%25.txt"),
        ('filename="a;b c.txt"', "a;b c.txt"),
        ('filename=" spaced "', " spaced "),
    ],
)
def test_the_name_is_the_last_part(
    daemon: Daemon, files: Path, disposition: str, name: str
) -> None:
    """In UTF-8 or by RFC 5987; only slashes part it."""
    answer = send(daemon, form(part(b"1", f'name="upload"; {disposition}')))

    assert answer.status == 200
    assert names(files) == [name]


@pytest.mark.parametrize("name", ["", ".", "..", "a/", "a/..", "a/.", "/"])
def test_names_that_are_none_are_refused(daemon: Daemon, files: Path, name: str) -> None:
    """400, and nothing is written."""
    status, text = refusal(send(daemon, form(file_part(b"1", name))))

    assert (status, text[:18]) == (400, "Invalid file name:")
    assert names(files) == []


@pytest.mark.parametrize("name", ["x" * 256, "\udcff", "a\udc00b"])
def test_names_that_no_file_can_have_are_refused(daemon: Daemon, name: str) -> None:
    """Too long, or not UTF-8."""
    body = form(file_part(b"1", "NAME")).replace(b"NAME", name.encode(errors="surrogatepass"))

    assert refusal(send(daemon, body))[1].startswith("Invalid file name:")


BROKEN = {
    "nothing": (b"", TYPE),
    "no form": (b"hello", "text/plain"),
    "no type": (form(file_part(b"1")), ""),
    "no boundary": (form(file_part(b"1")), "multipart/form-data"),
    "another boundary": (form(file_part(b"1")), "multipart/form-data; boundary=other"),
    "urlencoded": (b"upload=1", "application/x-www-form-urlencoded"),
    "no such field": (form(part(b"1", 'name="file"; filename="a"')), TYPE),
    "not a file": (form(part(b"1", 'name="upload"')), TYPE),
    "no fields": (form(), TYPE),
    "no end": (file_part(b"1"), TYPE),
    "end without dashes": (file_part(b"1") + f"--{BOUNDARY}\r\n".encode(), TYPE),
    "cut in a header": (file_part(b"1")[:40], TYPE),
    "a huge header": (part(b"", "x" * 100_000), TYPE),
    "many headers": (part(b"", "a=b" + "\r\nX-A: b" * 1000), TYPE),
    "many parts": (form(*[part(b"", 'name="x"')] * 1000, file_part(b"1")), TYPE),
    "a long boundary": (b"", "multipart/form-data; boundary=" + "x" * 1000),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_form_changes_nothing(daemon: Daemon, files: Path, what: str) -> None:
    """400 "Invalid form sent!"."""
    (files / "a.txt").write_text("old")
    body, content_type = BROKEN[what]

    assert refusal(send(daemon, body, Content_Type=content_type)) == (400, "Invalid form sent!")
    assert names(files) == ["a.txt"]
    assert (files / "a.txt").read_text() == "old"


def test_other_fields_are_skipped(daemon: Daemon, files: Path) -> None:
    """Before and after the file, files among them."""
    other = part(b"x" * 1000, 'name="other"; filename="b"')
    answer = send(daemon, form(other, part(b"1", 'name="c"'), file_part(b"2"), other))

    assert answer.status == 200
    assert names(files) == ["a.txt"]
    assert (files / "a.txt").read_text() == "2"


def test_too_much_beside_the_file_is_refused(daemon: Daemon, files: Path) -> None:
    """413."""
    other = part(b"x" * 2 * MIB, 'name="other"')

    assert send(daemon, form(file_part(b"1"), other)).status == 413
    assert send(daemon, form(other, file_part(b"1"))).status == 413
    assert names(files) == []


def test_two_files_are_refused(daemon: Daemon, files: Path) -> None:
    """Neither is taken: one of them would be lost without a word."""
    assert send(daemon, form(file_part(b"1"), file_part(b"2", "b"))).status == 400
    assert names(files) == []


def test_the_old_file_is_replaced_and_its_mode_kept(daemon: Daemon, files: Path) -> None:
    """But never set-user-ID; who has the old one open goes on reading it."""
    old = files / "a.txt"
    old.write_text("old")
    old.chmod(0o4751)
    with old.open() as before:
        send(daemon, form(file_part(b"new")))

        assert before.read() == "old"
    assert old.read_text() == "new"
    assert old.stat().st_mode & 0o7777 == 0o751


def test_the_old_file_stays_until_the_new_one_is_whole(daemon: Daemon, files: Path) -> None:
    """Nothing of it is seen while it comes; then all of it is there."""
    (files / "a.txt").write_text("old")
    body = form(file_part(b"n" * MIB))
    with begin(daemon, len(body), body[:-10]) as link:
        eventually(lambda: len(names(files)) == 2, 10)

        assert (files / "a.txt").read_text() == "old"
        link.sendall(body[-10:])
        assert b"200 OK" in link.recv(4096)
    assert (files / "a.txt").read_bytes() == b"n" * MIB
    eventually(lambda: names(files) == ["a.txt"], 10)


def test_a_client_that_vanishes_leaves_nothing(daemon: Daemon, files: Path) -> None:
    """At once; whether it says so or not."""
    (files / "a.txt").write_text("old")
    body = form(file_part(b"n" * MIB))
    link = begin(daemon, len(body), body[:-10])
    eventually(lambda: len(names(files)) == 2, 10)
    link.close()

    eventually(lambda: names(files) == ["a.txt"], 5)
    assert (files / "a.txt").read_text() == "old"
    eventually(lambda: list((daemon.directory / ".octyne/files/hidden").iterdir()) == [], 5)


def test_a_form_that_is_cut_off_is_told_so(daemon: Daemon, files: Path) -> None:
    """To a client that closed its sending side only."""
    body = form(file_part(b"n" * MIB))
    with begin(daemon, len(body), body[:-10]) as link:
        link.shutdown(socket.SHUT_WR)
        answer = link.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.endswith(b'{"error":"Invalid form sent!"}')
    eventually(lambda: names(files) == [], 5)


def test_a_folder_of_that_name(daemon: Daemon, files: Path) -> None:
    """400 "This is a folder!"."""
    (files / "a.txt").mkdir()

    assert refusal(send(daemon, form(file_part(b"1")))) == (400, "This is a folder!")
    assert refusal(put(daemon, "a.txt", b"1")) == (400, "This is a folder!")
    assert refusal(put(daemon, "/", b"1")) == (400, "This is a folder!")


def test_a_folder_that_is_missing(daemon: Daemon, files: Path) -> None:
    """404 "This folder does not exist!"; a file is no folder either."""
    (files / "f").write_text("1")

    for path in ("nope", "f", "f/g", "nope/deeper"):
        expected = (404, "This folder does not exist!")
        assert refusal(send(daemon, form(file_part(b"1")), path)) == expected
        assert refusal(put(daemon, f"{path}/x", b"1")) == expected


@pytest.mark.parametrize("path", ["../x", "..", "a/../../b", "%00", "%ff", "out", "out/sub"])
def test_paths_that_lead_out_are_refused(daemon: Daemon, files: Path, path: str) -> None:
    """400, whether their ends exist or not."""
    (daemon.directory / "outside").mkdir(exist_ok=True)
    (files / "out").symlink_to(daemon.directory / "outside")

    status, text = refusal(send(daemon, form(file_part(b"1")), path))
    assert (status, text[:20]) == (400, "Invalid folder path:")
    status, text = refusal(put(daemon, f"{path}/b", b"1"))
    assert (status, text[:18]) == (400, "Invalid file path:")
    assert names(daemon.directory / "outside") == []


def test_symlinks_of_that_name(daemon: Daemon, files: Path) -> None:
    """One that stays inside is followed and stays; one that leads out is refused."""
    (files / "real").write_text("old")
    (files / "a.txt").symlink_to("real")
    (files / "b.txt").symlink_to("../config.json")
    (files / "c.txt").symlink_to("../new")

    assert send(daemon, form(file_part(b"new"))).status == 200
    assert (files / "a.txt").is_symlink()
    assert (files / "real").read_text() == "new"
    for name in ("b.txt", "c.txt"):
        assert refusal(send(daemon, form(file_part(b"1", name))))[0] == 400
    assert json.loads((daemon.directory / "config.json").read_text())
    assert not (daemon.directory / "new").exists()


def test_fifos_are_neither_opened_nor_replaced(daemon: Daemon, files: Path) -> None:
    """400, at once."""
    os.mkfifo(files / "a.txt")

    assert refusal(send(daemon, form(file_part(b"1")))) == (400, "This is not a file!")


def test_too_large_is_refused_before_the_rest_is_read(daemon: Daemon, files: Path) -> None:
    """413 by the announced length, and while it comes where none was announced."""
    with begin(daemon, 1 << 40, b"") as link:
        assert link.recv(4096).startswith(b"HTTP/1.1 413")
    link = connect(daemon)
    head = (
        "POST /server/web/file?path=/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: {TYPE}\r\n\r\n"
    )
    link.sendall(head.encode())
    for piece in (file_part(b"1")[:-3], *[b"x" * MIB] * 9):
        link.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
    assert link.recv(4096).startswith(b"HTTP/1.1 413")
    link.close()
    eventually(lambda: names(files) == [], 5)


def test_the_largest_file_is_taken(daemon: Daemon, files: Path) -> None:
    """To the byte."""
    assert send(daemon, form(file_part(b"x" * 8 * MIB))).status == 200
    assert send(daemon, form(file_part(b"x" * (8 * MIB + 1)))).status == 413
    assert put(daemon, "b", b"x" * 8 * MIB).status == 200
    assert put(daemon, "b", b"x" * (8 * MIB + 1)).status == 413


def test_a_client_that_waits_for_100_is_answered(daemon: Daemon, files: Path) -> None:
    """A go-ahead where the upload may be, else the refusal at once, and the end."""
    body = form(file_part(b"1"))
    with begin(daemon, len(body), b"", "Expect: 100-continue\r\n") as link:
        assert link.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(body)
        assert link.recv(4096).startswith(b"HTTP/1.1 200")
    with begin(daemon, 1 << 40, b"", "Expect: 100-continue\r\n") as link:
        answer = link.recv(4096)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"Connection: close" in answer


@pytest.mark.slow
@pytest.mark.parametrize("expects", ["Expect:", "Expect: 100-continue"])
def test_refusals_reach_curl(daemon: Daemon, tmp_path: Path, expects: str) -> None:
    """Of a body of 1 GiB, for a folder that isn't there, and for one that is too large."""
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(1 << 30)
    for path, status in (("/nope", 404), ("/", 413)):
        command = [
            "curl",
            "-sS",
            "-m",
            "30",
            "--unix-socket",
            str(daemon.socket_path),
            "-H",
            expects,
        ]
        command += ["-w", "%{http_code}", "-o", "/dev/null", "-F", f"upload=@{big}"]
        command.append(f"http://x/server/web/file?path={path}")
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert found.stdout == str(status), found.stderr


def test_two_uploads_of_one_name(daemon: Daemon, files: Path) -> None:
    """The one that finishes last wins; it is whole."""
    first, second = form(file_part(b"1" * MIB)), form(file_part(b"2" * MIB))
    with begin(daemon, len(first), first[:-10]) as link:
        eventually(lambda: len(names(files)) == 1, 10)
        assert send(daemon, second).status == 200
        assert (files / "a.txt").read_bytes() == b"2" * MIB
        link.sendall(first[-10:])
        assert link.recv(4096).startswith(b"HTTP/1.1 200")
    assert (files / "a.txt").read_bytes() == b"1" * MIB


def test_a_folder_that_goes_meanwhile(daemon: Daemon, files: Path) -> None:
    """Renamed: it lands there. Removed: 404, and nothing stays."""
    body = form(file_part(b"n" * MIB)).replace(b"/file?path=/", b"")
    for change, status in ((_rename, 200), (_remove, 404)):
        folder = files / "folder"
        folder.mkdir()
        link = connect(daemon)
        head = (
            f"POST /server/web/file?path=/folder HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        link.sendall(head.encode() + body[:-10])
        eventually(partial(names, folder), 10)
        change(folder)
        link.sendall(body[-10:])
        assert link.recv(4096).split()[1] == str(status).encode()
        link.close()
    assert (files / "renamed" / "a.txt").read_bytes() == b"n" * MIB
    assert names(files) == ["renamed"]


def _rename(folder: Path) -> None:
    folder.rename(folder.with_name("renamed"))


def _remove(folder: Path) -> None:
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()


def test_a_full_disk_changes_nothing(make_daemon: MakeDaemon) -> None:
    """503 before the body is read where the length says so, else in the middle of it."""
    made = make_daemon({"web": {"directory": "files", "command": ["cat"], "enabled": False}})
    files = made.directory / "files"
    files.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(files)], check=False
    )
    if mounted.returncode:
        pytest.skip("mounting isn't allowed here")
    try:
        made.start()
        (files / "a.txt").write_text("old")
        text = "There is not enough free space on the disk."
        assert refusal(send(made, form(file_part(b"x" * 4 * MIB)))) == (503, text)
        assert refusal(put(made, "a.txt", b"x" * 4 * MIB)) == (503, text)
        link = connect(made)
        link.sendall(
            b"PUT /server/web/file?path=a.txt HTTP/1.1\r\nHost: x\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(4):
            link.sendall(b"%x\r\n%b\r\n" % (MIB, b"x" * MIB))
        link.sendall(b"0\r\n\r\n")
        assert link.makefile("rb").readline() == b"HTTP/1.1 503 Service Unavailable\r\n"
        link.close()
        eventually(lambda: names(files) == ["a.txt"], 5)
        assert (files / "a.txt").read_text() == "old"
    finally:
        subprocess.run(["umount", "-l", str(files)], check=True)


def test_a_killed_daemon_leaves_nothing_after_its_next_start(daemon: Daemon, files: Path) -> None:
    """What was hidden is removed, the old file is there."""
    (files / "a.txt").write_text("old")
    body = form(file_part(b"n" * MIB))
    with begin(daemon, len(body), body[:-10]):
        eventually(lambda: len(names(files)) == 2, 10)
        daemon.kill()
    daemon.start()

    assert names(files) == ["a.txt"]
    assert (files / "a.txt").read_text() == "old"


def test_an_upload_is_logged(daemon: Daemon) -> None:
    """With folder and name; one that failed is not."""
    send(daemon, form(file_part(b"1", "logged.1")))
    send(daemon, form(file_part(b"1", "logged.2")), "/nope")
    put(daemon, "/logged.3", b"1")

    def logged() -> list[Any]:
        lines = (daemon.directory / "logs/octyne.log").read_text().splitlines()
        found = [json.loads(line) for line in lines if "logged" in line]
        return [(each["server"], each["path"], each["filename"]) for each in found]

    eventually(lambda: logged() == [("web", "/", "logged.1"), ("web", "/", "logged.3")], 5)
