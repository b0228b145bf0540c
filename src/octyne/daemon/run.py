"""Builds the daemon, runs it until a signal, and takes it apart in reverse order.

ARCHITECTURE.md has the order of start and shutdown with its deadlines.
"""

import asyncio
import gc
import logging
import os
import signal
from contextlib import AsyncExitStack

from octyne import __version__
from octyne.accounts.authenticator import Authenticator
from octyne.aio import Tasks, in_thread
from octyne.api.context import Services
from octyne.api.live import Live
from octyne.api.pools import Pools
from octyne.apps.fleet import Fleet
from octyne.apps.place import Place
from octyne.archives.jobs import Jobs
from octyne.audit import AuditLog
from octyne.config.store import ConfigFile
from octyne.daemon.listening import Listeners
from octyne.daemon.options import Options
from octyne.daemon.settings import Settings, announce_password
from octyne.daemon.state import current_umask, raise_open_files
from octyne.daemon.stores import Stores
from octyne.daemon.surroundings import what_ends_apps
from octyne.errors import DaemonError
from octyne.events import Events
from octyne.files.service import Files
from octyne.system.usage import total_memory

APPS_DIRECTORY = "apps"
FILES_DIRECTORY = "files"

log = logging.getLogger(__name__)


class Signals:
    """What the process was told: to end (leaving the apps or taking them along), to reload."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.takes_apps = False
        self.hurry = asyncio.Event()
        self.reload = asyncio.Event()

    def listen(self) -> None:
        """Take over SIGTERM, SIGINT and SIGHUP. Call in the event loop."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._on_terminate)
        loop.add_signal_handler(signal.SIGINT, self._on_interrupt)
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)

    def _on_terminate(self) -> None:
        # The first process of a container takes all others with it, and nobody asks them.
        self.takes_apps = self.takes_apps or os.getpid() == 1
        self.ended.set()

    def _on_interrupt(self) -> None:
        if self.takes_apps:
            self.hurry.set()
        self.takes_apps = True
        self.ended.set()


async def run(options: Options) -> None:
    """Be the daemon until a signal ends it.

    Raises:
        DaemonError: it can't start; the text says what to do.
    """
    signals = Signals()
    signals.listen()
    async with AsyncExitStack() as stack:
        daemon = await Daemon.build(options, stack)
        await daemon.serve(signals)


class Daemon:
    """The parts, put together."""

    def __init__(self, options: Options, umask: int, open_files: tuple[int, int]) -> None:
        self.config_file = ConfigFile(options.config)
        self.events = Events()
        self.audit = AuditLog(self.events)
        place = Place(
            os.path.join(options.state, APPS_DIRECTORY), umask=umask, open_files=open_files
        )
        self.fleet = Fleet(place, self.events)
        self.files = Files(os.path.join(options.state, FILES_DIRECTORY))
        self.jobs = Jobs()
        self.live = Live()
        self.pools = Pools()

    @classmethod
    async def build(cls, options: Options, stack: AsyncExitStack) -> "Daemon":
        """Make and open everything but the listeners; ``stack`` closes it again."""
        daemon = cls(options, current_umask(), raise_open_files())
        await daemon._open(options, stack)
        return daemon

    async def _open(self, options: Options, stack: AsyncExitStack) -> None:
        await in_thread(self.config_file.load)
        config = self.config_file.current
        for warning in self.config_file.warnings:
            log.warning("Config: %s", warning)
        stores = Stores(options.users, options.state)
        self.accounts = Authenticator(*stores.choose(config), self.events)
        self.settings = Settings(
            self.config_file, self.fleet, self.audit, self.accounts, stores, self.events
        )
        stack.callback(self.audit.close)
        await self.settings.begin()
        stack.push_async_callback(self.accounts.close)
        if password := await self.accounts.open():
            announce_password(password)
        await in_thread(self.files.recover)
        stack.callback(self.files.close)
        stack.callback(self.pools.close)
        stack.push_async_callback(self.jobs.close)
        stack.push_async_callback(self.fleet.close)
        await self.fleet.adopt(config)

    async def serve(self, signals: Signals) -> None:
        """Listen, start what should run, and go on until told to end."""
        config = self.config_file.current
        async with Listeners(self._services()) as listeners, Tasks() as tasks:
            await listeners.open(config)
            self.audit.started(config.port)
            if not signals.ended.is_set():
                self.fleet.start_due()
            tasks.start("fleet", self.fleet.run())
            tasks.start("accounts", self.accounts.run())
            tasks.start("files", self.files.run())
            tasks.start("uploads", self.files.resumable.run())
            tasks.start("reload", self._reload_on(signals.reload, listeners))
            tasks.start("surroundings", self._warn_of_surroundings())
            gc.collect()
            gc.freeze()  # what is here stays; looking at it again costs every request
            log.info("Octyne %s is ready", __version__)
            await signals.ended.wait()
            if signals.takes_apps:
                await self._shut_down_apps(signals)
            self.files.stop()
            await self.jobs.close()
        self._say_farewell()

    def _services(self) -> Services:
        return Services(
            fleet=self.fleet,
            accounts=self.accounts,
            config_file=self.config_file,
            audit=self.audit,
            events=self.events,
            files=self.files,
            jobs=self.jobs,
            total_memory=total_memory(),
            reload_config=self.settings.reload,
            replace_config=self.settings.replace,
            health=self._problems,
            version=__version__,
            live=self.live,
            pools=self.pools,
        )

    def _problems(self) -> list[str]:
        found = [self.audit.problem, self.accounts.problem, *self.settings.problems]
        return [problem for problem in [*found, *self.fleet.problems()] if problem]

    async def _reload_on(self, told: asyncio.Event, listeners: Listeners) -> None:
        """SIGHUP: read the config and the certificate again."""
        while True:
            await told.wait()
            told.clear()
            for work in (self.settings.reload, listeners.reload_certificate):
                try:
                    await work()
                except DaemonError as error:
                    log.error("Reloading failed, all stays as it was: %s", error)  # noqa: TRY400

    async def _warn_of_surroundings(self) -> None:
        if warning := await in_thread(what_ends_apps):
            log.warning("%s", warning)

    async def _shut_down_apps(self, signals: Signals) -> None:
        log.info("Stopping all apps; Ctrl-C again kills them")
        await self.fleet.shut_down(signals.hurry)

    def _say_farewell(self) -> None:
        running = [app.name for app in self.fleet.all() if app.status == 1]
        if running:
            log.info(
                "Octyne ends; these apps keep running and the next daemon takes them over: %s."
                " To stop them: octyne stop-apps",
                ", ".join(running),
            )
        else:
            log.info("Octyne ends; no app is running")
