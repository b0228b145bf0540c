"""Types that are remembered."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from octyne.files import content_types
from octyne.files.content_types import SETTLED_NS, TypeCache
from octyne.files.sniff import BINARY, PLAIN


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    """An open folder."""
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that were opened."""
    names: list[str] = []
    read = content_types._read_head

    def noting(folder: int, name: str) -> bytes | None:
        names.append(name)
        return read(folder, name)

    monkeypatch.setattr(content_types, "_read_head", noting)
    return names


def later() -> int:
    """A time when files made now have settled."""
    return time.time_ns() + SETTLED_NS + 10**9


def test_a_file_is_read_once(tmp_path: Path, folder: int, reads: list[str]) -> None:
    """Then its type is known, as long as its state is the same."""
    (tmp_path / "a").write_bytes(b"GIF89a..")
    cache, status = TypeCache(), os.lstat(tmp_path / "a")

    kinds = [cache.type_of(folder, "a", status, later()) for _ in range(3)]

    assert kinds == ["image/gif"] * 3
    assert reads == ["a"]


def test_a_changed_file_is_read_again(tmp_path: Path, folder: int) -> None:
    """Of the same size, too."""
    file, cache = tmp_path / "a", TypeCache()
    file.write_bytes(b"GIF89a..")
    os.utime(file, ns=(0, 0))
    cache.type_of(folder, "a", os.lstat(file), later())
    file.write_bytes(b"%PDF-1.7")

    assert cache.type_of(folder, "a", os.lstat(file), later()) == "application/pdf"


def test_a_fresh_file_is_not_remembered(tmp_path: Path, folder: int, reads: list[str]) -> None:
    """It may change again within the clock's step, without a new time."""
    (tmp_path / "a").write_bytes(b"one")
    cache, status = TypeCache(), os.lstat(tmp_path / "a")

    cache.type_of(folder, "a", status, time.time_ns())
    cache.type_of(folder, "a", status, time.time_ns())

    assert reads == ["a", "a"]


def test_an_empty_file_is_not_opened(tmp_path: Path, folder: int, reads: list[str]) -> None:
    """It is an empty text."""
    (tmp_path / "a").touch()

    assert TypeCache().type_of(folder, "a", os.lstat(tmp_path / "a"), later()) == PLAIN
    assert not reads


def test_what_became_a_fifo_is_not_waited_for(tmp_path: Path, folder: int) -> None:
    """Between the look and the opening; a symlink isn't followed either."""
    file = tmp_path / "a"
    file.write_bytes(b"one")
    status = os.lstat(file)
    file.unlink()
    os.mkfifo(file)
    (tmp_path / "b").symlink_to("/etc/passwd")

    assert TypeCache().type_of(folder, "a", status, later()) == BINARY
    assert TypeCache().type_of(folder, "b", status, later()) == BINARY


def test_states_that_share_slots(tmp_path: Path, folder: int, reads: list[str],
                                 monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Four fit; more put each other out, and every answer is right all the same."""
    monkeypatch.setattr(content_types, "SLOTS", content_types.WAYS)
    for number in range(6):
        (tmp_path / str(number)).write_bytes(b"GIF89a" if number % 2 else b"%PDF-1")
    cache, kinds = TypeCache(), []
    for _ in range(3):
        for number in range(6):
            name = str(number)
            kinds.append(cache.type_of(folder, name, os.lstat(tmp_path / name), later()))

    assert kinds == ["application/pdf", "image/gif"] * 9
    assert 6 < len(reads) < 18
