"""Appends to a console log: segments with a total budget, and an index of when bytes came.

Standard library only: the keeper imports this module. The daemon uses it too, for its notices
while no keeper holds the log. `octyne.console.log` reads what is written here.

A log is a directory. ``<offset>.log`` holds the bytes from that offset on, ``<offset>.idx``
beside it pairs of little-endian 64-bit numbers (offset, milliseconds since 1970): what stands at
or after that offset, up to the next pair, came at that time. Offsets never start again; a hole
between two segments is output that the disk had no room for.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time

INDEX_ENTRY = struct.Struct("<QQ")
INDEX_STEP_MS = 10  # finer than this, times are not told apart
COARSE_STEP_MS = 1000  # where the index has become half as large as its segment may
MAX_SEGMENT_BYTES = 8 * 1024 * 1024
MIN_SEGMENT_BYTES = 64 * 1024
SEGMENTS_PER_LOG = 16  # the budget is kept to within one segment
MAX_SEGMENTS = 256  # a disk that is full now and again makes short ones

LOG_SUFFIX = ".log"
INDEX_SUFFIX = ".idx"


class LogBusyError(Exception):
    """Another process writes this log."""


class DiskFullError(Exception):
    """The disk takes no more, for whatever reason; nothing of the rest was written."""

    def __init__(self, written: int) -> None:
        super().__init__("no space left for the console log")
        self.written = written


def segment_offsets(names: list[str]) -> list[int]:
    """The start offsets of the segments among the names of a log directory, in order."""
    return sorted(
        int(name[: -len(LOG_SUFFIX)])
        for name in names
        if name.endswith(LOG_SUFFIX) and name[: -len(LOG_SUFFIX)].isdigit()
    )


def segment_name(offset: int) -> str:
    """The file name of the segment that starts at ``offset``."""
    return f"{offset:020d}{LOG_SUFFIX}"


def index_name(offset: int) -> str:
    """The file name of that segment's index."""
    return f"{offset:020d}{INDEX_SUFFIX}"


class LogWriter:
    """The one writer of a log directory, which is created when missing.

    Attributes:
        start: offset of the first byte that is kept.
        end: offset that the next byte will have.
        lost: bytes dropped since the disk ran full, 0 when it takes all.

    ``limit``: bytes that are kept. ``segment_bytes``: of each file, for tests; 0 for the usual.

    All methods block. Raises `LogBusyError` when another process writes this log.
    """

    def __init__(self, directory: str, limit: int, *, segment_bytes: int = 0) -> None:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._directory)
            raise LogBusyError(directory) from None
        self._limit = max(limit, 2 * (segment_bytes or MIN_SEGMENT_BYTES))
        share = self._limit // SEGMENTS_PER_LOG
        usual = min(MAX_SEGMENT_BYTES, max(MIN_SEGMENT_BYTES, share))
        self._segment_bytes = segment_bytes or usual
        self._log = self._index = -1
        self._base = self._size = 0  # of the segment that is written
        self._index_size = self._indexed_ms = 0
        self._closed: list[tuple[int, int]] = []  # (offset, bytes) of the segments before it
        self.start = self.end = self.lost = 0
        self._at_line_start = True
        self._resume()

    def close(self) -> None:
        """Give the log up; another writer may take it."""
        for fd in (self._log, self._index, self._directory):
            if fd >= 0:
                os.close(fd)
        self._log = self._index = self._directory = -1

    def append(self, data: bytes | memoryview) -> None:
        """Append output; what the disk has no room for is dropped, counted and marked.

        Never raises for a full disk.
        """
        try:
            self.write(data)
        except DiskFullError as error:
            self.drop(len(data) - error.written)

    def write(self, data: bytes | memoryview) -> None:
        """Append output.

        Raises:
            DiskFullError: says how much was written; the caller tries again with the rest, or
                gives it to `drop`.
        """
        begin, rest = None, memoryview(data)
        try:
            self._make_ready()
            begin = self.end
            while rest:
                self._stamp()
                count = self._share(rest)
                self._put(rest[:count])
                rest = rest[count:]
                if rest:
                    self._rotate()
        except OSError as error:
            # Not only a full disk: one that went read-only, or a directory that somebody has
            # removed, must not take the app down with us.
            raise DiskFullError(0 if begin is None else self.end - begin) from error

    def drop(self, size: int) -> None:
        """Count ``size`` bytes as lost; offsets go on behind them."""
        self.lost += size
        self.end += size

    def notice(self, text: str) -> None:
        """Append a line of our own, on a line of its own."""
        self.finish_line()
        self.append(text.encode() + b"\n")

    def finish_line(self) -> None:
        """End an unfinished last line; after a loss say so, if there is room for that now."""
        if self.lost:
            self.append(b"")
        elif not self._at_line_start:
            self.append(b"\n")

    def _resume(self) -> None:
        offsets = segment_offsets(os.listdir(self._directory))
        sizes = [os.stat(segment_name(o), dir_fd=self._directory).st_size for o in offsets]
        self._closed = list(zip(offsets[:-1], sizes[:-1], strict=True))
        if offsets:
            self.start, self._base, self._size = offsets[0], offsets[-1], sizes[-1]
            self.end = self._base + self._size
        try:
            self._open_segment(self._base)
        except OSError:  # a full disk: the next write tries again
            pass
        written = [place for place in zip(offsets, sizes, strict=True) if place[1]]
        if written and sum(written[-1]) == self.end:  # else a hole has ended the line
            self._at_line_start = self._last_byte(*written[-1]) == b"\n"
        self.finish_line()

    def _last_byte(self, offset: int, size: int) -> bytes:
        flags = os.O_RDONLY | os.O_CLOEXEC
        fd = os.open(segment_name(offset), flags, dir_fd=self._directory)
        try:
            return os.pread(fd, 1, size - 1)
        finally:
            os.close(fd)

    def _make_ready(self) -> None:
        """Have a segment open that ends at `end`; after a loss, with a line that says so."""
        if self._log < 0 or self.end != self._base + self._size:
            old = (self._base, self._size)
            self._open_segment(self.end)
            if old[1]:
                self._closed.append(old)
            elif old[0] != self._base:  # a disk that stays full would fill with empty files
                self._remove(old[0])
            self._prune()
        if self.lost:
            self._mark_loss()

    def _mark_loss(self) -> None:
        mark = f"[Octyne] The disk was full: {self.lost} bytes of output were not kept.\n"
        self._stamp()
        try:
            self._put(mark.encode())
        except OSError:  # half a mark is worse than none
            os.ftruncate(self._log, 0)
            self.end, self._size = self._base, 0
            raise
        self.lost = 0

    def _open(self, name: str, flags: int) -> int:
        flags |= os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        return os.open(name, flags, 0o600, dir_fd=self._directory)

    def _open_segment(self, offset: int) -> None:
        # The index first: who reads finds it beside every segment.
        index = self._open(index_name(offset), os.O_WRONLY)
        try:
            log = self._open(segment_name(offset), os.O_RDWR)
        except OSError:
            if os.fstat(index).st_size == 0:
                os.unlink(index_name(offset), dir_fd=self._directory)
            os.close(index)
            raise
        for fd in (self._log, self._index):
            if fd >= 0:
                os.close(fd)
        self._log, self._index = log, index
        self._base, self._size = offset, os.fstat(log).st_size
        self._index_size = os.fstat(index).st_size // INDEX_ENTRY.size * INDEX_ENTRY.size
        self._indexed_ms = 0
        self.end = offset + self._size

    def _share(self, data: memoryview) -> int:
        """How much of ``data`` the present segment takes, so that the next starts with a line."""
        room = max(0, self._segment_bytes - self._size)
        if len(data) <= room:
            return len(data)
        count = bytes(data[:room]).rfind(b"\n") + 1
        if not count and not self._at_line_start:
            count = bytes(data).find(b"\n") + 1
        return count or (0 if self._size else room)

    def _rotate(self) -> None:
        if self._size:
            old = (self._base, self._size)
            self._open_segment(self.end)
            self._closed.append(old)
            self._prune()

    def _prune(self) -> None:
        total = sum(size for _, size in self._closed) + self._segment_bytes
        while self._closed and (total > self._limit or len(self._closed) >= MAX_SEGMENTS):
            offset, size = self._closed.pop(0)
            total -= size
            self._remove(offset)
        self.start = self._closed[0][0] if self._closed else self._base

    def _remove(self, offset: int) -> None:
        for name in (segment_name(offset), index_name(offset)):
            try:
                os.unlink(name, dir_fd=self._directory)
            except FileNotFoundError:
                continue

    def _stamp(self) -> None:
        """Note in the index when the next byte came; a full disk costs times, not output."""
        now = int(time.time() * 1000)
        # An app that prints a few bytes at a time would fill the disk with times.
        is_large = self._index_size > max(MIN_SEGMENT_BYTES, self._segment_bytes // 2)
        if abs(now - self._indexed_ms) < (COARSE_STEP_MS if is_large else INDEX_STEP_MS):
            return
        try:
            if os.write(self._index, INDEX_ENTRY.pack(self.end, now)) == INDEX_ENTRY.size:
                self._index_size += INDEX_ENTRY.size
                self._indexed_ms = now
            else:
                os.ftruncate(self._index, self._index_size)
        except OSError:
            pass

    def _put(self, data: bytes | memoryview) -> None:
        while len(data):
            count = os.write(self._log, data)
            self._size += count
            self.end += count
            self._at_line_start = data[count - 1] == 0x0A
            data = data[count:]
