"""The console's WebSocket: what a viewer sends, and the life of its connection."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from websockets.frames import CloseCode

from octyne import wire
from octyne.accounts.rights import Right
from octyne.aio import Tasks
from octyne.api import access, errors, params, replies
from octyne.api.context import Call
from octyne.api.errors import Problem
from octyne.api.live import Ending, LiveConnection
from octyne.api.websocket import WebSocket
from octyne.console.feed import ViewOptions
from octyne.console.frames import Style
from octyne.errors import DaemonError, InvalidError, UnauthenticatedError

V2 = "console-v2"
SILENCE_S = 30.0  # seconds; v2 clients ping more often
INVALID_FORMAT = "Invalid message format"
INVALID_TYPE = "Invalid message type: "
LONGEST_KIND = 1000  # characters of a type that we don't know, in the answer
SIZES = ("columns", "rows")  # of a terminal; the only fields that may be whole numbers
MAX_SIZE = 1000

FAREWELLS = {
    Ending.SESSION: (errors.close_code(UnauthenticatedError), errors.NOT_AUTHENTICATED),
    Ending.BROKEN: (errors.close_code(Exception), errors.INTERNAL),
    Ending.SILENT: (CloseCode.POLICY_VIOLATION, "No message came within 30 seconds."),
    Ending.REMOVED: (CloseCode.NORMAL_CLOSURE, "The server has been removed."),
    Ending.SHUTDOWN: (CloseCode.GOING_AWAY, "The daemon is stopping."),
}

log = logging.getLogger(__name__)


async def open_console(call: Call) -> web.StreamResponse:
    """`WS /server/{id}/console`."""
    websocket = WebSocket(call.request, [V2])
    options = view_options(call.query, v2=websocket.subprotocol == V2)
    with call.services.live.opened(call.identity, call.name) as connection:
        await websocket.accept()
        call.audit("server.console.access", server=call.name)
        viewer = Viewer(call, websocket, connection, options)
        try:
            await viewer.run()
        finally:
            await viewer.close()
    return websocket.response


async def refuse_console(call: Call, problem: Problem) -> web.StreamResponse:
    """Tell a client why it gets no console, in the way that it understands."""
    try:
        websocket = WebSocket(call.request, [V2])
    except DaemonError:
        return replies.failure(problem)
    if websocket.subprotocol != V2:
        return replies.failure(problem)
    await websocket.accept()
    websocket.send(wire.encode(wire.ConsoleError(problem.message)))
    await websocket.close(problem.close_code, problem.message)
    return websocket.response


def view_options(query: dict[str, str], *, v2: bool) -> ViewOptions:
    """What the viewer wants to see, and from where."""
    if not v2:
        return ViewOptions(style=Style.PLAIN)
    return ViewOptions(
        style=Style.V2_TIMES if params.flag(query, "times") else Style.V2,
        since=params.number(query, "since"),
        partial=params.flag(query, "partial"),
    )


def parse_message(text: str) -> dict[str, str]:
    """The fields of a v2 message, without those that are null.

    Raises:
        InvalidError: it isn't a JSON object of strings (and sizes, which become strings).
    """
    try:
        value = params.parse_json(text)
    except InvalidError as error:
        raise InvalidError(INVALID_FORMAT) from error
    if not isinstance(value, dict):
        raise InvalidError(INVALID_FORMAT)
    fields = {k: str(v) if k in SIZES and type(v) is int else v for k, v in value.items()}
    if not all(_is_text(each) for each in fields.values()):
        raise InvalidError(INVALID_FORMAT)
    return {key: each for key, each in fields.items() if each is not None}


def terminal_size(message: dict[str, str]) -> tuple[int, int]:
    """Columns and rows of a resize message.

    Raises:
        InvalidError: one is missing, or isn't a whole number from 1 to `MAX_SIZE`.
    """
    texts = [message.get(name, "") for name in SIZES]
    sizes = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 5]
    if len(sizes) != len(SIZES) or not all(1 <= size <= MAX_SIZE for size in sizes):
        raise InvalidError(INVALID_FORMAT)
    return sizes[0], sizes[1]


def _is_text(value: object) -> bool:
    return value is None or (isinstance(value, str) and params.is_clean(value))


class Viewer:
    """One open console.

    Two tasks, one for each direction; both end with the connection, and when either ends, all
    does. Output waits for the client, so a slow one has one message in flight and no more.
    """

    def __init__(
        self, call: Call, websocket: WebSocket, connection: LiveConnection, options: ViewOptions
    ) -> None:
        self._call = call
        self._app = call.app
        self._websocket = websocket
        self._connection = connection
        self._options = options
        self._is_v2 = options.style is not Style.PLAIN
        self._why = Ending.CLIENT

    async def run(self) -> None:
        """Serve until the client goes, or has to go."""
        if self._is_v2:
            self._send(wire.Settings(read_only=not self._may_write()))
        async with Tasks() as tasks:
            _ = tasks.start_task(f"console output of {self._app.name}", self._guarded(self._output))
            _ = tasks.start_task(f"console input of {self._app.name}", self._guarded(self._input))
            self._why = await self._connection.ended()

    async def close(self) -> None:
        """Say why, in a message (v2) and in the close frame."""
        code, reason = self._farewell()
        if self._is_v2 and code > errors.CLOSE_CODE_BASE:
            self._send(wire.ConsoleError(reason))
        await self._websocket.close(code, reason)

    def _farewell(self) -> tuple[int, str]:
        return FAREWELLS.get(self._why, (CloseCode.NORMAL_CLOSURE, ""))

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        why = Ending.CLIENT
        try:
            await work()
        except TimeoutError:
            why = Ending.SILENT
        except Exception as error:  # noqa: BLE001  # bulkhead: one viewer
            errors.bug(error, f"A console of {self._app.name}")
            why = Ending.BROKEN
        finally:
            self._connection.end(why)

    async def _output(self) -> None:
        cursor = await self._app.feed.open(self._options)
        # A lost connection takes all at once: the rest of the log would hold up the event loop.
        while self._websocket.is_open:
            self._websocket.send(await cursor.next())
            await self._websocket.drained()

    async def _input(self) -> None:
        while (message := await self._receive()) is not None:
            if not self._is_v2:
                await self._write(message)
                continue
            try:
                await self._serve(parse_message(message))
            except DaemonError as error:
                self._send(wire.ConsoleError(str(error)))
            await self._websocket.drained()

    async def _receive(self) -> str | None:
        if not self._is_v2:
            return await self._websocket.receive()
        async with asyncio.timeout(SILENCE_S):
            return await self._websocket.receive()

    async def _serve(self, message: dict[str, str]) -> None:
        kind, data = message.get("type", ""), message.get("data", "")
        if kind == "ping":
            self._send(wire.Pong(message.get("id", "")))
        elif kind == "input" and data:
            await self._write(data)
        elif kind == "resize":
            await self._resize(*terminal_size(message))
        else:
            raise InvalidError(INVALID_TYPE + kind[:LONGEST_KIND])

    async def _write(self, text: str) -> None:
        """Give input to the app. The right is asked for each time: it may have been taken."""
        if not self._may_write():
            return
        self._call.audit("server.console.input", server=self._app.name, input=text)
        try:
            await self._app.send_input(text)
        except DaemonError as error:
            if self._is_v2:
                raise
            log.debug("Console input to %s was refused: %s", self._app.name, error)

    async def _resize(self, columns: int, rows: int) -> None:
        if self._may_write():
            await self._app.resize(columns, rows)

    def _may_write(self) -> bool:
        return access.may(self._call, Right.APP_CONSOLE_WRITE)

    def _send(self, message: msgspec.Struct) -> None:
        self._websocket.send(wire.encode(message))
