"""Archives made by the real daemon: what section 6 of the contract says of `compress`."""

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support.app_files import empty
from support.daemon import Answer, Daemon
from support.eventually import eventually

ROUTES = ["/server/app/compress", "/server/app/compress/v2"]
TIME = 1_600_000_000


@pytest.fixture
def home(daemon: Daemon) -> Path:
    """The directory of the apps, filled anew."""
    home = daemon.directory / "home"
    empty(home)
    (home / "tree/empty").mkdir(parents=True)
    (home / "tree/script").write_text("script " * 1000)
    (home / "tree/script").chmod(0o750)
    os.utime(home / "tree/script", (TIME, TIME))
    (home / "tree/out").symlink_to("/etc/passwd")
    (home / "file").write_text("file")
    return home


def compress(daemon: Daemon, names: object, route: str = ROUTES[0], **query: str) -> Answer:
    """Ask for an archive."""
    return daemon.ask("POST", f"{route}?{urlencode(query)}", json.dumps(names))


def hidden(home: Path) -> list[Path]:
    """What was left behind."""
    return list(home.rglob(".octyne-*"))


@pytest.mark.parametrize("route", ROUTES)
def test_a_zip(daemon: Daemon, home: Path, route: str) -> None:
    """Deflated, with modes, times, empty folders, and symlinks as symlinks."""
    answer = compress(daemon, ["/tree", "file"], route, path="/a.zip")

    assert (answer.status, answer.json) == (200, {"success": True})
    with zipfile.ZipFile(home / "a.zip") as made:
        found = {each.filename: each for each in made.infolist()}
        link = made.read("tree/out")
    assert found.keys() == {"tree/", "tree/empty/", "tree/script", "tree/out", "file"}
    assert link == b"/etc/passwd"
    assert found["tree/out"].external_attr >> 28 == 0o12
    assert found["tree/script"].external_attr >> 16 & 0o7777 == 0o750
    assert found["tree/script"].compress_type == zipfile.ZIP_DEFLATED
    assert (home / "a.zip").stat().st_mode & 0o7777 == 0o644


def test_a_zip_without_compression(daemon: Daemon, home: Path) -> None:
    """`compress=false`."""
    compress(daemon, ["tree"], path="a.zip", archiveType="zip", compress="false")

    with zipfile.ZipFile(home / "a.zip") as made:
        assert {each.compress_type for each in made.infolist()} == {zipfile.ZIP_STORED}


@pytest.mark.parametrize(
    ("query", "magic"),
    [
        ({}, b"\x1f\x8b"),
        ({"compress": "true"}, b"\x1f\x8b"),
        ({"compress": "gzip"}, b"\x1f\x8b"),
        ({"compress": "xz"}, b"\xfd7zXZ"),
        ({"compress": "zstd"}, b"\x28\xb5\x2f\xfd"),
        ({"compress": "false"}, b"tree/"),
    ],
    ids=str,
)
def test_a_tar(daemon: Daemon, home: Path, query: dict[str, str], magic: bytes) -> None:
    """Gzip for `true` and by default."""
    answer = compress(daemon, ["tree"], path="a.tar", archiveType="tar", **query)

    assert answer.status == 200, answer
    data = (home / "a.tar").read_bytes()
    assert data.startswith(magic)
    if query.get("compress") != "zstd":
        with tarfile.open(fileobj=io.BytesIO(data)) as made:
            found = {each.name: each for each in made}
        assert found.keys() == {"tree", "tree/empty", "tree/script", "tree/out"}
        assert found["tree/out"].linkname == "/etc/passwd"
        assert (found["tree/script"].mode, found["tree/script"].mtime) == (0o750, TIME)


def test_names_are_relative_to_the_base(daemon: Daemon, home: Path) -> None:
    """And the archive's own path isn't."""
    compress(daemon, ["/script", "empty"], path="b.zip", basePath="/tree")

    assert zipfile.ZipFile(home / "b.zip").namelist() == ["script", "empty/"]


REFUSED: list[tuple[object, dict[str, str], str]] = [
    (["file"], {"archiveType": "rar"}, "Invalid archive type!"),
    (["file"], {"compress": "lz4"}, "Invalid compression type!"),
    (["no"], {}, "The file no does not exist!"),
    (["../x"], {}, "Invalid file path ../x: it leads out of the app's directory."),
    (["tree/out/x"], {}, "Invalid file path tree/out/x: it leads out of the app's directory."),
    (["file"], {"path": "../a.zip"}, "Invalid archive path: it leads out of the app's directory."),
    (["file"], {"basePath": "../.."}, "Invalid base path: it leads out of the app's directory."),
    (["file"], {"path": "file"}, "A file/folder already exists at the path of requested archive!"),
    (["file"], {"path": "tree"}, "A file/folder already exists at the path of requested archive!"),
    (["file"], {"path": "no/a.zip"}, "The folder of the requested archive does not exist!"),
    ("file", {}, "Invalid JSON body!"),
    ([1], {}, "Invalid JSON body!"),
]


@pytest.mark.parametrize("later", ["true", "false"])
def test_what_is_refused(daemon: Daemon, home: Path, later: str) -> None:
    """With 400, before a token is given; and nothing is made."""
    before = sorted(home.rglob("*"))
    for names, query, text in REFUSED:
        answer = compress(daemon, names, **{"path": "a.zip", "async": later, **query})

        assert (answer.status, answer.json["error"]) == (400, text)
    assert sorted(home.rglob("*")) == before


def test_a_token(daemon: Daemon, home: Path) -> None:
    """At once; it tells when the archive is there, and is nobody else's."""
    answer = compress(daemon, ["tree"], path="a.zip", **{"async": "true"})
    token = answer.json["token"]
    assert len(bytes.fromhex(token)) == 16
    eventually(
        lambda: daemon.get(f"{ROUTES[0]}?token={token}")["finished"], 10, "it isn't finished"
    )

    assert (home / "a.zip").exists()
    state = daemon.get(f"{ROUTES[0]}?token={token}")
    assert state["entriesDone"] == state["entriesTotal"] == 4
    assert state["bytesDone"] == state["bytesTotal"] >= 7000
    for path in (f"/server/other/compress?token={token}", f"{ROUTES[0]}?token=x"):
        refused = daemon.ask("GET", path)
        assert (refused.status, refused.json["error"]) == (400, "Invalid token!")
    stranger = daemon.api("GET", f"{ROUTES[0]}?token={token}", Authorization=daemon.token())
    assert (stranger.status, stranger.json["error"]) == (400, "Invalid token!")
    assert daemon.ask("GET", ROUTES[0]).json["error"] == "No token provided!"


def test_it_stands_in_the_action_log(daemon: Daemon, home: Path) -> None:
    """With what was asked for."""
    compress(daemon, ["tree"], path="logged.tar", archiveType="tar", basePath="/")
    log = daemon.directory / "logs/octyne.log"
    eventually(lambda: "logged.tar" in log.read_text(), 10, "nothing in the log")

    line = next(json.loads(each) for each in log.read_text().splitlines() if "logged.tar" in each)
    wanted = {"path": "logged.tar", "archiveType": "tar", "basePath": "/", "files": ["tree"]}
    assert wanted.items() <= line.items()
    assert (line["action"], line["compression"]) == ("server.files.compress", "gzip")


def test_a_cancelled_job_leaves_nothing(daemon: Daemon, home: Path) -> None:
    """Nor does a daemon that is killed meanwhile, once the next has started."""
    with (home / "huge").open("wb") as file:
        file.truncate(40 << 30)
    token = compress(daemon, ["huge"], path="a.zip", **{"async": "true"}).json["token"]
    eventually(lambda: hidden(home), 10, "nothing is being made")
    assert daemon.ask("DELETE", f"{ROUTES[0]}?token={token}").status == 200
    assert hidden(home) == []

    compress(daemon, ["huge"], path="a.zip", **{"async": "true"})
    eventually(lambda: hidden(home), 10, "nothing is being made")
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()

    assert hidden(home) == []
    assert not (home / "a.zip").exists()


def test_a_folder_is_downloaded_while_it_is_packed(daemon: Daemon, home: Path) -> None:
    """With a ticket, as a zip; no file of it is made."""
    ticket = daemon.api("GET", "/ott", Authorization=daemon.token()).json["ticket"]
    query = urlencode({"path": "tree", "ticket": ticket})
    answer = daemon.api("GET", f"/server/app/files/download?{query}")

    assert answer.headers["Content-Disposition"] == "attachment; filename=tree.zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as made:
        assert made.testzip() is None
        assert sorted(made.namelist()) == ["empty/", "out", "script"]
    assert hidden(home) == []
