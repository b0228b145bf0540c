"""Renders pieces of the log as console messages, ready for any number of viewers. Pure."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from octyne import wire

MAX_MESSAGE_BYTES = 1024 * 1024 - 1  # contract, section 4: messages stay under 1 MiB


class Style(StrEnum):
    """How a viewer wants its output."""

    PLAIN = "plain"  # the old protocol: the text alone
    V2 = "v2"
    V2_TIMES = "v2-times"  # with the time of each line, for clients that ask


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Attributes:
        payload: what is sent as one text message.
        next: offset of what follows it.
    """

    payload: bytes
    next: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Decoded output from ``offset`` up to ``next``; ``times`` are pairs of line number and ms."""

    offset: int
    next: int
    text: str
    time_ms: int
    times: list[tuple[int, int]]
    partial: bool = False


def render(piece: Piece, style: Style) -> Frame:
    """Render output. The payload may be too long: see `MAX_MESSAGE_BYTES`."""
    if style is Style.PLAIN:
        return Frame(piece.text.encode(), piece.next)
    message = wire.Output(
        data=piece.text,
        offset=piece.offset,
        next=piece.next,
        time=piece.time_ms,
        partial=piece.partial,
        times=piece.times if style is Style.V2_TIMES else msgspec.UNSET,
    )
    return Frame(wire.encode(message), piece.next)


def render_gap(start: int, end: int, style: Style, *, asked: bool) -> Frame:
    """Render a gap: as a message of its own for viewers that know it, as a line for the others."""
    if asked and style is not Style.PLAIN:
        return Frame(wire.encode(wire.Gap(start, end)), end)
    text = f"[Octyne] {end - start} bytes of output are no longer kept."
    if end < start:
        text = "[Octyne] The console's log begins again."
    return render(Piece(start, end, text, 0, []), style)
