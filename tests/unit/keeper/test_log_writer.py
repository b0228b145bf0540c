"""The writer of console logs; that any log is read back is tested with its reader."""

import itertools
import os
import re
import time
from pathlib import Path

import pytest

from octyne.keeper.log_writer import (
    INDEX_ENTRY,
    MAX_SEGMENTS,
    DiskFullError,
    LogBusyError,
    LogWriter,
    index_name,
    segment_name,
    segment_offsets,
)
from support.full_disk import files_of_at_most


def content(directory: Path) -> dict[int, bytes]:
    """Each segment's bytes by its offset."""
    names = os.listdir(directory)
    return {o: (directory / segment_name(o)).read_bytes() for o in segment_offsets(names)}


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    """The second is refused until the first is closed."""
    first = LogWriter(str(tmp_path / "log"), 1000)
    with pytest.raises(LogBusyError):
        LogWriter(str(tmp_path / "log"), 1000)
    first.close()
    LogWriter(str(tmp_path / "log"), 1000).close()


def test_the_log_is_private(tmp_path: Path) -> None:
    """Nobody else reads what apps print."""
    writer = LogWriter(str(tmp_path / "log"), 1000)
    writer.append(b"x")
    writer.close()

    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "log").iterdir()} == {0o600}


def test_segments_begin_with_a_line(tmp_path: Path) -> None:
    """A line that has begun is ended in its segment, where it has an end at hand."""
    writer = LogWriter(str(tmp_path), 1000, segment_bytes=8)
    writer.append(b"12345")
    writer.append(b"67890\nabc\n")
    writer.close()

    assert content(tmp_path) == {0: b"1234567890\n", 11: b"abc\n"}


def test_an_unfinished_line_is_ended_by_the_next_writer(tmp_path: Path) -> None:
    """As a killed keeper leaves one, even just behind a new segment."""
    writer = LogWriter(str(tmp_path), 1000, segment_bytes=4)
    writer.append(b"abcd")
    writer.close()
    (tmp_path / segment_name(4)).touch()
    writer = LogWriter(str(tmp_path), 1000, segment_bytes=4)
    writer.notice("next")
    writer.close()

    assert b"".join(content(tmp_path).values()) == b"abcd\nnext\n"


def test_a_full_disk_loses_and_says_how_much(tmp_path: Path) -> None:
    """What is written counts as written, the rest as lost; the mark stands behind the hole."""
    writer = LogWriter(str(tmp_path), 1 << 20)
    with files_of_at_most(30):
        writer.append(b"0123456789\n")
        with pytest.raises(DiskFullError) as caught:
            writer.write(b"abcdefghijklmnopqrstuvwxyz")
        writer.drop(26 - caught.value.written)
        writer.append(b"lost too\n")
    writer.append(b"kept\n")
    writer.close()
    lost = 7 + 9
    mark = b"[Octyne] The disk was full: %d bytes of output were not kept.\n" % lost

    assert caught.value.written == 19
    assert content(tmp_path) == {0: b"0123456789\nabcdefghijklmnopqrs", 30 + lost: mark + b"kept\n"}


def test_a_loss_is_told_when_there_is_room_even_without_new_output(tmp_path: Path) -> None:
    """An app that ends after the disk had run full leaves a log that says so."""
    writer = LogWriter(str(tmp_path), 1 << 20)
    with files_of_at_most(2):
        writer.append(b"abc")
    writer.finish_line()
    writer.close()

    assert re.match(rb"\[Octyne\] The disk was full: 1 bytes", content(tmp_path)[3])


def test_a_disk_that_stays_full_collects_no_files(tmp_path: Path) -> None:
    """However much is printed meanwhile; and half a mark is never left."""
    writer = LogWriter(str(tmp_path), 1 << 20)
    writer.append(b"first\n")
    with files_of_at_most(20):
        for _ in range(50):
            writer.append(b"x" * 100)
        names = os.listdir(tmp_path)
    writer.close()

    assert len(names) <= 4
    assert all(data.startswith(b"first\n") or not data for data in content(tmp_path).values())


def test_a_disk_that_comes_and_goes_keeps_a_bounded_number_of_files(tmp_path: Path) -> None:
    """Each loss begins a segment; the oldest of too many go."""
    writer = LogWriter(str(tmp_path), 1 << 30)
    for _ in range(MAX_SEGMENTS + 50):
        writer.append(b"x\n")
        writer.drop(1)
    writer.append(b"end\n")
    offsets, start = segment_offsets(os.listdir(tmp_path)), writer.start
    writer.close()

    assert len(offsets) == MAX_SEGMENTS
    assert start == offsets[0]


def test_a_directory_that_somebody_removed_costs_output_alone(tmp_path: Path) -> None:
    """The writer goes on, for its app goes on."""
    writer = LogWriter(str(tmp_path / "log"), 1000, segment_bytes=8)
    writer.append(b"before\n")
    for path in (tmp_path / "log").iterdir():
        path.unlink()
    (tmp_path / "log").rmdir()
    for _ in range(5):
        writer.append(b"after 1\nafter 2\n")
    lost = writer.lost
    writer.close()

    assert lost > 0


def test_a_full_index_costs_times_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that was written in part is taken back; output goes on."""
    write = os.write
    sizes: list[int] = []

    def short(fd: int, data: bytes) -> int:
        if len(data) == INDEX_ENTRY.size and not sizes:
            sizes.append(write(fd, data[:5]))
            return 5
        return write(fd, data)

    writer = LogWriter(str(tmp_path), 1000)
    monkeypatch.setattr(os, "write", short)
    writer.append(b"one\n")
    broken = (tmp_path / index_name(0)).stat().st_size
    writer.append(b"two\n")
    writer.close()

    assert (broken, (tmp_path / index_name(0)).stat().st_size) == (0, INDEX_ENTRY.size)
    assert content(tmp_path) == {0: b"one\ntwo\n"}


def test_files_that_cannot_be_opened_leave_no_descriptors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed rotation goes on in the old segment's place and leaks nothing."""
    writer = LogWriter(str(tmp_path), 1000, segment_bytes=8)
    writer.append(b"1234567\n")
    before = len(os.listdir("/proc/self/fd"))
    opening, failing = os.open, [True]

    def refuse(path: str, flags: int, *rest: int, dir_fd: int | None = None) -> int:
        if failing and path.endswith(".log"):
            raise OSError(28, "no space")
        return opening(path, flags, *rest, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)
    writer.append(b"lost678\n")
    failing.clear()
    after = len(os.listdir("/proc/self/fd"))
    writer.append(b"kept\n")
    writer.close()

    assert after == before
    assert content(tmp_path)[0] == b"1234567\n"
    assert list(content(tmp_path).values())[-1] == b"kept\n"
    assert len(os.listdir(tmp_path)) == 2 * len(content(tmp_path))


def test_times_do_not_outgrow_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that prints a byte every 10 ms gets coarser times, not a full disk."""
    clock = itertools.count(1_700_000_000_000, 10)
    monkeypatch.setattr(time, "time", lambda: next(clock) / 1000)
    writer = LogWriter(str(tmp_path), 1 << 20)
    for _ in range(20_000):
        writer.append(b"x")
    writer.close()

    assert sum(index.stat().st_size for index in tmp_path.glob("*.idx")) < (64 << 10) + 5_000
