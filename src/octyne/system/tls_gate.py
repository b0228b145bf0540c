"""The door of a TLS port: tells TLS from plain HTTP by the first byte, before any handshake.

Knows no HTTP beyond one fixed refusal; whoever passes is handed to a protocol factory.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from functools import partial

from octyne.aio import Tasks
from octyne.system.tls import TlsContext

HANDSHAKE_BYTE = b"\x16"  # how every TLS connection begins (RFC 8446, 5.1)
DEADLINE_S = 10.0  # seconds for the first byte, and again for the handshake
REFUSAL_S = 2.0  # seconds that a refused client has to take its answer
MOST_PENDING = 256  # connections that have not finished their handshake
ACCEPTS_AT_ONCE = 64  # then others have their turn in the loop
PAUSE_S = 0.5  # seconds without accepting when the system is out of descriptors

_TEXT = b"Client sent an HTTP request to an HTTPS server.\n"
REFUSAL = (
    b"HTTP/1.0 400 Bad Request\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n"
    b"Connection: close\r\n\r\n%b" % (len(_TEXT), _TEXT)
)

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
log = logging.getLogger(__name__)


class TlsGate:
    """Accepts for one TLS listener, which it owns.

    Whoever is silent is dropped at the deadline. When too many wait, the one that has waited
    longest makes room, so that a crowd of silent clients keeps nobody out. Connections that
    have passed belong to the factory's side.
    """

    def __init__(
        self,
        listener: socket.socket,
        tls: TlsContext,
        protocol_factory: Callable[[], asyncio.Protocol],
        *,
        deadline_s: float = DEADLINE_S,
        most_pending: int = MOST_PENDING,
    ) -> None:
        self._listener = listener
        self._tls = tls
        self._protocol_factory = protocol_factory
        self._deadline_s = deadline_s
        self._most_pending = most_pending
        self._pending: dict[asyncio.Task[None], None] = {}  # the oldest first
        self._passed: set[socket.socket] = set()  # no longer ours, until their task ends
        self._exhausted = False

    @property
    def pending(self) -> int:
        """How many connections have not finished their handshake."""
        return len(self._pending)

    async def run(self) -> None:
        """Accept until cancelled; then the listener and all pending connections are closed."""
        try:
            async with Tasks() as tasks:
                while True:
                    await _readable(self._listener)
                    if not self._accept_waiting(tasks):
                        await asyncio.sleep(PAUSE_S)
        finally:
            self._listener.close()

    def _accept_waiting(self, tasks: Tasks) -> bool:
        """Accept who waits; False when the system has no room for more just now."""
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                return self._survive(error)
            self._exhausted = False
            self._admit(connection, tasks)
        return True

    def _survive(self, error: OSError) -> bool:
        if error.errno not in _EXHAUSTED:
            return True  # that client has gone again
        if not self._exhausted:
            log.warning("Cannot accept connections: %s", error.strerror)
        self._exhausted = True
        return False

    def _admit(self, connection: socket.socket, tasks: Tasks) -> None:
        connection.settimeout(0)
        if len(self._pending) >= self._most_pending:
            oldest = next(iter(self._pending))
            del self._pending[oldest]
            oldest.cancel()
        task = tasks.start_task("tls-handshake", self._greet(connection))
        self._pending[task] = None
        # Not in the task itself: one that is cancelled before it begins would close nothing.
        task.add_done_callback(partial(self._settle, connection))

    def _settle(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        self._pending.pop(task, None)
        if connection in self._passed:
            self._passed.remove(connection)
        else:
            connection.close()

    async def _greet(self, connection: socket.socket) -> None:
        try:
            async with asyncio.timeout(self._deadline_s):
                first = await _peek(connection)
            if first == HANDSHAKE_BYTE:
                await self._hand_over(connection)
                self._passed.add(connection)
            elif first:
                async with asyncio.timeout(REFUSAL_S):
                    await _refuse(connection)
        except OSError as error:  # TimeoutError and ssl.SSLError are among them
            log.debug("A connection did not become TLS: %s", error)

    async def _hand_over(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            self._protocol_factory,
            connection,
            ssl=self._tls.context,
            ssl_handshake_timeout=self._deadline_s,
        )


async def _readable(sock: socket.socket) -> None:
    """Wait until reading (or accepting) does not block. Cancelling is safe."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)


async def _peek(connection: socket.socket) -> bytes:
    """Look at the first byte and leave it there; b"" when the client has gone."""
    while True:
        await _readable(connection)
        with contextlib.suppress(BlockingIOError, InterruptedError):
            return connection.recv(1, socket.MSG_PEEK)


async def _refuse(connection: socket.socket) -> None:
    """Answer, and read on until the client closes: a reset would take the answer from it."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, REFUSAL)
    connection.shutdown(socket.SHUT_WR)
    while await loop.sock_recv(connection, 65536):
        pass
