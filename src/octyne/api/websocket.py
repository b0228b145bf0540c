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

from aiohttp import web

from octyne.api.errors import SWITCHING_PROTOCOLS, UpgradeRequiredError
from octyne.api.frames import (
    INVALID_TEXT,
    FrameParser,
    Opcode,
    ProtocolError,
    close_code,
    close_payload,
    frame_header,
)
from octyne.api.server import SERVER, connection_of
from octyne.errors import InvalidError

MAX_WAITING = 16  # messages parsed ahead of the reader; the rest stays with the client
CLOSE_WAIT_S = 3.0  # seconds for the client's own close frame, then the connection is cut
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


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
        self._write(Opcode.CLOSE, close_payload(code, reason))
        self._sent_close = True

    def _write(self, opcode: int, payload: bytes) -> None:
        transport = self._transport
        if transport is None or self._is_lost or transport.is_closing():
            return
        transport.write(frame_header(opcode, len(payload)))
        if payload:
            transport.write(payload)

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
                code = close_code(payload)
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
