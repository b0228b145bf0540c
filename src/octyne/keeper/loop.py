"""The keeper's event loop: descriptors and named timers, nothing else.

Standard library only: the keeper imports this module. asyncio would cost each keeper some
megabytes and 40 ms.
"""

from __future__ import annotations

import selectors
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class HasFileno(Protocol):
        """A socket, say."""

        def fileno(self) -> int:
            """Give its descriptor."""


READABLE = selectors.EVENT_READ
WRITABLE = selectors.EVENT_WRITE


class Loop:
    """Calls what was registered when its descriptor is ready or its time has come."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: dict[str, tuple[float, Callable[[], None]]] = {}

    def watch(self, file: int | HasFileno, events: int, call: Callable[[int], None]) -> None:
        """Call ``call(ready events)`` when ``file`` is ready; replaces an earlier watch of it."""
        if file in self._selector.get_map():
            self._selector.modify(file, events, call)
        else:
            self._selector.register(file, events, call)

    def unwatch(self, file: int | HasFileno) -> None:
        """Forget ``file``; harmless when it isn't watched. Call before it is closed."""
        if file in self._selector.get_map():
            self._selector.unregister(file)

    def after(self, delay_s: float, name: str, call: Callable[[], None]) -> None:
        """Call ``call`` once, in ``delay_s``; replaces the timer of that name."""
        self._timers[name] = (time.monotonic() + delay_s, call)

    def has_timer(self, name: str) -> bool:
        """Whether that timer is still to come."""
        return name in self._timers

    def cancel(self, *names: str) -> None:
        """Forget these timers."""
        for name in names:
            self._timers.pop(name, None)

    def run_once(self) -> None:
        """Wait for the next thing to do, and do all that is due."""
        for key, ready in self._selector.select(self._patience()):
            # One called before it may have unwatched it, or closed it and taken its number.
            now_there = self._selector.get_map().get(key.fd)
            if now_there is not None and now_there.fileobj is key.fileobj:
                now_there.data(ready)
        now = time.monotonic()
        for name, (when, call) in list(self._timers.items()):
            if when <= now and self._timers.get(name, (0.0, None))[0] == when:
                del self._timers[name]
                call()

    def _patience(self) -> float | None:
        if not self._timers:
            return None
        return max(0.0, min(when for when, _ in self._timers.values()) - time.monotonic())
