"""A WebSocket on a connection of `octyne.api.server`: the `websockets` protocol, our transport.

aiohttp's own class writes the upgrade answer in another spelling than old clients need, lets a
viewer that never reads hold up a close, and loses the close code of a message that is too large
while the client is still sending. No extensions: compression would cost more than it saves here.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader, InvalidUpgrade
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from octyne.api.errors import SWITCHING_PROTOCOLS, UpgradeRequiredError
from octyne.api.server import SERVER, connection_of
from octyne.errors import InvalidError

NO_UPGRADE = "This resource is a WebSocket."
MAX_MESSAGE = 1 << 20  # bytes; a message of exactly this size passes
MAX_WAITING = 16  # messages ahead of the reader; then the rest stays with the client
MAX_WAITING_BYTES = 1 << 20  # of these messages in all; the newest may go beyond it
SLICE_BYTES = 4096  # taken at once: tiny frames must not keep the event loop from the others
MAX_REASON = 123  # bytes; RFC 6455, section 5.5
CLOSE_WAIT_S = 3.0  # seconds for the client's own close frame, then the connection is cut
PONG = bytes([0x80 | Opcode.PONG])  # a frame begins with it
# What a handshake is made of. The others are none of its business: the protocol refuses bytes that
# HTTP allows, and says which ones, though they may be a token.
ASKED = frozenset(
    {
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    }
)
ANSWER_HEADERS = ("Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol")


class WebSocket:
    """A WebSocket that a client asks for. After `accept` its maker must `close` it.

    ``known``: the sub-protocols that we speak; a client that offers none of them gets none.

    Attributes:
        subprotocol: the one that was chosen, or "".
        response: what the handler returns when all is over.

    Raises:
        UpgradeRequiredError: it doesn't ask for a WebSocket, or for another version of it.
        InvalidError: the request is wrong.
    """

    def __init__(self, request: web.BaseRequest, known: Sequence[str]) -> None:
        # aiohttp has read the request already: the protocol begins behind the handshake.
        self._protocol = ServerProtocol(state=State.OPEN, max_size=MAX_MESSAGE)
        self._request = request
        self.response = _handshake(request, known)
        self.subprotocol = self.response.headers.get("Sec-WebSocket-Protocol", "")
        self._connection = connection_of(request)
        self._transport = request.transport
        self._messages: deque[tuple[Opcode, bytes]] = deque()
        self._opcode = Opcode.TEXT  # of the message that is coming in
        self._partial = bytearray()  # what has come of it; the protocol bounds its size
        self._news = asyncio.Event()  # a message, or the end
        self._waiting_bytes = 0
        self._untaken = memoryview(b"")  # of what came last
        self._is_reading_paused = False
        self._is_lost = self._transport is None

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent."""
        return not self._is_lost and self._protocol.state is State.OPEN

    async def accept(self) -> None:
        """Send the upgrade answer; from then on the connection's bytes come here."""
        self._connection.become_stream()
        await self.response.prepare(self._request)
        # aiohttp's type is its own reader; what it uses of it are the two feed methods.
        self._connection.set_parser(self)  # type: ignore[arg-type]

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes from the connection (called by it). Returns (ended, bytes left over)."""
        is_busy = bool(self._untaken)
        self._untaken = memoryview(bytes(self._untaken) + data) if is_busy else memoryview(data)
        if not is_busy:
            self._take_slice()
        return False, b""

    def _take_slice(self) -> None:
        """Take some of what came, and the rest when the event loop has seen to the others."""
        if self._is_lost:
            return
        self._protocol.receive_data(bytes(self._untaken[:SLICE_BYTES]))
        self._untaken = self._untaken[SLICE_BYTES:]
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)  # after the handshake there are no others
            self._take(event)
        self._flush()
        self._news.set()
        if self._untaken:
            asyncio.get_running_loop().call_soon(self._take_slice)
        self._balance()

    def feed_eof(self) -> None:
        """The connection is lost (called by it)."""
        self._is_lost = True
        self._news.set()

    async def receive(self) -> str | None:
        """The next message as text, or None when no more will come.

        Binary messages are taken as text. A client that breaks the protocol is told so and gets
        no more. Cancelling is safe.
        """
        while not self._messages:
            if self._is_lost or self._protocol.state is not State.OPEN:
                return None
            self._news.clear()
            await self._news.wait()
        opcode, payload = self._messages.popleft()
        self._waiting_bytes -= len(payload)
        self._balance()
        try:
            return payload.decode(errors="strict" if opcode is Opcode.TEXT else "replace")
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "A text message is not valid UTF-8.")
            self._flush()
            return None

    def send(self, payload: bytes) -> None:
        """Send a text message. Never waits: `await drained()` between messages."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(payload)
            self._flush()

    async def drained(self) -> None:
        """Wait until there is room for more, or the connection is lost. Cancelling is safe."""
        await self._connection.writable()

    async def close(self, code: int, reason: str = "") -> None:
        """Close, saying why; cut the connection when the client doesn't close it too in time.

        Takes at most `CLOSE_WAIT_S` seconds, also when the client never reads.
        """
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, _cut(reason))
            self._flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                await self._closed_by_client()
        is_stuck = self._connection.writing_paused or self._protocol.close_rcvd is None
        if self._transport is not None and is_stuck:
            self._transport.abort()

    async def _closed_by_client(self) -> None:
        while not self._is_lost and self._protocol.close_rcvd is None:
            self._messages.clear()
            self._waiting_bytes = 0
            self._balance()
            self._news.clear()
            await self._news.wait()

    def _take(self, frame: Frame) -> None:
        """Put fragments together; the protocol has dealt with control frames already."""
        if frame.opcode in {Opcode.TEXT, Opcode.BINARY}:
            self._opcode = frame.opcode
        elif frame.opcode is not Opcode.CONT:
            return
        self._partial += frame.data
        if frame.fin:
            self._messages.append((self._opcode, bytes(self._partial)))
            self._waiting_bytes += len(self._partial)
            self._partial.clear()

    def _balance(self) -> None:
        """Read from the client while there is room for its messages, and only then."""
        is_full = (
            bool(self._untaken)
            or len(self._messages) >= MAX_WAITING
            or self._waiting_bytes >= MAX_WAITING_BYTES
        )
        if is_full is self._is_reading_paused:
            return
        self._is_reading_paused = is_full
        if is_full:
            self._connection.pause_reading()
        else:
            self._connection.resume_reading()

    def _flush(self) -> None:
        """Write what the protocol has to say."""
        transport = self._transport
        if self._is_lost or transport is None or transport.is_closing():
            self._protocol.data_to_send()
            return
        for data in self._protocol.data_to_send():
            # The end of our side comes with the connection's: a client that is still sending
            # would lose the close frame with it. And a client that only sends pings and never
            # reads gets no pongs either.
            is_unread = data[:1] == PONG and self._connection.writing_paused
            if data != SEND_EOF and not is_unread:
                transport.write(data)


def _handshake(request: web.BaseRequest, known: Sequence[str]) -> web.StreamResponse:
    """The answer to an upgrade request; raises what `WebSocket` does."""

    def choose(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((name for name in offered if name in known), None)

    if request.method != "GET":  # a HEAD has the same route
        raise UpgradeRequiredError(NO_UPGRADE)
    asked = ((name, value) for name, value in request.headers.items() if name.lower() in ASKED)
    try:
        headers = Headers(asked)
    except InvalidHeader as error:
        raise InvalidError(f"The WebSocket handshake is wrong: {error.name} is no text.") from error
    handshake = ServerProtocol(select_subprotocol=choose)
    answer = handshake.accept(Request(request.raw_path, headers))
    if answer.status_code != SWITCHING_PROTOCOLS:
        if isinstance(handshake.handshake_exc, InvalidUpgrade):
            raise UpgradeRequiredError(NO_UPGRADE)
        raise InvalidError(f"The WebSocket handshake is wrong: {handshake.handshake_exc}.")
    chosen = {name: answer.headers[name] for name in ANSWER_HEADERS if name in answer.headers}
    response = web.StreamResponse(status=SWITCHING_PROTOCOLS, headers={**chosen, "Server": SERVER})
    response.force_close()
    return response


def _cut(reason: str) -> str:
    """A close reason that fits its frame, not cut inside a character."""
    return reason.encode()[:MAX_REASON].decode(errors="ignore")
