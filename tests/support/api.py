"""The API with fakes behind it, served by the real server on a port of its own."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, TCPConnector, UnixConnector, web

from octyne.accounts.rights import Identity
from octyne.accounts.stores import Session, SessionRecord
from octyne.api.app import build, close, connect
from octyne.api.context import Listener, Services
from octyne.api.live import Live
from octyne.api.pools import Pools
from octyne.archives.jobs import Jobs
from octyne.config.model import Config
from octyne.config.reader import ConfigError
from octyne.console.feed import Feed
from octyne.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
)
from octyne.events import Events
from octyne.files.service import Files
from octyne.keeper.log_writer import LogWriter

if TYPE_CHECKING:
    from octyne.apps.lifecycle import Exit

TOKEN = "t" * 128
MIB = 1 << 20


@dataclass
class FakeUsage:
    cpu_percent: float = 0.0
    memory_bytes: int = 0
    time_ms: int = 1_700_000_000_000


@dataclass
class FakeDesired:
    running: bool = False
    by: str = "config"
    time_ms: int = 0


@dataclass
class FakeStart:
    success: bool = True
    reason: str = ""


class FakeApp:
    """An app that only remembers what was asked of it; its console is a real one."""

    def __init__(self, name: str, directory: str) -> None:
        self.name = name
        self.status = 0
        self.state = "stopped"
        self.reason = ""
        self.to_delete = False
        self.pid: int | None = None
        self.restarts = 0
        self.usage = FakeUsage()
        self.history = [FakeUsage(1.5, 100), FakeUsage(2.0, 200)]
        self.desired = FakeDesired()
        self.exit: Exit | None = None
        self.calls: list[tuple[str, str]] = []
        self.input: list[str] = []
        self.start_result = FakeStart()
        self.input_error: Exception | None = None
        self.uptime = 0
        self.directory = f"{directory}-files"
        os.makedirs(self.directory)
        self.writer = LogWriter(directory, 64 * MIB)
        self.feed = Feed(directory)

    def uptime_ns(self) -> int:
        return self.uptime

    async def start(self, by: str) -> FakeStart:
        self.calls.append(("start", by))
        return self.start_result

    async def restart(self, by: str) -> FakeStart:
        self.calls.append(("restart", by))
        return self.start_result

    async def stop(self, by: str) -> None:
        self.calls.append(("stop", by))

    async def kill(self, by: str) -> None:
        self.calls.append(("kill", by))

    async def send_input(self, text: str) -> None:
        if self.input_error is not None:
            raise self.input_error
        self.input.append(text)

    async def resize(self, columns: int, rows: int) -> None:
        self.calls.append(("resize", f"{columns}x{rows}"))

    async def prints(self, text: str) -> None:
        """Output arrives, as if the keeper had written it."""
        self.writer.append(text.encode())
        await self.feed.refresh()


class FakeFleet:
    def __init__(self) -> None:
        self.by_name: dict[str, FakeApp] = {}
        self.removed: list[Callable[[str], None]] = []

    def get(self, name: str) -> FakeApp:
        if name not in self.by_name:
            raise NotFoundError("This server does not exist!")
        return self.by_name[name]

    def all(self) -> list[FakeApp]:
        return list(self.by_name.values())

    def on_removed(self, callback: Callable[[str], None]) -> None:
        self.removed.append(callback)


class FakeAccounts:
    """One account and one session, as the real one answers."""

    def __init__(self) -> None:
        self.can_manage = True
        self.sessions = {TOKEN: Identity("admin", "s1")}
        self.passwords = {"admin": "secret"}
        self.tickets: dict[str, tuple[Identity, str]] = {}
        self.callbacks: list[Callable[[frozenset[str]], None]] = []
        self.updates: list[tuple[str, str | None, str | None, str]] = []
        self.logins: list[tuple[str, str, str]] = []
        self.agents: list[str] = []
        self.is_limited = False
        self.bug: Exception | None = None

    async def login(self, username: str, password: str, address: str, user_agent: str = "") -> str:
        self.agents.append(user_agent)
        self.logins.append((username, password, address))
        if self.is_limited:
            raise RateLimitedError("Too many failed logins.", retry_after_s=7)
        if self.passwords.get(username) != password:
            raise UnauthenticatedError("Invalid username or password!")
        return TOKEN

    async def identify(self, token: str) -> Identity | None:
        if self.bug is not None:
            raise self.bug
        return self.sessions.get(token)

    async def is_alive(self, identity: Identity) -> bool:
        return identity in self.sessions.values()

    async def logout(self, identity: Identity) -> None:
        self.end(identity.session_id)

    def end(self, session_id: str) -> None:
        self.sessions = {t: i for t, i in self.sessions.items() if i.session_id != session_id}
        for callback in self.callbacks:
            callback(frozenset([session_id]))

    async def list_sessions(self, username: str | None) -> list[SessionRecord]:
        return [
            SessionRecord(Session(i.session_id, i.username), 1_000, 2_000, "192.0.2.7", "curl/8")
            for i in self.sessions.values()
            if username in {None, i.username}
        ]

    async def end_session(self, session_id: str, *, username: str | None) -> str:
        for record in await self.list_sessions(username):
            if record.session.id == session_id:
                self.end(session_id)
                return record.session.username
        raise NotFoundError("This session does not exist (any more).")

    async def end_others(self, identity: Identity) -> None:
        for record in await self.list_sessions(identity.username):
            if record.session.id != identity.session_id:
                self.end(record.session.id)

    def issue_ticket(self, identity: Identity, address: str) -> str:
        ticket = f"ticket+{len(self.tickets)}=="
        self.tickets[ticket] = (identity, address)
        return ticket

    def redeem_ticket(self, ticket: str, address: str) -> Identity | None:
        identity, issued_to = self.tickets.pop(ticket, (None, ""))
        return identity if issued_to == address else None

    def on_ended(self, callback: Callable[[frozenset[str]], None]) -> None:
        self.callbacks.append(callback)

    async def account_names(self) -> list[str]:
        return list(self.passwords)

    async def create_account(self, name: str, password: str) -> None:
        if name in self.passwords:
            raise ConflictError("User already exists!")
        self.passwords[name] = password

    async def update_account(
        self, old: str, *, new_name: str | None = None, password: str | None = None, by: Identity
    ) -> None:
        if old not in self.passwords:
            raise NotFoundError("User does not exist!")
        self.updates.append((old, new_name, password, by.username))

    async def delete_account(self, name: str) -> None:
        if self.passwords.pop(name, None) is None:
            raise NotFoundError("User does not exist!")


class FakeConfigFile:
    def __init__(self) -> None:
        self.current = Config()
        self.content = b'// a comment\n{"servers": {}}\n'
        self.is_broken = False

    def read_bytes(self) -> bytes:
        if self.is_broken:
            raise ConfigError("config.json: no such file in /secret/place")
        return self.content

    async def reload(self) -> None:
        self.read_bytes()

    async def replace(self, body: bytes) -> None:
        if b"'" in body:
            wrong = ConfigError("config.json, line 3: no.")
            raise InvalidError("Invalid JSON body!") from wrong
        self.content = body


class FakeAudit:
    def __init__(self) -> None:
        self.actions: list[dict[str, Any]] = []
        self.asked: list[Any] = []

    def record(self, action: str, *, user: str, ip: str, **fields: object) -> None:
        self.actions.append({"action": action, "user": user, "ip": ip, **fields})

    def tail(
        self,
        limit: int,
        *,
        before: float | None = None,
        user: str | None = None,
        app: str | None = None,
        action: str | None = None,
    ) -> list[dict[str, Any]]:
        self.asked = [limit, before, user, app, action]
        return [{"ts": 1.5, **each} for each in reversed(self.actions)][:limit]


@dataclass
class Api:
    """A served API: clients for each listener, and all the fakes behind it."""

    directory: str
    fleet: FakeFleet = field(default_factory=FakeFleet)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    config: FakeConfigFile = field(default_factory=FakeConfigFile)
    audit: FakeAudit = field(default_factory=FakeAudit)
    events: Events = field(default_factory=Events)
    problems: list[str] = field(default_factory=list)
    live: Live = field(default_factory=Live)
    pools: Pools = field(default_factory=Pools)
    files: Files = field(init=False)
    jobs: Jobs = field(default_factory=Jobs)
    ports: dict[Listener, int] = field(default_factory=dict)
    clients: list[ClientSession] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = Files(f"{self.directory}/state-files")
        self.files.recover()

    @property
    def socket_path(self) -> str:
        return f"{self.directory}/octyne.sock"

    @property
    def services(self) -> Services:
        return Services(
            fleet=self.fleet,
            accounts=self.accounts,
            config_file=self.config,
            audit=self.audit,
            events=self.events,
            files=self.files,
            jobs=self.jobs,
            total_memory=8 << 30,
            reload_config=self.config.reload,
            replace_config=self.config.replace,
            health=lambda: self.problems,
            version="9.9.9",
            live=self.live,
            pools=self.pools,
        )

    def add_app(self, name: str) -> FakeApp:
        directory = f"{self.directory}/console-{len(self.fleet.by_name)}"
        app = self.fleet.by_name[name] = FakeApp(name, directory)
        return app

    def url(self, path: str, listener: Listener = Listener.API) -> str:
        prefix = "/api" if listener is Listener.DASHBOARD else ""
        return f"http://127.0.0.1:{self.ports[listener]}{prefix}{path}"

    def ws(self, path: str, listener: Listener = Listener.API) -> str:
        return self.url(path, listener).replace("http:", "ws:")

    def client(self, token: str = TOKEN, *, unix: bool = False) -> ClientSession:
        """A logged-in client ("" for a stranger) of the API port or of the Unix socket."""
        connector = UnixConnector(self.socket_path) if unix else TCPConnector()
        base = "http://unix" if unix else self.url("")
        headers = {"Authorization": token} if token else {}
        client = ClientSession(base_url=base, connector=connector, headers=headers)
        self.clients.append(client)
        return client

    async def raw(self, data: bytes, *, half_close: bool = False, unix: bool = False) -> bytes:
        """Send bytes, and return all that comes back until the server closes."""
        if unix:
            reader, writer = await asyncio.open_unix_connection(self.socket_path)
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[Listener.API])
        writer.write(data)
        if half_close:
            writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer


@asynccontextmanager
async def serving(directory: str) -> AsyncIterator[Api]:
    """Serve the three kinds of listener until the block ends."""
    api = Api(directory)
    runners = []
    connect(api.services)
    for listener in Listener:
        runner = web.ServerRunner(build(api.services, listener), shutdown_timeout=1)
        await runner.setup()
        runners.append(runner)
        if listener is Listener.UNIX_SOCKET:
            await web.UnixSite(runner, api.socket_path).start()
            continue
        sock = socket.create_server(("127.0.0.1", 0))
        api.ports[listener] = sock.getsockname()[1]
        await web.SockSite(runner, sock).start()
    try:
        yield api
    finally:
        for client in api.clients:
            await client.close()
        await api.jobs.close()
        await close(api.services)
        api.pools.close()
        for runner in runners:
            await runner.cleanup()
        for app in api.fleet.by_name.values():
            app.writer.close()
            app.feed.close()
