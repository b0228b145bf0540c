"""The app's stdin, from the keeper's side: queued, bounded, never waited for.

Standard library only: the keeper imports this module.
"""

from __future__ import annotations

import os

from octyne.keeper.loop import WRITABLE
from octyne.keeper.protocol import INPUT_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from octyne.keeper.loop import Loop


class Inlet:
    """Writes to a non-blocking descriptor in order, as fast as the app reads."""

    def __init__(self, descriptor: int, loop: Loop) -> None:
        self._fd = descriptor
        self._loop = loop
        self._waiting = bytearray()

    def write(self, data: bytes) -> str:
        """Queue ``data``; the answer says what is wrong, or is empty."""
        if self._fd >= 0 and len(self._waiting) + len(data) > INPUT_LIMIT:
            return "The app isn't reading its input: too much of it is waiting already."
        idle = not self._waiting
        if self._fd >= 0:
            self._waiting += data
            if idle:
                self._push()
        return "" if self._fd >= 0 else "The app has closed its input."

    def close(self) -> None:
        """Give the app the end of its input; what waits is dropped."""
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            os.close(self._fd)
            self._fd = -1
            self._waiting.clear()

    def _push(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            self._loop.watch(self._fd, WRITABLE, lambda _: self._push())
        except OSError:  # nobody reads it any more
            self.close()
        else:
            self._loop.unwatch(self._fd)
