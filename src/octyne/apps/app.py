"""One app: its state, its keeper, and what is done with it.

Every change of state happens between two awaits, so no lock guards the state. What takes long
(launching, waiting for an end) runs in tasks that the app owns: a client that goes away
interrupts nothing.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from octyne.aio import Tasks, in_thread
from octyne.apps import lifecycle, memory, policy
from octyne.apps.history import UsageHistory, UsagePoint
from octyne.apps.hold import Hold
from octyne.apps.lifecycle import Exit, State
from octyne.apps.memory import Desired, Memory, StateFile
from octyne.apps.notices import Notices
from octyne.apps.place import Place
from octyne.apps.recovery import Left, LostProcesses, RunRecord, look
from octyne.config.model import AppConfig
from octyne.console.feed import Feed
from octyne.errors import ConflictError, InvalidError, UnavailableError
from octyne.events import Events
from octyne.keeper.client import LaunchError, is_held, launch
from octyne.system import process
from octyne.system.usage import NOTHING, Usage

EXITED = "@exit"  # says that an app isn't wanted any more: it ended by itself, cleanly
REMOVED = "It is no longer in the config."
SETTLE_S = 3.0  # for the record and the last words of an end, when the daemon ends too
DEFAULT_RULE = "Restarting server {} due to default behaviour."  # contract, section 4

log = logging.getLogger(__name__)


class NotRunningError(ConflictError):
    """The app doesn't run."""

    code = "not-running"


@dataclass(frozen=True, slots=True)
class StartResult:
    """Whether an app was started; if not, why."""

    success: bool
    reason: str = ""


class App:
    """One app, from its entry in the config until that is removed and it has stopped.

    Attributes:
        usage: of the whole process tree, from the newest sample.
        to_delete: no longer in the config; it goes when it stops.
    """

    def __init__(self, name: str, config: AppConfig, place: Place, events: Events) -> None:
        self.name = name
        self.config = config
        self.to_delete = False
        self.usage: Usage = NOTHING
        self._history = UsageHistory()
        self.feed = Feed(place.console(name))
        self._place = place
        self._directory = place.directory(name)
        self._events = events
        self._memory = Memory(name, Desired(config.enabled, "config", 0))
        self._file = StateFile(self._directory)
        self._tasks = Tasks()
        self._hold = Hold(self._directory, self.feed, self._tasks, self)
        self._stop_config = config.stop
        self._notices = Notices(name, place, self.feed)
        self._pending = ""  # "stop" or "kill": asked while no keeper could be reached
        self._again = False  # start it when it has ended
        self._remembered: State | None = None  # before a living keeper said that it runs
        self._on_gone: Callable[[], None] = lambda: None
        self._is_adopted = False
        self._settled = asyncio.Event()  # no end is being dealt with
        self._settled.set()

    # -- what is -----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What it is doing."""
        return self._memory.state

    @property
    def status(self) -> int:
        """The contract's number: 0 not running, 1 running, 2 crashed."""
        return lifecycle.STATUS[self._memory.state]

    @property
    def reason(self) -> str:
        """Why it is in this state, for users; may be empty."""
        return self._memory.reason

    @property
    def desired(self) -> Desired:
        """Whether it should run, and who said so."""
        return self._memory.desired

    @property
    def exit(self) -> Exit | None:
        """How the newest run that has ended did so."""
        return self._memory.exit

    @property
    def restarts(self) -> int:
        """Restarts in a row after crashes."""
        return self._memory.restarts

    @property
    def pid(self) -> int | None:
        """Of the app's first process, while it runs."""
        return self._hold.run.hello.pid if self._hold.run else None

    @property
    def keeper_pid(self) -> int | None:
        """Of its keeper, while it runs."""
        return self._hold.run.hello.keeper_pid if self._hold.run else None

    @property
    def problem(self) -> str:
        """What is wrong with its files, for users; "" when nothing is."""
        if self._hold.is_disk_full:
            return f"The disk is full: output of app {self.name!r} can't be kept."
        return self._file.problem

    @property
    def history(self) -> list[UsagePoint]:
        """Its usage in the last hour, oldest first."""
        return self._history.points()

    def take_usage(self, time_ms: int, usage: Usage) -> None:
        """Take a sample of its process tree."""
        self.usage = usage
        self._history.add(time_ms, usage)

    def uptime_ns(self) -> int:
        """How long it has been running, in nanoseconds; 0 when it isn't."""
        return self._hold.uptime_ns()

    def snapshot(self) -> dict[str, Any]:
        """Its state as an event tells it."""
        return {
            "status": self.status,
            "state": str(self.state),
            "reason": self.reason,
            "pid": self.pid or 0,
            "restarts": self.restarts,
            "toDelete": self.to_delete,
        }

    # -- what is asked -------------------------------------------------------------------------

    async def start(self, by: str) -> StartResult:
        """Start it, unless it runs; while it is stopping, the start follows the stop.

        One that is marked for deletion isn't started: its end is its removal. Returns when it
        runs or can't. Cancelling stops the waiting only.
        """
        if self.to_delete and self.state is not State.RUNNING:
            return StartResult(success=False, reason=REMOVED)
        self._want(running=True, by=by)
        if self.state is State.STOPPING:
            self._again = True
        else:
            self._pending = ""  # a stop that nobody has heard of yet
        if self.state in {State.RUNNING, State.STOPPING}:
            await self._save()
            return StartResult(success=True)
        if self.state is State.STARTING:
            return StartResult(success=True)
        self._memory.restarts = 0
        return await self._start_launch()

    async def stop(self, by: str) -> None:
        """Ask it to end, and have it killed at its deadline. Returns when it has been asked.

        If its keeper can't be reached now, that is done as soon as it can.

        Raises:
            UnavailableError: its keeper refused or did not answer.
        """
        self._want(running=False, by=by)
        await self._end("stop")

    async def kill(self, by: str) -> None:
        """Kill all its processes at once. Returns when the signals are sent.

        Raises:
            UnavailableError: its keeper does not answer.
        """
        self._want(running=False, by=by)
        await self._end("kill")

    async def restart(self, by: str) -> StartResult:
        """Stop it if it runs, and start it then."""
        if self.to_delete:
            return StartResult(success=False, reason=REMOVED)
        if self.state is not State.RUNNING:
            return await self.start(by)
        self._want(running=True, by=by)
        await self._end("stop", again=True)
        return StartResult(success=True)

    async def shut_down(self, *, hurry: bool = False) -> None:
        """End it because the daemon was told to take its apps along; it stays wanted."""
        await self._end("kill" if hurry else "stop")

    async def send_input(self, text: str) -> None:
        """Give it a line (or several) on its stdin; the line's end is added.

        Raises:
            NotRunningError: it doesn't run.
            UnavailableError: it does not read its input, or its keeper is away.
        """
        if self._hold.run is None:
            raise NotRunningError("This app isn't running: start it to send it input.")
        await self._hold.request("input", data=text + "\n")

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of its terminal.

        Raises:
            NotRunningError: it doesn't run.
            UnavailableError: it has no terminal, or its keeper is away.
        """
        if self._hold.run is None:
            raise NotRunningError("This app isn't running.")
        await self._hold.request("resize", columns=columns, rows=rows)

    def mark_deleted(self, on_gone: Callable[[], None] | None) -> None:
        """It is no longer in the config: have ``on_gone`` called when it has stopped.

        None takes the mark off.
        """
        self.to_delete = on_gone is not None
        self._on_gone = on_gone or (lambda: None)
        self._publish()
        if self.to_delete and self.state is State.BACKOFF:
            self._move(State.CRASHED, self.reason)
        if self.to_delete and self._hold.run is None and self.state is not State.STARTING:
            self._tasks.start(f"removal of {self.name}", self._leave())

    # -- at the daemon's start and end ---------------------------------------------------------

    async def adopt(self) -> None:
        """Take over what earlier daemons left: a living keeper, an exit, a pending restart.

        Raises:
            OSError: its directory can't be made or read; it can be started all the same when
                that is mended.
        """
        try:
            await self._adopt()
        finally:
            self._is_adopted = True

    async def _adopt(self) -> None:
        # One hop for all: with a thousand apps the hops themselves are most of the start.
        self._memory, left = await in_thread(self._look)
        await self.feed.refresh()
        if left.held:
            self._remembered, self._memory.state = self._memory.state, State.RUNNING
            if self._memory.known and not self.desired.running:
                self._pending = "stop"  # the daemon died before its keeper was asked, perhaps
            await self._hold.attach()
            return
        run = left.run
        if run is None or run.run == self._memory.seen_run:
            await self._resume()
        elif left.ended is not None:
            self._memory.state = State.RUNNING
            await self.on_ended(left.ended, run.started_ms)
        elif run.boot != process.boot_id():
            await self._after_reboot(run.run)
        else:
            self._remembered, self._memory.state = self._memory.state, State.RUNNING
            # May take as long as the app may take to stop: the daemon's start doesn't wait.
            self._tasks.start(f"end of {self.name}", self.on_lost(run.run, run))

    def _look(self) -> tuple[Memory, Left]:
        self._place.make(self.name)
        remembered = memory.load(self._directory, self.name, running=self.config.enabled)
        return remembered, look(self._directory)

    @property
    def is_due(self) -> bool:
        """Whether it should run and doesn't, now that the daemon is up."""
        wanted = self.desired.running and self.config.enabled and not self.to_delete
        return wanted and self._is_adopted and self.state is State.STOPPED

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing runs, will start by itself, or has ended and is being dealt with."""
        return self.state in {State.STOPPED, State.CRASHED} and self._settled.is_set()

    async def close(self) -> None:
        """Let go of it; what runs goes on in its keeper."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await self._settled.wait()
        await self._tasks.cancel()
        self._hold.close()
        self.feed.close()

    async def retry_save(self) -> None:
        """Try again what a full disk refused."""
        if self._file.is_behind:
            await self._save()

    # -- launching -----------------------------------------------------------------------------

    async def _start_launch(self) -> StartResult:
        self._move(State.STARTING, "")
        done: asyncio.Future[StartResult] = asyncio.get_running_loop().create_future()
        self._tasks.start(f"launch of {self.name}", self._launch(done))
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
        await self._save()
        run = uuid.uuid4().hex
        try:
            orders = self._place.orders(self.name, self.config, run)
            await in_thread(self._place.make, self.name)
            async with self._notices.turn:
                self._stop_config = self.config.stop
                await launch(self._directory, orders)
        except InvalidError as error:
            await self._notice(f"[Octyne] Server {self.name} could not be started: {error}")
            return await self._fail(str(error))
        except OSError as error:
            return await self._fail(f"The state of this app can't be kept: {error.strerror}.")
        except LaunchError as error:
            if not error.held and not await in_thread(is_held, self._directory):
                await self.feed.refresh()
                return await self._fail(str(error))
            run = ""  # another keeper's, then: it says itself which one
        await self._hold.attach(run)
        return StartResult(success=True)

    async def _fail(self, reason: str) -> StartResult:
        self._pending, self._again = "", False
        self._move(State.CRASHED, reason)
        await self._save()
        if self.to_delete:
            await self._leave()
        return StartResult(success=False, reason=reason)

    # -- what its hold tells -------------------------------------------------------------------

    async def on_running(self, problem: str, *, asked: str) -> None:
        """See `octyne.apps.hold.Owner`."""
        if self.state is State.STARTING:
            self._move(State.RUNNING, problem)
        elif not problem or problem != self.reason:  # it is looked for twice a second
            self._memory.reason = problem
            self._publish()
        if asked and self.state is State.RUNNING:
            self._move(State.STOPPING, "")
        if asked and self._pending == "stop":
            self._pending = ""
        if self._pending in {"stop", "kill"} and self._hold.is_reachable:
            await self._end(self._pending, again=self._again)

    async def on_ended(self, ended: Exit, started_ms: int) -> None:
        """See `octyne.apps.hold.Owner`: state, disk, console, and what follows, once."""
        if ended.run == self._memory.seen_run:
            await self._on_seen()
            return
        self._remembered = None
        self._settled.clear()
        try:
            again, delay = await self._settle_end(ended, started_ms)
        finally:
            self._settled.set()
        if again and self.state in {State.STOPPED, State.CRASHED, State.BACKOFF}:
            await self._start_launch()
        elif delay is not None:
            self._tasks.start(f"restart of {self.name}", self._restart_after(delay))
        elif self.to_delete:
            await self._leave()

    async def _on_seen(self) -> None:
        """An end that is known already; an earlier daemon may have dealt with it.

        Then the keeper was only held up on its way out when we took it for a running one.
        """
        if self._remembered is None:
            return
        self._hold.release()
        self._memory.state, self._remembered = self._remembered, None
        await self._resume()
        self._publish()

    async def on_lost(self, run: str, record: RunRecord | None) -> None:
        """See `octyne.apps.hold.Owner`: end what the keeper left, and count it as a crash."""
        self._hold.release()
        was_asked = State.STOPPING in {self.state, self._remembered}
        if self.state is State.RUNNING:
            self._move(State.STOPPING, "The app's keeper is gone: its processes are being ended.")
        log.error("The keeper of app %r is gone (was it killed?)", self.name)
        count = 0
        if record is not None and record.run == run:
            lost = LostProcesses(record)
            count = await lost.end(self._stop_config.timeout, lambda: self._pending == "kill")
        reason = "Its keeper was killed."
        if count:
            reason += f" {count} of its processes were ended."
        await self._notice(f"[Octyne] The keeper of server {self.name} is gone. {reason}")
        now = int(time.time() * 1000)
        started_ms = record.started_ms if record else now
        asked = self._pending or ("stop" if was_asked else "")
        await self.on_ended(Exit(run, None, None, asked, reason, now), started_ms)

    # -- ending --------------------------------------------------------------------------------

    async def _end(self, how: str, *, again: bool = False) -> None:
        """Begin the end in the way asked for (``stop`` or ``kill``); ``again``: and start then."""
        self._again = again
        match self.state:
            case State.STARTING:
                self._pending = how
                await self._save()
            case State.BACKOFF:
                self._move(State.STOPPED, "")
                await self._save()
            case State.RUNNING | State.STOPPING if not self._hold.is_reachable:
                self._pending = how  # done as soon as the keeper is reached
                await self._save()
            case State.RUNNING | State.STOPPING:
                stopping, self._pending = self.state is State.STOPPING and not self._pending, ""
                if not stopping or how == "kill":
                    await self._ask_to_end(how)
            case State.STOPPED | State.CRASHED:
                await self._save()

    async def _ask_to_end(self, how: str) -> None:
        if self.state is State.RUNNING:
            self._move(State.STOPPING, "")
        saving = self._tasks.start_task(f"state of {self.name}", self._save_quietly())
        try:
            await self._request_end(how)
        except UnavailableError:
            if self._hold.is_reachable:
                raise
            if self._hold.run is not None:  # else it has ended just now, as was wanted
                self._pending = how
        await asyncio.wait([saving])

    async def _request_end(self, how: str) -> None:
        verb = "Killing" if how == "kill" else "Stopping"
        # Not waited for: nothing may stand between a keeper that is slow and the kill.
        self._hold.tell("notice", text=f"[Octyne] {verb} server {self.name}")
        if how == "kill":
            await self._hold.request("kill")
            return
        stop = self._stop_config
        await self._hold.request(
            "stop", signal=stop.number().name, command=stop.command, timeout=stop.timeout
        )

    async def _settle_end(self, ended: Exit, started_ms: int) -> tuple[bool, float | None]:
        """Remember and tell the end; whether a start was asked for, or the delay of a restart."""
        self._hold.release()
        self.usage = NOTHING
        self._memory.seen_run = ended.run
        self._memory.exit = ended
        again, self._again = self._again and not self.to_delete, False
        self._pending = ""
        delay: float | None = None
        if ended.is_clean:
            self._memory.restarts = 0
            self._move(State.STOPPED, ended.describe())
            if not ended.asked and not again:
                self._want(running=False, by=EXITED)
        else:
            delay = self._after_crash(ended, (ended.time_ms - started_ms) / 1000)
        await self._save()
        await self._tell_end(ended, delay)
        return again, delay

    def _after_crash(self, ended: Exit, ran_s: float) -> float | None:
        self._memory.restarts, delay = policy.after_crash(self._memory.restarts, ran_s)
        if not self.desired.running or self.to_delete:
            delay = None
        self._move(State.CRASHED if delay is None else State.BACKOFF, ended.describe())
        return delay

    async def _tell_end(self, ended: Exit, delay: float | None) -> None:
        if ended.is_clean:
            await self._notice(f"[Octyne] Server {self.name} has stopped.")
            return
        await self._notice(f"[Octyne] Server {self.name} has crashed!")
        if delay is not None and self.state is State.BACKOFF:  # else somebody has stopped it
            await self._notice(f"[Octyne] {DEFAULT_RULE.format(self.name)}")

    async def _restart_after(self, delay_s: float) -> None:
        restarts = self._memory.restarts
        await asyncio.sleep(delay_s)
        if self.state is State.BACKOFF and self._memory.restarts == restarts:
            await self._start_launch()

    async def _after_reboot(self, run: str) -> None:
        self._memory.seen_run = run
        self._memory.reason = "The machine was restarted."
        self._begin_boot()
        await self._notice(f"[Octyne] Server {self.name} has stopped: the machine was restarted.")
        await self._save()

    def _begin_boot(self) -> None:
        """A new boot of the machine: what had crashed or come to its end begins again."""
        self._memory.state, self._memory.restarts = State.STOPPED, 0
        if self.desired.by == EXITED:
            self._want(running=self.config.enabled, by="config")

    async def _resume(self) -> None:
        """No run to take over: go on where the daemon was."""
        if self._memory.boot not in {"", process.boot_id()}:
            self._begin_boot()
        if self.state is State.BACKOFF:
            self._tasks.start(f"restart of {self.name}", self._restart_after(0))
        elif self.state in {State.STARTING, State.RUNNING, State.STOPPING}:
            self._memory.state = State.STOPPED  # the daemon died before a keeper came up

    async def _leave(self) -> None:
        await self._notice(
            f"[Octyne] Server {self.name} was marked for deletion, stopped/crashed,"
            " and has now been removed."
        )
        if self.to_delete:
            self._on_gone()

    # -- state and words -----------------------------------------------------------------------

    def _move(self, target: State, reason: str) -> None:
        self._memory.state = lifecycle.move(self._memory.state, target)
        self._memory.reason = reason
        self._publish()

    def _publish(self) -> None:
        self._events.publish("status", self.snapshot(), app=self.name)

    def _want(self, *, running: bool, by: str) -> None:
        self._memory.desired = Desired(running, by, int(time.time() * 1000))

    async def _save(self) -> bool:
        self._memory.boot = process.boot_id()
        return await self._file.save(self._memory)

    async def _save_quietly(self) -> None:
        await self._save()

    async def _notice(self, text: str) -> None:
        await self._notices.write(text, self.config.console.limit)
