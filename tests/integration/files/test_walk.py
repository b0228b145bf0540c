"""Walks through real trees."""

import os
from pathlib import Path

import pytest

from octyne.files import browse
from octyne.files import walk as walks
from octyne.files.walk import Walk
from support.deep import DEPTH, MOST_BYTES, WIDTH, bytes_for_each, make_deep


def never(_: str) -> bool:
    """Hides nothing."""
    return False


def met(walk: Walk) -> set[str]:
    """The paths that a walk meets, to its end."""
    found = []
    try:
        while not walk.finished:
            found += ["/".join(each.parts) for each in walk.slice()]
    finally:
        walk.close()
    assert len(found) == len(set(found))
    return set(found)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files in folders in folders."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    for name in ("top", "a/one", "a/b/two", "a/b/c/three"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_everything_is_met_once(tree: Path) -> None:
    """Symlinks are met, not followed: not out, and not in a circle."""
    (tree / "a/loop").symlink_to("..")
    (tree / "a/out").symlink_to("/")
    walk = browse.walk(str(tree), "", never)

    assert met(walk) == {
        *("top", "a", "a/one", "a/loop", "a/out"),
        *("a/b", "a/b/two", "a/b/c", "a/b/c/three"),
    }
    assert (walk.visited, walk.cut, walk.unreadable) == (9, "", 0)


def test_it_begins_where_it_is_told(tree: Path) -> None:
    """Paths stay those of the app."""
    assert met(browse.walk(str(tree), "/a/b", never)) == {"a/b/two", "a/b/c", "a/b/c/three"}


def test_hidden_names_are_left_out(tree: Path) -> None:
    """With all that is in them."""
    assert met(browse.walk(str(tree), "a", lambda name: name == "b")) == {"a/one"}


def test_it_stops_and_goes_on(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice is one entry at least."""
    monkeypatch.setattr(walks, "SLICE_S", 0.0)
    walk = browse.walk(str(tree), "", never)

    assert len(list(walk.slice())) == 1
    assert len(met(walk)) == 6


def test_it_has_an_end(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By entries, and by time."""
    monkeypatch.setattr(walks, "MOST", 3)
    walk = browse.walk(str(tree), "", never)
    assert (len(met(walk)), walk.cut) == (3, "entries")

    monkeypatch.setattr(walks, "LONGEST_S", 0.0)
    walk = browse.walk(str(tree), "", never)
    assert (len(met(walk)), walk.cut) == (1, "time")


def test_a_folder_that_is_swapped_for_a_link(tree: Path) -> None:
    """Is not entered: what a walk has announced is what it enters."""
    (tree / "z").mkdir()
    walk = browse.walk(str(tree), "", never)
    found = set()
    for each in walk.slice():
        found.add("/".join(each.parts))
        if each.parts == ("a",):
            os.rename(tree / "a", tree / "moved")
            (tree / "a").symlink_to("moved")
    walk.close()

    assert "a/one" not in found
    assert walk.finished


def test_deep_trees(tmp_path: Path) -> None:
    """Deeper than a path may be long, with one folder open at a time."""
    fd = os.open(tmp_path, os.O_RDONLY)
    name = "d" * 200
    for _ in range(40):
        os.mkdir(name, dir_fd=fd)
        deeper = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = deeper
    os.close(fd)
    walk = browse.walk(str(tmp_path), "", never)

    assert len(met(walk)) == 40
    assert walk.unreadable == 0


def test_wide_folders_far_down_cost_no_more_than_their_names(tmp_path: Path) -> None:
    """Else whoever makes a million of them takes all the machine's memory by a search."""
    make_deep(tmp_path)
    walk = browse.walk(str(tmp_path), "", never)

    def go() -> None:
        while not walk.finished:
            for _ in walk.slice():
                pass

    assert bytes_for_each(go) < MOST_BYTES
    assert walk.visited == DEPTH + WIDTH
    walk.close()
