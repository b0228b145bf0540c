"""The daemon's hold on one app's keeper: connects, connects again, finds out how it ended."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

from octyne.aio import Tasks, in_thread
from octyne.apps.lifecycle import Exit
from octyne.apps.recovery import RunRecord, read_exit, read_run
from octyne.console.feed import Feed
from octyne.errors import UnavailableError
from octyne.keeper.client import Hello, KeeperError, KeeperLink, is_held
from octyne.system import process

RECONNECT_S = 0.5  # between tries to reach a keeper that lives but does not answer


class Owner(Protocol):
    """Who is told: the app."""

    async def on_running(self, problem: str, *, asked: str) -> None:
        """Its keeper lives; ``problem``: but is out of reach. ``asked``: how its app is ending."""

    async def on_ended(self, ended: Exit, started_ms: int) -> None:
        """The run has ended; may be told twice."""

    async def on_lost(self, run: str, record: RunRecord | None) -> None:
        """The keeper is gone and has left no exit record."""


@dataclass(slots=True)
class Run:
    """The run that the keeper holds.

    Attributes:
        started_ticks: kernel start time of the app's process, 0 when unknown.
        link: None while the keeper can't be reached.
    """

    hello: Hello
    started_ticks: int
    link: KeeperLink | None


class Hold:
    """Connected to a keeper, or looking for one, or neither.

    Attributes:
        run: the run that is held, from the first hello to its end.
    """

    def __init__(self, directory: str, feed: Feed, tasks: Tasks, owner: Owner) -> None:
        self._directory = directory
        self._feed = feed
        self._tasks = tasks
        self._owner = owner
        self.run: Run | None = None
        self._attempt = 0  # grows with each; what belongs to an earlier one is out of date

    @property
    def is_reachable(self) -> bool:
        """Whether requests can be made now."""
        return self.run is not None and self.run.link is not None

    @property
    def is_disk_full(self) -> bool:
        """Whether the disk takes no more of the app's output, as far as the keeper has told."""
        return self.run is not None and self.run.link is not None and self.run.link.disk_full

    def uptime_ns(self) -> int:
        """How long the app has been running, in nanoseconds; 0 when it isn't."""
        if self.run is None:
            return 0
        if self.run.started_ticks:
            return process.age_ns(self.run.started_ticks)
        return max(0, time.time_ns() - self.run.hello.started_ms * 1_000_000)

    async def attach(self, run: str = "") -> None:
        """Connect to the keeper; if that fails, find out what became of it, in a task.

        ``run``: which run it should hold, where that is known.
        """
        self._attempt += 1
        attempt = self._attempt
        link = KeeperLink(self._feed.update, self._on_exit, lambda: self._on_lost(link))
        try:
            hello = await link.connect(self._directory)
        except KeeperError as error:
            # An end that overtook the greeting is being dealt with.
            if not link.has_told_exit and attempt == self._attempt:
                self._tasks.start("search for a keeper", self._search(run, str(error), attempt))
            return
        if link.has_told_exit or attempt != self._attempt:
            link.release()
            return
        found = process.identity(hello.pid)
        self.run = Run(hello, found.start_ticks if found else 0, link)
        await self._owner.on_running("", asked=hello.asked)

    async def request(self, kind: str, **fields: object) -> None:
        """Ask the keeper for something.

        Raises:
            UnavailableError: it can't be reached, refused, or did not answer.
        """
        await self._link().request(kind, **fields)

    def tell(self, kind: str, **fields: object) -> None:
        """Ask the keeper for something that nobody waits for; it keeps the order.

        Raises:
            UnavailableError: it can't be reached.
        """
        self._link().tell(kind, **fields)

    def release(self) -> None:
        """The run's end is known: let the keeper go."""
        self._attempt += 1
        run, self.run = self.run, None
        if run is not None and run.link is not None:
            run.link.release()

    def close(self) -> None:
        """Disconnect; the keeper and its app go on."""
        run, self.run = self.run, None  # else the lost link would be searched for
        if run is not None and run.link is not None:
            run.link.close()

    def _link(self) -> KeeperLink:
        if self.run is None or self.run.link is None:
            raise UnavailableError("The app's keeper does not answer. Try again in a moment.")
        return self.run.link

    async def _search(self, run: str, problem: str, attempt: int) -> None:
        """A keeper that can't be reached: has its app ended, is it gone, or only slow?"""
        if await in_thread(is_held, self._directory):
            if attempt == self._attempt:
                await self._owner.on_running(problem, asked="")
                await asyncio.sleep(RECONNECT_S)
            if attempt == self._attempt:
                await self.attach(run)
            return
        record, ended = await in_thread(self._read_end, run)
        if attempt != self._attempt:
            return
        if ended is not None:
            await self._owner.on_ended(ended, record.started_ms if record else ended.time_ms)
        else:
            await self._owner.on_lost(run or (record.run if record else ""), record)

    def _read_end(self, run: str) -> tuple[RunRecord | None, Exit | None]:
        record = read_run(self._directory)
        return record, read_exit(self._directory, run or (record.run if record else ""))

    def _on_exit(self, record: dict[str, Any]) -> None:
        ended = Exit.of(record)
        started_ms = self.run.hello.started_ms if self.run else ended.time_ms
        self._tasks.start("end of a run", self._owner.on_ended(ended, started_ms))

    def _on_lost(self, link: KeeperLink) -> None:
        run = self.run
        if run is not None and run.link is link:
            run.link = None
            # Its exit may be dealt with at this moment: then there is no run any more.
            self._tasks.start("search for a keeper", self._after_lost(run))

    async def _after_lost(self, run: Run) -> None:
        if self.run is run:
            problem = "The app's keeper does not answer."
            await self._search(run.hello.run, problem, self._attempt)
