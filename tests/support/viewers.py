"""Viewers of a served API's console, in both protocols; their client isn't aiohttp's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from support.api import TOKEN, Api

V2 = Subprotocol("console-v2")
PATH = "/server/web/console"


@asynccontextmanager
async def viewing(
    api: Api, path: str = PATH, *, v2: bool = True, token: str = TOKEN, **more: Any
) -> AsyncIterator[ClientConnection]:
    """A viewer without pings of its own."""
    headers = {"Authorization": token, **more.pop("headers", {})}
    protocols = [Subprotocol("other"), V2] if v2 else None
    async with (
        asyncio.timeout(20),
        connect(
            more.pop("url", api.ws(path)),
            additional_headers={name: value for name, value in headers.items() if value},
            subprotocols=protocols,
            ping_interval=None,
            compression="deflate",
            max_size=None,
            **more,
        ) as viewer,
    ):
        yield viewer


async def receive(viewer: ClientConnection) -> dict[str, Any]:
    """The next message; it must be a text one."""
    message = await viewer.recv()
    assert isinstance(message, str)
    decoded = json.loads(message)
    assert isinstance(decoded, dict)
    return decoded


async def skip_start(viewer: ClientConnection) -> None:
    """Settings and scrollback."""
    assert (await receive(viewer))["type"] == "settings"
    assert (await receive(viewer))["type"] == "output"


async def closing(viewer: ClientConnection) -> tuple[int, str]:
    """Code and reason of the close that follows."""
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  # what comes before it
        while True:
            await viewer.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason
