"""All apps: taken over at the daemon's start, changed with the config, sampled, shut down."""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial

from octyne.aio import Tasks, in_thread
from octyne.apps import memory
from octyne.apps.app import App
from octyne.apps.lifecycle import State
from octyne.apps.place import Place
from octyne.apps.recovery import read_run
from octyne.config.model import AppConfig, Config
from octyne.config.store import ConfigChange
from octyne.errors import NotFoundError, UnavailableError
from octyne.events import Events
from octyne.keeper.client import is_held
from octyne.system.usage import ProcessTable

ADOPT_S = 10.0  # for one app at the daemon's start; a stuck one holds nobody up
SAMPLE_S = 2.0  # between looks at all process trees
SOON_S = 0.25  # after a start, so that its first numbers don't wait for the next look
POLL_S = 0.05  # while apps shut down
HURRY_S = 15.0  # for the kills of a shutdown; a keeper gives up on what can't be killed after 10
LAST_LOOK_S = 10.0  # for the viewers of a removed app, which are closed after 5
KEEP_REMOVED_S = 7 * 86_400  # the console and state of an app that is gone from the config

DAEMON = "@daemon"  # who starts apps with the daemon

log = logging.getLogger(__name__)


class UnknownAppError(NotFoundError):
    """No app of that name; the text is the contract's."""

    code = "unknown-app"

    def __init__(self) -> None:
        super().__init__("This server does not exist!")


class Fleet:
    """The apps by name.

    Use as: `adopt`, listen, `start_due`, and `run` beside the listeners; then `close`, after
    `shut_down` when the apps are to end with the daemon.
    """

    def __init__(self, place: Place, events: Events) -> None:
        self._place = place
        self._events = events
        self._apps: dict[str, App] = {}
        self._tasks = Tasks()
        self._table = ProcessTable()
        self._sample_soon = asyncio.Event()
        self._starts = False
        self._on_removed: list[Callable[[str], None]] = []

    def get(self, name: str) -> App:
        """The app of that name.

        Raises:
            UnknownAppError: there is none.
        """
        try:
            return self._apps[name]
        except KeyError:
            raise UnknownAppError from None

    def all(self) -> Sequence[App]:
        """All apps, those marked for deletion included, in the order of the config."""
        return list(self._apps.values())

    def on_removed(self, callback: Callable[[str], None]) -> None:
        """Have ``callback(name)`` called when an app is gone for good."""
        self._on_removed.append(callback)

    def problems(self) -> list[str]:
        """What is wrong with the apps' files, for users."""
        return [app.problem for app in self._apps.values() if app.problem]

    async def adopt(self, config: Config) -> None:
        """Take over all that earlier daemons left, each app within its own deadline.

        Raises:
            UnavailableError: the state directory can't be used.
        """
        try:
            left = await in_thread(self._left_behind, set(config.servers))
        except OSError as error:
            raise UnavailableError(
                f"The state directory can't be used: {error.strerror}."
            ) from error
        async with asyncio.TaskGroup() as group:
            for name, entry in config.servers.items():
                group.create_task(self._add(name, entry))
            for name in left:
                group.create_task(self._add_left(name))
        self._apps = {n: self._apps[n] for n in [*config.servers, *left] if n in self._apps}

    def start_due(self) -> None:
        """Start what should run and doesn't, all at once; returns without waiting.

        From now on apps that are added start as soon as they are known not to run.
        """
        self._starts = True
        for app in self._apps.values():
            if app.is_due:
                self._start(app)

    async def apply(self, config: Config, change: ConfigChange) -> None:
        """Make the fleet follow a config that was loaded.

        New apps start when they are enabled, changed ones take their values at their next
        start, those that are gone leave when they have stopped.
        """
        for name in change.removed & set(self._apps):
            self._apps[name].mark_deleted(partial(self._remove, name))
        for name, entry in config.servers.items():
            app = self._apps.get(name)
            if app is None:
                await self._add(name, entry)
                continue
            app.configure(entry)
            if app.to_delete:
                app.mark_deleted(None)

    async def run(self) -> None:
        """Sample the process trees, and try again what a full disk refused, until cancelled."""
        position = self._events.next_id
        self._tasks.start("first numbers of new apps", self._watch_starts(position))
        while True:
            try:
                await self._look_after()
            except Exception:  # bulkhead: one look at all apps
                log.exception("Looking after the apps failed")
            try:
                async with asyncio.timeout(SAMPLE_S):
                    await self._sample_soon.wait()
                self._sample_soon.clear()
            except TimeoutError:
                continue

    async def _look_after(self) -> None:
        await self._sample()
        for app in list(self._apps.values()):
            await app.retry_save()

    async def shut_down(self, hurry: asyncio.Event) -> None:
        """End all apps in their own way; at once when ``hurry`` is set. They stay wanted.

        Also those that are about to start, or are started meanwhile. After ``hurry`` nobody is
        waited for for long: a keeper that doesn't answer goes on without us.
        """
        self._starts = False
        asked: set[App] = set()
        deadline: float | None = None
        while busy := {app for app in self._apps.values() if not app.is_at_rest}:
            if hurry.is_set() and deadline is None:
                deadline = time.monotonic() + HURRY_S
                asked.clear()
            await self._end_all(busy - asked, hurry=hurry.is_set())
            asked |= busy
            if deadline is not None and time.monotonic() > deadline:
                return
            await asyncio.sleep(POLL_S)

    async def close(self) -> None:
        """Let go of all apps; what runs goes on in its keeper."""
        await self._tasks.cancel()
        async with asyncio.TaskGroup() as group:
            for app in self._apps.values():
                group.create_task(app.close())

    # -- inside ----------------------------------------------------------------------------

    async def _add(self, name: str, entry: AppConfig) -> App:
        app = App(name, entry, self._place, self._events)
        self._apps[name] = app
        adoption = self._tasks.start_task(f"taking over {name}", self._adopt(app))
        await asyncio.wait([adoption], timeout=ADOPT_S)
        if not adoption.done():
            log.warning("App %r could not be taken over in time: this goes on beside", name)
        return app

    async def _adopt(self, app: App) -> None:
        try:
            await app.adopt()
        except OSError as error:
            log.error("The state of app %r can't be kept: %s", app.name, error)  # noqa: TRY400
        if self._starts and app.is_due:
            self._start(app)

    async def _add_left(self, name: str) -> None:
        """An app that runs, though the config has lost it meanwhile."""
        app = await self._add(name, AppConfig(enabled=False))
        app.mark_deleted(partial(self._remove, name))

    def _left_behind(self, known: set[str]) -> list[str]:
        """Apps that are not in the config and that a keeper still holds; old ones go."""
        os.makedirs(self._place.root, mode=0o700, exist_ok=True)
        found = []
        for name in memory.names_in(self._place.root):
            directory = self._place.directory(name)
            if name in known:
                continue
            run = read_run(directory)
            if is_held(directory) or (run is not None and _is_unseen(directory, name, run.run)):
                found.append(name)
            else:
                _purge(directory)
        return found

    def _start(self, app: App) -> None:
        async def start() -> None:
            result = await app.start(app.desired.by if app.desired.time_ms else DAEMON)
            if not result.success:
                log.warning("App %r could not be started: %s", app.name, result.reason)

        self._tasks.start(f"start of {app.name}", start())

    def _remove(self, name: str) -> None:
        app = self._apps.pop(name, None)
        if app is None:
            return
        self._events.publish("status", {"removed": True}, app=name)
        for callback in self._on_removed:
            callback(name)
        self._tasks.start(f"end of {name}", self._close_removed(app))

    @staticmethod
    async def _close_removed(app: App) -> None:
        """Viewers still read its last lines, as slowly as they like, until they are closed."""
        await asyncio.sleep(LAST_LOOK_S)
        await app.close()

    @staticmethod
    async def _end_all(apps: set[App], *, hurry: bool) -> None:
        async def end(app: App) -> None:
            try:
                await app.shut_down(hurry=hurry)
            except UnavailableError as error:
                log.warning("App %r can't be stopped: %s", app.name, error)

        async with asyncio.TaskGroup() as group:
            for app in apps:
                if not app.is_at_rest:
                    group.create_task(end(app))

    async def _watch_starts(self, position: int) -> None:
        while True:
            await self._events.wait(position)
            events, _ = self._events.since(position)
            position = self._events.next_id
            if any(e.kind == "status" and e.data.get("state") == State.RUNNING for e in events):
                await asyncio.sleep(SOON_S)
                self._sample_soon.set()

    async def _sample(self) -> None:
        roots = {a.name: a.keeper_pid for a in self._apps.values() if a.keeper_pid is not None}
        if not roots:
            return
        found = await in_thread(self._table.sample, roots)
        now = int(time.time() * 1000)
        for name, usage in found.items():
            app = self._apps.get(name)
            if app is not None and app.keeper_pid == roots[name]:
                app.take_usage(now, usage)
        self._events.publish(
            "usage",
            {
                name: {"cpuUsage": usage.cpu_percent, "memoryUsage": usage.memory_bytes}
                for name, usage in found.items()
            },
        )


def _is_unseen(directory: str, name: str, run: str) -> bool:
    return memory.load(directory, name, running=False).seen_run != run


def _purge(directory: str) -> None:
    """Remove what an app left that went long ago. Blocks."""
    try:
        if time.time() - os.stat(directory).st_mtime < KEEP_REMOVED_S:
            return
        shutil.rmtree(directory)
    except OSError:
        log.warning("The files of a removed app can't be cleared away: %s", directory)
