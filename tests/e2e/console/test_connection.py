"""How consoles of the real daemon are opened, refused and closed."""

import json
import re
import socket
import time
from contextlib import suppress
from typing import Any, BinaryIO
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from e2e.conftest import MakeDaemon
from support.consoles import SAYS, START, closing, nothing_waits, old, receive, viewing
from support.daemon import Daemon
from support.eventually import eventually

V2 = [Subprotocol("console-v2")]
NOT_AUTHENTICATED = "You are not authenticated to access this resource!"
NOT_ALLOWED = "You are not allowed to access this resource!"
UNKNOWN = "This server does not exist!"
INTERNAL = "Internal Server Error!"


def test_silence_closes(make_daemon: MakeDaemon) -> None:
    """Pings keep it open, those of the WebSocket itself don't count, the old protocol may idle."""
    daemon = make_daemon({"off": {**SAYS, "enabled": False}})
    daemon.but_for("octyne.api.handlers.console", SILENCE_S="1.0").start()
    with (
        viewing(daemon, app="off") as (quiet, _),
        viewing(daemon, app="off") as (pinging, _),
        old(daemon, "off") as other,
    ):
        began = time.monotonic()
        other.recv(timeout=5)
        while time.monotonic() < began + 2.5:
            assert nothing_waits(pinging)
            with suppress(ConnectionClosed):
                quiet.ping()
        messages, code_, reason = closing(quiet)
        assert (messages, code_) == ([], 1008)
        assert "30 seconds" in reason
        other.send("still here")


def test_the_limit_of_silence_is_thirty_seconds() -> None:
    """The contract's number."""
    from octyne.api.handlers import console  # noqa: PLC0415  # the one look inside

    assert console.SILENCE_S == 30.0


@pytest.mark.parametrize("door", ["api", "web", "unix"])
@pytest.mark.parametrize("offered", [None, "console-v2", "a, console-v2 ,b", "other"])
def test_the_upgrade_answer_is_exact(daemon: Daemon, door: str, offered: str | None) -> None:
    """Old clients compare it; frames are plain text ones, uncompressed."""
    prefix = "/api" if door == "web" else ""
    request = (
        f"GET {prefix}/server/app/console HTTP/1.1\r\nhost: 1f2e:0\r\n"
        f"Authorization: {daemon.token()}\r\nconnection: keep-alive, Upgrade\r\n"
        "upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    )
    if offered is not None:
        request += f"Sec-WebSocket-Protocol: {offered}\r\n"
    with _socket(daemon, door) as raw:
        raw.sendall((request + "\r\n").encode())
        stream = raw.makefile("rb")
        head = [stream.readline().decode().rstrip("\r\n") for _ in range(5)]
        while head[-1]:
            head.append(stream.readline().decode().rstrip("\r\n"))
        is_v2 = offered is not None and "console-v2" in offered
        first = bytes(stream.read(2))
        text = stream.read(first[1])

    assert head[0] == "HTTP/1.1 101 Switching Protocols"
    assert "Connection: Upgrade" in head
    assert "Upgrade: websocket" in head
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    protocols = [line for line in head if line.startswith("Sec-WebSocket-Protocol")]
    assert protocols == (["Sec-WebSocket-Protocol: console-v2"] if is_v2 else [])
    names = {line.partition(":")[0] for line in head[1:-1]}
    assert names - {"Date", "Server"} <= {
        *("Connection", "Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol")
    }
    assert first[0] == 0x81
    assert text == (
        b'{"type":"settings","readOnly":false}' if is_v2 else f"{START}\nready".encode()
    )


def test_only_text_frames_are_sent(make_daemon: MakeDaemon) -> None:
    """Neither pings nor binary ones, from the first to the close: old clients take all for JSON."""
    daemon = make_daemon({"app": SAYS})
    daemon.but_for("octyne.api.handlers.console", SILENCE_S="1.0").start()
    with _socket(daemon, "unix") as raw:
        raw.sendall(UPGRADE)
        stream = raw.makefile("rb")
        while stream.readline().strip():
            pass
        frames = list(iter(lambda: frame(stream)[0], 0x88))
    assert len(frames) >= 2
    assert set(frames) == {0x81}


UPGRADE = (
    b"GET /server/app/console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: console-v2\r\n\r\n"
)


def frame(stream: BinaryIO) -> tuple[int, bytes]:
    """The next WebSocket frame: its first byte and what it holds."""
    first, size = stream.read(2)
    if size > 125:
        size = int.from_bytes(stream.read(2 if size == 126 else 8))
    return first, stream.read(size)


def _socket(daemon: Daemon, door: str) -> socket.socket:
    if door != "unix":
        port = daemon.port if door == "api" else daemon.web_port
        return socket.create_connection(("127.0.0.1", port), 10)
    raw = socket.socket(socket.AF_UNIX)
    raw.settimeout(10)
    raw.connect(str(daemon.socket_path))
    return raw


def test_a_plain_request_is_told_what_this_is(daemon: Daemon) -> None:
    """426 for a GET without an upgrade, 405 for other methods."""
    assert daemon.ask("GET", "/server/app/console").status == 426
    refused = daemon.ask("POST", "/server/app/console")
    assert refused.status == 405
    assert "GET" in refused.headers["Allow"]
    assert "error" in refused.json


@pytest.mark.parametrize(
    ("method", "header", "status"),
    [
        ("GET", b"X-Note: \xff", 101),
        ("GET", b"Authorization: s3cret\xff", 101),
        ("GET", b"Sec-WebSocket-Protocol: \xff", 400),
        ("HEAD", b"X-Note: none", 426),
    ],
)
def test_an_odd_upgrade_is_no_fault_of_ours(
    daemon: Daemon, method: str, header: bytes, status: int
) -> None:
    """Bytes that are no text, another method: answered, and nothing of it is in the log."""
    with _socket(daemon, "unix") as raw:
        raw.sendall(
            f"{method} /server/app/console HTTP/1.1\r\nHost: x\r\n".encode()
            + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n\r\n" % header
        )
        assert raw.recv(12) == f"HTTP/1.1 {status}".encode()
    assert "s3cret" not in daemon.log
    assert "Traceback" not in daemon.log


@pytest.mark.parametrize(
    ("app", "known", "code", "text"),
    [
        ("app", False, 4401, NOT_AUTHENTICATED),
        ("nobody", False, 4401, NOT_AUTHENTICATED),
        ("nobody", True, 4404, UNKNOWN),
    ],
)
def test_refusals(daemon: Daemon, app: str, *, known: bool, code: int, text: str) -> None:
    """v2: accepted, told in a message, closed; old: plain HTTP. Strangers learn no names."""
    headers = {"Authorization": daemon.token() if known else "wrong"}
    with daemon.tcp_console(app, subprotocols=V2, additional_headers=headers) as console:
        messages, closed, reason = closing(console)
    assert [json.loads(message) for message in messages] == [{"type": "error", "message": text}]
    assert (closed, reason) == (code, text)
    with pytest.raises(InvalidStatus) as refused:
        daemon.tcp_console(app, additional_headers=headers)
    answer = refused.value.response
    assert answer.status_code == code - 4000
    assert json.loads(answer.body or b"") == {"error": text}


def break_log(daemon: Daemon) -> None:
    """Start it anew, on a log of the app that can't be read."""
    daemon.post("app", "KILL")
    daemon.until_line("app", "has stopped")
    daemon.stop()
    (segment,) = daemon.directory.glob(".octyne/apps/app/console/*.log")
    segment.unlink()
    segment.mkdir()
    daemon.start()


def test_something_unexpected_is_4500(daemon: Daemon) -> None:
    """A log that can't be read, say: the details are in the daemon's log alone."""
    break_log(daemon)
    with daemon.console("app") as console:
        messages, code, reason = closing(console)
    assert (code, reason) == (4500, INTERNAL)
    assert json.loads(messages[-1]) == {"type": "error", "message": INTERNAL}
    eventually(lambda: "Traceback" in daemon.log)


def test_something_unexpected_is_500(daemon: Daemon) -> None:
    """The same over HTTP; an id leads from the answer to the details in the daemon's log."""
    break_log(daemon)
    answer = daemon.ask("GET", "/server/app/console/log")
    assert (answer.status, answer.headers["Content-Type"]) == (500, "application/json")
    assert answer.json == {"error": INTERNAL}
    eventually(lambda: answer.headers["X-Request-Id"] in daemon.log)
    eventually(lambda: "IsADirectoryError" in daemon.log)
    assert daemon.ask("GET", "/servers").status == 200


def test_a_ticket_is_good_once(daemon: Daemon) -> None:
    """From the same address; any attempt uses it up, one with a wrong address too."""
    token = daemon.token()

    def ticket() -> str:
        answer = daemon.api("GET", "/ott", Authorization=token)
        return quote(answer.json["ticket"], safe="")

    def enter(query: str, **options: Any) -> int:
        with daemon.tcp_console("app", query, subprotocols=V2, **options) as console:
            first = receive(console)
            return 200 if first["type"] == "settings" else closing(console)[1]

    one, two, three = ticket(), ticket(), ticket()
    assert enter(f"?ticket={one}") == 200
    assert enter(f"?ticket={one}") == 4401
    assert enter("?ticket=nonsense") == 4401
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    assert enter(f"?ticket={two}", additional_headers=elsewhere) == 4401
    assert enter(f"?ticket={two}") == 4401
    assert enter(f"?ticket={three}&since=0") == 200
    late = ticket()
    daemon.api("GET", "/logout", Authorization=token)
    assert enter(f"?ticket={late}") == 4401


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("http://127.0.0.1:{port}", True),
        ("http://127.0.0.1:1", False),
        ("https://127.0.0.1:{port}", True),
        ("http://evil.example", False),
        ("null", False),
    ],
)
def test_a_cookie_counts_only_from_home(
    daemon: Daemon, origin: str | None, *, welcome: bool
) -> None:
    """A foreign page can't open a console with its visitor's cookie; a header may come from all."""
    token = daemon.token()
    headers = {"Cookie": f"X-Authentication={quote(token, safe='')}"}
    plain = {"Cookie": f"a=b; X-Authentication={token}"}
    if origin is not None:
        headers["Origin"] = plain["Origin"] = origin.format(port=daemon.port)
    with daemon.tcp_console("app", subprotocols=V2, additional_headers=plain) as console:
        first = receive(console)
        if welcome:
            assert first["type"] == "settings"
        else:
            assert first == {"type": "error", "message": NOT_ALLOWED}
            assert closing(console)[1:] == (4403, NOT_ALLOWED)
    if not welcome:
        with pytest.raises(InvalidStatus) as refused:
            daemon.tcp_console("app", additional_headers=plain)
        assert refused.value.response.status_code == 403
    with_header = {"Authorization": token, "Origin": "http://evil.example"}
    with daemon.tcp_console("app", subprotocols=V2, additional_headers=with_header) as console:
        assert receive(console)["type"] == "settings"


def test_the_dashboard_port_has_it_too(daemon: Daemon) -> None:
    """Under /api."""
    url = f"ws://127.0.0.1:{daemon.web_port}/api/server/app/console"
    with connect(url, additional_headers={"Authorization": daemon.token()}) as console:
        assert console.recv(timeout=5) == f"{START}\nready"


def test_an_old_viewer_is_closed_with_its_session(daemon: Daemon) -> None:
    """At once, while idle: logout, and the end of the account by somebody else."""
    token = daemon.token()
    with old(daemon, token=token) as console:
        console.recv(timeout=5)
        daemon.api("GET", "/logout", Authorization=token)
        messages, code, _ = closing(console)
        assert (messages, code) == ([], 4401)
    body = json.dumps({"username": "bob", "password": "secret"})
    assert daemon.ask("POST", "/accounts", body).status == 200
    with old(daemon, token=daemon.token("bob", "secret")) as console:
        console.recv(timeout=5)
        assert daemon.ask("DELETE", "/accounts?username=bob").status == 200
        assert closing(console)[1] == 4401


def test_viewers_of_a_removed_app_have_five_seconds(daemon: Daemon) -> None:
    """To read why."""
    with viewing(daemon) as (console, _):
        del daemon.config["servers"]["app"]
        daemon.write_config()
        assert daemon.ask("GET", "/config/reload").status == 200
        daemon.post("app", "KILL")
        text = ""
        while "has now been removed" not in text:
            text += receive(console)["data"]
        began = time.monotonic()
        closing(console)
        assert 4 < time.monotonic() - began < 8


def test_console_use_is_in_the_action_log(daemon: Daemon) -> None:
    """Access and input, with who and from where."""
    with old(daemon) as console:
        console.recv(timeout=5)
        console.send("err 41")
    path = daemon.directory / "logs/octyne.log"
    pattern = re.compile(r'"action":\s*"server\.console\.input"')
    eventually(lambda: pattern.search(path.read_text()))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    access, typed = lines[-2:]
    who = {"user": "admin", "ip": "127.0.0.1", "server": "app"}
    assert who.items() <= access.items()
    assert access["action"] == "server.console.access"
    assert (who | {"input": "err 41"}).items() <= typed.items()
