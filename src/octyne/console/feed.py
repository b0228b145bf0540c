"""Fan-out of one app's console: any number of viewers, each with a position in the log.

A viewer that falls behind reads from the log later; it delays nobody and costs no memory.
Messages are built once for all viewers that stand at the same place.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from octyne.aio import in_thread
from octyne.console.composer import Composer
from octyne.console.frames import MAX_MESSAGE_BYTES, Frame, Piece, Style, render, render_gap
from octyne.console.log import Hole, LogReader, NotCachedError

T = TypeVar("T")

SCROLLBACK_LINES = 2500  # contract, section 4
SCROLLBACK_BYTES = 16 * 1024 * 1024  # of so many lines at most
CHUNK_BYTES = 256 * 1024  # joined into one message
FRAMES_KEPT = 8  # recent messages: viewers at the same place share them
PARTIAL_PAUSE_S = 0.15  # after which an unfinished line is shown to those who ask


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """What a viewer asked for.

    Attributes:
        since: the offset to continue at; None for the scrollback.
        partial: unfinished lines after a short pause.
    """

    style: Style
    since: int | None = None
    partial: bool = False


class Feed:
    """The console of one app, as the daemon reads it.

    Attributes:
        start: offset of the first byte that is kept.
        end: offset that the next byte will have.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.start = self.end = 0
        self._grown = asyncio.Event()
        # New output is in memory and is read on the event loop; for the rest there is a
        # reader of its own, for threads, so that the loop never waits for a disk.
        self._hot = LogReader(directory, cached=True)
        self._cold = LogReader(directory)
        self._cold_lock = threading.Lock()
        self._frames: OrderedDict[tuple[int, int, Style, int], Frame] = OrderedDict()
        self._scrollback = (-1, -1)  # (end, start of the scrollback at that end)

    async def refresh(self) -> None:
        """Look at the log itself; used when no keeper tells."""
        self.update(*await self._in_thread(LogReader.refresh))

    def update(self, start: int, end: int) -> None:
        """The log now reaches from ``start`` to ``end``: wake the viewers that wait for more."""
        self.start = start
        if end != self.end:
            self.end = end
            self._grown.set()
            self._grown = asyncio.Event()

    def close(self) -> None:
        """Close the log's files."""
        self._hot.close()
        with self._cold_lock:
            self._cold.close()

    async def wait(self, seen: int) -> None:
        """Return when the log's end is no longer ``seen``. Cancelling is safe."""
        while self.end == seen:
            await self._grown.wait()

    async def open(self, options: ViewOptions) -> "Cursor":
        """A viewer's position: where it asked to continue, or at the scrollback."""
        if options.since is not None:
            return Cursor(self, options, options.since)
        return Cursor(self, options, await self.scrollback_start())

    async def scrollback_start(self) -> int:
        """The offset of the last 2,500 lines."""
        end = self.end
        if self._scrollback[0] != end:
            start = await self._in_thread(
                lambda log: log.lines_back(end, SCROLLBACK_LINES, SCROLLBACK_BYTES)
            )
            self._scrollback = (end, start)
        return self._scrollback[1]

    async def frame(self, position: int, size: int, style: Style) -> Frame | Hole | None:
        """The next message from ``position`` on, of about ``size`` bytes.

        None when no line is finished there yet; a hole when the output there is not kept.
        """
        if position > self.end:  # of a log that is gone: begin again
            return Hole(position, await self.scrollback_start())
        # A first message holds all that there is by now; others go as far as they went before.
        key = (position, size, style, self.end if size > CHUNK_BYTES else 0)
        found = self._frames.get(key)
        if found is None:
            end = self.end
            made = await self._compose(lambda c: c.whole_lines(position, end, size, style))
            if not isinstance(made, Frame):
                return made
            found = self._frames[key] = made
            if len(self._frames) > FRAMES_KEPT:
                self._frames.popitem(last=False)
        return found

    async def unfinished_line(self, position: int, style: Style) -> Frame | None:
        """The line that has begun at ``position``, as far as it has come."""
        end = self.end
        return await self._compose(lambda c: c.unfinished_line(position, end, style))

    async def _compose(self, make: Callable[[Composer], T]) -> T:
        try:
            return make(Composer(self._hot))
        except NotCachedError:
            return await self._in_thread(lambda log: make(Composer(log)))

    async def _in_thread(self, work: Callable[[LogReader], T]) -> T:
        def locked() -> T:
            with self._cold_lock:
                return work(self._cold)

        return await in_thread(locked)


class Cursor:
    """One viewer's position in a feed.

    Attributes:
        position: offset of what it gets next.
    """

    def __init__(self, feed: Feed, options: ViewOptions, position: int) -> None:
        self._feed = feed
        self._options = options
        self._first = True
        self.position = position

    async def next(self) -> bytes:
        """The next message, ready to be sent as one text message.

        The first comes at once, even when there is nothing to show; the others when there is
        something. Cancelling is safe: the next call gives the same message.
        """
        options = self._options
        first = self._first
        while True:
            seen = self._feed.end
            frame = await self._look(MAX_MESSAGE_BYTES if first else CHUNK_BYTES)
            if frame is None and first:
                frame = render(Piece(self.position, self.position, "", 0, []), options.style)
            if frame is None:
                frame = await self._wait(seen)
            if frame is not None:
                self._first = False
                self.position = frame.next
                return frame.payload

    async def _look(self, size: int) -> Frame | None:
        if self.position == self._feed.end:
            return None
        found = await self._feed.frame(self.position, size, self._options.style)
        if isinstance(found, Hole):
            asked = self._options.since is not None
            return render_gap(found.start, found.end, self._options.style, asked=asked)
        return found

    async def _wait(self, seen: int) -> Frame | None:
        """Wait for more; after a pause give an unfinished line to those who ask for it."""
        if self._options.partial and self.position != self._feed.end:
            try:
                async with asyncio.timeout(PARTIAL_PAUSE_S):
                    await self._feed.wait(seen)
            except TimeoutError:
                frame = await self._feed.unfinished_line(self.position, self._options.style)
                if frame is not None:
                    return frame
        await self._feed.wait(seen)
        return None
