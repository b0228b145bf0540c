"""The runs of one app, one after the other: begun, taken over, ended, and what follows an end.

Every change of state happens between two awaits, so no lock guards the state. What takes long
(launching, waiting for an end) runs in tasks of its own: a client that goes away interrupts
nothing.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octyne.aio import Tasks, in_thread
from octyne.apps import memory, policy
from octyne.apps.hold import Hold
from octyne.apps.lifecycle import Exit, State
from octyne.apps.memory import Memory
from octyne.apps.place import Place
from octyne.apps.recovery import Left, LostProcesses, RunRecord, look
from octyne.apps.standing import Standing
from octyne.console.feed import Feed
from octyne.errors import InvalidError, UnavailableError
from octyne.keeper.client import LaunchError, is_held, launch
from octyne.system import process
from octyne.system.usage import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable

EXITED = "@exit"  # says that an app isn't wanted any more: it ended by itself, cleanly
SETTLE_S = 3.0  # for the record and the last words of an end, when the daemon ends too

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartResult:
    """Whether an app was started; if not, why."""

    success: bool
    reason: str = ""


class Runs:
    """Begins and ends runs, and deals with each end once.

    Attributes:
        hold: on the keeper of the run that is under way.
        on_gone: called when an app that is marked for deletion has ended.
    """

    def __init__(self, standing: Standing, place: Place, feed: Feed) -> None:
        self._standing = standing
        self._name = standing.name
        self._place = place
        self._directory = place.directory(standing.name)
        self._feed = feed
        self._tasks = Tasks()
        self.hold = Hold(self._directory, feed, self._tasks, self)
        self.on_gone: Callable[[], None] = lambda: None
        self._stop_config = standing.config.stop
        self._pending = ""  # "stop" or "kill": asked while no keeper could be reached
        self._again = False  # start it when it has ended
        self._remembered: State | None = None  # before a living keeper said that it runs
        self._settled = asyncio.Event()  # no end is being dealt with
        self._settled.set()

    @property
    def is_settled(self) -> bool:
        """Whether no end is being dealt with."""
        return self._settled.is_set()

    # -- what is asked -------------------------------------------------------------------------

    async def begin(self) -> StartResult:
        """Begin a run, unless one is under way; one that is ending is followed by another."""
        state = self._standing.state
        if state is State.STOPPING:
            self._again = True
        else:
            self._pending = ""  # a stop that nobody has heard of yet
        if state in {State.RUNNING, State.STOPPING}:
            await self._standing.save()
        if state in {State.RUNNING, State.STOPPING, State.STARTING}:
            return StartResult(success=True)
        self._standing.memory.restarts = 0
        return await self._start_launch()

    async def end(self, how: str, *, again: bool = False) -> None:
        """Begin the end in the way asked for (``stop`` or ``kill``); ``again``: and start then."""
        self._again = again
        match self._standing.state:
            case State.STARTING:
                self._pending = how
                await self._standing.save()
            case State.BACKOFF:
                self._standing.move(State.STOPPED, "")
                await self._standing.save()
            case State.RUNNING | State.STOPPING if not self.hold.is_reachable:
                self._pending = how  # done as soon as the keeper is reached
                await self._standing.save()
            case State.RUNNING | State.STOPPING:
                has_heard = self._standing.state is State.STOPPING and not self._pending
                self._pending = ""
                if not has_heard or how == "kill":
                    await self._ask_to_end(how)
            case State.STOPPED | State.CRASHED:
                await self._standing.save()

    def leave_if_ended(self) -> None:
        """The app was marked for deletion: if nothing of it runs, it goes now."""
        if self._standing.state is State.BACKOFF:
            self._standing.move(State.CRASHED, self._standing.reason)
        if self.hold.run is None and self._standing.state is not State.STARTING:
            self._tasks.start(f"removal of {self._name}", self._leave())

    # -- at the daemon's start and end ---------------------------------------------------------

    async def adopt(self) -> None:
        """Take over what earlier daemons left: a living keeper, an exit, a pending restart.

        Raises:
            OSError: the app's directory can't be made or read.
        """
        # One hop for all: with a thousand apps the hops themselves are most of the start.
        self._standing.memory, left = await in_thread(self._look)
        await self._feed.refresh()
        if left.held:
            self._remembered = self._standing.assume(State.RUNNING)
            if self._standing.memory.known and not self._standing.desired.running:
                self._pending = "stop"  # the daemon died before its keeper was asked, perhaps
            await self.hold.attach()
            return
        run = left.run
        if run is None or run.run == self._standing.memory.seen_run:
            await self._resume()
        elif run.boot != process.boot_id():
            await self._after_reboot(run.run, left.ended)
        elif left.ended is not None:
            self._standing.assume(State.RUNNING)
            await self.on_ended(left.ended, run.started_ms)
        else:
            self._remembered = self._standing.assume(State.RUNNING)
            # May take as long as the app may take to stop: the daemon's start doesn't wait.
            self._tasks.start(f"end of {self._name}", self.on_lost(run.run, run))

    def _look(self) -> tuple[Memory, Left]:
        self._place.make(self._name)
        remembered = memory.load(self._directory, self._name, running=self._standing.config.enabled)
        return remembered, look(self._directory)

    async def close(self) -> None:
        """Let go of the run; it goes on in its keeper."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await self._settled.wait()
        await self._tasks.cancel()
        self.hold.close()

    # -- launching -----------------------------------------------------------------------------

    async def _start_launch(self) -> StartResult:
        self._standing.move(State.STARTING, "")
        done: asyncio.Future[StartResult] = asyncio.get_running_loop().create_future()
        self._tasks.start(f"launch of {self._name}", self._launch(done))
        return await asyncio.shield(done)

    async def _launch(self, done: asyncio.Future[StartResult]) -> None:
        result = StartResult(success=False, reason="The daemon is shutting down.")
        try:
            result = await self._try_launch()
        finally:
            if not done.done():
                done.set_result(result)

    async def _try_launch(self) -> StartResult:
        await self._settled.wait()  # the last run's end is told before this one's start
        await self._standing.save()
        run = uuid.uuid4().hex
        try:
            orders = self._place.orders(self._name, self._standing.config, run)
            await in_thread(self._place.make, self._name)
            async with self._standing.notices.turn:
                self._stop_config = self._standing.config.stop
                await launch(self._directory, orders)
        except InvalidError as error:
            await self._standing.notice(f"Server {self._name} could not be started: {error}")
            return await self._fail(str(error))
        except OSError as error:
            return await self._fail(f"The state of this app can't be kept: {error.strerror}.")
        except LaunchError as error:
            if not error.held and not await in_thread(is_held, self._directory):
                await self._feed.refresh()
                return await self._fail(str(error))
            run = ""  # another keeper's, then: it says itself which one
        await self.hold.attach(run)
        return StartResult(success=True)

    async def _fail(self, reason: str) -> StartResult:
        self._pending, self._again = "", False
        self._standing.move(State.CRASHED, reason)
        await self._standing.save()
        if self._standing.to_delete:
            await self._leave()
        return StartResult(success=False, reason=reason)

    # -- what its hold tells -------------------------------------------------------------------

    async def on_running(self, problem: str, *, asked: str) -> None:
        """See `octyne.apps.hold.Owner`."""
        if self._standing.state not in {State.STARTING, State.RUNNING, State.STOPPING}:
            return  # it has ended meanwhile
        self._standing.pid = self.hold.run.hello.pid if self.hold.run else None
        if self._standing.state is State.STARTING:
            self._standing.move(State.RUNNING, problem)
        elif not problem or problem != self._standing.reason:  # it is looked for twice a second
            self._standing.memory.reason = problem
            self._standing.publish()
        if asked and self._standing.state is State.RUNNING:
            self._standing.move(State.STOPPING, "")
        if asked and self._pending == "stop":
            self._pending = ""
        if self._pending in {"stop", "kill"} and self.hold.is_reachable:
            await self.end(self._pending, again=self._again)

    async def on_ended(self, ended: Exit, started_ms: int) -> None:
        """See `octyne.apps.hold.Owner`: state, disk, console, and what follows, once."""
        if ended.run == self._standing.memory.seen_run:
            await self._on_seen()
            return
        self._remembered = None
        self._settled.clear()
        try:
            again, delay = await self._settle_end(ended, started_ms)
        finally:
            self._settled.set()
        if again and self._standing.state in {State.STOPPED, State.CRASHED, State.BACKOFF}:
            await self._start_launch()
        elif delay is not None:
            self._tasks.start(f"restart of {self._name}", self._restart_after(delay))
        elif self._standing.to_delete:
            await self._leave()

    async def _on_seen(self) -> None:
        """An end that is known already; an earlier daemon may have dealt with it.

        Then the keeper was only held up on its way out when we took it for a running one.
        """
        if self._remembered is None:
            return
        self._release()
        self._standing.assume(self._remembered)
        self._remembered = None
        await self._resume()
        self._standing.publish()

    async def on_lost(self, run: str, record: RunRecord | None) -> None:
        """See `octyne.apps.hold.Owner`: end what the keeper left, and count it as a crash."""
        self._release()
        was_asked = State.STOPPING in {self._standing.state, self._remembered}
        if self._standing.state is State.RUNNING:
            self._standing.move(
                State.STOPPING, "The app's keeper is gone: its processes are being ended."
            )
        log.error("The keeper of app %r is gone (was it killed?)", self._name)
        count = 0
        if record is not None and record.run == run:
            lost = LostProcesses(record)
            count = await lost.end(self._stop_config.timeout, lambda: self._pending == "kill")
        reason = "Its keeper was killed."
        if count:
            reason += f" {count} of its processes were ended."
        await self._standing.notice(f"The keeper of server {self._name} is gone. {reason}")
        now = int(time.time() * 1000)
        started_ms = record.started_ms if record else now
        asked = self._pending or ("stop" if was_asked else "")
        await self.on_ended(Exit(run, None, None, asked, reason, now), started_ms)

    # -- ending --------------------------------------------------------------------------------

    async def _ask_to_end(self, how: str) -> None:
        if self._standing.state is State.RUNNING:
            self._standing.move(State.STOPPING, "")
        saving = self._tasks.start_task(f"state of {self._name}", self._standing.save())
        try:
            await self._request_end(how)
        except UnavailableError:
            if self.hold.is_reachable:
                raise
            if self.hold.run is not None:  # else it has ended just now, as was wanted
                self._pending = how
        await asyncio.wait([saving])

    async def _request_end(self, how: str) -> None:
        verb = "Killing" if how == "kill" else "Stopping"
        # Not waited for: nothing may stand between a keeper that is slow and the kill.
        self.hold.tell("notice", text=f"[Octyne] {verb} server {self._name}")
        if how == "kill":
            await self.hold.request("kill")
            return
        stop = self._stop_config
        await self.hold.request(
            "stop", signal=stop.number().name, command=stop.command, timeout=stop.timeout
        )

    async def _settle_end(self, ended: Exit, started_ms: int) -> tuple[bool, float | None]:
        """Remember and tell the end; whether a start was asked for, or the delay of a restart."""
        self._release()
        self._standing.memory.seen_run = ended.run
        self._standing.memory.exit = ended
        again, self._again = self._again and not self._standing.to_delete, False
        self._pending = ""
        delay: float | None = None
        if ended.is_clean:
            self._standing.memory.restarts = 0
            self._standing.move(State.STOPPED, ended.describe())
            if not ended.asked and not again:
                self._standing.want(running=False, by=EXITED)
        else:
            delay = self._after_crash(ended, (ended.time_ms - started_ms) / 1000)
        await self._standing.save()
        await self._tell_end(ended, delay)
        return again, delay

    def _after_crash(self, ended: Exit, ran_s: float) -> float | None:
        self._standing.memory.restarts, delay = policy.after_crash(
            self._standing.memory.restarts, ran_s
        )
        if not self._standing.desired.running or self._standing.to_delete:
            delay = None
        self._standing.move(State.CRASHED if delay is None else State.BACKOFF, ended.describe())
        return delay

    async def _tell_end(self, ended: Exit, delay: float | None) -> None:
        if ended.is_clean:
            await self._standing.notice(f"Server {self._name} has stopped.")
            return
        await self._standing.notice(f"Server {self._name} has crashed!")
        # Somebody may have stopped it meanwhile.
        if delay is not None and self._standing.state is State.BACKOFF:
            await self._standing.notice(f"Restarting server {self._name} due to default behaviour.")

    async def _restart_after(self, delay_s: float) -> None:
        restarts = self._standing.memory.restarts
        await asyncio.sleep(delay_s)
        if self._standing.state is State.BACKOFF and self._standing.memory.restarts == restarts:
            await self._start_launch()

    async def _after_reboot(self, run: str, ended: Exit | None) -> None:
        self._standing.memory.seen_run = run
        self._standing.memory.exit = ended
        self._standing.memory.reason = "The machine was restarted."
        self._begin_boot()
        await self._standing.notice(f"Server {self._name} has stopped: the machine was restarted.")
        await self._standing.save()

    def _begin_boot(self) -> None:
        """A new boot of the machine: what had crashed or come to its end begins again."""
        self._standing.assume(State.STOPPED)
        self._standing.memory.restarts = 0
        if self._standing.desired.by == EXITED:
            self._standing.want(running=self._standing.config.enabled, by="config")

    async def _resume(self) -> None:
        """No run to take over: go on where the daemon was."""
        if self._standing.memory.boot not in {"", process.boot_id()}:
            self._begin_boot()
        if self._standing.state is State.BACKOFF:
            self._tasks.start(f"restart of {self._name}", self._restart_after(0))
        elif self._standing.state in {State.STARTING, State.RUNNING, State.STOPPING}:
            self._standing.assume(State.STOPPED)  # the daemon died before a keeper came up

    async def _leave(self) -> None:
        await self._standing.notice(
            f"Server {self._name} was marked for deletion, stopped/crashed,"
            " and has now been removed."
        )
        if self._standing.to_delete:
            self.on_gone()

    def _release(self) -> None:
        self.hold.release()
        self._standing.pid, self._standing.usage = None, NOTHING
