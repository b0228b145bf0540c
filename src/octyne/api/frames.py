"""Frames of RFC 6455, as a server reads and writes them. Pure: knows no sockets."""

from enum import IntEnum
from struct import pack, unpack_from

MAX_MESSAGE = 1 << 20  # bytes; a message of exactly this size passes

NORMAL, GOING_AWAY, PROTOCOL_ERROR = 1000, 1001, 1002
NO_STATUS, INVALID_TEXT, POLICY, TOO_BIG = 1005, 1007, 1008, 1009

FIN, RESERVED, MASKED = 0x80, 0x70, 0x80


class Opcode(IntEnum):
    """Kinds of frames."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8  # this one and those above are control frames
    PING = 9
    PONG = 10


OPCODES = frozenset(Opcode)


class ProtocolError(Exception):
    """The client broke the protocol; ``code`` is the close code that it gets."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def frame_header(opcode: int, size: int) -> bytes:
    """The header of a whole, unmasked frame."""
    if size < 126:
        return bytes((FIN | opcode, size))
    if size < 1 << 16:
        return pack("!BBH", FIN | opcode, 126, size)
    return pack("!BBQ", FIN | opcode, 127, size)


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Take the client's mask off a payload."""
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")
    return number.to_bytes(size, "little")


class FrameParser:
    """Takes bytes, gives whole messages and control frames; knows no sockets."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._message = bytearray()
        self._opcode: int = Opcode.CONTINUATION  # of the message under way; this means none

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._data += data

    def next(self) -> tuple[int, bytes] | None:
        """The next message or control frame as (opcode, payload), or None: more is needed.

        Raises:
            ProtocolError: the client broke the protocol; nothing after it can be read.
        """
        while (frame := self._frame()) is not None:
            is_last, opcode, payload = frame
            if opcode >= Opcode.CLOSE:
                return opcode, payload
            self._start_or_continue(opcode)
            self._message += payload
            if is_last:
                message = self._opcode, bytes(self._message)
                self._message.clear()
                self._opcode = Opcode.CONTINUATION
                return message
        return None

    def _start_or_continue(self, opcode: int) -> None:
        if (opcode == Opcode.CONTINUATION) != (self._opcode != Opcode.CONTINUATION):
            raise ProtocolError(PROTOCOL_ERROR, "A fragment is out of place.")
        if opcode != Opcode.CONTINUATION:
            self._opcode = opcode

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """The next frame as (is the message's last, opcode, payload)."""
        data = self._data
        if len(data) < 2:
            return None
        is_last, opcode, size = bool(data[0] & FIN), data[0] & 0x0F, data[1] & 0x7F
        self._check(opcode, size, is_last=is_last)
        start = {126: 4, 127: 10}.get(size, 2)
        if len(data) < start:
            return None
        if start > 2:
            (size,) = unpack_from("!H" if start == 4 else "!Q", data, 2)
        if opcode < Opcode.CLOSE and size + len(self._message) > MAX_MESSAGE:
            raise ProtocolError(TOO_BIG, "The message is larger than 1 MiB.")
        end = start + 4 + size
        if len(data) < end:
            return None
        payload = unmask(bytes(data[start + 4 : end]), bytes(data[start : start + 4]))
        del data[:end]
        return is_last, opcode, payload

    def _check(self, opcode: int, size: int, *, is_last: bool) -> None:
        if self._data[0] & RESERVED or not self._data[1] & MASKED:
            raise ProtocolError(PROTOCOL_ERROR, "Reserved bits are set, or the mask is missing.")
        if opcode not in OPCODES:
            raise ProtocolError(PROTOCOL_ERROR, "The kind of frame is unknown.")
        if opcode >= Opcode.CLOSE and (size > 125 or not is_last):
            raise ProtocolError(PROTOCOL_ERROR, "A control frame is fragmented or too long.")


def close_payload(code: int, reason: str) -> bytes:
    """What a close frame holds: the reason is cut at 123 bytes, not inside a character."""
    if code == NO_STATUS:
        return b""
    return pack("!H", code) + reason.encode()[:123].decode(errors="ignore").encode()


def close_code(payload: bytes) -> int:
    """The code to echo for a client's close frame.

    Raises:
        ProtocolError: it isn't a code that may be sent, or its reason isn't UTF-8.
    """
    if not payload:
        return NO_STATUS
    if len(payload) == 1:
        raise ProtocolError(PROTOCOL_ERROR, "A close frame is too short.")
    (code,) = unpack_from("!H", payload)
    assigned = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    if not (assigned or 3000 <= code <= 4999):
        raise ProtocolError(PROTOCOL_ERROR, "A close code is invalid.")
    try:
        payload[2:].decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(INVALID_TEXT, "A close reason is not valid UTF-8.") from error
    return int(code)
