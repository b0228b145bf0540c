"""What happened, in order: a bounded ring of numbered events that any number of readers follow.

A reader holds a position, not a queue: a slow one costs nothing and learns that it missed some.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any

RING_SIZE = 4096  # events kept for readers that resume


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        id: grows by one with each event of this daemon run.
        kind: "status", "config", "accounts", "action", ...
        app: the app it is about, or "" for the whole daemon.
        data: JSON-ready details.
    """

    id: int
    kind: str
    app: str
    time_ms: int
    data: dict[str, Any]


class Events:
    """The ring. Publishing never waits and never fails."""

    def __init__(self, size: int = RING_SIZE) -> None:
        # Ids go on growing over restarts of the daemon, so that an old id is never mistaken.
        self._next = int(time.time() * 1000) << 12
        self.first_id = self._next
        self._ring: deque[Event] = deque(maxlen=size)
        self._changed = asyncio.Event()

    @property
    def next_id(self) -> int:
        """The id that the next event will have."""
        return self._next

    def publish(self, kind: str, data: dict[str, Any], *, app: str = "") -> None:
        """Add an event and wake all readers. Call from the event loop's thread."""
        self._ring.append(Event(self._next, kind, app, int(time.time() * 1000), data))
        self._next += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def since(self, position: int) -> tuple[list[Event], bool]:
        """The events with ids from ``position`` on, and whether some are no longer kept."""
        oldest = self._ring[0].id if self._ring else self._next
        if position > self._next:
            return [], True
        missed = position < oldest
        return list(islice(self._ring, max(0, position - oldest), None)), missed

    async def wait(self, position: int) -> None:
        """Return when there is an event with an id of ``position`` or more.

        Cancelling is safe.
        """
        while self._next <= position:
            await self._changed.wait()
