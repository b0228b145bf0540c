"""What a handler gets: the services that it may use, and the call that it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from aiohttp import web

from octyne.api import params, replies
from octyne.api.address import client_address, is_trusted_proxy
from octyne.api.errors import NOT_AUTHENTICATED
from octyne.api.server import Connection, connection_of
from octyne.errors import UnauthenticatedError

if TYPE_CHECKING:
    from octyne.accounts.rights import Identity
    from octyne.api import ports
    from octyne.api.live import Live
    from octyne.api.pools import Pools
    from octyne.archives.jobs import Jobs
    from octyne.events import Events
    from octyne.files.service import Files

LOCAL_ADDRESS = "@local"  # stands for an address where the Unix socket has none
CORS = "Access-Control-Allow-Origin"
CORS_EXPOSED = "Access-Control-Expose-Headers"
EXPOSED = (
    "Accept-Ranges, Content-Disposition, Content-Range, ETag, Location, Retry-After,"
    " Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version,"
    " Upload-Defer-Length, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset,"
    " X-Request-Id"
)


class Listener(Enum):
    """The kinds of listener; each has the same routes."""

    API = auto()  # routes at /
    DASHBOARD = auto()  # routes below /api, pages beside them
    UNIX_SOCKET = auto()  # routes at /, no login


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that the routes use; built by the daemon.

    Attributes:
        total_memory: bytes of memory that the machine has.
        reload_config: reads the config file again and applies it; raises ConfigError.
        replace_config: checks, writes and applies a new config; raises InvalidError.
        health: what is wrong with the daemon now, as sentences.
        version: of the product.
    """

    fleet: ports.Fleet
    accounts: ports.Accounts
    config_file: ports.ConfigFile
    audit: ports.Audit
    events: Events
    files: Files
    jobs: Jobs
    total_memory: int
    reload_config: Callable[[], Awaitable[None]]
    replace_config: Callable[[bytes], Awaitable[None]]
    health: Callable[[], list[str]]
    version: str
    live: Live
    pools: Pools


@dataclass(slots=True)
class Call:
    """One request on its way through the pipeline.

    Attributes:
        name: the `{id}` of the path, decoded; "" on routes without one.
        item: what stands for a second placeholder in the path; "" without one.
        identity, app: set once the caller is known and the app is loaded; routes that need them
            are never reached without.
    """

    request: web.BaseRequest
    services: Services
    listener: Listener
    name: str
    raw_query: str
    item: str = ""
    _identity: Identity | None = None
    _app: ports.App | None = None
    _query: dict[str, str] | None = None
    _address: str | None = None

    @property
    def connection(self) -> Connection:
        """The connection underneath."""
        return connection_of(self.request)

    @property
    def is_head(self) -> bool:
        """Whether only the headers of the answer are wanted."""
        return self.request.method == "HEAD"

    @property
    def query(self) -> dict[str, str]:
        """The fields of the query."""
        if self._query is None:
            self._query = params.parse_query(self.raw_query)
        return self._query

    @property
    def identity(self) -> Identity:
        """Who calls."""
        assert self._identity is not None, "a public route has no identity"
        return self._identity

    @identity.setter
    def identity(self, identity: Identity) -> None:
        self._identity = identity

    @property
    def app(self) -> ports.App:
        """The app of the path."""
        assert self._app is not None, "this route has no app"
        return self._app

    @app.setter
    def app(self, app: ports.App) -> None:
        self._app = app

    @property
    def address(self) -> str:
        """The client's address, seen through trusted proxies."""
        if self._address is None:
            self._address = self._find_address()
        return self._address

    @property
    def is_secure(self) -> bool:
        """Whether the client's own connection is encrypted, as far as can be known."""
        if self.connection.ssl_context is not None:
            return True
        proto = self.request.headers.get("X-Forwarded-Proto", "").strip().lower()
        proxies = self.services.config_file.current.trusted_proxies
        return proto == "https" and is_trusted_proxy(self._peer(), proxies)

    def header(self, name: str) -> str:
        """A header of the request; repeated ones are one list, a missing one is ""."""
        return ", ".join(self.request.headers.getall(name, []))

    def audit(self, action: str, **fields: object) -> None:
        """Write to the action log who did this, from where."""
        self.services.audit.record(action, user=self.identity.username, ip=self.address, **fields)

    async def body(self, limit: int) -> bytes:
        """The whole body; see `params.read_body`. Its sender must be allowed to at its end, too."""
        is_here = self.request.content.is_eof()
        body = await params.read_body(self.request, limit)
        if not is_here:
            await self.confirm()
        return body

    async def confirm(self) -> None:
        """Ask again, after a long request, whether its session still lives.

        Raises:
            UnauthenticatedError: it was ended meanwhile.
        """
        if self.listener is Listener.UNIX_SOCKET:
            return
        if not await self.services.accounts.is_alive(self.identity):
            raise UnauthenticatedError(NOT_AUTHENTICATED)

    def add_cors(self, response: web.StreamResponse) -> None:
        """Let pages of any origin read the answer, when it was asked for without a cookie."""
        headers = self.request.headers
        if "Origin" in headers and "Cookie" not in headers:
            replies.add_header(response, CORS, "*")
            replies.add_header(response, CORS_EXPOSED, EXPOSED)

    async def stream(self, headers: dict[str, str]) -> web.StreamResponse:
        """Start an answer that is written piece by piece."""
        response = replies.stream(headers)
        self.add_cors(response)
        self.connection.become_stream()
        await response.prepare(self.request)
        return response

    def _find_address(self) -> str:
        if self.listener is Listener.UNIX_SOCKET:
            return LOCAL_ADDRESS
        return client_address(
            self._peer(),
            self.request.headers.getall("X-Forwarded-For", []),
            self.services.config_file.current.trusted_proxies,
        )

    def _peer(self) -> str:
        peer = self.connection.peername
        return peer[0] if isinstance(peer, tuple) else ""


Handler = Callable[[Call], Awaitable[web.StreamResponse]]
