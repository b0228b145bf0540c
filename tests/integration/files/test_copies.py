"""Copies of real files: sparse, deep, growing, and where the kernel can't help."""

import os
import stat
from pathlib import Path
from threading import Event

import pytest

from octyne.errors import InvalidError, UnavailableError
from octyne.files import copies
from octyne.files.copies import TreeCopy
from octyne.system.paths.folder import Root
from support.deep import MOST_BYTES, bytes_for_each, make_deep

MIB = 1 << 20


def copy(root: Root, name: str, to: str, stop: Event | None = None) -> None:
    """As the rest of the daemon does."""
    TreeCopy(root, name, stop or Event(), ".hidden".__eq__).run(root, to)


def without_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on file systems that can't copy themselves."""

    def refused(*_: object) -> int:
        raise OSError(95, "not here")

    monkeypatch.setattr(os, "copy_file_range", refused)


@pytest.mark.parametrize("by_kernel", [True, False])
@pytest.mark.parametrize("size", [0, 1, 4096, 9 * MIB + 17])
def test_data_is_the_same(
    home: Path, opened: Root, monkeypatch: pytest.MonkeyPatch, size: int, by_kernel: bool
) -> None:
    """Of any size, by any way."""
    if not by_kernel:
        without_kernel(monkeypatch)
    data = os.urandom(size)
    (home / "a").write_bytes(data)
    copy(opened, "a", "b")

    assert (home / "b").read_bytes() == data


@pytest.mark.parametrize("by_kernel", [True, False])
def test_holes_stay_holes(
    home: Path, opened: Root, monkeypatch: pytest.MonkeyPatch, by_kernel: bool
) -> None:
    """At the start, in the middle, and at the end."""
    if not by_kernel:
        without_kernel(monkeypatch)
    with (home / "a").open("wb") as file:
        for position in (20 * MIB, 40 * MIB):
            file.seek(position)
            file.write(b"data")
        file.truncate(80 * MIB)
    copy(opened, "a", "b")
    found = (home / "b").stat()

    assert found.st_size == 80 * MIB
    assert found.st_blocks * 512 < 2 * MIB
    assert (home / "a").read_bytes() == (home / "b").read_bytes()


def test_trees_of_any_depth_are_copied(home: Path, opened: Root) -> None:
    """Without many open files, and without recursion."""
    here = os.open(home, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    copy(opened, "d", "e")

    assert (home / ("e/" + "d/" * 299 + "file")).exists()


def test_hard_links_become_files_of_their_own(home: Path, opened: Root) -> None:
    """And setuid is never copied."""
    (home / "t").mkdir()
    (home / "t" / "a").write_text("x")
    (home / "t" / "a").chmod(0o6755)
    os.link(home / "t" / "a", home / "t" / "b")
    copy(opened, "t", "u")

    assert {(home / "u" / name).stat().st_nlink for name in "ab"} == {1}
    assert stat.S_IMODE((home / "u" / "a").stat().st_mode) == 0o755


def test_special_files_are_found_before_anything_is_copied(home: Path, opened: Root) -> None:
    """Wherever they are."""
    (home / "t" / "deep").mkdir(parents=True)
    os.mkfifo(home / "t" / "deep" / "fifo")
    with pytest.raises(InvalidError):
        copy(opened, "t", "u")

    assert not (home / "u").exists()


def test_a_copy_ends_with_the_daemon(home: Path, opened: Root) -> None:
    """Soon, whatever is left to copy."""
    (home / "a").write_bytes(bytes(10))
    stop = Event()
    stop.set()
    with pytest.raises(UnavailableError):
        copy(opened, "a", "b", stop)


def test_a_copy_needs_room(home: Path, opened: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before it fills the disk."""
    (home / "a").write_bytes(bytes(8192))
    monkeypatch.setattr(copies, "_clone", lambda *_: False)

    class Full:
        f_bavail, f_frsize = 1, 4096

    monkeypatch.setattr(os, "fstatvfs", lambda _: Full)
    with pytest.raises(UnavailableError, match="free space"):
        copy(opened, "a", "b")

    assert (home / "b").stat().st_size == 0


def test_hidden_names_are_left_out(home: Path, opened: Root) -> None:
    """Such as uploads that aren't whole."""
    (home / "t" / ".hidden").mkdir(parents=True)
    (home / "t" / "seen").touch()
    copy(opened, "t", "u")

    assert os.listdir(home / "u") == ["seen"]


def test_what_is_swapped_meanwhile_keeps_its_mode(
    home: Path, opened: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app that puts something else in a copy's place doesn't have that changed by us."""
    (home / "a").mkdir(0o777)
    (home / "a/f").write_text("x")
    (home / "a/f").chmod(0o666)
    (home / "secret").write_text("y")
    (home / "secret").chmod(0o600)
    plain = copies._clone

    def swap(source: int, target: int) -> bool:
        (home / "b/f").unlink()
        os.link(home / "secret", home / "b/f")
        return plain(source, target)

    monkeypatch.setattr(copies, "_clone", swap)
    copy(opened, "a", "b")

    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600


def test_folders_have_modes_and_times_as_those_copied(home: Path, opened: Root) -> None:
    """Set when all is in them."""
    (home / "a/in").mkdir(parents=True)
    (home / "a/in/f").touch()
    for name, mode, time_ns in (("a/in", 0o511, 3_000_000_001), ("a", 0o750, 5_000_000_002)):
        (home / name).chmod(mode)
        os.utime(home / name, ns=(time_ns, time_ns))
    copy(opened, "a", "b")

    for name in ("in", ""):
        old, new = (home / "a" / name).stat(), (home / "b" / name).stat()
        assert (new.st_mode, new.st_mtime_ns) == (old.st_mode, old.st_mtime_ns)


def test_wide_folders_far_down_cost_little_memory(home: Path, opened: Root) -> None:
    """Whoever makes a million of them doesn't take the machine's memory by a copy."""
    make_deep(home)
    tree = TreeCopy(opened, "deep", Event(), ".hidden".__eq__)

    assert bytes_for_each(tree.measure) < MOST_BYTES
