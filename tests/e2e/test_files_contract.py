"""Sections 5 and 6 of the contract, swept: every route with paths and methods that are odd."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from support.app_files import empty, fill, said
from support.daemon import Answer, Daemon, running

APP, LOST = "/server/app", "/server/lost"
DONE = (200, "")
OUTSIDE = "it leads out of the app's directory."
GET_PATCH = "Only GET and PATCH are allowed!"
FILE = "Only GET, POST, PATCH and DELETE are allowed!"
GET_POST = "Only GET and POST are allowed!"
GET_ONLY = "Only GET is allowed!"
POST_ONLY = "Only POST is allowed!"
AVAILABLE = "Invalid operation! Operations available: mv,cp"
EXISTS = "A file/folder already exists at the path of requested archive!"
NO_DIRECTORY = (404, "The app's directory does not exist!")
MAGIC = {"gzip": b"\x1f\x8b", "xz": b"\xfd7zXZ", "zstd": b"\x28\xb5\x2f\xfd", "none": b"a.txt\0"}
COMPRESSIONS = {
    None: "gzip",
    "": "gzip",
    "true": "gzip",
    "gzip": "gzip",
    "xz": "xz",
    "zstd": "zstd",
    "false": "none",
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of this module; the directory of the app "lost" isn't there."""
    directory = tmp_path_factory.mktemp("contract")
    (directory / "home").mkdir()
    app = {"directory": str(directory / "home"), "command": ["cat"], "enabled": False}
    lost = {**app, "directory": str(directory / "nowhere")}
    with running(directory, {"app": app, "lost": lost}) as daemon:
        yield daemon


@pytest.fixture
def home(daemon: Daemon) -> Path:
    """The app's directory, filled anew."""
    directory = daemon.directory / "home"
    empty(directory)
    fill(directory)
    with zipfile.ZipFile(directory / "z.zip", "w") as archive:
        archive.writestr("x/y", "y")
    return directory


def compress(daemon: Daemon, names: Any, **query: str | None) -> Answer:
    """Ask for n.zip, but for what ``query`` says; None leaves a field away."""
    fields = {"path": "n.zip", "archiveType": "zip", "basePath": "/", **query}
    given = urlencode({name: value for name, value in fields.items() if value is not None})
    return daemon.ask("POST", f"{APP}/compress?{given}", json.dumps(names))


METHODS = [
    ("files", "PUT POST DELETE TRACE FOO", GET_PATCH),
    ("file", "TRACE FOO", FILE),
    ("folder", "GET PUT PATCH DELETE FOO", POST_ONLY),
    ("compress", "PUT PATCH DELETE FOO", GET_POST),
    ("compress/v2", "PUT PATCH DELETE FOO", GET_POST),
    ("decompress", "GET PUT PATCH DELETE FOO", POST_ONLY),
    ("files/search", "POST PUT PATCH DELETE", GET_ONLY),
    ("files/usage", "POST PUT PATCH DELETE", GET_ONLY),
    ("files/download", "POST PUT PATCH DELETE", GET_ONLY),
    ("uploads", "GET PUT PATCH DELETE", POST_ONLY),
]


@pytest.mark.parametrize(("route", "methods", "text"), METHODS, ids=str)
def test_methods_that_a_route_does_not_take(
    daemon: Daemon, route: str, methods: str, text: str
) -> None:
    """The exact text, and `Allow`; before anybody asks who calls."""
    for method in methods.split():
        for answer in (
            daemon.ask(method, f"{APP}/{route}"),
            daemon.api(method, f"/server/x/{route}"),
        ):
            assert said(answer) == (405, text), method
            assert "OPTIONS" in answer.headers["Allow"]
    assert "PUT" in daemon.ask("FOO", f"{APP}/file").headers["Allow"]


@pytest.mark.parametrize("route", ["compress", "compress/v2", "decompress"])
def test_what_came_later_needs_its_field(daemon: Daemon, route: str) -> None:
    """GET and DELETE of a job are there for who names one; else the routes are the old ones."""
    for method in ("GET", "DELETE"):
        assert said(daemon.ask(method, f"{APP}/{route}?token=")) == (400, "No token provided!")
        assert said(daemon.ask(method, f"{APP}/{route}?token=x")) == (400, "Invalid token!")
    assert daemon.ask("HEAD", f"{APP}/decompress").status == 405
    expected = (405, POST_ONLY) if route == "decompress" else (400, "No token provided!")
    assert said(daemon.ask("GET", f"{APP}/{route}")) == expected


@pytest.mark.parametrize("query", ["", "?path=", "?path=/", "?path=//./", "?path=/..", "?x=y"])
def test_no_path_is_the_directory_itself(daemon: Daemon, home: Path, query: str) -> None:
    """On every route, however it is said, and however it is missing."""
    names = [entry["name"] for entry in daemon.get(f"{APP}/files{query}")["contents"]]
    form = b'--b\r\nContent-Disposition: form-data; name="upload"; filename="up"\r\n\r\nu\r\n--b--'
    sent = daemon.ask(
        "POST", f"{APP}/file{query}", form, Content_Type="multipart/form-data;boundary=b"
    )
    expected = {
        ("GET", "file", ""): (400, "This is not a file!"),
        ("PUT", "file", "x"): (400, "This is a folder!"),
        ("DELETE", "file", ""): (403, "This operation is dangerous and has been forbidden!"),
        ("POST", "folder", ""): (400, "This folder already exists!"),
        ("POST", "compress", '["a.txt"]'): (400, EXISTS),
        ("POST", "compress/v2", '["a.txt"]'): (400, EXISTS),
        ("POST", "decompress", "out"): (400, "The requested archive is a folder!"),
    }

    assert names == sorted(path.name for path in home.iterdir() if path.name != "up")
    assert said(sent) == DONE
    for (method, route, body), answer in expected.items():
        assert said(daemon.ask(method, f"{APP}/{route}{query}", body)) == answer, (method, route)
    assert (home / "up").read_text() == "u"


REQUESTS = [
    ("POST", "folder?path=x", ""),
    ("DELETE", "file?path=x", ""),
    ("PATCH", "file", '{"operation":"mv","src":"a","dest":"b"}'),
    ("PATCH", "file", "cp\na\nb"),
    ("PATCH", "files", '{"operations":[{"operation":"rm","path":"a"}]}'),
    ("POST", "compress?path=x.zip", '["a"]'),
    ("POST", "compress?path=x.zip&async=true", "[]"),
    ("POST", "decompress?path=x.zip", "x"),
]


@pytest.mark.parametrize(("method", "route", "body"), REQUESTS, ids=str)
def test_an_app_whose_directory_is_missing(
    daemon: Daemon, method: str, route: str, body: str
) -> None:
    """Who would change something in it is told what is wrong; it is no bug of ours."""
    assert said(daemon.ask(method, f"{LOST}/{route}", body)) == NO_DIRECTORY


def test_looking_into_a_directory_that_is_missing(daemon: Daemon) -> None:
    """The contract's texts."""
    for route in ("files", "files/usage", "files/download", "files/search?name=x"):
        assert said(daemon.ask("GET", f"{LOST}/{route}")) == (404, "This folder does not exist!")
    assert said(daemon.ask("GET", f"{LOST}/file?path=x")) == (404, "This file does not exist!")


def test_names_that_are_too_long(daemon: Daemon, home: Path) -> None:
    """No file can have them: that is a refusal on each route, never a bug."""
    long = "x" * 300
    before = sorted(home.iterdir())
    for method, route, body in [
        ("GET", f"files?path={long}", ""),
        ("GET", f"file?path={long}", ""),
        ("PUT", f"file?path={long}", "x"),
        ("DELETE", f"file?path={long}", ""),
        ("POST", f"folder?path={long}", ""),
        ("PATCH", "file", f"mv\na.txt\n{long}"),
        ("PATCH", "file", f"cp\n{long}\nb"),
        ("POST", f"compress?path={long}", '["a.txt"]'),
        ("POST", f"compress?path=n.zip&basePath={long}", '["a.txt"]'),
        ("POST", "compress?path=n.zip", json.dumps([long])),
        ("POST", f"decompress?path={long}.zip", ""),
        ("POST", "decompress?path=z.zip", long),
        ("GET", f"files/search?name=x&path={long}", ""),
        ("GET", f"files/usage?path={long}", ""),
        ("GET", f"files/download?path={long}", ""),
        ("GET", f"files/download?name={long}", ""),
    ]:
        status, text = said(daemon.ask(method, f"{APP}/{route}", body))

        assert status == 400, (method, route[:20], text)
        assert text.startswith("Invalid ")
        assert text.endswith("too long.")
    assert sorted(home.iterdir()) == before


CHANGES: list[tuple[str, tuple[int, str]]] = [
    ("mv", (405, "mv operation requires two arguments!")),
    ("mv\na.txt", (405, "mv operation requires two arguments!")),
    ("cp\na.txt\nc\nd", (405, "cp operation requires two arguments!")),
    ("mv\na.txt\nc", DONE),
    ("mv\r\na.txt\r\nc", (405, AVAILABLE)),
    ("", (405, AVAILABLE)),
    ("MV\na.txt\nc", (405, AVAILABLE)),
    ("rm\na.txt", (405, AVAILABLE)),
    ('{"operation":"rm","path":"a.txt"}', (405, AVAILABLE)),
    ('{"operation":"rename","src":"a.txt","dest":"c"}', (400, AVAILABLE)),
    (' \r\n\t{"operation":"mv","src":"a.txt","dest":"c"}', DONE),
    ('{"Operation":"cp","SRC":"a.txt","Dest":"c"}', DONE),
    ('{"operation":"mv","src":"a.txt","dest":"c"} x', (400, "Invalid JSON body!")),
    ('{"operation":"mv","src":"/../a.txt","dest":"//docs//./c"}', DONE),
    (
        '{"operation":"mv","src":"docs","dest":"inside"}',
        (400, "A folder can't be moved into itself!"),
    ),
]


@pytest.mark.parametrize(("body", "expected"), CHANGES, ids=repr)
def test_one_change(daemon: Daemon, home: Path, body: str, expected: tuple[int, str]) -> None:
    """Both forms of `PATCH file`."""
    answer = daemon.ask("PATCH", f"{APP}/file", body)

    assert said(answer) == expected
    assert (home / "a.txt").exists() is (expected != DONE or '"cp"' in body)


def test_keys_of_a_batch_in_another_case(daemon: Daemon, home: Path) -> None:
    """As Go takes them."""
    body = '{"Operations":[{"OPERATION":"rm","Path":"a.txt"}]}'

    assert daemon.ask("PATCH", f"{APP}/files", body).json == {"success": True}
    assert not (home / "a.txt").exists()


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=str)
def test_types_and_compressions(daemon: Daemon, home: Path, compression: str | None) -> None:
    """Each word that is known, with both types; what a zip can't do is deflate."""
    (home / "a.txt").write_text("a" * 1000)
    made = compress(daemon, ["a.txt"], compress=compression)
    with zipfile.ZipFile(home / "n.zip") as archive:
        method = archive.getinfo("a.txt").compress_type
    tar = compress(daemon, ["a.txt"], compress=compression, archiveType="tar", path="n.tar")

    assert (said(made), said(tar)) == (DONE, DONE)
    assert (method == zipfile.ZIP_STORED) is (compression == "false")
    assert (home / "n.tar").read_bytes().startswith(MAGIC[COMPRESSIONS[compression]])


PACKED: list[tuple[Any, dict[str, str | None], str | list[str]]] = [
    (["a.txt"], {"archiveType": None}, ["a.txt"]),
    (["a.txt"], {"archiveType": ""}, ["a.txt"]),
    (["a.txt"], {"archiveType": "ZIP"}, "Invalid archive type!"),
    (["a.txt"], {"archiveType": "tar.gz"}, "Invalid archive type!"),
    (["a.txt"], {"compress": "GZIP"}, "Invalid compression type!"),
    (["a.txt"], {"compress": "bzip2", "archiveType": "tar"}, "Invalid compression type!"),
    (["/a.txt", "a.txt"], {}, ["a.txt"]),
    (["//docs//deep/", "./a.txt", "/../a.txt"], {}, ["docs/deep/", "docs/deep/c.txt", "a.txt"]),
    (["/b.txt"], {"basePath": "/docs"}, ["b.txt"]),
    (["b.txt"], {"basePath": "docs/"}, ["b.txt"]),
    (["a.txt"], {"basePath": None}, ["a.txt"]),
    (["a.txt"], {"basePath": ""}, ["a.txt"]),
    ([], {}, []),
    (["dead", "inside", "out"], {}, ["dead", "inside", "out"]),
    (["no"], {}, "The file no does not exist!"),
    (["a.txt", "/no"], {}, "The file /no does not exist!"),
    (["b.txt"], {}, "The file b.txt does not exist!"),
    (["../x"], {}, f"Invalid file path ../x: {OUTSIDE}"),
    (["a.txt"], {"basePath": "no"}, "The base folder does not exist!"),
    (["a.txt"], {"basePath": "../x"}, f"Invalid base path: {OUTSIDE}"),
    (["a.txt"], {"basePath": "out"}, f"Invalid base path: {OUTSIDE}"),
    (["a.txt"], {"path": "../n.zip"}, f"Invalid archive path: {OUTSIDE}"),
    (["a.txt"], {"path": "out/n.zip"}, f"Invalid archive path: {OUTSIDE}"),
    (["a.txt"], {"path": "dead"}, EXISTS),
    (["a.txt"], {"path": "docs/"}, EXISTS),
    (["a.txt"], {"path": "no/n.zip"}, "The folder of the requested archive does not exist!"),
    ({}, {}, "Invalid JSON body!"),
    (None, {}, "Invalid JSON body!"),
    ("a.txt", {}, "Invalid JSON body!"),
    (["a.txt", None], {}, "Invalid JSON body!"),
    ([["a.txt"]], {}, "Invalid JSON body!"),
]


@pytest.mark.parametrize(("names", "query", "expected"), PACKED, ids=str)
def test_what_is_packed(
    daemon: Daemon, home: Path, names: Any, query: dict[str, str | None], expected: str | list[str]
) -> None:
    """Names in the archive, or the text of the refusal, which leaves no archive."""
    answer = compress(daemon, names, **query)

    if isinstance(expected, str):
        assert said(answer) == (400, expected)
        assert not (home / "n.zip").exists()
    else:
        assert said(answer) == DONE
        with zipfile.ZipFile(home / "n.zip") as archive:
            assert sorted(archive.namelist()) == sorted(expected)


def test_a_body_that_is_no_json(daemon: Daemon, home: Path) -> None:
    """Nor empty, nor with something behind it."""
    for body in (b"", b"x", b'["a.txt"] x', b'["\xff"]'):
        answer = daemon.ask("POST", f"{APP}/compress?path=n.zip", body)
        assert said(answer) == (400, "Invalid JSON body!")
    assert not (home / "n.zip").exists()


@pytest.mark.parametrize(
    ("path", "to", "expected"),
    [
        ("z.zip", "", DONE),
        ("z.zip", "/", DONE),
        ("/../z.zip", "//docs/.", DONE),
        ("z.zip", "inside", DONE),
        ("z.zip", "two\nlines", DONE),
        ("no.txt", "", (400, "The requested archive does not exist!")),
        ("no/z.zip", "", (400, "The requested archive does not exist!")),
        ("dead", "", (400, "The requested archive does not exist!")),
        ("inside", "", (400, "The requested archive is a folder!")),
        ("a.txt", "", (400, "Unsupported archive file!")),
        ("z.zip", "a.txt", (400, "There is a file at the requested unpack destination!")),
        ("z.zip", "dead", (400, "There is a file at the requested unpack destination!")),
        ("z.zip", "out", (400, f"Invalid destination path: {OUTSIDE}")),
        ("out/z.zip", "", (400, f"Invalid archive path: {OUTSIDE}")),
        ("z.zip", "\0", (400, "Invalid destination path: it holds a NUL byte.")),
    ],
    ids=repr,
)
def test_what_is_unpacked(
    daemon: Daemon, home: Path, path: str, to: str, expected: tuple[int, str]
) -> None:
    """Where it goes, or why not."""
    answer = daemon.ask("POST", f"{APP}/decompress?path={quote(path)}", to)

    assert said(answer) == expected
    assert len(list(home.rglob("y"))) == (1 if expected == DONE else 0)


@pytest.mark.parametrize(
    "name", ["bad.zip", "bad.tar", "bad.tar.gz", "bad.txz", "bad.tbz", "bad.tzst"]
)
def test_a_broken_archive(daemon: Daemon, home: Path, name: str) -> None:
    """500 with the contract's text, our reason, and nothing is made."""
    (home / name).write_bytes(b"broken" * 200)
    answer = daemon.ask("POST", f"{APP}/decompress?path={name}", "new")

    assert answer.status == 500
    assert answer.json["error"] == "An error occurred while decompressing archive!"
    assert answer.json["reason"]
    assert not (home / "new").exists()
    assert not list(home.glob(".octyne-*"))
