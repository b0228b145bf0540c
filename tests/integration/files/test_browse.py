"""Lists of real folders."""

import os
import socket
from pathlib import Path

import pytest

from octyne import wire
from octyne.errors import InvalidError, NotFoundError
from octyne.files import browse
from octyne.files.browse import Lister, in_order, opened, shown
from octyne.files.leftovers import PREFIX


def listed(directory: Path, path: str = "", *, details: bool = False) -> dict[str, wire.FileEntry]:
    """All entries of a folder, by name."""
    lister = Lister(lambda name: name == f"{PREFIX}mine")
    with opened(str(directory), path) as (_, _, folder):
        pieces = list(lister.pieces(folder, details=details))
    return {entry.name: entry for piece in pieces for entry in piece}


def test_kinds(tmp_path: Path) -> None:
    """Folders, links, files, and what is never opened."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "page").write_text("<html>")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "sock"))
        found = listed(tmp_path)

    assert [(entry.name, entry.mime_type, entry.folder) for entry in found.values()] == [
        ("folder", "", True),
        ("link", "inode/symlink", True),
        ("page", "text/html; charset=utf-8", False),
        ("pipe", "application/octet-stream", False),
        ("sock", "application/octet-stream", False),
    ]


def test_sizes_and_times(tmp_path: Path) -> None:
    """Whole seconds, as the file system has them."""
    (tmp_path / "a").write_bytes(b"12345")
    os.utime(tmp_path / "a", ns=(0, 1_700_000_000_999_999_999))

    assert listed(tmp_path)["a"] == wire.FileEntry(
        "a", 5, "text/plain; charset=utf-8", False, 1_700_000_000
    )


def test_hidden_names_of_ours(tmp_path: Path) -> None:
    """Only those in use: a file of somebody else with such a name is shown."""
    for name in ("mine", "other"):
        (tmp_path / f"{PREFIX}{name}").touch()

    assert list(listed(tmp_path)) == [f"{PREFIX}other"]


def test_details(tmp_path: Path) -> None:
    """Mode, owner, target, tag."""
    (tmp_path / "a").write_text("x")
    (tmp_path / "a").chmod(0o4751)
    (tmp_path / "link").symlink_to("../some/where")
    found = listed(tmp_path, details=True)
    file, link = found["a"], found["link"]

    assert isinstance(file, wire.FileDetails)
    assert isinstance(link, wire.FileDetails)
    assert (file.mode, file.link_target) == ("4751", "")
    assert file.owner == (tmp_path / "a").owner()
    assert file.group == (tmp_path / "a").group()
    assert file.etag.startswith('"')
    assert (link.link_target, link.etag) == ("../some/where", "")


def test_numbers_of_owners_without_a_name() -> None:
    """As `ls` shows them."""
    assert browse._owner(3_999_999_999) == "3999999999"
    assert browse._group(3_999_999_999) == "3999999999"


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """JSON can't hold them; they are shown as well as can be."""
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    (tmp_path / "日本語 🎉\n\"'\\").touch()

    assert set(listed(tmp_path)) == {"caf\ufffd", "日本語 🎉\n\"'\\"}
    assert shown(os.fsdecode(b"\xff\xc3\xa9")) == "\ufffdé"


def test_many_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one sort doesn't do it."""
    monkeypatch.setattr(browse, "SORTED", 7)
    names = [str(number * 7919 % 1009) for number in range(1000)]

    assert in_order(names) == sorted(names)


def test_lists_come_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is longer than what one call may hold up."""
    monkeypatch.setattr(browse, "PIECE", 4)
    for number in range(10):
        (tmp_path / str(number)).touch()
    with opened(str(tmp_path), "") as (_, _, folder):
        sizes = [len(piece) for piece in Lister(lambda _: False).pieces(folder)]

    assert sizes == [4, 4, 2]


@pytest.mark.parametrize(
    ("path", "error", "text"),
    [
        ("missing", NotFoundError, "This folder does not exist!"),
        ("file/x", NotFoundError, "This folder does not exist!"),
        ("dead", NotFoundError, "This folder does not exist!"),
        ("file", InvalidError, "This is not a folder!"),
        ("to-file", InvalidError, "This is not a folder!"),
        ("pipe", InvalidError, "This is not a folder!"),
        ("out", InvalidError, "Invalid folder path: it leads out"),
        ("out/etc", InvalidError, "Invalid folder path: it leads out"),
        ("out/missing", InvalidError, "Invalid folder path: it leads out"),
        ("..", InvalidError, "Invalid folder path: it leads out"),
        ("a\0b", InvalidError, "Invalid folder path: it holds a NUL byte"),
        ("\udcff", InvalidError, "Invalid folder path: it is not valid UTF-8"),
    ],
)
def test_what_is_refused(tmp_path: Path, path: str, error: type[Exception], text: str) -> None:
    """With the contract's texts."""
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "to-file").symlink_to("file")
    (tmp_path / "out").symlink_to("/")

    with pytest.raises(error, match=text):
        listed(tmp_path, path)


def test_links_that_stay_inside_are_followed(tmp_path: Path) -> None:
    """Relative and absolute ones."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a").touch()
    (tmp_path / "relative").symlink_to("real")
    (tmp_path / "absolute").symlink_to(tmp_path / "real")

    assert list(listed(tmp_path, "relative")) == ["a"]
    assert list(listed(tmp_path, "/absolute/../absolute")) == ["a"]


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    """Of an app that was never installed."""
    with pytest.raises(NotFoundError, match="This folder does not exist!"):
        listed(tmp_path / "nowhere")
