"""Makes the running daemon follow its config: apps, action log, stores of accounts."""

import asyncio
import logging
from collections.abc import Coroutine

from octyne.accounts.authenticator import Authenticator
from octyne.aio import in_thread
from octyne.apps.fleet import Fleet
from octyne.audit import AuditLog
from octyne.config.store import ConfigChange, ConfigFile, diff
from octyne.daemon.stores import Stores
from octyne.errors import DaemonError
from octyne.events import Events

AT_START = {
    "port": "port",
    "webUI": "dashboard",
    "unixSocket": "Unix socket",
    "https": "HTTPS",
}  # what is taken over at the daemon's next start

log = logging.getLogger(__name__)


class Settings:
    """The config in force. Reloads and replacements happen one at a time.

    Attributes:
        problems: what of the newest config could not be applied, for users.
    """

    def __init__(
        self,
        file: ConfigFile,
        fleet: Fleet,
        audit: AuditLog,
        accounts: Authenticator,
        stores: Stores,
        events: Events,
    ) -> None:
        self._file = file
        self._fleet = fleet
        self._audit = audit
        self._accounts = accounts
        self._stores = stores
        self._events = events
        self._turn = asyncio.Lock()
        self._at_start = file.current
        self._unapplied: set[str] = set()  # keys whose newest values wait for a better time
        self.problems: list[str] = []

    async def reload(self) -> None:
        """Read the file again and follow it.

        Raises:
            ConfigError: it is missing or broken; nothing changes.
        """
        async with self._turn:
            await self._apply(await in_thread(self._file.load))

    async def replace(self, body: bytes) -> None:
        """Put a new file in place of the old one and follow it.

        Raises:
            InvalidError: it isn't a config; the old file stays.
            UnavailableError: it can't be written; the old file stays.
        """
        async with self._turn:
            await self._apply(await in_thread(self._file.replace, body))

    async def _apply(self, change: ConfigChange) -> None:
        config = self._file.current
        for warning in self._file.warnings:
            log.warning("Config: %s", warning)
        due = change.settings | self._unapplied
        problems = {}
        if "logging" in due:
            problems["logging"] = await self._try(self._configure_audit(), "logging")
        if "redis" in due:
            problems["redis"] = await self._try(self._change_stores(), "redis")
        problems["servers"] = await self._try(self._fleet.apply(config, change), "servers")
        self._take(problems)
        self._events.publish(
            "config",
            {
                "added": sorted(change.added),
                "removed": sorted(change.removed),
                "changed": sorted(change.changed),
                "settings": sorted(change.settings),
                "problems": self.problems,
            },
        )

    async def begin(self) -> None:
        """Open the action log. Without it actions go unrecorded, but the apps are looked after."""
        self._take({"logging": await self._try(self._configure_audit(), "logging")})

    def _take(self, problems: dict[str, str]) -> None:
        """Remember what could not be applied, to try it again with the next change, and say it."""
        self._unapplied = {key for key, problem in problems.items() if problem}
        waiting = diff(self._at_start, self._file.current).settings & AT_START.keys()
        self.problems = [problem for problem in problems.values() if problem]
        self.problems += [
            f"The {AT_START[key]} settings change when the daemon is restarted."
            for key in sorted(waiting)
        ]
        for problem in self.problems:
            log.warning("%s", problem)

    async def _configure_audit(self) -> None:
        """Have the action log follow the config."""
        entry = self._file.current.logging
        await in_thread(
            self._audit.configure,
            enabled=entry.enabled,
            directory=entry.path,
            actions=dict(entry.actions),
        )

    async def _change_stores(self) -> None:
        accounts, sessions = self._stores.choose(self._file.current)
        password = await self._accounts.use(accounts, sessions)
        if password is not None:
            announce_password(password)

    @staticmethod
    async def _try(work: Coroutine[None, None, None], key: str) -> str:
        """Do one part; what can't be done keeps its old engine and is told."""
        try:
            await work
        except DaemonError as error:
            return f"The {key} settings could not be applied: {error}"
        return ""


def announce_password(password: str) -> None:
    """Show the first account's password, this once and nowhere else."""
    print(f'The first account is "admin", its password: {password}', flush=True)  # noqa: T201
    print("It is shown only this once: sign in and change it.", flush=True)  # noqa: T201
