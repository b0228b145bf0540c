"""The server's side of RFC 6455 over a connection of `octyne.api.server`.

Ours rather than aiohttp's, because old clients need the upgrade answer in one exact spelling, a
close code must arrive even while the client is still sending, a viewer that never reads must not
hold up a close, and output that many viewers share is written without being copied or encoded
again. No extensions: compression would cost more than it saves here.
"""

import asyncio
import base64
import binascii
import hashlib
from collections import deque
from contextlib import suppress
from enum import IntEnum
from struct import pack, unpack_from

from aiohttp import web

from octyne.api.errors import SWITCHING_PROTOCOLS, UpgradeRequiredError
from octyne.api.server import SERVER, connection_of
from octyne.errors import InvalidError

MAX_MESSAGE = 1 << 20  # bytes; a message of exactly this size passes
MAX_WAITING = 16  # messages parsed ahead of the reader; the rest stays with the client
CLOSE_WAIT_S = 3.0  # seconds for the client's own close frame, then the connection is cut
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

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


def offered_protocols(request: web.BaseRequest) -> list[str]:
    """The sub-protocols that the client speaks, in its order."""
    headers = request.headers.getall("Sec-WebSocket-Protocol", [])
    return [name.strip() for header in headers for name in header.split(",")]


def handshake_key(request: web.BaseRequest) -> str:
    """The key of a correct upgrade request.

    Raises:
        UpgradeRequiredError: it doesn't ask for a WebSocket, or for another version of it.
        InvalidError: the key is wrong.
    """
    headers = request.headers
    options = headers.get("Connection", "").lower().split(",")
    upgrade = headers.get("Upgrade", "").strip().lower()
    if upgrade != "websocket" or "upgrade" not in [option.strip() for option in options]:
        raise UpgradeRequiredError("This resource is a WebSocket.")
    if headers.get("Sec-WebSocket-Version", "").strip() != "13":
        raise UpgradeRequiredError("Only version 13 of the WebSocket protocol is supported.")
    key = headers.get("Sec-WebSocket-Key", "").strip()
    with suppress(binascii.Error, ValueError):
        if len(base64.b64decode(key, validate=True)) == 16:
            return key
    raise InvalidError("The Sec-WebSocket-Key is wrong.")


def accept_value(key: str) -> str:
    """What proves that the server read the key."""
    digest = hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


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


class WebSocket:
    """An accepted WebSocket. Made by `accept`; the handler that made it must `close` it."""

    def __init__(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        self.response = response
        self._connection = connection_of(request)
        self._transport = request.transport
        self._parser = FrameParser()
        self._messages: deque[tuple[int, bytes]] = deque()
        self._news = asyncio.Event()  # a message, or the end
        self._error: ProtocolError | None = None
        self._is_reading_paused = False
        self._sent_close = False
        self._got_close = False
        self._is_lost = self._transport is None
        self._ignores = False  # what comes is no longer looked at

    @classmethod
    async def accept(cls, request: web.BaseRequest, protocol: str) -> "WebSocket":
        """Answer the upgrade request and take the connection over.

        Raises:
            UpgradeRequiredError, InvalidError: see `handshake_key`.
        """
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept_value(handshake_key(request)),
            "Server": SERVER,
        }
        if protocol:
            headers["Sec-WebSocket-Protocol"] = protocol
        response = web.StreamResponse(status=SWITCHING_PROTOCOLS, headers=headers)
        response.force_close()
        websocket = cls(request, response)
        await websocket.take_over(request)
        return websocket

    async def take_over(self, request: web.BaseRequest) -> None:
        """Send the upgrade answer; from then on the connection's bytes come here."""
        self._connection.become_stream()
        await self.response.prepare(request)
        # aiohttp's type is its own reader; what it uses of it are the two feed methods.
        self._connection.set_parser(self)  # type: ignore[arg-type]

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes from the connection (called by it). Returns (ended, bytes left over)."""
        if not self._ignores:
            self._parser.feed(data)
            self._parse()
        return False, b""

    def feed_eof(self) -> None:
        """The connection is lost (called by it)."""
        self._is_lost = True
        self._news.set()

    async def receive(self) -> str | None:
        """The next message as text, or None when no more will come.

        Binary messages are taken as text. Cancelling is safe.

        Raises:
            ProtocolError: the client broke the protocol; close with its code.
        """
        while not self._messages:
            if self._error is not None:
                raise self._error
            if self._is_lost or self._got_close:
                return None
            self._news.clear()
            await self._news.wait()
        opcode, payload = self._messages.popleft()
        self._read_on()
        try:
            return payload.decode(errors="strict" if opcode == Opcode.TEXT else "replace")
        except UnicodeDecodeError as error:
            raise ProtocolError(INVALID_TEXT, "A text message is not valid UTF-8.") from error

    def send(self, payload: bytes) -> None:
        """Send a text message. Never waits: `await drained()` between messages."""
        if not self._sent_close:
            self._write(Opcode.TEXT, payload)

    async def drained(self) -> None:
        """Wait until there is room for more, or the connection is lost. Cancelling is safe."""
        await self._connection.writable()

    async def close(self, code: int, reason: str = "") -> None:
        """Close, saying why; cut the connection when the client doesn't close it too in time.

        Takes at most `CLOSE_WAIT_S` seconds, also when the client never reads.
        """
        self._ignores = self._ignores or self._error is not None
        self._send_close(code, reason)
        self._messages.clear()
        self._read_on()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await self._closed_by_client()
        is_stuck = self._connection.writing_paused or not self._got_close
        if self._transport is not None and is_stuck:
            self._transport.abort()

    async def _closed_by_client(self) -> None:
        while not (self._is_lost or self._got_close):
            self._news.clear()
            await self._news.wait()
            self._messages.clear()
            self._read_on()

    def _send_close(self, code: int, reason: str) -> None:
        if self._sent_close:
            return
        payload = b"" if code == NO_STATUS else pack("!H", code) + _cut(reason)
        self._write(Opcode.CLOSE, payload)
        self._sent_close = True

    def _write(self, opcode: int, payload: bytes) -> None:
        transport = self._transport
        if transport is None or self._is_lost or transport.is_closing():
            return
        # One call to the kernel, one packet to the client; the payload is not copied.
        transport.writelines((frame_header(opcode, len(payload)), payload))

    def _parse(self) -> None:
        try:
            while len(self._messages) < MAX_WAITING and not self._got_close:
                message = self._parser.next()
                if message is None:
                    break
                self._take(*message)
        except ProtocolError as error:
            self._error = error
            self._ignores = True
            self._news.set()
        if len(self._messages) >= MAX_WAITING and not self._is_reading_paused:
            self._is_reading_paused = True
            self._connection.pause_reading()

    def _take(self, opcode: int, payload: bytes) -> None:
        match opcode:
            case Opcode.CLOSE:
                code = _close_code(payload)
                self._send_close(code, "")
                self._got_close = self._ignores = True
                self._news.set()
            case Opcode.PING:
                # A client that only sends pings and never reads gets no pongs either.
                if not (self._connection.writing_paused or self._sent_close):
                    self._write(Opcode.PONG, payload)
            case Opcode.TEXT | Opcode.BINARY:
                self._messages.append((opcode, payload))
                self._news.set()
            case _:
                pass  # pongs

    def _read_on(self) -> None:
        """Parse what had to wait, and let the client send on when there is room again."""
        if not self._ignores:
            self._parse()
        if self._is_reading_paused and len(self._messages) < MAX_WAITING:
            self._is_reading_paused = False
            self._connection.resume_reading()


def _cut(reason: str) -> bytes:
    """A close reason of at most 123 bytes, not cut inside a character."""
    return reason.encode()[:123].decode(errors="ignore").encode()


def _close_code(payload: bytes) -> int:
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
