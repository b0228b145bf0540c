"""What the API needs of the domains, as protocols: their classes fit without knowing of it."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from octyne.accounts.rights import Identity
from octyne.config.model import Config
from octyne.console.feed import ViewOptions


class Usage(Protocol):
    """What an app's process tree uses now."""

    @property
    def cpu_percent(self) -> float: ...
    @property
    def memory_bytes(self) -> int: ...


class UsagePoint(Usage, Protocol):
    """A sample of the last hour."""

    @property
    def time_ms(self) -> int: ...


class Desired(Protocol):
    """What an app should be."""

    @property
    def running(self) -> bool: ...


class StartResult(Protocol):
    """Whether a start worked, else why not."""

    @property
    def success(self) -> bool: ...
    @property
    def reason(self) -> str: ...


class Cursor(Protocol):
    """One viewer's position in the console."""

    async def next(self) -> bytes:
        """The next message, encoded; waits for output."""
        ...


class Feed(Protocol):
    """The console of one app."""

    @property
    def size(self) -> int: ...
    async def open(self, options: ViewOptions) -> Cursor: ...


class App(Protocol):
    """One app, as far as the API sees it."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def to_delete(self) -> bool: ...
    @property
    def pid(self) -> int | None: ...
    @property
    def restarts(self) -> int: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def history(self) -> Sequence[UsagePoint]: ...
    @property
    def desired(self) -> Desired: ...
    @property
    def feed(self) -> Feed: ...
    def uptime_ns(self) -> int: ...
    async def start(self, by: str) -> StartResult: ...
    async def stop(self, by: str) -> None: ...
    async def kill(self, by: str) -> None: ...
    async def restart(self, by: str) -> StartResult: ...
    async def send_input(self, text: str) -> None: ...


class Fleet(Protocol):
    """All apps."""

    def get(self, name: str) -> App:
        """The app, or a NotFoundError."""
        ...

    def all(self) -> Sequence[App]: ...
    def on_removed(self, callback: Callable[[str], None]) -> None: ...


class LogLine(Protocol):
    """A line of the console log."""

    @property
    def offset(self) -> int: ...
    @property
    def time(self) -> int: ...
    @property
    def text(self) -> str: ...


class LogPage(Protocol):
    """A page of the console log."""

    @property
    def lines(self) -> Sequence[LogLine]: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def next(self) -> int | None: ...
    @property
    def previous(self) -> int | None: ...


class History(Protocol):
    """Reads the console log; the module `octyne.console.history` fits."""

    async def page(
        self,
        feed: Any,
        *,
        since: int | None,
        until: int | None,
        since_time: int | None,
        until_time: int | None,
        limit: int,
        grep: str | None,
    ) -> LogPage: ...

    def download(self, feed: Any) -> AsyncIterator[bytes]: ...


class Accounts(Protocol):
    """Who may come in."""

    @property
    def can_manage(self) -> bool: ...
    async def login(self, username: str, password: str, address: str) -> str: ...
    async def identify(self, token: str) -> Identity | None: ...
    async def logout(self, identity: Identity) -> None: ...
    async def create_account(self, name: str, password: str) -> None: ...
    async def update_account(
        self,
        old: str,
        *,
        new_name: str | None = None,
        password: str | None = None,
        by: Identity,
    ) -> None: ...
    async def delete_account(self, name: str) -> None: ...
    async def account_names(self) -> list[str]: ...
    def issue_ticket(self, identity: Identity, address: str) -> str: ...
    def redeem_ticket(self, ticket: str, address: str) -> Identity | None: ...
    def on_ended(self, callback: Callable[[frozenset[str]], None]) -> None: ...


class ConfigFile(Protocol):
    """The config file and the last good config."""

    @property
    def current(self) -> Config: ...
    def read_bytes(self) -> bytes: ...


class Audit(Protocol):
    """The action log."""

    def record(self, action: str, *, user: str, ip: str, **fields: Any) -> None: ...
