"""Messages made from any log: every line once, in order, with its time, under the size limit."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octyne.console import composer, lines
from octyne.console.composer import Composer
from octyne.console.frames import MAX_MESSAGE_BYTES, Frame, Style
from octyne.console.log import Hole, LogReader
from octyne.keeper.log_writer import LogWriter
from support.console_log import Operation, Recorded, operations

sizes = st.integers(8, 64)


def follow(directory: str, style: Style, size: int) -> list[Any]:
    """All messages from the start to the end of a log, holes among them."""
    reader = LogReader(directory)
    position, end = reader.refresh()
    found: list[Any] = []
    while made := Composer(reader).whole_lines(position, end, size, style):
        if isinstance(made, Hole):
            assert made.start == position
            position = made.end
        else:
            assert len(made.payload) <= MAX_MESSAGE_BYTES
            message = json.loads(made.payload)
            assert (message["offset"], message["next"]) == (position, made.next)
            assert made.next > position
            found.append(message)
            position = made.next
    reader.close()
    return found


@settings(max_examples=100)
@given(operations(), sizes, st.integers(1, 100))
def test_each_line_comes_once(steps: list[Operation], segment: int, size: int) -> None:
    """Whatever the segments and sizes, the lines of all messages are the lines of the log."""
    with Recorded(segment * 16, segment) as recorded:
        recorded.play(steps)
        recorded.finish_line()
        messages = follow(recorded.directory, Style.V2_TIMES, size)
        known = list(recorded.lines())

    got = [line for message in messages for line in message["data"].split("\n")]
    assert got == [lines.decode(line.data) for line in known]
    assert [t for message in messages for t in times_of(message)] == [
        line.time_ms for line in known
    ]


def times_of(message: Any) -> list[int]:
    """The time of each line, as a client understands them."""
    times = dict(message["times"])
    found = [message["time"]]
    for number in range(1, message["data"].count("\n") + 1):
        found.append(times.get(number, found[-1]))
    return found


@pytest.mark.parametrize(
    "piece", [b"\0", b"\xff", b'"', "é".encode(), b"\\\n", b"\r\n", b"abc\n", b"\xf0\x9f\x98\x80"]
)
def test_no_message_is_too_long(tmp_path: Path, piece: bytes) -> None:
    """Two MiB of what grows most as JSON pass, whole and in order."""
    data = piece * (2_000_000 // len(piece)) + b"end\n"
    writer = LogWriter(str(tmp_path), 1 << 30)
    writer.append(data)
    writer.close()
    messages = follow(str(tmp_path), Style.V2, MAX_MESSAGE_BYTES)

    assert [m["offset"] for m in messages[1:]] == [m["next"] for m in messages[:-1]]
    joined = "".join(m["data"] + "\n" * (b"\n" in piece) for m in messages)
    assert joined.removesuffix("\n") == lines.decode(data)


def test_a_line_that_is_too_long_is_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between characters, across segments and reads."""
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(composer, "READ_BYTES", 7)
    writer = LogWriter(str(tmp_path), 4000, segment_bytes=30)
    text = "é€😀" * 40
    for byte in text.encode() + b"\nnext\n":
        writer.append(bytes([byte]))
    writer.close()
    messages = follow(str(tmp_path), Style.V2, 50)

    assert "".join(m["data"] for m in messages) == text + "next"
    assert "\ufffd" not in "".join(m["data"] for m in messages)


def test_a_hole_ends_a_line(tmp_path: Path) -> None:
    """What was lost has no line's end; the line before it is shown all the same."""
    writer = LogWriter(str(tmp_path), 4000)
    writer.append(b"one\ntw")
    writer.drop(10)
    writer.append(b"o\nthree\n")
    writer.close()
    data = [message["data"] for message in follow(str(tmp_path), Style.V2, 1000)]

    assert data[:2] == ["one", "tw"]
    assert data[2].endswith("not kept.\no\nthree")


def test_an_unfinished_line(tmp_path: Path) -> None:
    """A prompt is shown as it stands, once it is one; then the line goes on behind it."""
    writer = LogWriter(str(tmp_path), 4000)
    reader = LogReader(str(tmp_path))
    writer.append("name? é".encode()[:-1])
    _, end = reader.refresh()
    made = Composer(reader)
    assert made.whole_lines(0, end, 100, Style.V2) is None
    frame = made.unfinished_line(0, end, Style.V2)
    assert isinstance(frame, Frame)
    writer.append("é".encode()[1:] + b"\n")
    _, end = reader.refresh()
    rest = made.whole_lines(frame.next, end, 100, Style.V2)
    assert isinstance(rest, Frame)
    none = made.unfinished_line(frame.next, end, Style.V2)
    reader.close()
    writer.close()

    shown, continued = json.loads(frame.payload), json.loads(rest.payload)
    assert (shown["data"], shown["partial"]) == ("name? ", True)
    assert (continued["data"], continued["offset"]) == ("é", shown["next"])
    assert none is None
