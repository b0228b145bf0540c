"""Searches in real trees."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne import wire
from octyne.errors import InvalidError
from octyne.files import search as module
from octyne.files.search import BLOCK_BYTES, Query, Search, find_text, name_test


def search(
    directory: Path, path: str = "", **query: str | int
) -> tuple[dict[str, wire.FileFound], wire.SearchEnd]:
    """Results by path, and the last line."""
    work = Search.open(str(directory), path, Query(**query), lambda _: False)  # type: ignore[arg-type]
    found: list[wire.FileFound] = []
    try:
        while not work.finished:
            found += work.step()
    finally:
        work.close()
    return {each.path: each for each in found}, work.end()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small server."""
    (tmp_path / "World/region").mkdir(parents=True)
    (tmp_path / "World/level.dat").write_bytes(b"\0binary motd")
    (tmp_path / "server.properties").write_text("port=1\nMOTD=Hello wörld\n")
    (tmp_path / "World/region/notes.TXT").write_text("nothing")
    (tmp_path / "out").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe.txt")
    return tmp_path


def test_names_in_any_case(tree: Path) -> None:
    """What is in a name, or the whole name by a pattern; folders and links, too."""
    assert set(search(tree, name="world")[0]) == {"World"}
    assert set(search(tree, name="*.txt")[0]) == {"World/region/notes.TXT", "pipe.txt"}
    assert set(search(tree, name="o?t")[0]) == {"out"}
    assert set(search(tree, name="E")[0]) >= {"server.properties", "World/level.dat"}


def test_text_in_files(tree: Path) -> None:
    """The first line with it; binary files and FIFOs are left out."""
    found, end = search(tree, content="motd=hello")

    assert found["server.properties"].line == 2
    assert found["server.properties"].text == "MOTD=Hello wörld"
    assert (len(found), end.found, end.finished, end.cut) == (1, 1, True, "")
    assert not search(tree, content="binary")[0]


def test_both_must_fit(tree: Path) -> None:
    """Name and content."""
    assert set(search(tree, name="*.txt", content="thing")[0]) == {"World/region/notes.TXT"}
    assert not search(tree, name="server", content="thing")[0]


def test_below_a_folder(tree: Path) -> None:
    """Paths are as other routes take them."""
    assert set(search(tree, "/World", name="*")[0]) == {
        *("World/level.dat", "World/region", "World/region/notes.TXT")
    }


def test_a_limit_says_that_it_cut(tree: Path) -> None:
    """But not when there was nothing more."""
    found, end = search(tree, name="*", limit=2)
    assert (len(found), end.cut) == (2, "limit")

    found, end = search(tree, name="*", limit=7)
    assert (len(found), end.cut) == (7, "")


def test_batches(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost between them."""
    monkeypatch.setattr(module, "BATCH", 1)

    assert len(search(tree, name="*")[0]) == 7


@pytest.mark.parametrize("query", [{}, {"name": "x" * 1001}, {"content": "x" * 1001}])
def test_what_is_no_search(query: dict[str, str]) -> None:
    """Nothing, and too much."""
    with pytest.raises(InvalidError):
        Query(**query)  # type: ignore[arg-type]


def test_text_across_blocks(tmp_path: Path) -> None:
    """It may stand where one block ends, and lines are counted right."""
    file = tmp_path / "a"
    for before in range(BLOCK_BYTES - 8, BLOCK_BYTES + 2):
        file.write_bytes(b"\n" * before + b"needle here\nmore")
        fd = os.open(file, os.O_RDONLY)
        found = find_text(fd, b"needle")
        os.close(fd)

        assert found == (before + 1, "needle here")


def test_long_lines_are_cut(tmp_path: Path) -> None:
    """Around what was found, without half characters."""
    (tmp_path / "a").write_text("ä" * 5000 + "needle" + "ö" * 5000)
    found, _ = search(tmp_path, content="needle")

    assert "needle" in found["a"].text
    assert len(found["a"].text.encode()) <= module.TEXT_BYTES
    assert "\ufffd" not in found["a"].text


def test_only_the_first_part_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are not read to their end."""
    monkeypatch.setattr(module, "MOST_BYTES", BLOCK_BYTES)
    (tmp_path / "a").write_bytes(b"x" * BLOCK_BYTES + b"needle")

    assert not search(tmp_path, content="needle")[0]


def test_patterns_are_fast() -> None:
    """Whatever their stars; nobody writes regular expressions here."""
    begun = time.monotonic()
    fits = name_test("*a" * 100 + "b")
    assert fits is not None
    assert not fits("a" * 255)
    assert time.monotonic() - begun < 1.0

    exact = name_test("a.[b]*")
    assert exact is not None
    assert exact("A.[B]c")
    assert not exact("axb")


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_patterns_fit_as_a_plain_matcher_says(pattern: str, name: str) -> None:
    """Compared with the obvious recursion."""

    def fits(wanted: str, text: str) -> bool:
        if not wanted:
            return not text
        if wanted[0] == "*":
            return any(fits(wanted[1:], text[place:]) for place in range(len(text) + 1))
        return bool(text) and wanted[0] in ("?", text[0]) and fits(wanted[1:], text[1:])

    test = name_test(pattern)
    if "*" in pattern or "?" in pattern:
        assert test is not None
        assert test(name) == fits(pattern, name)
    elif pattern:
        assert test is not None
        assert test(name) == (pattern in name)
