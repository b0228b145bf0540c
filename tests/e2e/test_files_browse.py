"""Lists, downloads, searches and sizes, by the contract's sentences, on the real daemon."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

import pytest

from support.daemon import Answer, Daemon, running
from support.eventually import eventually

MIB = 1 << 20
OCTETS = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"
TRICKY = [
    *("back\\slash", 'double"quote', "single'quote", "new\nline", "two  blanks ", " leading"),
    *("semi;colon", "per%cent", "%2e%2e", "plus+and&=?#", "ünïcödé", "日本語", "🎉🚀", "tab\tbed"),
    *("-dash", "~tilde", "*star?", "<script>", "$HOME", "`id`", "..dots", "...", "\x01\x7f"),
    "a" * 255,
]


class Home:
    """A daemon with one app, and the app's directory."""

    def __init__(self, daemon: Daemon, files: Path) -> None:
        self.daemon = daemon
        self.files = files
        self.token = daemon.token()

    def ask(self, route: str, method: str = "GET", headers: Any = None, **query: str) -> Answer:
        """A request on the API port."""
        path = f"/server/app/{route}?{urlencode(query, quote_via=quote)}"
        return self.daemon.api(method, path, **{"Authorization": self.token, **(headers or {})})

    def listed(self, path: str = "", **query: str) -> dict[str, Any]:
        """Entries by name."""
        answer = self.ask("files", path=path, **query)
        assert answer.status == 200, answer
        return {entry["name"]: entry for entry in answer.json["contents"]}

    def get(self, path: str, **headers: str) -> Answer:
        """A file."""
        return self.ask("file", headers=headers, path=path)

    def actions(self, action: str) -> list[dict[str, Any]]:
        """What the action log has of one kind."""
        lines = (self.daemon.directory / "logs/octyne.log").read_text().splitlines()
        return [each for each in map(json.loads, lines) if each.get("action") == action]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One daemon for all that only look."""
    directory = tmp_path_factory.mktemp("d")
    files = tmp_path_factory.mktemp("files")
    app = {"directory": str(files), "command": ["cat"], "enabled": False}
    with running(directory, {"app": app, "other": app}) as daemon:
        yield Home(daemon, files)


@pytest.fixture
def place(home: Home, request: pytest.FixtureRequest) -> Path:
    """A folder of its own for a test, in the app's directory; its name is the path."""
    folder = home.files / str(request.node.name).partition("[")[0]
    folder.mkdir(exist_ok=True)
    return folder


# -- lists -----------------------------------------------------------------------------------


def test_a_list_has_the_fields_of_the_contract(home: Home, place: Path) -> None:
    """And no others; names come in order."""
    (place / "sub").mkdir()
    (place / "b.txt").write_text("words")
    (place / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    os.utime(place / "b.txt", (1_600_000_000.9, 1_600_000_000.9))
    entries = home.ask("files", path=f"/{place.name}").json

    assert list(entries) == ["contents"]
    assert [entry["name"] for entry in entries["contents"]] == ["a.png", "b.txt", "sub"]
    assert entries["contents"][1] == {
        "name": "b.txt",
        "size": 5,
        "mimeType": TEXT,
        "folder": False,
        "lastModified": 1_600_000_000,
    }
    assert entries["contents"][0]["mimeType"] == "image/png"
    assert entries["contents"][2]["mimeType"] == ""
    assert entries["contents"][2]["folder"] is True


def test_an_empty_folder(home: Home, place: Path) -> None:
    """Is an empty list, never null."""
    assert home.ask("files", path=place.name).json == {"contents": []}


def test_symlinks_are_shown_as_such(home: Home, place: Path) -> None:
    """Those that lead out, and dead ones, like all others: they aren't followed."""
    (place / "inside").symlink_to("/" + place.name)
    (place / "out").symlink_to("/etc")
    (place / "dead").symlink_to("nowhere")
    entries = home.listed(place.name)

    assert {(each["mimeType"], each["folder"]) for each in entries.values()} == {
        ("inode/symlink", True)
    }
    assert set(entries) == {"inside", "out", "dead"}


def test_nothing_but_files_is_opened(home: Home, place: Path) -> None:
    """A FIFO without a writer holds nothing up; sockets and devices neither."""
    os.mkfifo(place / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        os.chdir(place)
        sock.bind("sock")
    with contextlib.suppress(PermissionError):
        os.mknod(place / "null", 0o666 | 0o020000, os.makedev(1, 3))
    entries = home.listed(place.name)

    assert {each["mimeType"] for each in entries.values()} == {OCTETS}
    assert not any(each["folder"] for each in entries.values())
    for name in entries:
        refused = home.get(f"{place.name}/{name}")
        assert (refused.status, refused.json) == (400, {"error": "This is not a file!"})


def test_paths_mean_what_the_contract_says(home: Home, place: Path) -> None:
    """With or without a slash, dots, doubled slashes, dots at the top."""
    (place / "sub").mkdir()
    (place / "sub/x").touch()
    name = place.name
    for path in (f"{name}/sub", f"/{name}/sub", f"//{name}//./sub/", f"/../../{name}/sub",
                 f"{name}/sub/../sub", f"/{name}/none/../sub"):  # fmt: skip
        assert list(home.listed(path)) == ["x"], path
    for path in ("", "/", ".", "/.", "//", "/..", f"{name}/.."):
        assert name in home.listed(path), path


@pytest.mark.parametrize("path", ["..", "../files", "a/../../b", "out", "out/etc", "abs", "up",
                                  "out/none", "proc/self", "\0", "a\0"])  # fmt: skip
def test_what_leads_out_is_refused(home: Home, place: Path, path: str) -> None:
    """The same for what is there and what isn't."""
    for name, target in {"out": "/", "abs": "/etc/passwd", "up": "../..", "proc": "/proc"}.items():
        with contextlib.suppress(FileExistsError):
            (place / name).symlink_to(target)
    if not path.startswith(".."):
        path = f"{place.name}/{path}" if path != "a/../../b" else path
    listed, got = home.ask("files", path=path), home.get(path)

    assert (listed.status, got.status) == (400, 400)
    assert listed.json["error"].startswith("Invalid folder path: ")
    assert got.json["error"].startswith("Invalid file path: ")
    assert home.ask("files/search", path=path, name="x").status == 400
    assert home.ask("files/usage", path=path).status == 400


def test_a_path_that_is_no_utf8(home: Home) -> None:
    """Is refused, whatever the route."""
    for route, what in (("files", "folder"), ("file", "file")):
        answer = home.daemon.ask("GET", f"/server/app/{route}?path=%ff")
        assert (answer.status, answer.json["error"]) == (
            400,
            f"Invalid {what} path: it is not valid UTF-8.",
        )


def test_what_is_no_folder(home: Home, place: Path) -> None:
    """With the exact texts."""
    (place / "a").touch()
    texts = {"missing": (404, "This folder does not exist!"), "a": (400, "This is not a folder!"),
             "a/b": (404, "This folder does not exist!")}  # fmt: skip
    for route in ("files", "files/usage", "files/search"):
        for name, (status, text) in texts.items():
            answer = home.ask(route, path=f"{place.name}/{name}", name="x")
            assert (answer.status, answer.json) == (status, {"error": text})


def test_methods(home: Home) -> None:
    """The texts of the contract."""
    for route, text in {
        "files": "Only GET and PATCH are allowed!",
        "file": "Only GET, POST, PATCH and DELETE are allowed!",
        "files/search": "Only GET is allowed!",
        "files/usage": "Only GET is allowed!",
    }.items():
        answer = home.ask(route, "PROPFIND")
        assert (answer.status, answer.json) == (405, {"error": text})
        assert "GET" in answer.headers["Allow"]


def test_strangers_and_unknown_apps(home: Home) -> None:
    """Who isn't logged in learns nothing."""
    for route in ("files", "file", "files/search", "files/usage"):
        assert home.daemon.api("GET", f"/server/app/{route}").status == 401
        assert home.daemon.api("GET", f"/server/none/{route}").status == 401
        answer = home.daemon.ask("GET", f"/server/none/{route}")
        assert (answer.status, answer.json) == (404, {"error": "This server does not exist!"})


@pytest.mark.parametrize("name", TRICKY)
def test_tricky_names(home: Home, place: Path, name: str) -> None:
    """Are names like any other: listed as they are, found, sent under their own name."""
    content = name.encode() + b"!"
    (place / name).write_bytes(content)
    got = home.get(f"{place.name}/{name}")
    found = home.ask("files/search", path=place.name, content=name + "!").body.splitlines()

    assert home.listed(place.name)[name]["size"] == len(content)
    assert (got.status, got.body) == (200, content)
    assert file_name(got) == name
    assert json.loads(found[0]).get("path") == f"{place.name}/{name}" or "\n" in name


def file_name(answer: Answer) -> str:
    """What a browser would call it: RFC 6266."""
    value = str(answer.headers["Content-Disposition"])
    kind, _, parameter = value.partition("; ")
    assert kind == "attachment"
    assert "\n" not in value
    if "filename*=" in parameter:
        return unquote(parameter.partition("filename*=UTF-8''")[2])
    return parameter.removeprefix("filename=")


def test_names_that_are_no_utf8_do_not_break_the_list(home: Home, place: Path) -> None:
    """They are shown with the replacement character."""
    (place / os.fsdecode(b"caf\xe9")).touch()

    assert list(home.listed(place.name)) == ["caf\ufffd"]


def test_what_is_added_on_request(home: Home, place: Path) -> None:
    """Mode, owner, group, target, tag: the tag is the download's."""
    (place / "a").write_text("x")
    (place / "a").chmod(0o640)
    (place / "link").symlink_to("a")
    entries = home.listed(place.name, extrainfo="true")

    assert entries["a"]["mode"] == "0640"
    assert entries["a"]["etag"] == home.get(f"{place.name}/a").headers["ETag"]
    assert entries["a"]["owner"]
    assert entries["a"]["group"]
    assert entries["link"]["linkTarget"] == "a"
    assert "etag" not in entries["link"]


def test_the_list_of_a_folder_that_is_being_changed(home: Home, place: Path) -> None:
    """Whatever comes and goes meanwhile, each answer is a whole list."""
    stop = threading.Event()

    def churn() -> None:
        number = 0
        while not stop.is_set():
            (place / f"f{number % 50}").write_bytes(b"x")
            with contextlib.suppress(FileNotFoundError):
                (place / f"f{(number * 7) % 50}").unlink()
            number += 1

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(50):
            home.listed(place.name)
    finally:
        stop.set()
        thread.join()


def test_the_dashboard_and_the_socket_have_them_too(home: Home, place: Path) -> None:
    """One table for all listeners."""
    (place / "a").write_text("x")
    path = f"/server/app/file?path={place.name}/a"

    assert home.daemon.ask("GET", path).body == b"x"
    assert home.daemon.web("GET", f"/api{path}", Authorization=home.token).body == b"x"


# -- downloads -------------------------------------------------------------------------------


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
    assert "ETag" in got.headers["Access-Control-Expose-Headers"]


def test_a_shutdown_beside_a_download(tmp_path: Path) -> None:
    """It ends in time, though a client takes nothing."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a").write_bytes(bytes(40 * MIB))
    app = {"directory": str(tmp_path / "files"), "command": ["cat"], "enabled": False}
    (tmp_path / "d").mkdir()
    with running(tmp_path / "d", {"app": app}) as daemon, Slow(Home(daemon, tmp_path), "a"):
        daemon.tell(signal.SIGTERM)

        assert daemon.wait(25) == 0


# -- searches and sizes ----------------------------------------------------------------------


def lines(answer: Answer) -> list[dict[str, Any]]:
    """Of a search."""
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.body.splitlines()]


def test_a_search(home: Home, place: Path) -> None:
    """Results, one a line, then how it ended."""
    (place / "sub").mkdir()
    (place / "sub/Notes.txt").write_text("first\nthe Needle is here\n")
    (place / "out").symlink_to("/etc")
    by_name = lines(home.ask("files/search", path=place.name, name="notes"))
    by_text = lines(home.ask("files/search", path=place.name, content="needle"))

    assert [each.get("path") for each in by_name] == [f"{place.name}/sub/Notes.txt", None]
    assert (by_text[0]["line"], by_text[0]["text"]) == (2, "the Needle is here")
    assert by_text[1] == {"finished": True, "cut": "", "found": 1, "visited": 3, "unreadable": 0}


def test_a_search_that_finds_too_much(home: Home, place: Path) -> None:
    """Says that there is more."""
    for number in range(5):
        (place / f"f{number}").touch()
    found = lines(home.ask("files/search", path=place.name, name="f*", limit="3"))

    assert len(found) == 4
    assert (found[-1]["cut"], found[-1]["found"]) == ("limit", 3)


@pytest.mark.parametrize(
    "query", [{}, {"name": ""}, {"name": "x", "limit": "0"}, {"name": "x", "limit": "10001"},
              {"name": "x", "limit": "many"}, {"content": "x" * 1001}],
)  # fmt: skip
def test_searches_that_make_no_sense(home: Home, query: dict[str, str]) -> None:
    """Are refused before anything is looked at."""
    assert home.ask("files/search", **query).status == 400


def test_searches_whose_clients_leave(home: Home, place: Path) -> None:
    """End; else these would be too many for the last one."""
    for number in range(300):
        (place / f"f{number}").write_bytes(b"x" * 100_000)
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", home.daemon.port)) as sock:
            sock.sendall(
                f"GET /server/app/files/search?path={place.name}&content=y HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: {home.token}\r\n\r\n".encode()
            )
            sock.recv(1)

    def ask() -> Answer:
        return home.ask("files/search", path=place.name, name="f7")

    eventually(lambda: ask().status == 200)
    assert lines(ask())[-1]["cut"] == ""


def test_the_size_of_a_tree(home: Home, place: Path) -> None:
    """Links aren't followed, second names don't count again."""
    (place / "sub").mkdir()
    (place / "sub/a").write_bytes(b"x" * 1000)
    (place / "sub/b").hardlink_to(place / "sub/a")
    (place / "out").symlink_to("/usr")
    usage = home.ask("files/usage", path=place.name).json

    assert usage["allocated"] >= 1000
    assert {**usage, "allocated": 0} == {
        "size": 1000,
        "allocated": 0,
        "files": 3,
        "folders": 1,
        "unreadable": 0,
        "cut": "",
    }
