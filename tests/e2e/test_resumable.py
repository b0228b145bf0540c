"""Uploads in pieces, by tus 1.0: with a client that isn't ours, and to the letter."""

import base64
import hashlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.app_files import empty
from support.daemon import Answer, Daemon, program, running
from support.eventually import eventually

from .conftest import MakeDaemon

MIB = 1 << 20
TUS = {"Tus_Resumable": "1.0.0"}
UPLOADS = "/server/web/uploads"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of this module: with two apps, which don't run."""
    directory = tmp_path_factory.mktemp("d")
    (directory / "files").mkdir()
    app = {"directory": "files", "command": ["cat"], "enabled": False}
    with running(directory, {"web": app, "other": app}, files={"maxUpload": 64 * MIB}) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def files(daemon: Daemon) -> Iterator[Path]:
    """The apps' directory, with an empty folder."""
    directory = daemon.directory / "files"
    empty(directory)
    (directory / "folder").mkdir()
    yield directory
    assert "Traceback" not in daemon.log


def names(directory: Path) -> list[str]:
    """What is there, hidden names too."""
    return sorted(each.name for each in directory.iterdir())


def metadata(**pairs: str) -> str:
    """As the header has it."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items()
    )


def create(daemon: Daemon, length: int, **headers: str) -> Answer:
    """Begin an upload of a.bin."""
    fixed = {"Upload_Length": str(length), "Upload_Metadata": metadata(filename="a.bin")}
    return daemon.ask("POST", UPLOADS, b"", **{**TUS, **fixed, **headers})


def begun(daemon: Daemon, length: int, **headers: str) -> str:
    """The path of a new upload."""
    answer = create(daemon, length, **headers)
    assert answer.status == 201, answer
    return "/server/web/" + answer.headers["Location"]


def record_of(daemon: Daemon, path: str) -> Path:
    """Where the daemon remembers an upload."""
    key = path.rpartition("/")[2]
    return daemon.directory / ".octyne/files/uploads" / f"{key}.json"


def patch(daemon: Daemon, path: str, offset: int, body: bytes, **headers: str) -> Answer:
    """Add a piece."""
    fixed = {"Upload_Offset": str(offset), "Content_Type": "application/offset+octet-stream"}
    return daemon.ask("PATCH", path, body, **{**TUS, **fixed, **headers})


def offset(daemon: Daemon, path: str) -> int:
    """Where it goes on."""
    answer = daemon.ask("HEAD", path, **TUS)
    assert answer.status == 200, answer
    return int(answer.headers["Upload-Offset"])


def hang(daemon: Daemon, path: str, at: int, length: int, body: bytes) -> socket.socket:
    """A PATCH that stops in the middle, and stays connected."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(20)
    link.connect(str(daemon.socket_path))
    head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
    link.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + body)
    return link


# -- a client that isn't ours ----------------------------------------------------------------


def client(daemon: Daemon, token: str, file: Path, piece: int) -> "subprocess.Popen[str]":
    """Start tuspy."""
    url = f"http://127.0.0.1:{daemon.port}{UPLOADS}"
    store = daemon.directory / "tus-store"
    return subprocess.Popen(
        program("tus_upload.py", url, token, file, piece, store),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_tuspy_uploads(daemon: Daemon, files: Path, tmp_path: Path) -> None:
    """With checksums, into the folder that its metadata name."""
    (tmp_path / "big").write_bytes(content := os.urandom(5 * MIB + 7))
    with client(daemon, daemon.token(), tmp_path / "big", MIB) as uploading:
        said, _ = uploading.communicate(timeout=30)

    assert uploading.returncode == 0, said
    assert (files / "folder/big.bin").read_bytes() == content
    assert names(files / "folder") == ["big.bin"]


def test_tuspy_goes_on_after_both_were_killed(daemon: Daemon, files: Path, tmp_path: Path) -> None:
    """The client in the middle, then the daemon; the next ones go on where those were."""
    (tmp_path / "big").write_bytes(content := os.urandom(20 * MIB + 7))
    token = daemon.token()
    with client(daemon, token, tmp_path / "big", 128 * 1024) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "from 0\n"
        reached = 0
        while reached < 2 * MIB:
            reached = int(first.stdout.readline())
        first.kill()
    daemon.kill()
    daemon.start()
    with client(daemon, token, tmp_path / "big", MIB) as second:
        said, _ = second.communicate(timeout=30)

    assert int(said.split()[1]) >= reached
    assert second.returncode == 0, said
    assert (files / "folder/big.bin").read_bytes() == content
    assert names(files / "folder") == ["big.bin"]


# -- the protocol ----------------------------------------------------------------------------


def test_options_tell_what_there_is(daemon: Daemon) -> None:
    """Without a login; to pages of other origins, too."""
    answer = daemon.api("OPTIONS", UPLOADS, Origin="https://x.example")

    assert answer.status == 200
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(64 * MIB)
    assert "creation" in answer.headers["Tus-Extension"].split(",")
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    assert "Upload-Offset" in answer.headers["Access-Control-Allow-Headers"]
    assert "Upload-Offset" in answer.headers["Access-Control-Expose-Headers"]


def test_an_upload_in_pieces(daemon: Daemon, files: Path) -> None:
    """201, 204, 204; the file is there after the last, with the old one's mode."""
    (files / "a.bin").write_text("old")
    (files / "a.bin").chmod(0o600)
    path = begun(daemon, 6)

    first = patch(daemon, path, 0, b"abc")
    assert (first.status, first.headers["Upload-Offset"], first.body) == (204, "3", b"")
    assert first.headers["Tus-Resumable"] == "1.0.0"
    assert first.headers["Content-Length"] is None
    assert first.headers["Upload-Expires"].endswith("GMT")
    assert (files / "a.bin").read_text() == "old"
    assert patch(daemon, path, 3, b"def").headers["Upload-Offset"] == "6"
    assert (files / "a.bin").read_text() == "abcdef"
    assert (files / "a.bin").stat().st_mode & 0o777 == 0o600
    assert names(files) == ["a.bin", "folder"]


def test_head_tells_all(daemon: Daemon) -> None:
    """And GET the same as JSON."""
    path = begun(daemon, 6)
    patch(daemon, path, 0, b"abc")
    head = daemon.ask("HEAD", path, **TUS)

    assert head.headers["Upload-Offset"] == "3"
    assert head.headers["Upload-Length"] == "6"
    assert head.headers["Upload-Metadata"] == metadata(filename="a.bin")
    assert head.headers["Cache-Control"] == "no-store"
    shown = daemon.get(path)
    assert (shown["path"], shown["offset"], shown["length"]) == ("/a.bin", 3, 6)
    assert shown["finished"] is False


def test_a_finished_one_says_so(daemon: Daemon) -> None:
    """For a client that lost its last answer; also after a restart."""
    path = begun(daemon, 3)
    patch(daemon, path, 0, b"abc")
    assert offset(daemon, path) == 3
    daemon.kill()
    daemon.start()

    assert offset(daemon, path) == 3
    assert patch(daemon, path, 3, b"").status == 409


def test_nothing_to_send(daemon: Daemon, files: Path) -> None:
    """A length of 0 is an empty file at once."""
    begun(daemon, 0)

    assert (files / "a.bin").read_bytes() == b""


def test_creation_with_upload(daemon: Daemon, files: Path) -> None:
    """The first piece comes along."""
    headers = {**TUS, "Upload_Length": "6", "Upload_Metadata": metadata(filename="b")}
    answer = daemon.ask(
        "POST", UPLOADS, b"abc", Content_Type="application/offset+octet-stream", **headers
    )
    assert (answer.status, answer.headers["Upload-Offset"]) == (201, "3")

    patch(daemon, "/server/web/" + answer.headers["Location"], 3, b"def")
    assert (files / "b").read_text() == "abcdef"


def test_the_length_may_come_later(daemon: Daemon, files: Path) -> None:
    """Upload-Defer-Length; once only."""
    answer = daemon.ask(
        "POST", UPLOADS, **TUS, Upload_Defer_Length="1", Upload_Metadata=metadata(filename="b")
    )
    path = "/server/web/" + answer.headers["Location"]
    patch(daemon, path, 0, b"abc")
    assert daemon.ask("HEAD", path, **TUS).headers["Upload-Defer-Length"] == "1"
    assert patch(daemon, path, 3, b"d", Upload_Length="5").status == 204
    assert patch(daemon, path, 4, b"e", Upload_Length="6").status == 400
    assert patch(daemon, path, 4, b"e").status == 204

    assert (files / "b").read_text() == "abcde"


def test_wrong_offsets_are_refused(daemon: Daemon) -> None:
    """409, and nothing changes."""
    path = begun(daemon, 6)
    patch(daemon, path, 0, b"abc")

    assert patch(daemon, path, 0, b"x").status == 409
    assert patch(daemon, path, 4, b"x").status == 409
    assert patch(daemon, path, 3, b"toomuch").status == 413
    assert patch(daemon, path, -1, b"x").status == 400
    assert daemon.ask("PATCH", path, b"x", **TUS).status == 400
    assert offset(daemon, path) == 3


def test_other_versions_are_refused(daemon: Daemon) -> None:
    """412 with the version that there is."""
    answer = daemon.ask("POST", UPLOADS, Upload_Length="1", Tus_Resumable="0.2.2")

    assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_checksums(daemon: Daemon, files: Path) -> None:
    """A piece that is another than was sent doesn't count: 460."""
    path = begun(daemon, 6)
    for name in ("sha1", "sha256"):
        good = f"{name} {base64.b64encode(hashlib.new(name, b'abc').digest()).decode()}"
        at = offset(daemon, path)
        wrong = patch(daemon, path, at, b"abx", Upload_Checksum=good)
        assert (wrong.status, offset(daemon, path)) == (460, at)
        assert patch(daemon, path, at, b"abc", Upload_Checksum=good).status == 204
    assert (files / "a.bin").read_text() == "abcabc"


def test_unknown_checksums(daemon: Daemon) -> None:
    """400."""
    path = begun(daemon, 6)

    assert patch(daemon, path, 0, b"abc", Upload_Checksum="crc32 AAAA").status == 400
    assert patch(daemon, path, 0, b"abc", Upload_Checksum="sha1 ???").status == 400
    assert offset(daemon, path) == 0


def test_a_checked_piece_counts_as_a_whole_only(daemon: Daemon, files: Path) -> None:
    """What was cut off by a SIGKILL isn't in the offset."""
    path = begun(daemon, 2 * MIB)
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(daemon.socket_path))
        head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        head += f"Upload-Checksum: sha1 {'A' * 27}=\r\nContent-Length: {2 * MIB}\r\n\r\n"
        link.sendall(head.encode() + b"x" * MIB)
        hidden = next(each for each in files.iterdir() if each.name.startswith("."))
        eventually(lambda: hidden.stat().st_size == MIB, 10)
        daemon.kill()
    daemon.start()

    assert offset(daemon, path) == 0


def test_termination(daemon: Daemon, files: Path) -> None:
    """DELETE removes what has come; 404 from then on."""
    state = daemon.directory / ".octyne/files"
    before = set(state.rglob("*"))
    path = begun(daemon, 6)
    patch(daemon, path, 0, b"abc")
    assert set(state.rglob("*")) > before
    assert daemon.ask("DELETE", path, **TUS).status == 204

    assert daemon.ask("HEAD", path, **TUS).status == 404
    assert names(files) == ["folder"]
    assert set(state.rglob("*")) == before


def test_methods_may_be_tunnelled(daemon: Daemon, files: Path) -> None:
    """X-HTTP-Method-Override, of a POST alone."""
    path = begun(daemon, 3)
    override = {"X_HTTP_Method_Override": "PATCH", "Upload_Offset": "0"}
    assert daemon.ask("GET", path, **TUS, X_HTTP_Method_Override="DELETE").status == 200
    assert daemon.ask("POST", path, b"abc", **TUS, **override).status == 204
    assert (files / "a.bin").read_text() == "abc"


def test_what_came_before_the_connection_broke_counts(daemon: Daemon) -> None:
    """What was on the disk by then."""
    path = begun(daemon, MIB)
    with hang(daemon, path, 0, MIB, b"x" * 1000):
        eventually(lambda: offset(daemon, path) == 1000, 10)

    assert offset(daemon, path) == 1000
    assert patch(daemon, path, 1000, b"y").status == 204


def test_a_dead_connection_is_taken_over(daemon: Daemon, files: Path) -> None:
    """By a PATCH where it stands; one at another offset is refused and disturbs nobody."""
    path = begun(daemon, 2000)
    with hang(daemon, path, 0, 2000, b"x" * 1000) as dead:
        eventually(lambda: offset(daemon, path) == 1000, 10)
        assert patch(daemon, path, 0, b"y" * 2000).status == 409
        assert patch(daemon, path, 1000, b"z" * 1000).status == 204
        assert dead.recv(4096).startswith(b"HTTP/1.1 409")
    assert (files / "a.bin").read_bytes() == b"x" * 1000 + b"z" * 1000


def test_an_upload_belongs_to_its_account_and_app(daemon: Daemon) -> None:
    """404 for all others."""
    path = begun(daemon, 6)
    token = daemon.token()

    assert daemon.api("HEAD", path, Authorization=token, **TUS).status == 404
    assert daemon.api("HEAD", path, **TUS).status == 401
    assert daemon.ask("HEAD", path.replace("/web/", "/other/"), **TUS).status == 404
    assert daemon.ask("HEAD", UPLOADS + "/nope", **TUS).status == 404
    assert daemon.ask("DELETE", path.replace("/web/", "/other/"), **TUS).status == 404


def test_a_sigkill_loses_nothing(daemon: Daemon, files: Path) -> None:
    """The offset is what is in the file; the next daemon keeps it through its sweep."""
    path = begun(daemon, 2 * MIB)
    with hang(daemon, path, 0, 2 * MIB, b"x" * MIB):
        eventually(lambda: offset(daemon, path) == MIB, 10)
        daemon.kill()
    daemon.start()

    assert offset(daemon, path) == MIB
    assert patch(daemon, path, MIB, b"y" * MIB).status == 204
    assert (files / "a.bin").read_bytes() == b"x" * MIB + b"y" * MIB
    assert names(files) == ["a.bin", "folder"]


def test_a_whole_one_that_was_not_placed_is_placed(daemon: Daemon, files: Path) -> None:
    """By the next daemon, or by whoever asks."""
    (files / "a.bin").mkdir()
    answer = create(daemon, 3)
    assert (answer.status, answer.json["error"]) == (400, "This is a folder!")
    (files / "a.bin").rmdir()
    path = begun(daemon, 3)
    (files / "a.bin").mkdir()
    assert patch(daemon, path, 0, b"abc").status == 400
    daemon.kill()
    (files / "a.bin").rmdir()
    daemon.start()

    eventually((files / "a.bin").is_file, 10)
    assert (files / "a.bin").read_text() == "abc"
    assert daemon.get(path)["finished"] is True


def test_expired_ones_go(daemon: Daemon, files: Path) -> None:
    """With what had come of them."""
    path = begun(daemon, 6)
    patch(daemon, path, 0, b"abc")
    daemon.stop()
    record = record_of(daemon, path)
    assert record.stat().st_mode & 0o777 == 0o600
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "expires_s": int(time.time()) - 1}))
    daemon.start()

    eventually(lambda: names(files) == ["folder"], 10)
    assert daemon.ask("HEAD", path, **TUS).status == 404


def test_broken_records_do_no_harm(daemon: Daemon, files: Path) -> None:
    """The daemon starts; the upload is gone, and its hidden file."""
    path = begun(daemon, 6)
    daemon.kill()
    record_of(daemon, path).write_text("{")
    daemon.start()

    assert daemon.ask("HEAD", path, **TUS).status == 404
    assert names(files) == ["folder"]


REFUSED = [
    ({"Upload_Length": "-1"}, 400),
    ({"Upload_Length": "x"}, 400),
    ({"Upload_Length": str(65 * MIB)}, 413),
    ({"Upload_Length": str(1 << 62)}, 413),
    ({"Upload_Defer_Length": "1"}, 400),
    ({"Upload_Metadata": ""}, 400),
    ({"Upload_Metadata": "filename ???"}, 400),
    ({"Upload_Metadata": metadata(filename="..")}, 400),
    ({"Upload_Metadata": metadata(filename="a", path="../x")}, 400),
    ({"Upload_Metadata": metadata(filename="a", path="nope")}, 404),
    ({"Upload_Metadata": metadata(filename="folder")}, 400),
    ({"Upload_Metadata": "filename " + "A" * 6000}, 400),
]


@pytest.mark.parametrize(("headers", "status"), REFUSED)
def test_what_is_wrong_is_refused_at_the_beginning(
    daemon: Daemon, files: Path, headers: dict[str, str], status: int
) -> None:
    """And leaves nothing."""
    assert create(daemon, 1, **headers).status == status
    assert names(files) == ["folder"]


def test_an_account_has_a_bound(make_daemon: MakeDaemon) -> None:
    """100 unfinished ones."""
    daemon = make_daemon({"web": {"directory": "files", "command": ["cat"], "enabled": False}})
    (daemon.directory / "files").mkdir()
    daemon.start()
    for _ in range(100):
        begun(daemon, 1)

    answer = create(daemon, 1)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "600")


def test_a_finished_upload_is_logged(daemon: Daemon) -> None:
    """Once, as an upload."""
    path = begun(daemon, 3, Upload_Metadata=metadata(filename="logged"))
    patch(daemon, path, 0, b"abc")
    offset(daemon, path)
    log = daemon.directory / "logs/octyne.log"

    eventually(lambda: "logged" in log.read_text(), 5)
    (line,) = [json.loads(each) for each in log.read_text().splitlines() if "logged" in each]
    assert (line["action"], line["path"]) == ("server.files.upload", "/")
