"""One connection to a daemon, from the keeper's side: never waited for, bounded.

Standard library only: the keeper imports this module.
"""

from __future__ import annotations

from octyne.keeper import protocol
from octyne.keeper.loop import READABLE, WRITABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    from octyne.keeper.loop import Loop

    Message = dict[str, Any]

READ_BYTES = 64 * 1024
BACKLOG_BYTES = 256 * 1024  # answers to a daemon that doesn't read; then the link is cut
FLUSH_S = 2.0  # for the last words to a daemon


class Link:
    """A daemon that listens. What it misses it reads from the log; only the newest end counts."""

    def __init__(
        self,
        connection: socket.socket,
        loop: Loop,
        handle: Callable[[Link, Message], None],
        forget: Callable[[Link], None],
    ) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._loop = loop
        self._handle = handle
        self._forget = forget
        self._decoder = protocol.Decoder()
        self._outgoing = b""
        self._news: tuple[int, int] | None = None  # (start, end) that wait for room
        self._events = READABLE
        loop.watch(connection, READABLE, self._on_event)

    def announce(self, start: int, end: int) -> None:
        """Say which bytes are kept; a daemon that doesn't read gets only the newest word."""
        if self._outgoing:
            self._news = (start, end)
        else:
            self._put(b'{"type":"output","start":%d,"end":%d}\n' % (start, end))

    def send(self, message: Message) -> None:
        """Send a message after what waits already."""
        if len(self._outgoing) > BACKLOG_BYTES:
            self.close()
            return
        self._put(self._pending() + protocol.encode(message))

    def finish(self) -> None:
        """Deliver what waits, within a deadline, and close."""
        self._connection.settimeout(FLUSH_S)
        try:
            self._connection.sendall(self._outgoing + self._pending())
        except OSError:
            pass
        self._connection.close()

    def close(self) -> None:
        """Close at once."""
        if self._connection.fileno() >= 0:
            self._loop.unwatch(self._connection)
            self._connection.close()
            self._forget(self)

    def _on_event(self, mask: int) -> None:
        if mask & WRITABLE:
            self._put(self._pending() if not self._outgoing else b"")
        if mask & READABLE:
            self._read()

    def _read(self) -> None:
        try:
            data = self._connection.recv(READ_BYTES)
            messages = self._decoder.feed(data)
        except BlockingIOError:
            return
        except (OSError, protocol.ProtocolError):
            self.close()
            return
        if not data:
            self.close()
        for message in messages:
            self._answer(message)

    def _answer(self, message: Message) -> None:
        try:
            self._handle(self, message)
        except Exception as error:  # noqa: BLE001  # bulkhead: no message may cost the app
            # A newer daemon may mean something else by it.
            text = f"This keeper does not understand the message: {error!r}"
            self.send({"type": "error", "id": message.get("id", 0), "message": text})

    def _pending(self) -> bytes:
        if self._news is None:
            return b""
        start, end = self._news
        self._news = None
        return b'{"type":"output","start":%d,"end":%d}\n' % (start, end)

    def _put(self, data: bytes) -> None:
        if self._connection.fileno() < 0:
            return
        self._outgoing += data
        try:
            sent = self._connection.send(self._outgoing) if self._outgoing else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        self._outgoing = self._outgoing[sent:]
        if not self._outgoing and self._news:
            self._outgoing = self._pending()
        events = READABLE | (WRITABLE if self._outgoing else 0)
        if events != self._events:
            self._events = events
            self._loop.watch(self._connection, events, self._on_event)
