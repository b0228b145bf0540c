"""Viewers of a real daemon's consoles, in both protocols; their client isn't aiohttp's."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from support.daemon import Daemon, program
from support.eventually import eventually

SAYS = {"command": program("says.py")}
START = "[Octyne] Started server app"


def say(daemon: Daemon, data: bytes, *, err: bool = False) -> None:
    """Have the app print these bytes, in one write; return when they are in the log."""
    before = daemon.get("/server/app/console/log")["end"]
    with daemon.console("app") as console:
        text = ("err " if err else "") + data.hex()
        console.send(json.dumps({"type": "input", "data": text}))
        eventually(lambda: daemon.get("/server/app/console/log")["end"] >= before + len(data))


def receive(console: ClientConnection, timeout: float = 10) -> dict[str, Any]:
    """The next message; it must be a text one."""
    message = console.recv(timeout=timeout)
    assert isinstance(message, str)
    decoded = json.loads(message)
    assert isinstance(decoded, dict)
    return decoded


@contextmanager
def viewing(
    daemon: Daemon, query: str = "", app: str = "app"
) -> Iterator[tuple[ClientConnection, dict[str, Any]]]:
    """A v2 viewer and its first output."""
    with daemon.console(app, query) as console:
        assert receive(console) == {"type": "settings", "readOnly": False}
        first = receive(console)
        assert first["type"] in {"output", "gap"}
        yield console, first


def nothing_waits(console: ClientConnection) -> bool:
    """Whether the next message is the answer to a ping sent now."""
    console.send('{"type":"ping","id":"?"}')
    return receive(console) == {"type": "pong", "id": "?"}


def closing(console: ClientConnection) -> tuple[list[Any], int, str]:
    """The messages until the close, its code and its reason."""
    messages = []
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  # what comes before it
        while True:
            messages.append(console.recv(timeout=20))
    assert closed.value.rcvd is not None
    return messages, closed.value.rcvd.code, closed.value.rcvd.reason


def old(daemon: Daemon, app: str = "app", token: str = "") -> ClientConnection:
    """A viewer with the old protocol, on the API port."""
    headers = {"Authorization": token or daemon.token()}
    return daemon.tcp_console(app, additional_headers=headers)
