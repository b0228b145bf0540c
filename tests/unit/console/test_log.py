"""Any log that a writer can leave, read by offset, compared with plain bytes."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octyne.console import log
from octyne.console.log import Hole, LogReader
from octyne.keeper.log_writer import LogWriter, index_name, segment_name
from support.console_log import Line, Operation, Recorded, files, operations

sizes = st.integers(8, 64)


def read_all(reader: LogReader, start: int, end: int, size: int) -> Iterator[int | None]:
    """Each byte from ``start`` to ``end`` as a reader finds it; None in holes."""
    position = start
    while position < end:
        found = reader.read(position, min(size, end - position))
        if isinstance(found, Hole):
            assert found.start == position
            yield from itertools.repeat(None, found.end - position)
            position = found.end
        else:
            assert found, f"nothing at {position} of {start}..{end}"
            yield from found
            position += len(found)


@settings(max_examples=150)
@given(operations(failures=True), sizes, st.integers(1, 40), st.booleans())
def test_every_offset_is_readable(
    steps: list[Operation], segment: int, size: int, cached: bool
) -> None:
    """What was written is read at its offset, holes are where it was lost, and nowhere else."""
    with Recorded(segment * 4, segment) as recorded:
        recorded.play(steps)
        reader = LogReader(recorded.directory, cached=cached)
        start, end = reader.refresh()
        found = list(read_all(reader, start, end, size))
        reader.close()
        kept_end = recorded.end
        while kept_end > recorded.start and recorded.cells[kept_end - 1] is None:
            kept_end -= 1

        assert recorded.writer.end == recorded.end
        assert kept_end <= end <= recorded.end
        assert found == recorded.cells[start:end]
        assert start == recorded.start


@settings(max_examples=75)
@given(operations(), sizes)
def test_the_budget_holds(steps: list[Operation], segment: int) -> None:
    """Old output goes, in whole files; nothing is left behind, and the newest is always there."""
    limit = segment * 4
    with Recorded(limit, segment) as recorded:
        recorded.play(steps * 3)
        offsets, size = files(recorded.directory)
        names = len(list(Path(recorded.directory).iterdir()))

        assert size <= limit + recorded.largest
        assert size >= min(len(recorded.kept()), limit - segment - recorded.largest)
        assert names == 2 * len(offsets)


@settings(max_examples=100)
@given(operations(), sizes, st.integers(1, 6), st.integers(1, 300), st.integers(1, 50))
def test_lines_back(
    steps: list[Operation], segment: int, lines: int, limit: int, scan: int
) -> None:
    """The last lines begin at a line's start; never over a hole, and never more than wanted."""
    with Recorded(segment * 4, segment) as recorded, pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "SCAN_BYTES", scan)
        recorded.play(steps)
        reader = LogReader(recorded.directory)
        _, end = reader.refresh()
        found = reader.lines_back(end, lines, limit)
        reader.close()
        known = [line for line in recorded.lines() if line.offset < end]

    wanted: list[Line] = []
    for line in reversed(known):
        after = wanted[-1].offset if wanted else end
        whole = sum(each.data.endswith(b"\n") for each in wanted) < lines
        if line.offset + len(line.data) != after or not whole or end - line.offset > limit:
            break
        wanted.append(line)
    starts = {line.offset for line in known} | {end}
    if found not in starts:  # in the middle of a line only when the line is too long for the limit
        assert found == end - limit
    else:
        assert found == (wanted[-1].offset if wanted else end)


@settings(max_examples=75)
@given(operations(), sizes)
def test_times(steps: list[Operation], segment: int) -> None:
    """Each line's time is when its first byte came, and a time leads to its first line."""
    with Recorded(segment * 4, segment) as recorded:
        recorded.play(steps)
        reader = LogReader(recorded.directory)
        _, end = reader.refresh()
        lines = list(recorded.lines())
        times = [reader.time_at(line.offset) for line in lines]
        places = [reader.find_time(time_ms) for time_ms in times]
        behind = reader.find_time(recorded._now_ms + 1)
        reader.close()

    assert times == [line.time_ms for line in lines]
    assert all(place <= line.offset for place, line in zip(places, lines, strict=True))
    for place, time_ms in zip(places, times, strict=True):
        before = [line.time_ms for line in lines if line.offset + len(line.data) <= place]
        assert all(earlier < time_ms for earlier in before)
    assert behind == end


def test_an_absent_log_is_empty(tmp_path: Path) -> None:
    """An app that never ran has a console all the same, and it is found when it comes."""
    reader = LogReader(str(tmp_path / "console"))
    assert reader.refresh() == (0, 0)
    assert reader.read(0, 10) == b""
    assert (reader.time_at(0), reader.times_between(0, 5)) == (0, [])
    assert reader.lines_back(0, 10, 10) == 0
    writer = LogWriter(str(tmp_path / "console"), 1 << 20)
    writer.append(b"hello\n")
    found = reader.refresh(), reader.read(0, 10)
    writer.close()
    reader.close()

    assert found == ((0, 6), b"hello\n")


def test_a_reader_follows_rotation_and_pruning(tmp_path: Path) -> None:
    """One that looked long ago finds new segments, and learns of those that are gone."""
    writer = LogWriter(str(tmp_path), 40, segment_bytes=10)
    writer.append(b"123456789\n")
    reader = LogReader(str(tmp_path))
    reader.refresh()
    assert reader.read(0, 99) == b"123456789\n"
    for _ in range(9):
        writer.append(b"abcdefghi\n")
    found = reader.read(90, 99), reader.read(0, 99), reader.read(100, 99)
    writer.close()
    reader.close()

    assert found == (b"abcdefghi\n", Hole(0, 60), b"")


def test_a_log_without_an_index_has_the_time_of_its_file(tmp_path: Path) -> None:
    """A lost index costs exact times, nothing else."""
    writer = LogWriter(str(tmp_path), 1 << 20)
    writer.append(b"hello\n")
    writer.close()
    (tmp_path / index_name(0)).unlink()
    reader = LogReader(str(tmp_path))
    reader.refresh()
    found = reader.time_at(3)
    reader.close()

    assert found == int((tmp_path / segment_name(0)).stat().st_mtime * 1000)


def test_what_else_lies_there_is_left_alone(tmp_path: Path) -> None:
    """Files that are not ours are no segments."""
    for name in ("x.log", "-1.log", "readme", "00.idx"):
        (tmp_path / name).write_text("no")
    writer = LogWriter(str(tmp_path), 1 << 20)
    writer.append(b"hello\n")
    writer.close()
    reader = LogReader(str(tmp_path))
    found = reader.refresh(), reader.read(0, 9)
    reader.close()

    assert found == ((0, 6), b"hello\n")


def test_descriptors_are_bounded(tmp_path: Path) -> None:
    """A reader that has been everywhere keeps few files open."""
    writer = LogWriter(str(tmp_path), 4000, segment_bytes=10)
    for _ in range(200):
        writer.append(b"123456789\n")
    reader = LogReader(str(tmp_path))
    start, end = reader.refresh()
    for offset in range(start, end, 10):
        assert reader.read(offset, 10) == b"123456789\n"
    count = len(reader._open)
    reader.close()
    writer.close()

    assert count == log.OPEN_SEGMENTS
