"""One app, as it is asked and looked at: its wishes, its config, its usage, its console."""

import os
from collections.abc import Callable

from octyne.apps.history import UsageHistory, UsagePoint
from octyne.apps.lifecycle import Exit, State
from octyne.apps.memory import Desired
from octyne.apps.place import Place
from octyne.apps.runs import Runs, StartResult
from octyne.apps.standing import Standing
from octyne.config.model import AppConfig
from octyne.console.feed import Feed
from octyne.errors import ConflictError
from octyne.events import Events
from octyne.system.usage import Usage

REMOVED = StartResult(success=False, reason="It is no longer in the config.")


class NotRunningError(ConflictError):
    """The app doesn't run."""

    code = "not-running"


class App:
    """One app, from its entry in the config until that is removed and it has stopped."""

    def __init__(self, name: str, config: AppConfig, place: Place, events: Events) -> None:
        self.name = name
        self.feed = Feed(place.console(name))
        self._standing = Standing(name, config, place, self.feed, events)
        self._runs = Runs(self._standing, place, self.feed)
        self._history = UsageHistory()
        self._is_adopted = False

    # -- what is -----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What it is doing."""
        return self._standing.state

    @property
    def status(self) -> int:
        """The contract's number: 0 not running, 1 running, 2 crashed."""
        return self._standing.status

    @property
    def reason(self) -> str:
        """Why it is in this state, for users; may be empty."""
        return self._standing.reason

    @property
    def desired(self) -> Desired:
        """Whether it should run, and who said so."""
        return self._standing.desired

    @property
    def exit(self) -> Exit | None:
        """How the newest run that has ended did so."""
        return self._standing.memory.exit

    @property
    def restarts(self) -> int:
        """Restarts in a row after crashes."""
        return self._standing.memory.restarts

    @property
    def to_delete(self) -> bool:
        """Whether it is no longer in the config; it goes when it stops."""
        return self._standing.to_delete

    @property
    def pid(self) -> int | None:
        """Of the app's first process, while it runs."""
        return self._standing.pid

    @property
    def keeper_pid(self) -> int | None:
        """Of its keeper, while it runs."""
        run = self._runs.hold.run
        return run.hello.keeper_pid if run else None

    @property
    def directory(self) -> str:
        """Where it runs and its files are, absolute; as the config says it now."""
        return os.path.abspath(self._standing.config.directory)

    @property
    def problem(self) -> str:
        """What is wrong with its files, for users; "" when nothing is."""
        if self._runs.hold.is_disk_full:
            return f"The disk is full: output of app {self.name!r} can't be kept."
        return self._standing.file.problem

    @property
    def usage(self) -> Usage:
        """Of the whole process tree, from the newest sample."""
        return self._standing.usage

    @property
    def history(self) -> list[UsagePoint]:
        """Its usage in the last hour, oldest first."""
        return self._history.points()

    def take_usage(self, time_ms: int, usage: Usage) -> None:
        """Take a sample of its process tree."""
        self._standing.usage = usage
        self._history.add(time_ms, usage)

    def uptime_ns(self) -> int:
        """How long it has been running, in nanoseconds; 0 when it isn't."""
        return self._runs.hold.uptime_ns()

    # -- what is asked -------------------------------------------------------------------------

    async def start(self, by: str) -> StartResult:
        """Start it, unless it runs; while it is stopping, the start follows the stop.

        One that is marked for deletion isn't started: its end is its removal. Returns when it
        runs or can't. Cancelling stops the waiting only.
        """
        if self.to_delete and self.state is not State.RUNNING:
            return REMOVED
        self._standing.want(running=True, by=by)
        return await self._runs.begin()

    async def stop(self, by: str) -> None:
        """Ask it to end, and have it killed at its deadline. Returns when it has been asked.

        If its keeper can't be reached now, that is done as soon as it can.

        Raises:
            UnavailableError: its keeper refused or did not answer.
        """
        self._standing.want(running=False, by=by)
        await self._runs.end("stop")

    async def kill(self, by: str) -> None:
        """Kill all its processes at once. Returns when the signals are sent.

        Raises:
            UnavailableError: its keeper does not answer.
        """
        self._standing.want(running=False, by=by)
        await self._runs.end("kill")

    async def restart(self, by: str) -> StartResult:
        """Stop it if it runs, and start it then."""
        if self.to_delete:
            return REMOVED
        if self.state is not State.RUNNING:
            return await self.start(by)
        self._standing.want(running=True, by=by)
        await self._runs.end("stop", again=True)
        return StartResult(success=True)

    async def shut_down(self, *, hurry: bool = False) -> None:
        """End it because the daemon was told to take its apps along; it stays wanted."""
        await self._runs.end("kill" if hurry else "stop")

    async def send_input(self, text: str) -> None:
        """Give it a line (or several) on its stdin; the line's end is added.

        Raises:
            NotRunningError: it doesn't run.
            UnavailableError: it does not read its input, or its keeper is away.
        """
        if self._runs.hold.run is None:
            raise NotRunningError("This app isn't running: start it to send it input.")
        await self._runs.hold.request("input", data=text + "\n")

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of its terminal.

        Raises:
            NotRunningError: it doesn't run.
            UnavailableError: it has no terminal, or its keeper is away.
        """
        if self._runs.hold.run is None:
            raise NotRunningError("This app isn't running.")
        await self._runs.hold.request("resize", columns=columns, rows=rows)

    # -- what the fleet does with it -----------------------------------------------------------

    def configure(self, config: AppConfig) -> None:
        """Take a new config, for the next start."""
        self._standing.config = config

    def mark_deleted(self, on_gone: Callable[[], None] | None) -> None:
        """It is no longer in the config: have ``on_gone`` called when it has stopped.

        None takes the mark off.
        """
        self._standing.to_delete = on_gone is not None
        self._runs.on_gone = on_gone or (lambda: None)
        self._standing.publish()
        if self.to_delete:
            self._runs.leave_if_ended()

    async def adopt(self) -> None:
        """Take over what earlier daemons left: a living keeper, an exit, a pending restart.

        Raises:
            OSError: its directory can't be made or read; it can be started all the same when
                that is mended.
        """
        try:
            await self._runs.adopt()
        finally:
            self._is_adopted = True

    @property
    def is_due(self) -> bool:
        """Whether it should run and doesn't, now that the daemon is up."""
        wanted = self.desired.running and self._standing.config.enabled and not self.to_delete
        return wanted and self._is_adopted and self.state is State.STOPPED

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing runs, will start by itself, or has ended and is being dealt with."""
        return self.state in {State.STOPPED, State.CRASHED} and self._runs.is_settled

    async def retry_save(self) -> None:
        """Try again what a full disk refused."""
        if self._standing.file.is_behind:
            await self._standing.save()

    async def close(self) -> None:
        """Let go of it; what runs goes on in its keeper."""
        await self._runs.close()
        self.feed.close()
