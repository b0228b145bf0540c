"""Walking trees that change meanwhile."""

import os

import pytest

from octyne.archives.members import Member, Walk, outermost
from octyne.archives.progress import Progress
from octyne.system.paths.folder import Root
from support.deep import DEPTH, MOST_BYTES, WIDTH, bytes_for_each, make_deep
from support.packing import Yard


def names(yard: Yard, *chosen: tuple[str, ...]) -> list[str]:
    """What a walk finds."""
    with Root.open(str(yard.directory)) as root:
        return [member.name for member in Walk(root, (), chosen, lambda _: False)]


def test_what_is_in_others_is_left_out() -> None:
    """Each thing once, in the order of the selection."""
    chosen = [("b",), ("a", "x"), ("a",), ("b",), ("ab",)]

    assert outermost(chosen) == [("b",), ("a",), ("ab",)]
    assert outermost([("a",), ()]) == [()]


def test_a_folder_that_becomes_a_link_is_not_entered(yard: Yard) -> None:
    """Also not when the link stays inside: it would be packed under a wrong name."""
    yard.put("other/secret")
    (yard.directory / "tree/sub").mkdir(parents=True)
    found: list[Member] = []
    with Root.open(str(yard.directory)) as root:
        for member in Walk(root, (), [("tree",)], lambda _: False):
            found.append(member)
            if member.name == "tree/sub":
                (yard.directory / "tree/sub").rmdir()
                (yard.directory / "tree/sub").symlink_to("../other")

    assert [member.name for member in found] == ["tree", "tree/sub"]


def test_what_is_gone_is_left_out(yard: Yard) -> None:
    """Of the selection, and of folders."""
    yard.put("here")

    assert names(yard, ("here",), ("gone",), ("here", "not")) == ["here"]


def test_any_depth(yard: Yard) -> None:
    """Deeper than a path may be long, with few descriptors."""
    here = os.open(yard.directory, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("folder-name", dir_fd=here)
        below = os.open("folder-name", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    assert len(names(yard, ())) == 600


def test_totals(yard: Yard) -> None:
    """Of contents and members."""
    yard.put("a/b", b"12345")
    progress = Progress()
    with Root.open(str(yard.directory)) as root:
        Walk(root, (), [()], lambda _: False).count(progress)

    assert (progress.bytes_total, progress.entries_total) == (5, 2)


@pytest.mark.parametrize("becomes", ["gone", "folder", "link", "fifo"])
def test_a_file_that_is_none_any_more_is_not_read(yard: Yard, becomes: str) -> None:
    """And nothing waits for a FIFO."""
    path = yard.put("file")
    with Root.open(str(yard.directory)) as root:
        for member in Walk(root, (), [()], lambda _: False):
            path.unlink()
            match becomes:
                case "folder":
                    path.mkdir()
                case "link":
                    path.symlink_to("/etc/passwd")
                case "fifo":
                    os.mkfifo(path)
                case _:
                    assert becomes == "gone"

            assert member.read() is None


def test_wide_folders_far_down_cost_little_memory(yard: Yard) -> None:
    """No more than their names."""
    make_deep(yard.directory)
    progress = Progress()
    with Root.open(str(yard.directory)) as root:
        walk = Walk(root, (), [()], lambda _: False)

        assert bytes_for_each(lambda: walk.count(progress)) < MOST_BYTES
    assert progress.entries_total == DEPTH + WIDTH
