"""The HTTP protocol underneath: aiohttp's, with JSON for requests that can't be parsed.

It also knows when a client has closed its sending side, when there is room to write, and when a
connection is lost, for those routes that live longer than one answer.
"""

import asyncio
import logging
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from octyne import wire
from octyne.api import errors, request_line
from octyne.errors import InvalidError

SERVER = "Octyne"
MAX_LINE = 8190  # bytes: the request line, and each header
MAX_HEADERS = 128
KEEPALIVE_S = 75.0  # seconds an idle connection stays open
HALF_CLOSED_S = 0.1  # seconds in which a queued request must be taken up
STUCK_S = 60.0  # seconds that a client may take nothing of what waits for it
SHARE = 6  # of the open files that we may have, a sixth for each listener: the apps need some, too
LINGER_S = 10.0  # seconds in which the rest of a refused body is read, so that the answer arrives

log = logging.getLogger(__name__)


class Connection(web.RequestHandler):
    """One client's connection."""

    def __init__(self, manager: "Server", *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            manager,
            loop=loop,
            keepalive_timeout=KEEPALIVE_S,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            max_headers=MAX_HEADERS,
            lingering_time=LINGER_S,
            auto_decompress=False,  # bodies are taken as they are
            access_log=cast("logging.Logger", None),  # documented as the way to have none
        )
        self._answering: web.BaseRequest | None = None
        self._starts_request = True  # whatever comes next is the start of a request, for sure
        self._has_news = False  # bytes came since the last request was taken up
        self._is_half_closed = False
        self._is_stream = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._on_lost: list[Callable[[], None]] = []
        self._crowd = manager.crowd
        self._link: asyncio.Transport | None = None  # kept longer than aiohttp keeps it
        self._stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come (called by the transport)."""
        self._link = cast("asyncio.Transport", transport)  # uvloop's has another ancestry
        super().connection_made(transport)
        self._crowd.enter(self)

    def drop(self) -> None:
        """Cut the connection off, whatever waits to be sent."""
        if self._link is not None:
            self._link.abort()

    async def writable(self) -> None:
        """Wait until what was written has gone out far enough, or the connection is lost.

        Unlike aiohttp's own drain it may be awaited by several tasks; cancelling is safe.
        """
        await self._writable.wait()

    def become_stream(self) -> None:
        """From now on the connection ends when the client closes its side."""
        self._is_stream = True
        self._answering = None

    @contextmanager
    def when_lost(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call ``callback`` when the connection is lost while the block runs, or is already."""
        if self.transport is None:
            callback()
        self._on_lost.append(callback)
        try:
            yield
        finally:
            with suppress(ValueError):  # it was called
                self._on_lost.remove(callback)

    def pause_writing(self) -> None:
        """The client takes less than we send (called by the transport)."""
        super().pause_writing()
        self._writable.clear()
        self._stuck = asyncio.get_running_loop().call_later(STUCK_S, self.drop)

    def resume_writing(self) -> None:
        """There is room again (called by the transport)."""
        super().resume_writing()
        self._writable.set()
        self._cancel_stuck()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake all who wait for the connection (called by the transport)."""
        super().connection_lost(exc)
        self._link = None
        self._crowd.leave(self)
        self._cancel_stuck()
        self._writable.set()
        callbacks, self._on_lost = self._on_lost, []
        for callback in callbacks:
            callback()

    def begin(self, request: web.BaseRequest) -> None:
        """An answer to ``request`` is under way."""
        self._answering, self._has_news, self._is_stream = request, False, False
        self._crowd.work(self)
        self._starts_request = False
        if self._is_half_closed:
            self._cut_off(request)

    def finish(self) -> None:
        """The answer is there, or it is a stream, which ends with its client."""
        if self._answering is not None and not self._has_news and not self._messages:
            self._starts_request = self._answering.content.is_eof()
        self._answering = None
        self._crowd.rest(self)
        if self._is_half_closed:
            self._close_soon()

    def data_received(self, data: bytes) -> None:
        """The client sends (called by the transport)."""
        self._has_news = True
        if self._starts_request:
            self._starts_request = False
            data = request_line.mended(data)
        super().data_received(data)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio allows a bool
        """The client sends no more. What it has asked for still reaches it.

        Returns whether the transport stays open. TLS has no half-closed state.
        """
        is_idle = self._answering is None and not self._has_news
        if is_idle or self._is_stream or self.ssl_context is not None:
            return None
        self._is_half_closed = True
        if self._answering is not None:
            self._cut_off(self._answering)
        self._close_soon()
        return True

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401  # as aiohttp has it
        """Log what went wrong after an answer; a body that breaks off is the client's affair."""
        error = kw.get("exc_info")
        if isinstance(error, web.RequestPayloadError | HttpProcessingError):
            log.debug("The rest of a body never came: %s", error)
        else:
            super().log_exception(*args, **kw)

    def _cancel_stuck(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _cut_off(self, request: web.BaseRequest) -> None:
        if not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError("The body is cut off."))

    def _close_soon(self) -> None:
        """Close when no request is left: those that came before the end may still be queued."""
        asyncio.get_running_loop().call_later(HALF_CLOSED_S, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if self._answering is None and self.transport is not None:
            self.transport.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # aiohttp gives it; it may hold user data
    ) -> web.StreamResponse:
        """Answer to bytes that aren't HTTP; routes have had their errors rendered already."""
        if isinstance(exc, ConnectionError):
            raise exc
        if request.writer.output_size > 0:
            raise ConnectionError("An answer was sent in part already.") from exc
        problem = _protocol_problem(status, exc)
        response = web.Response(
            status=problem.status,
            body=wire.encode(wire.Failure(problem.message)),
            headers={"Content-Type": "application/json", "Server": SERVER, **problem.headers},
        )
        response.force_close()
        return response


def _protocol_problem(status: int, exc: BaseException | None) -> errors.Problem:
    if status == errors.STATUS[Exception]:
        return errors.bug(exc or RuntimeError("no error given"), "A request")
    log.debug("A request can't be parsed", exc_info=exc)
    if isinstance(exc, LineTooLong):
        too_long = errors.HeadersTooLargeError(
            f"The request line or a header is longer than {MAX_LINE} bytes."
        )
        return errors.problem(too_long, "A request")
    return errors.problem(InvalidError("This is not a valid HTTP request."), "A request")


class Crowd:
    """The connections of one listener, bounded: strangers must not take all descriptors.

    When there are too many, the one that has been idle for longest makes room; while all are at
    work, who comes is sent away.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[Connection] = set()
        self._idle: dict[Connection, None] = {}  # the longest first

    def enter(self, connection: Connection) -> None:
        """Take a connection in; it is idle until its first request."""
        if len(self._all) >= self._most:
            leaving = next(iter(self._idle), connection)
            self.leave(leaving)
            leaving.drop()
            if leaving is connection:
                return
        self._all.add(connection)
        self._idle[connection] = None

    def work(self, connection: Connection) -> None:
        """It has a request."""
        self._idle.pop(connection, None)

    def rest(self, connection: Connection) -> None:
        """It has its answer."""
        if connection in self._all:
            self._idle[connection] = None

    def leave(self, connection: Connection) -> None:
        """It is gone."""
        self._all.discard(connection)
        self._idle.pop(connection, None)


class Server(web.Server):
    """Makes a `Connection` for each client."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        super().__init__(handler)
        self.crowd = Crowd(most_connections())

    def __call__(self) -> web.RequestHandler:
        """A protocol for a new connection."""
        return Connection(self, loop=asyncio.get_running_loop())


def check_there(request: web.BaseRequest) -> None:
    """Look whether somebody still waits for an answer.

    Raises:
        ConnectionResetError: the client has gone.
    """
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError("The client has gone.")


def most_connections() -> int:
    """How many clients a listener may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE


def connection_of(request: web.BaseRequest) -> Connection:
    """The connection that a request came on."""
    return cast("Connection", request.protocol)  # `Server` makes no others
