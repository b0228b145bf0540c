"""Makes console messages from the log: reads, cuts at lines, renders, keeps to the size limit."""

from octyne.console import lines
from octyne.console.frames import MAX_MESSAGE_BYTES, Frame, Piece, Style, render
from octyne.console.log import Hole, LogReader

READ_BYTES = 256 * 1024


class Composer:
    """Composes messages from one reader, and blocks as far as that reader does."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    def whole_lines(self, position: int, end: int, size: int, style: Style) -> Frame | Hole | None:
        """A message of the whole lines from ``position`` on, of about ``size`` bytes.

        The log is looked at up to ``end``. None when no line is finished there; a hole when one
        begins at ``position``.
        """
        data = self._reader.read(position, min(size, end - position))
        if isinstance(data, Hole) or not data:
            return data or None
        ended = False
        if b"\n" not in data:
            data, ended = self._read_line(position, data, end)
        count = lines.whole_lines(data, limit=max(size, lines.MAX_LINE_BYTES))
        if not count and ended:
            count = len(data)
        return self._fit(position, data[:count], style) if count else None

    def unfinished_line(self, position: int, end: int, style: Style) -> Frame | None:
        """A message of the line that has begun at ``position``; None when there is none."""
        data = self._reader.read(position, min(lines.MAX_LINE_BYTES, end - position))
        if isinstance(data, Hole) or b"\n" in data or not (count := lines.presentable(data)):
            return None
        return self._fit(position, data[:count], style, partial=True)

    def _read_line(self, position: int, data: bytes, end: int) -> tuple[bytes, bool]:
        """Read on until a line ends or is too long; and whether a hole ends it for good."""
        while b"\n" not in data and len(data) < lines.MAX_LINE_BYTES:
            place = position + len(data)
            more = self._reader.read(place, min(READ_BYTES, end - place)) if place < end else b""
            if isinstance(more, Hole):
                return data, True
            if not more:
                break
            data += more
        return data, False

    def _fit(self, position: int, data: bytes, style: Style, *, partial: bool = False) -> Frame:
        """Render ``data``, cut shorter while the message is too long."""
        while True:
            time_ms, times = self._times(position, data, style)
            text = lines.decode(data)
            piece = Piece(position, position + len(data), text, time_ms, times, partial)
            frame = render(piece, style)
            if len(frame.payload) <= MAX_MESSAGE_BYTES:
                return frame
            fitting = len(data) * MAX_MESSAGE_BYTES // len(frame.payload) * 15 // 16
            data = data[: lines.whole_lines(data[:fitting], limit=fitting)]

    def _times(self, position: int, data: bytes, style: Style) -> tuple[int, list[tuple[int, int]]]:
        if style is not Style.V2_TIMES:
            return self._reader.time_at(position), []
        pairs = self._reader.times_between(position, position + len(data))
        numbered: dict[int, int] = {}
        for offset, time_ms in pairs:
            place = max(0, offset - position)
            inside = place > 0 and data[place - 1] != 0x0A
            # What comes in the middle of a line is the time of the next: a line's is its start's.
            numbered[data.count(b"\n", 0, place) + inside] = time_ms
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        times = [(line, time_ms) for line, time_ms in numbered.items() if line < lines]
        return (times[0][1] if times else 0), times
