"""`GET /events`: what happens, as server-sent events."""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace

from aiohttp import web

from octyne import wire
from octyne.accounts.rights import Right, allows
from octyne.aio import Tasks
from octyne.api import params
from octyne.api.context import Call
from octyne.api.live import Ending, LiveConnection
from octyne.events import Event

HEARTBEAT_S = 15.0  # seconds between signs of life, for proxies and for ourselves
STUCK_S = 30.0  # seconds that a client may take nothing before it is dropped
HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
HEARTBEAT = b": still here\n\n"

# Who may see which kinds; a kind that isn't here is for those who may see all events.
RIGHTS = {
    "status": Right.APP_VIEW,
    "config": Right.CONFIG_VIEW,
    "accounts": Right.ACCOUNTS_VIEW,
    "action": Right.LOG_VIEW,
}


async def get_events(call: Call) -> web.StreamResponse:
    """Stream events until the client goes, its session ends, or it takes nothing for long."""
    with call.services.live.opened(call.identity) as connection:
        response = await call.stream(HEADERS)
        if call.is_head:
            return response
        stream = EventStream(call, response, connection)
        with call.connection.when_lost(lambda: connection.end(Ending.CLIENT)):
            async with Tasks() as tasks:
                tasks.start("event stream", stream.run())
                why = await connection.ended()
    if why in (Ending.STUCK, Ending.SHUTDOWN, Ending.BROKEN) and call.request.transport:
        call.request.transport.abort()
    return response


def resume_position(asked: str, first_id: int, next_id: int) -> int | None:
    """Where a client goes on that has seen the event ``asked``; None: it has missed some.

    ``asked`` may be anything; "" means a new client, which begins with what comes next.
    """
    if not asked:
        return next_id
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 19):
        return None
    position = int(asked) + 1
    return position if first_id <= position <= next_id else None


class EventStream:
    """One client's stream: a position in the events, and what it wants of them."""

    def __init__(
        self, call: Call, response: web.StreamResponse, connection: LiveConnection
    ) -> None:
        self._call = call
        self._response = response
        self._connection = connection
        self._events = call.services.events
        self._app = params.text(call.query, "app")
        self._wants_usage = params.flag(call.query, "usage")
        self._position = self._events.next_id
        self._quiet_until = 0.0  # the loop's time of the next sign of life

    async def run(self) -> None:
        """Send events and heartbeats for ever."""
        why = Ending.BROKEN
        try:
            await self._begin()
            while True:
                await self._step()
        except (ConnectionError, TimeoutError):
            why = Ending.STUCK
        finally:
            self._connection.end(why)

    async def _begin(self) -> None:
        headers = self._call.request.headers
        asked = headers.get("Last-Event-ID") or self._call.query.get("lastEventId", "")
        events = self._events
        position = resume_position(asked, events.first_id, events.next_id)
        if position is None:
            await self._reset()
        else:
            self._position = position
            await self._write(signal("ready", position - 1))

    async def _step(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._quiet_until):
                await self._events.wait(self._position)
        events, missed = self._events.since(self._position)
        if missed:
            await self._reset()
            return
        if events:
            self._position = events[-1].id + 1
        frames = [encode(shown) for event in events if (shown := self._shown(event)) is not None]
        # Events that aren't for this client are no sign of life to it.
        if not frames and asyncio.get_running_loop().time() >= self._quiet_until:
            frames = [HEARTBEAT]
        await self._write(b"".join(frames))

    async def _reset(self) -> None:
        """Tell the client that it has to read the state anew, then go on from here."""
        self._position = self._events.next_id
        await self._write(signal("reset", self._position - 1))

    async def _write(self, data: bytes) -> None:
        if data:
            self._quiet_until = asyncio.get_running_loop().time() + HEARTBEAT_S
            async with asyncio.timeout(STUCK_S):
                await self._response.write(data)
                await self._call.connection.writable()

    def _shown(self, event: Event) -> Event | None:
        """The event as this client may see it; None when it isn't for it."""
        if event.kind == "usage":
            return self._usage(event) if self._wants_usage else None
        if self._app and event.app != self._app:
            return None
        right = RIGHTS.get(event.kind, Right.EVENTS_VIEW)
        return event if allows(self._call.identity, right, event.app or None) else None

    def _usage(self, event: Event) -> Event | None:
        """A sample is of all apps that run; the client gets those that it asked for and may see."""
        shown = {
            name: usage
            for name, usage in event.data.items()
            if self._app in {"", name} and allows(self._call.identity, Right.APP_VIEW, name)
        }
        return replace(event, data=shown) if shown else None


def encode(event: Event) -> bytes:
    """An event as the stream's text."""
    message = wire.EventMessage(event.app, event.time_ms, event.data)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        event.id,
        event.kind.encode(),
        wire.encode(message),
    )


def signal(kind: str, last_id: int) -> bytes:
    """An event about the stream itself; a client that resumes behind it misses nothing."""
    return encode(Event(last_id, kind, "", int(time.time() * 1000), {}))
