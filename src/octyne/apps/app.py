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
from octyne.apps.lifecycle import Exit, State
from octyne.apps.memory import Desired, Memory, StateFile
from octyne.apps.place import Place
from octyne.apps.recovery import LostProcesses, read_exit, read_run
from octyne.config.model import AppConfig
from octyne.console.feed import Feed
from octyne.errors import ConflictError, DaemonError, InvalidError, UnavailableError
from octyne.events import Events
from octyne.keeper.client import Hello, KeeperError, KeeperLink, LaunchError, is_held, launch
from octyne.system import process
from octyne.system.usage import NOTHING, Usage

EXITED = "@exit"  # says that an app isn't wanted any more: it ended by itself, cleanly
SETTLE_S = 3.0  # for the record and the last words of an end, when the daemon ends too
POLL_S = 0.02
RECONNECT_S = 0.5  # between tries to reach a keeper that lives but does not answer
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


@dataclass(slots=True)
class Run:
    """The run that a keeper holds now.

    Attributes:
        started_ticks: kernel start time of the app's process, 0 when unknown.
    """

    hello: Hello
    started_ticks: int
    link: KeeperLink | None


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
        self._run: Run | None = None
        self._stop_config = config.stop
        self._log_lock = asyncio.Lock()  # a launch and our own notices don't meet at the log
        self._pending = ""  # "stop", "kill": asked while starting; "start": while stopping
        self._on_gone: Callable[[], None] = lambda: None
        self._endings = 0  # ends that are being dealt with

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
        return self._run.hello.pid if self._run else None

    @property
    def keeper_pid(self) -> int | None:
        """Of its keeper, while it runs."""
        return self._run.hello.keeper_pid if self._run else None

    @property
    def problem(self) -> str:
        """What is wrong with its files, for users; "" when nothing is."""
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
        if self._run is None:
            return 0
        if self._run.started_ticks:
            # Counted by the kernel from boot: a wall clock that jumps changes nothing.
            return process.age_ns(self._run.started_ticks)
        return max(0, time.time_ns() - self._run.hello.started_ms * 1_000_000)

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

        Returns when it runs or can't. Cancelling stops the waiting only.
        """
        self._want(running=True, by=by)
        if self.state is State.STOPPING:
            self._pending = "start"
        if self.state in {State.RUNNING, State.STOPPING}:
            await self._save()
            return StartResult(success=True)
        if self.state is State.STARTING:
            self._pending = ""
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
        if self.state not in {State.RUNNING, State.STOPPING}:
            return await self.start(by)
        self._want(running=True, by=by)
        if self.state is State.RUNNING:
            await self._end("stop")
        self._pending = "start"
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
        if self._run is None:
            raise NotRunningError("This app isn't running: start it to send it input.")
        await self._link().request("input", data=text + "\n")

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of its terminal.

        Raises:
            NotRunningError: it doesn't run.
            UnavailableError: it has no terminal, or its keeper is away.
        """
        if self._run is None:
            raise NotRunningError("This app isn't running.")
        await self._link().request("resize", columns=columns, rows=rows)

    def mark_deleted(self, on_gone: Callable[[], None] | None) -> None:
        """It is no longer in the config: have ``on_gone`` called when it has stopped.

        None takes the mark off.
        """
        self.to_delete = on_gone is not None
        self._on_gone = on_gone or (lambda: None)
        self._publish()
        if self.to_delete and self.state is State.BACKOFF:
            self._move(State.CRASHED, self.reason)
        if self.to_delete and self._run is None and self.state is not State.STARTING:
            self._tasks.start(f"removal of {self.name}", self._leave())

    # -- at the daemon's start and end ---------------------------------------------------------

    async def adopt(self) -> None:
        """Take over what earlier daemons left: a living keeper, an exit, a pending restart."""
        self._memory = await in_thread(
            memory.load, self._directory, self.name, running=self.config.enabled
        )
        await self.feed.refresh()
        if await in_thread(is_held, self._directory):
            self._memory.state = State.RUNNING
            await self._attach()
            return
        run = await in_thread(read_run, self._directory)
        if run is None or run.run == self._memory.seen_run:
            await self._resume()
        elif (ended := await in_thread(read_exit, self._directory, run.run)) is not None:
            self._memory.state = State.RUNNING
            await self._handle_exit(ended, run.started_ms)
        elif run.boot != process.boot_id():
            await self._after_reboot(run.run)
        else:
            self._memory.state = State.RUNNING
            await self._handle_lost(run.run)

    @property
    def is_due(self) -> bool:
        """Whether it should run and doesn't, now that the daemon is up."""
        wanted = self.desired.running and self.config.enabled and not self.to_delete
        return wanted and self.state is State.STOPPED

    @property
    def is_settled(self) -> bool:
        """Whether no end is being dealt with."""
        return self._endings == 0

    async def close(self) -> None:
        """Let go of it; what runs goes on in its keeper."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while not self.is_settled:
                    await asyncio.sleep(POLL_S)
        await self._tasks.cancel()
        if self._run is not None and self._run.link is not None:
            self._run.link.close()
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
        await self._save()
        run = uuid.uuid4().hex
        try:
            orders = self._place.orders(self.name, self.config, run)
            async with self._log_lock:
                self._stop_config = self.config.stop
                await launch(self._directory, orders)
        except InvalidError as error:
            await self._notice(f"[Octyne] Server {self.name} could not be started: {error}")
            return await self._fail(str(error))
        except LaunchError as error:
            if not error.held and not await in_thread(is_held, self._directory):
                await self.feed.refresh()
                return await self._fail(str(error))
        await self._attach(run)
        return StartResult(success=True)

    async def _fail(self, reason: str) -> StartResult:
        self._pending = ""
        self._move(State.CRASHED, reason)
        await self._save()
        if self.to_delete:
            await self._leave()
        return StartResult(success=False, reason=reason)

    # -- the keeper ----------------------------------------------------------------------------

    async def _attach(self, run: str = "") -> None:
        """Connect to the living keeper; if that fails, find out what became of it."""
        link = KeeperLink(self._on_output, self._on_exit, lambda: self._on_lost(link))
        try:
            hello = await link.connect(self._directory)
        except KeeperError as error:
            self._tasks.start(f"search for {self.name}", self._search(run, str(error)))
            return
        self._run = Run(hello, _start_ticks(hello.pid), link)
        self.feed.update(hello.start, hello.end)
        self._found_running("")
        if hello.asked and self.state is State.RUNNING:
            self._move(State.STOPPING, "")
        if self._pending in {"stop", "kill"}:
            await self._end(self._pending)

    async def _search(self, run: str, problem: str) -> None:
        """A keeper that can't be reached: has its app ended, is it gone, or only slow?"""
        if await in_thread(is_held, self._directory):
            self._found_running(problem)
            await asyncio.sleep(RECONNECT_S)
            await self._attach(run)
            return
        recorded = await in_thread(read_run, self._directory)
        run = run or (recorded.run if recorded else "")
        ended = await in_thread(read_exit, self._directory, run)
        started_ms = recorded.started_ms if recorded else 0
        if ended is not None:
            await self._handle_exit(ended, started_ms)
        else:
            await self._handle_lost(run)

    def _found_running(self, reason: str) -> None:
        if self.state is State.STARTING:
            self._move(State.RUNNING, reason)
        else:
            self._memory.reason = reason
            self._publish()

    def _on_output(self, start: int, end: int) -> None:
        self.feed.update(start, end)

    def _on_exit(self, record: dict[str, Any]) -> None:
        started_ms = self._run.hello.started_ms if self._run else 0
        self._tasks.start(f"end of {self.name}", self._handle_exit(Exit.of(record), started_ms))

    def _on_lost(self, link: KeeperLink) -> None:
        run = self._run
        if run is not None and run.link is link:
            run.link = None
            # The exit record may be handled at this moment: then there is no run any more.
            self._tasks.start(f"search for {self.name}", self._after_lost(run))

    async def _after_lost(self, run: Run) -> None:
        if self._run is run:
            await self._search(run.hello.run, "The app's keeper does not answer.")

    def _link(self) -> KeeperLink:
        if self._run is None or self._run.link is None:
            raise UnavailableError("The app's keeper does not answer. Try again in a moment.")
        return self._run.link

    # -- ending --------------------------------------------------------------------------------

    async def _end(self, how: str) -> None:
        """Begin the end in the way asked for (``stop`` or ``kill``)."""
        match self.state:
            case State.STARTING:
                self._pending = how
            case State.BACKOFF:
                self._move(State.STOPPED, "")
                await self._save()
            case State.RUNNING | State.STOPPING if self._run is None or self._run.link is None:
                self._pending = how  # done as soon as the keeper is reached
                await self._save()
            case State.RUNNING | State.STOPPING:
                again, self._pending = self.state is State.STOPPING, ""
                if not again or how == "kill":
                    await self._ask_to_end(how)
            case State.STOPPED | State.CRASHED:
                await self._save()

    async def _ask_to_end(self, how: str) -> None:
        link = self._link()
        if self.state is State.RUNNING:
            self._move(State.STOPPING, "")
        verb = "Killing" if how == "kill" else "Stopping"
        saving = self._tasks.start_task(f"state of {self.name}", self._save_quietly())
        await link.request("notice", text=f"[Octyne] {verb} server {self.name}")
        if how == "kill":
            await link.request("kill")
        else:
            stop = self._stop_config
            await link.request(
                "stop", signal=stop.number().name, command=stop.command, timeout=stop.timeout
            )
        await asyncio.wait([saving])

    async def _handle_exit(self, ended: Exit, started_ms: int) -> None:
        """Deal with the end of a run, once: state, disk, console, and what follows."""
        if ended.run == self._memory.seen_run:
            return
        self._endings += 1
        try:
            again, delay = await self._settle_end(ended, started_ms)
        finally:
            self._endings -= 1
        if again and self.state in {State.STOPPED, State.CRASHED, State.BACKOFF}:
            await self._start_launch()
        elif delay is not None:
            self._tasks.start(f"restart of {self.name}", self._restart_after(delay))
        elif self.to_delete:
            await self._leave()

    async def _settle_end(self, ended: Exit, started_ms: int) -> tuple[bool, float | None]:
        """Remember and tell the end; whether a start was asked for, or the delay of a restart."""
        self._forget_run()
        self._memory.seen_run = ended.run
        self._memory.exit = ended
        again, self._pending = self._pending == "start", ""
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
        if delay is not None:
            await self._notice(f"[Octyne] {DEFAULT_RULE.format(self.name)}")

    async def _restart_after(self, delay_s: float) -> None:
        restarts = self._memory.restarts
        await asyncio.sleep(delay_s)
        if self.state is State.BACKOFF and self._memory.restarts == restarts:
            await self._start_launch()

    async def _handle_lost(self, run: str) -> None:
        """The keeper is gone without an exit record: end what it left, and count it a crash."""
        self._forget_run()
        if self.state is State.RUNNING:
            self._move(State.STOPPING, "The app's keeper is gone: its processes are being ended.")
        log.error("The keeper of app %r is gone (was it killed?)", self.name)
        recorded = await in_thread(read_run, self._directory)
        count = 0
        if recorded is not None and recorded.run == run:
            count = await LostProcesses(recorded).end(self.config.stop.timeout)
        reason = "Its keeper was killed."
        if count:
            reason += f" {count} of its processes were ended."
        await self._notice(f"[Octyne] The keeper of server {self.name} is gone. {reason}")
        now = int(time.time() * 1000)
        started_ms = recorded.started_ms if recorded else now
        await self._handle_exit(Exit(run, None, None, "", reason, now), started_ms)

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

    def _forget_run(self) -> None:
        run, self._run = self._run, None
        self.usage = NOTHING
        if run is not None and run.link is not None:
            run.link.release()

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
        """Write a line of our own to the console log while no keeper holds it."""
        async with self._log_lock:
            try:
                span = await in_thread(
                    self._place.write_notice, self.name, text, self.config.console.limit
                )
            except (OSError, DaemonError) as error:
                log.warning("A line for the console of app %r was lost: %s", self.name, error)
                return
            self.feed.update(*span)


def _start_ticks(pid: int) -> int:
    found = process.identity(pid)
    return found.start_ticks if found else 0
