"""Pages through the whole log on disk, searches it, and hands it out. Blocks: call in a thread."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from octyne.console.log import Hole, LogReader

MAX_LINES = 10_000  # in one page
MAX_PAGE_BYTES = 4 * 1024 * 1024  # of text in one page
BLOCK_BYTES = 1024 * 1024
SEARCH_S = 5.0  # a search ends then with what it has found, and where to go on


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line without its end; ``time_ms`` is when its first byte came."""

    offset: int
    time_ms: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Query:
    """What to page through.

    Attributes:
        since: first offset of interest; with it, pages go forwards.
        until: offset before which lines begin; without ``since``, pages go backwards from it.
        since_ms: like ``since``, as milliseconds since 1970.
        until_ms: like ``until``, as milliseconds since 1970.
        limit: lines in a page, at most `MAX_LINES`.
        grep: only lines that hold this text, whatever the case of ASCII letters.
    """

    since: int | None = None
    until: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    limit: int = 1000
    grep: str = ""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines in order.

    Attributes:
        start: offset of the first byte that is kept.
        end: offset that the next byte will have.
        previous: the page before this one is ``until=previous``; None at the beginning.
        next: the page after this one is ``since=next``; None at the end.
    """

    lines: list[LogLine]
    start: int
    end: int
    previous: int | None
    next: int | None


def page(directory: str, query: Query) -> LogPage:
    """One page of the log in ``directory``. Blocks."""
    log = LogReader(directory)
    try:
        start, end = log.refresh()
        since = query.since if query.since_ms is None else log.find_time(query.since_ms)
        until = query.until if query.until_ms is None else log.find_time(query.until_ms)
        low = max(start, since or 0)
        high = min(end, end if until is None else until)
        if since is None:
            return _backwards(log, query, (start, end), high)
        return _forwards(log, query, (start, end), (low, high))
    finally:
        log.close()


def download(directory: str) -> Iterator[bytes]:
    """The whole log, raw, in blocks. Blocks; close the iterator when done early."""
    log = LogReader(directory)
    try:
        position, end = log.refresh()
        while position < end:
            data = log.read(position, min(BLOCK_BYTES, end - position))
            if isinstance(data, Hole):
                position = data.end
            elif data:
                yield data
                position += len(data)
            else:
                return
    finally:
        log.close()


def size(directory: str) -> int:
    """Bytes between the first that is kept and the end. Blocks."""
    log = LogReader(directory)
    try:
        start, end = log.refresh()
        return end - start
    finally:
        log.close()


def _forwards(
    log: LogReader, query: Query, whole: tuple[int, int], span: tuple[int, int]
) -> LogPage:
    found = _Page(query)
    position = max(span)  # of the next page; a hole at the end of the span is behind us, too
    for offset, line in _lines(log, *span):
        if not found.add(offset, line):
            position = offset
            break
    lines = [LogLine(o, log.time_at(o), text) for o, text in found.taken]
    previous = span[0] if span[0] > whole[0] else None
    return LogPage(lines, *whole, previous, position if position < whole[1] else None)


def _backwards(log: LogReader, query: Query, whole: tuple[int, int], high: int) -> LogPage:
    """Go back block by block until the page is full."""
    found = _Page(query)
    position = high
    while position > whole[0] and not found.full:
        position = max(whole[0], log.before_hole(position))
        begin = log.lines_back(position, MAX_LINES, BLOCK_BYTES)
        if begin >= position:  # one line longer than a block
            begin = max(whole[0], position - BLOCK_BYTES)
        position = _take_backwards(found, list(_lines(log, begin, position)), begin)
    lines = [LogLine(o, log.time_at(o), text) for o, text in reversed(found.taken)]
    following = high if high < whole[1] else None
    return LogPage(lines, *whole, position if position > whole[0] else None, following)


def _take_backwards(found: "_Page", block: list[tuple[int, bytes]], begin: int) -> int:
    for offset, line in reversed(block):
        if not found.add(offset, line):
            return offset + len(line)
    return begin


class _Page:
    """Takes matching lines until it is full."""

    def __init__(self, query: Query) -> None:
        self._limit = max(1, min(query.limit, MAX_LINES))
        self._needle = query.grep.encode().lower()
        self._bytes = 0
        self._unmatched = 0  # bytes since the last look at the clock
        self._deadline = time.monotonic() + SEARCH_S
        self.taken: list[tuple[int, str]] = []
        self.full = False

    def add(self, offset: int, line: bytes) -> bool:
        """Take the line if it matches; False when the page was full, or out of time, before it."""
        if self._needle and self._needle not in line.lower():
            self.full = self._is_late(len(line))
            return not self.full
        if len(self.taken) >= self._limit or (self.taken and self._bytes >= MAX_PAGE_BYTES):
            self.full = True
            return False
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")
        self.taken.append((offset, text))
        self._bytes += len(line)
        return True

    def _is_late(self, size: int) -> bool:
        self._unmatched += size
        if self._unmatched < BLOCK_BYTES:
            return False
        self._unmatched = 0
        return time.monotonic() > self._deadline


def _lines(log: LogReader, position: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Offsets and lines (with their ends) from ``position`` up to ``end``."""
    rest = b""
    while position + len(rest) < end:
        place = position + len(rest)
        data = log.read(place, min(BLOCK_BYTES, end - place))
        if isinstance(data, Hole) or not data:
            if rest:
                yield position, rest
            if not isinstance(data, Hole) or data.end >= end:
                return
            position, rest = data.end, b""
            continue
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield position, line + b"\n"
            position += len(line) + 1
        if len(rest) > BLOCK_BYTES:  # a line without an end: in pieces
            yield position, rest
            position, rest = position + len(rest), b""
    if rest:
        yield position, rest
