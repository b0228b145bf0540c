"""Lists, searches and sizes, by the contract's sentences, on the real daemon."""

import contextlib
import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from support.app_files import Home, file_name
from support.daemon import Answer
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
    with socket.socket(socket.AF_UNIX) as sock, contextlib.chdir(place):
        sock.bind("sock")  # its whole path is too long for one
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
