"""The daemon's listeners: API port, dashboard port, Unix socket, all in one event loop."""

import asyncio
import logging
import socket
from types import TracebackType
from typing import Self

from aiohttp import web

from octyne.aio import Tasks, in_thread
from octyne.api.app import build, close, connect
from octyne.api.context import Listener, Services
from octyne.config.model import Config
from octyne.system.listeners import remove_unix_socket, tcp_socket, unix_socket
from octyne.system.tls import TlsContext
from octyne.system.tls_gate import TlsGate

CLOSE_S = 5.0  # for requests that are under way when the daemon ends

log = logging.getLogger(__name__)


class Listeners:
    """All listening sockets. Leaving the ``async with`` block closes them and their clients."""

    def __init__(self, services: Services) -> None:
        connect(services)
        self._services = services
        self._runners: list[web.ServerRunner] = []
        self._tasks = Tasks()
        self._tls: TlsContext | None = None
        self._socket_path = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await close(self._services)
        await self._tasks.cancel()
        async with asyncio.TaskGroup() as group:
            for runner in self._runners:
                group.create_task(runner.cleanup())
        if self._socket_path:  # last: it would be taken for another daemon's while it listens
            await in_thread(remove_unix_socket, self._socket_path)

    async def open(self, config: Config) -> None:
        """Listen as the config says.

        Raises:
            DaemonError: a port is taken, a certificate is broken...; the text says what to do.
        """
        if config.https.enabled:
            self._tls = await in_thread(TlsContext, config.https.cert, config.https.key)
        scheme = "https" if self._tls else "http"
        await self._listen(tcp_socket("", config.port), Listener.API)
        log.info("Listening for the API on %s://localhost:%d", scheme, config.port)
        if config.web_ui.enabled:
            await self._listen(tcp_socket("", config.web_ui.port), Listener.DASHBOARD)
            log.info("Listening for the dashboard on %s://localhost:%d", scheme, config.web_ui.port)
        if config.unix_socket.enabled:
            await self._open_unix_socket(config)

    async def reload_certificate(self) -> None:
        """Use the certificate as it is on disk now for new connections.

        Raises:
            InvalidError: it is broken; the old one stays.
        """
        if self._tls is not None:
            await in_thread(self._tls.reload)
            log.info("The certificate was read again")

    async def _open_unix_socket(self, config: Config) -> None:
        entry = config.unix_socket
        path = config.socket_path()
        listener = await in_thread(
            unix_socket, path, mode=entry.permissions, owner=entry.owner, group=entry.group
        )
        self._socket_path = path
        await self._listen(listener, Listener.UNIX_SOCKET)
        log.info("Listening for local tools on %s", path)

    async def _listen(self, listener: socket.socket, kind: Listener) -> None:
        runner = web.ServerRunner(
            build(self._services, kind), handle_signals=False, shutdown_timeout=CLOSE_S
        )
        await runner.setup()
        self._runners.append(runner)
        if self._tls is not None and kind is not Listener.UNIX_SOCKET:
            assert runner.server is not None
            gate = TlsGate(listener, self._tls, runner.server)
            self._tasks.start(f"TLS for {kind.name}", gate.run())
        else:
            await web.SockSite(runner, listener).start()
