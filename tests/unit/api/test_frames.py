"""Frames, without sockets."""

import os
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.api.frames import (
    MAX_MESSAGE,
    FrameParser,
    Opcode,
    ProtocolError,
    close_code,
    close_payload,
    frame_header,
    unmask,
)
from octyne.api.websocket import accept_value

TEXT, BINARY, CONTINUATION = Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION


def frame(
    opcode: int, payload: bytes = b"", *, is_last: bool = True, mask: bytes = b"abcd"
) -> bytes:
    """A client's frame."""
    first = (0x80 if is_last else 0) | opcode
    size = len(payload)
    if size < 126:
        head = pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = pack("!BBH", first, 0x80 | 126, size)
    else:
        head = pack("!BBQ", first, 0x80 | 127, size)
    return head + mask + unmask(payload, mask)


def parse(data: bytes, *, step: int = 0) -> list[tuple[int, bytes]]:
    """All messages of ``data``, fed in pieces."""
    parser = FrameParser()
    found = []
    step = step or len(data) or 1
    for start in range(0, len(data), step):
        parser.feed(data[start : start + step])
        while (message := parser.next()) is not None:
            found.append(message)
    return found


def test_the_accept_value_is_that_of_the_rfc() -> None:
    """RFC 6455, section 1.3."""
    assert accept_value("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4), st.integers(1, 7))
def test_frames_come_through_in_any_pieces(payload: bytes, mask: bytes, step: int) -> None:
    """Whatever the mask."""
    data = frame(BINARY, payload, mask=mask) + frame(TEXT, b"next")
    assert parse(data, step=step) == [(BINARY, payload), (TEXT, b"next")]


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, MAX_MESSAGE])
def test_all_lengths(size: int) -> None:
    """Up to exactly the limit."""
    payload = os.urandom(size)
    assert parse(frame(BINARY, payload)) == [(BINARY, payload)]


def test_fragments_are_joined_around_control_frames() -> None:
    """A ping may come between."""
    data = (
        frame(TEXT, b"a", is_last=False)
        + frame(Opcode.PING, b"p")
        + frame(CONTINUATION, b"b", is_last=False)
        + frame(CONTINUATION, b"c")
    )
    assert parse(data) == [(Opcode.PING, b"p"), (TEXT, b"abc")]


BROKEN = {
    "no mask": (b"\x81\x01a", 1002),
    "reserved bits": (b"\xc1\x81abcd1", 1002),
    "unknown opcode": (frame(3), 1002),
    "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "new message inside of another": (frame(TEXT, b"a", is_last=False) + frame(TEXT, b"b"), 1002),
    "fragmented ping": (frame(Opcode.PING, is_last=False), 1002),
    "long ping": (frame(Opcode.PING, b"x" * 126), 1002),
    "too large, by its header": (b"\x82\xff" + pack("!Q", MAX_MESSAGE + 1), 1009),
    "absurd length": (b"\x82\xff" + b"\xff" * 8, 1009),
    "too large, in fragments": (
        frame(BINARY, bytes(MAX_MESSAGE), is_last=False) + frame(CONTINUATION, b"x"),
        1009,
    ),
}


@pytest.mark.parametrize(("data", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_frames_have_their_close_code(data: bytes, code: int) -> None:
    """As RFC 6455 says."""
    with pytest.raises(ProtocolError) as broken:
        parse(data)
    assert broken.value.code == code


@given(st.binary(max_size=200))
def test_rubbish_does_no_harm(data: bytes) -> None:
    """Messages, or a protocol error, or nothing yet."""
    with suppress(ProtocolError):
        assert all(opcode in set(Opcode) for opcode, _ in parse(data))


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65536, b"\x81\x7f" + b"\x00" * 5 + b"\x01\x00\x00"),
    ],
)
def test_our_headers(size: int, header: bytes) -> None:
    """Unmasked, whole."""
    assert frame_header(TEXT, size) == header


CLOSES = [(b"", 1005), (b"\x03\xe8", 1000), (b"\x0f\xa0bye", 4000)]
BAD_CLOSES = [(b"\x03", 1002), (b"\x03\xed", 1002), (b"\x00\x01", 1002), (b"\x03\xe8\xff", 1007)]


@pytest.mark.parametrize(("payload", "code"), CLOSES)
def test_close_codes_are_echoed(payload: bytes, code: int) -> None:
    """An empty one by an empty one."""
    assert close_code(payload) == code
    assert close_payload(close_code(payload), "")[:2] == payload[:2]


@pytest.mark.parametrize(("payload", "code"), BAD_CLOSES)
def test_close_frames_may_be_wrong_too(payload: bytes, code: int) -> None:
    """Too short, reserved, not UTF-8."""
    with pytest.raises(ProtocolError) as broken:
        close_code(payload)
    assert broken.value.code == code


def test_a_long_reason_is_cut_between_characters() -> None:
    """A control frame holds 125 bytes."""
    payload = close_payload(4000, "ü" * 200)
    assert len(payload) <= 125
    assert payload[2:].decode() == "ü" * 61
