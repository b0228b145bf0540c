"""Consoles and event streams end with what they stand on: session, account, app, daemon."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.typing import Subprotocol

from support.daemon import Daemon, program
from support.eventually import eventually

from .conftest import MakeDaemon

NOT_AUTHENTICATED = "You are not authenticated to access this resource!"


@contextmanager
def viewer(daemon: Daemon, token: str, app: str = "prompt") -> Iterator[ClientConnection]:
    """A v2 viewer on the API port that has read its start."""
    with daemon.tcp_console(
        app,
        subprotocols=[Subprotocol("console-v2")],
        additional_headers={"Authorization": token},
    ) as console:
        assert json.loads(console.recv(timeout=10)) == {"type": "settings", "readOnly": False}
        assert json.loads(console.recv(timeout=10))["type"] == "output"
        yield console


def end_of(console: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """The messages until the close, and its code."""
    messages = []
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  # what comes before it
        while True:
            messages.append(json.loads(console.recv(timeout=20)))
    assert closed.value.rcvd is not None
    return messages, closed.value.rcvd.code


def logout(daemon: Daemon, token: str) -> None:
    """By the session itself."""
    assert daemon.api("GET", "/logout", Authorization=token).status == 200


def new_password(daemon: Daemon, token: str) -> None:
    """Set by the machine's owner; the session's token plays no part."""
    assert token
    body = json.dumps({"password": "another one"})
    assert daemon.ask("PATCH", "/accounts?username=admin", body).status == 200


def new_name(daemon: Daemon, token: str) -> None:
    """By another session."""
    assert token
    body = json.dumps({"username": "root"})
    assert daemon.ask("PATCH", "/accounts?username=admin", body).status == 200


def deletion(daemon: Daemon, token: str) -> None:
    """By itself, even."""
    answer = daemon.api("DELETE", "/accounts?username=admin", Authorization=token)
    assert answer.status == 200


@pytest.mark.parametrize("end", [logout, new_password, new_name, deletion])
def test_a_session_that_ends_takes_its_consoles_along(
    make_daemon: MakeDaemon, end: Callable[[Daemon, str], None]
) -> None:
    """At once, while idle; those of the Unix socket stay."""
    daemon = make_daemon({"prompt": {"command": program("prompt.py")}}).start()
    daemon.until("prompt", 1)
    token = daemon.token()
    with viewer(daemon, token) as console, daemon.console("prompt") as local:
        began = time.monotonic()
        end(daemon, token)
        messages, code = end_of(console)

        assert messages[-1] == {"type": "error", "message": NOT_AUTHENTICATED}
        assert code == 4401
        assert time.monotonic() - began < 4
        local.send('{"type":"ping","id":"1"}')
        eventually(
            lambda: json.loads(local.recv(timeout=5)).get("id") == "1", 10, "the local one closed"
        )
    assert daemon.api("GET", "/servers", Authorization=token).status == 401


def test_viewers_of_a_removed_app_read_why_and_are_closed(make_daemon: MakeDaemon) -> None:
    """Five seconds after the notice."""
    daemon = make_daemon({"prompt": {"command": program("prompt.py")}}).start()
    daemon.until("prompt", 1)
    with viewer(daemon, daemon.token()) as console:
        daemon.config["servers"] = {}
        daemon.write_config()
        assert daemon.ask("GET", "/config/reload").status == 200
        assert daemon.get("/servers?extrainfo=true")["servers"]["prompt"]["toDelete"] is True
        daemon.post("prompt", "KILL")
        messages, code = end_of(console)

    output = "\n".join(message.get("data", "") for message in messages)
    assert (
        "[Octyne] Server prompt was marked for deletion, stopped/crashed, and has now been removed."
        in output
    )
    assert code == 1000


def test_the_daemon_says_goodbye(make_daemon: MakeDaemon) -> None:
    """1001 for consoles, before it ends."""
    daemon = make_daemon({"prompt": {"command": program("prompt.py")}}).start()
    with viewer(daemon, daemon.token()) as console:
        assert daemon.stop() == 0
        assert end_of(console)[1] == 1001
