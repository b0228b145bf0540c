"""Uploads in pieces, by tus 1.0, to the letter."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from e2e.conftest import MakeDaemon
from support.app_files import names
from support.daemon import Daemon
from support.eventually import eventually
from support.resumable import (
    MIB,
    TUS,
    UPLOADS,
    begun,
    create,
    metadata,
    offset,
    patch,
)


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


def test_an_upload_belongs_to_its_account_and_app(daemon: Daemon) -> None:
    """404 for all others."""
    path = begun(daemon, 6)
    token = daemon.token()

    assert daemon.api("HEAD", path, Authorization=token, **TUS).status == 404
    assert daemon.api("HEAD", path, **TUS).status == 401
    assert daemon.ask("HEAD", path.replace("/web/", "/other/"), **TUS).status == 404
    assert daemon.ask("HEAD", UPLOADS + "/nope", **TUS).status == 404
    assert daemon.ask("DELETE", path.replace("/web/", "/other/"), **TUS).status == 404


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
