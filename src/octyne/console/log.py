"""Reads a console log by offset: segments, holes between them, and when each byte came.

The writer is `octyne.keeper.log_writer`, in another process; its files only ever grow or go.
"""

import contextlib
import os
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass

from octyne.keeper.log_writer import INDEX_ENTRY, index_name, segment_name, segment_offsets

OPEN_SEGMENTS = 4  # descriptors kept per log: viewers are mostly at the end
SCAN_BYTES = 256 * 1024
INDEX_READ_BYTES = 4096  # of an index at once: a few seconds of steady output


class NotCachedError(Exception):
    """The bytes are not in memory: read them in a thread."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Output that is not kept: from ``start`` to ``end``, offsets."""

    start: int
    end: int


class _Segment:
    """One open segment and what is known of its index."""

    def __init__(self, directory: int, offset: int, *, cached: bool) -> None:
        self.offset = offset
        self._pread = _read_cached if cached and hasattr(os, "RWF_NOWAIT") else os.pread
        self.fd = os.open(segment_name(offset), os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        self._index = -1
        with contextlib.suppress(FileNotFoundError):
            flags = os.O_RDONLY | os.O_CLOEXEC
            self._index = os.open(index_name(offset), flags, dir_fd=directory)
        self._offsets = array("Q")
        self._times = array("Q")

    def read(self, offset: int, size: int) -> bytes:
        return self._pread(self.fd, size, offset - self.offset)

    def time_at(self, offset: int) -> int:
        self._read_index()
        place = bisect_right(self._offsets, offset) - 1
        if place >= 0:
            return self._times[place]
        return self._times[0] if self._times else int(os.fstat(self.fd).st_mtime * 1000)

    def times_between(self, start: int, end: int) -> list[tuple[int, int]]:
        self._read_index()
        first = max(0, bisect_right(self._offsets, start) - 1)
        last = bisect_right(self._offsets, max(start, end - 1))
        return list(zip(self._offsets[first:last], self._times[first:last], strict=True))

    def find_time(self, time_ms: int) -> int | None:
        """The first offset that came at that time or later; None when all came earlier."""
        self._read_index()
        for offset, when in zip(self._offsets, self._times, strict=True):
            if when >= time_ms:
                return offset
        return None

    def _read_index(self) -> None:
        """Take what was added since; this runs for each message, so small reads are usual."""
        size = INDEX_ENTRY.size
        count = INDEX_READ_BYTES
        while self._index >= 0 and count == INDEX_READ_BYTES:
            data = self._pread(self._index, INDEX_READ_BYTES, len(self._offsets) * size)
            count = len(data)
            pairs = array("Q", data[: count // size * size])
            self._offsets.extend(pairs[0::2])
            self._times.extend(pairs[1::2])

    def close(self) -> None:
        for fd in (self.fd, self._index):
            if fd >= 0:
                os.close(fd)


class LogReader:
    """Random access to the log in ``directory``; an absent directory is an empty log.

    With ``cached`` no method waits for the disk: what is not in memory raises `NotCachedError`.
    Else methods block. Not for two threads at once.
    """

    def __init__(self, directory: str, *, cached: bool = False) -> None:
        self._path = directory
        self._cached = cached
        self._directory = -1
        self._offsets: list[int] = []
        self._open: OrderedDict[int, _Segment] = OrderedDict()

    def close(self) -> None:
        """Close all files."""
        for segment in self._open.values():
            segment.close()
        self._open.clear()
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    def refresh(self) -> tuple[int, int]:
        """Look what is there: offsets of the first byte kept and of the next one to come."""
        if self._directory < 0:
            try:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
                self._directory = os.open(self._path, flags)
            except FileNotFoundError:
                return 0, 0
        last = None
        while last is None:  # the writer may drop what we have just seen
            self._offsets = segment_offsets(os.listdir(self._directory))
            for offset in set(self._open) - set(self._offsets):
                self._open.pop(offset).close()
            if not self._offsets:
                return 0, 0
            last = self._try_segment(self._offsets[-1])
        return self._offsets[0], last.offset + os.fstat(last.fd).st_size

    def read(self, offset: int, size: int) -> bytes | Hole:
        """Up to ``size`` bytes from ``offset`` on, b"" at the end, or the hole that begins."""
        for _ in range(2):
            place = bisect_right(self._offsets, offset) - 1
            following = self._offsets[place + 1] if place + 1 < len(self._offsets) else None
            segment = self._try_segment(self._offsets[place]) if place >= 0 else None
            data = segment.read(offset, size) if segment else b""
            if data:
                return data
            if following is not None:
                return Hole(offset, following)
            self.refresh()  # has the writer gone on to a new segment, or dropped this one?
        return b""

    def time_at(self, offset: int) -> int:
        """When the byte at ``offset`` came, in milliseconds since 1970; 0 when unknown."""
        place = bisect_right(self._offsets, offset) - 1
        segment = self._try_segment(self._offsets[max(0, place)]) if self._offsets else None
        return segment.time_at(offset) if segment else 0

    def times_between(self, start: int, end: int) -> list[tuple[int, int]]:
        """Pairs of offset and time, ascending; the first holds for ``start``."""
        place = max(0, bisect_right(self._offsets, start) - 1)
        found: list[tuple[int, int]] = []
        for base in self._offsets[place : max(place + 1, bisect_left(self._offsets, end))]:
            segment = self._try_segment(base)
            found += segment.times_between(max(start, base), end) if segment else []
        return found

    def find_time(self, time_ms: int) -> int:
        """The offset of the first byte that came at ``time_ms`` or later."""
        _, end = self.refresh()
        # The last segment that began before that time holds the place, or the next one's start.
        for offset in reversed(self._offsets):
            segment = self._try_segment(offset)
            if segment is None:
                break
            found = segment.find_time(time_ms)
            if found is None:
                break
            end = found
            if segment.time_at(offset) < time_ms:
                break
        return end

    def before_hole(self, offset: int) -> int:
        """Where the hole begins that ends at ``offset`` or holds it; ``offset`` if none does."""
        for base in reversed(self._offsets[: bisect_left(self._offsets, offset)]):
            segment = self._try_segment(base)
            size = os.fstat(segment.fd).st_size if segment else 0
            if size:
                return min(offset, base + size)
        return offset

    def lines_back(self, end: int, lines: int, limit: int) -> int:
        """The offset where the last ``lines`` whole lines before ``end`` begin.

        At most ``limit`` bytes back, and never across a hole.
        """
        floor = max(0, end - limit)
        position, wanted = end, lines + 1  # the line end before the first of them, too
        while position > floor:
            data = self._read_back(max(floor, position - SCAN_BYTES), position)
            if not data:  # a hole ends here
                return position
            count = data.count(b"\n")
            if count >= wanted:
                return position - len(data) + _nth_from_end(data, wanted) + 1
            wanted -= count
            position -= len(data)
        return min(self._line_start(position, end), end)

    def _read_back(self, begin: int, end: int) -> bytes:
        """The bytes that stand before ``end`` without a hole, from ``begin`` on at most."""
        parts = b""
        while begin < end:
            data = self.read(begin, end - begin)
            if isinstance(data, Hole):
                begin, parts = data.end, b""
            elif not data:
                return b""
            else:
                begin += len(data)
                parts += data
        return parts if begin == end else b""

    def _line_start(self, offset: int, end: int) -> int:
        """The first line start at or after ``offset`` (which a hole or the limit set)."""
        if offset in {0, *self._offsets[:1]}:
            return offset
        position = offset - 1
        while position < end:
            data = self.read(position, SCAN_BYTES)
            if isinstance(data, Hole) or not data:
                break
            if b"\n" in data:
                return position + data.index(b"\n") + 1
            position += len(data)
        return max(position, offset)

    def _try_segment(self, offset: int) -> _Segment | None:
        try:
            return self._segment(offset)
        except FileNotFoundError:  # dropped by the writer since we looked
            return None

    def _segment(self, offset: int) -> _Segment:
        segment = self._open.get(offset)
        if segment is None:
            segment = self._open[offset] = _Segment(self._directory, offset, cached=self._cached)
            if len(self._open) > OPEN_SEGMENTS:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(offset)
        return segment


def _read_cached(fd: int, size: int, offset: int) -> bytes:
    """Read from the page cache alone; see RWF_NOWAIT in preadv2(2)."""
    buffer = bytearray(size)
    try:
        count = os.preadv(fd, [buffer], offset, os.RWF_NOWAIT)
    except (BlockingIOError, OSError) as error:
        # Not in memory, or a file system without the flag.
        raise NotCachedError from error
    return bytes(memoryview(buffer)[:count])


def _nth_from_end(data: bytes, nth: int) -> int:
    place = len(data)
    for _ in range(nth):
        place = data.rindex(b"\n", 0, place)
    return place
