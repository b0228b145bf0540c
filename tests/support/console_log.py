"""A console log beside a model of it: plain lists of bytes and times."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import pytest
from hypothesis import strategies as st

from octyne.keeper import log_writer
from octyne.keeper.log_writer import INDEX_STEP_MS, LogWriter, segment_offsets
from support.full_disk import files_of_at_most

Operation = tuple[str, Any]

MARK = "[Octyne] The disk was full: {} bytes of output were not kept.\n"

# New lines are frequent, and so is what UTF-8 makes difficult.
chunks = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"a", b"bc", b"\xc3", b"\xa9", b"\xf0\x9f\x98\x80", b"\0"])
    | st.binary(max_size=12),
    max_size=12,
).map(b"".join)


def operations(*, failures: bool = False) -> st.SearchStrategy[list[Operation]]:
    """What may happen to a log, in any order."""
    writes = st.tuples(st.just("write"), st.tuples(chunks, st.booleans()))
    one: st.SearchStrategy[Operation] = (
        writes
        | writes  # more often than all else
        | writes
        | st.tuples(st.just("drop"), st.integers(1, 5) | st.just(200))
        | st.tuples(st.just("notice"), st.sampled_from(["[Octyne] Started", "é"]))
        | st.tuples(st.just("reopen"), st.none())
    )
    if failures:
        one |= st.tuples(st.just("fail"), st.tuples(st.integers(0, 60), chunks))
    return st.lists(one, max_size=25)


@dataclass(frozen=True)
class Line:
    """A line with its end; ``time_ms`` is when its first byte came."""

    offset: int
    data: bytes
    time_ms: int


class Recorded:
    """A writer in a directory of its own, and what it must have kept.

    Attributes:
        cells: the byte at each offset since 0; None where it was lost.
        times: when each came.
    """

    def __init__(self, limit: int, segment_bytes: int) -> None:
        self._place = tempfile.TemporaryDirectory()
        self.directory = self._place.name
        self._sizes = (limit, segment_bytes)
        self._now_ms = 1_700_000_000_000
        self.cells: list[int | None] = []
        self.times: list[int] = []
        self.largest = 0
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        self._patch.setattr(log_writer, "time", self)
        self.writer = self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()
        self._patch.undo()
        self._place.cleanup()

    def time(self) -> float:
        """The writer's clock."""
        return self._now_ms / 1000

    @property
    def start(self) -> int:
        """Offset of the first byte that is kept."""
        return self.writer.start

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return len(self.cells)

    def play(self, steps: list[Operation]) -> None:
        """Do all that to the log, and to the model."""
        for name, argument in steps:
            getattr(self, f"_{name}")(argument)

    def lines(self) -> Iterator[Line]:
        """What a reader must find, from `start` on."""
        begin, data = self.start, b""
        for offset in range(self.start, self.end):
            cell = self.cells[offset]
            if data and (cell is None or data.endswith(b"\n")):
                yield Line(begin, data, self.times[begin])
                data = b""
            if cell is not None:
                begin = begin if data else offset
                data += bytes([cell])
        if data:
            yield Line(begin, data, self.times[begin])

    def kept(self) -> bytes:
        """All kept bytes, holes left out."""
        return bytes(cell for cell in self.cells[self.start :] if cell is not None)

    def _open(self) -> LogWriter:
        limit, segment_bytes = self._sizes
        return LogWriter(self.directory, limit, segment_bytes=segment_bytes)

    def _write(self, what: tuple[bytes, bool]) -> None:
        data, later = what
        self._now_ms += INDEX_STEP_MS * later
        lost = self.writer.lost
        self.writer.append(data)
        self._took((MARK.format(lost).encode() if lost else b"") + data)

    def _drop(self, size: int) -> None:
        self.writer.drop(size)
        self._lost(size)

    def _fail(self, how: tuple[int, bytes]) -> None:
        """Append while no file may grow over a size; only what the end says is assumed."""
        limit, data = how
        lost, before = self.writer.lost, self.end
        with files_of_at_most(limit):
            self.writer.append(data)
        mark = MARK.format(lost).encode() if lost else b""
        if self.writer.end - before == len(mark) + len(data) and mark:
            self._took(mark)
        assert self.writer.end - self.end == len(data)
        missing = self.writer.lost - (lost if mark and self.end == before else 0)
        self._took(data[: len(data) - missing])
        self._lost(missing)

    def _notice(self, text: str) -> None:
        lost = self.writer.lost
        ended = not self.cells or self.cells[-1] in {None, 0x0A}
        self.writer.notice(text)
        first = MARK.format(lost) if lost else "" if ended else "\n"
        self._took(f"{first}{text}\n".encode())

    def finish_line(self) -> None:
        """As at the end of a run."""
        lost = self.writer.lost
        ended = not self.cells or self.cells[-1] in {None, 0x0A}
        self.writer.finish_line()
        self._took(MARK.format(lost).encode() if lost else b"" if ended else b"\n")

    def _reopen(self, _: None) -> None:
        self.writer.close()
        last = max(segment_offsets(os.listdir(self.directory)))
        while self.end > last and self.cells[-1] is None:  # nobody knows of a hole at the end
            self.cells.pop()
            self.times.pop()
        self.writer = self._open()
        if self.cells and self.cells[-1] not in {None, 0x0A}:
            self._took(b"\n")

    def _took(self, data: bytes) -> None:
        self.cells += data
        self.times += [self._now_ms] * len(data)
        self.largest = max(self.largest, len(data))

    def _lost(self, size: int) -> None:
        self.cells += [None] * size
        self.times += [0] * size


def files(directory: str) -> tuple[list[int], int]:
    """The segments of a log, and how many bytes they hold."""
    names = os.listdir(directory)
    size = 0
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            size += os.stat(f"{directory}/{name}").st_size * bool(re.fullmatch(r"\d+\.log", name))
    return segment_offsets(names), size
