"""Consoles, event streams, downloads: connections to be ended when their reason is gone."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

from octyne.accounts.rights import Identity
from octyne.aio import Slots
from octyne.api.server import most_connections
from octyne.errors import RateLimitedError

MAX_PER_SESSION = 2_000  # a dashboard has a handful; scripts and load tests have more
MAX_TOTAL = 10_000  # or as many as one listener may have; half of them of one account
REMOVED_DELAY_S = 5.0  # seconds in which viewers of a removed app can read why
RETRY_S = 10  # seconds


class Ending(Enum):
    """Why a live connection ends."""

    CLIENT = auto()  # it went away, or its work is done
    SILENT = auto()  # nothing came from it in time
    STUCK = auto()  # it takes nothing
    BROKEN = auto()  # a bug of ours; logged
    SESSION = auto()  # its session has ended
    REMOVED = auto()  # its app is gone
    SHUTDOWN = auto()


class LiveConnection:
    """One of them, owned by the handler that serves it."""

    def __init__(self, session_id: str, app: str) -> None:
        self.session_id = session_id
        self.app = app
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def end(self, why: Ending) -> None:
        """Ask its handler to finish; the first reason counts. Never blocks."""
        if not self._ending.done():
            self._ending.set_result(why)

    def when_ended(self, callback: Callable[[Ending], None]) -> None:
        """Call ``callback`` soon after it was told to end."""
        self._ending.add_done_callback(lambda ending: callback(ending.result()))

    @property
    def ending(self) -> Ending | None:
        """Why it has to end; None while it may go on."""
        return self._ending.result() if self._ending.done() else None

    async def ended(self) -> Ending:
        """Wait until it has to end. Cancelling is safe."""
        return await asyncio.shield(self._ending)


class Live:
    """All live connections."""

    def __init__(self) -> None:
        self._slots = Slots(min(MAX_TOTAL, most_connections()), _too_many)
        self._open: set[LiveConnection] = set()
        self._per_session: Counter[str] = Counter()
        self._closing = False
        self._all_gone = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def opened(self, caller: Identity, app: str = "") -> Iterator[LiveConnection]:
        """Register a connection of that caller while the block runs.

        Raises:
            RateLimitedError: too many are open, in its session, of its account or in all.
        """
        if self._per_session[caller.session_id] >= MAX_PER_SESSION:
            raise _too_many()
        with self._slots.taken(caller.username):
            yield from self._opened(caller.session_id, app)

    def _opened(self, session_id: str, app: str) -> Iterator[LiveConnection]:
        connection = LiveConnection(session_id, app)
        if self._closing:
            connection.end(Ending.SHUTDOWN)
        self._open.add(connection)
        self._per_session[session_id] += 1
        try:
            yield connection
        finally:
            self._open.discard(connection)
            self._per_session[session_id] -= 1
            if not self._per_session[session_id]:
                del self._per_session[session_id]
            if not self._open:
                self._all_gone.set()

    def end_sessions(self, session_ids: frozenset[str]) -> None:
        """End what belongs to sessions that have just died."""
        for connection in self._open:
            if connection.session_id in session_ids:
                connection.end(Ending.SESSION)

    def app_removed(self, app: str) -> None:
        """End the viewers of an app that is gone, after they could read the last lines."""
        watching = [each for each in self._open if each.app == app]
        loop = asyncio.get_running_loop()
        for connection in watching:
            loop.call_later(REMOVED_DELAY_S, connection.end, Ending.REMOVED)

    async def close(self, within_s: float) -> None:
        """End all, and those that come yet; return when they are gone or after ``within_s``."""
        self._closing = True
        self._all_gone.clear()
        for connection in list(self._open):
            connection.end(Ending.SHUTDOWN)
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._all_gone.wait()


def _too_many() -> RateLimitedError:
    return RateLimitedError(
        "Too many consoles, event streams and downloads are open.", retry_after_s=RETRY_S
    )
