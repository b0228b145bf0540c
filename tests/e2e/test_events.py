"""`GET /events` over the real daemon: what happens, in order, resumable."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from support.daemon import Daemon, program
from support.eventually import eventually

from .conftest import MakeDaemon

SLEEP = {"command": ["sleep", "1000"], "enabled": False}


class Stream:
    """An open event stream on the API port."""

    def __init__(self, answer: HTTPResponse) -> None:
        self.answer = answer
        self.last = 0

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next event's kind and data; its id must be above the last one's."""
        fields: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name and line:
                fields[name] = value
            elif "event" in fields:
                break
            else:
                assert not self.answer.isclosed(), "the stream has ended"
                fields = {}
        assert set(fields) == {"id", "event", "data"}
        assert int(fields["id"]) > self.last or fields["event"] in {"ready", "reset"}
        self.last = int(fields["id"])
        return fields["event"], json.loads(fields["data"])

    def until(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next event of that kind whose data hold that."""
        while True:
            found, message = self.next()
            if found == kind and wanted.items() <= message["data"].items():
                return message


@contextmanager
def listening(daemon: Daemon, query: str = "", token: str = "", **headers: str) -> Iterator[Stream]:
    """A stream that has said that it is ready, or that it has to begin anew."""
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Authorization"] = token or daemon.token()
    connection.request("GET", f"/events{query}", headers=named)
    answer = connection.getresponse()
    try:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield Stream(answer)
    finally:
        answer.close()
        connection.close()


def test_the_life_of_an_app(make_daemon: MakeDaemon) -> None:
    """Each change of its state, in order, with who asked for it."""
    daemon = make_daemon({"app": SLEEP, "other": SLEEP}).start()
    with listening(daemon) as events:
        assert events.next()[0] == "ready"
        daemon.post("app", "START")
        seen: list[str] = []
        message: dict[str, Any] = {}
        while seen[-1:] != ["running"]:
            message = events.until("status")
            assert message["app"] == "app"
            seen.append(message["data"]["state"])
        assert message["data"]["status"] == 1
        assert message["data"]["pid"] == daemon.get("/server/app")["pid"]
        action = events.until("action", action="server.start")["data"]
        assert (action["user"], action["server"], action["ip"]) == ("@local", "app", "@local")
        daemon.post("app", "KILL")
        while seen[-1:] != ["stopped"]:
            seen.append(events.until("status")["data"]["state"])
    assert seen == ["starting", "running", "stopping", "stopped"]


def test_config_and_accounts(make_daemon: MakeDaemon) -> None:
    """What was changed, and what came of it."""
    daemon = make_daemon({"app": SLEEP}).start()
    with listening(daemon) as events:
        events.next()
        body = json.dumps({"username": "bob", "password": "geheimnis"})
        daemon.ask("POST", "/accounts", body)
        message = events.until("accounts")
        assert "geheimnis" not in json.dumps(message)
        daemon.config["servers"] = {"new": SLEEP}
        daemon.write_config()
        daemon.ask("GET", "/config/reload")
        kinds = set()
        removed = False
        while not removed or "config" not in kinds:
            kind, message = events.next()
            kinds.add(kind)
            removed = removed or (message["app"] == "app" and "removed" in message["data"])


def test_resuming(make_daemon: MakeDaemon) -> None:
    """`Last-Event-ID` continues exactly behind an event; what isn't known begins anew."""
    daemon = make_daemon({"app": SLEEP}).start()
    with listening(daemon) as events:
        events.next()
        daemon.post("app", "START")
        events.until("status", state="running")
        seen = events.last
    daemon.post("app", "KILL")
    daemon.until("app", 0)
    for query, headers in (("", {"Last_Event_ID": str(seen)}), (f"?lastEventId={seen}", {})):
        with listening(daemon, query, **headers) as events:
            assert events.next()[0] == "ready"
            assert events.until("status")["data"]["state"] == "stopping"
            assert events.until("status")["data"]["state"] == "stopped"
    for nonsense in ("1", "x", "-5", "9" * 40, str(seen + 10**9)):
        with listening(daemon, Last_Event_ID=nonsense) as events:
            assert events.next()[0] == "reset"
            daemon.post("app", "START")
            assert events.until("status", state="starting")
            daemon.post("app", "KILL")
            daemon.until("app", 0)
    daemon.stop()
    daemon.start()
    with listening(daemon, Last_Event_ID=str(seen)) as events:
        assert events.next()[0] == "reset"


def test_usage_on_request(make_daemon: MakeDaemon) -> None:
    """Only those who ask get it; one app's stream has nothing of the others."""
    daemon = make_daemon({"app": {"command": program("tree.py", 20)}, "other": SLEEP}).start()
    with listening(daemon, "?usage=true") as events, listening(daemon) as plain:
        message = events.until("usage")
        assert message["data"]["app"]["memoryUsage"] > 0
        plain.next()
        daemon.post("other", "START")
        kinds: list[str] = []
        while kinds[-1:] != ["action"]:
            kinds.append(plain.next()[0])
        assert "usage" not in kinds
    with listening(daemon, "?app=other") as events:
        events.next()
        daemon.post("app", "KILL")
        daemon.post("other", "KILL")
        assert events.next()[1]["app"] == "other"


def test_the_stream_of_a_session_that_ends(make_daemon: MakeDaemon) -> None:
    """It is closed at once; without a login there is none."""
    daemon = make_daemon({"app": SLEEP}).start()
    token = daemon.token()
    with listening(daemon, token=token) as events:
        events.next()
        daemon.api("GET", "/logout", Authorization=token)
        rest = events.answer.read()
        assert b"event: status" not in rest
    assert daemon.api("GET", "/events").status == 401


@pytest.mark.slow
def test_a_slow_reader(make_daemon: MakeDaemon) -> None:
    """It costs nothing, delays nobody, and is told that it missed some."""
    sink = {"command": ["sh", "-c", "exec cat > /dev/null"]}
    daemon = make_daemon({"app": sink}).start()
    daemon.until("app", 1)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", daemon.port))
        slow.sendall(
            f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: {daemon.token()}\r\n\r\n".encode()
        )
        assert b"200 OK" in slow.recv(64)
        begin = _memory(daemon)
        with daemon.console("app") as console, listening(daemon) as quick:
            quick.next()
            for number in range(7000):
                text = f"{number} " + "x" * 1500
                console.send(json.dumps({"type": "input", "data": text}))
                if number % 500 == 499:
                    assert quick.until("action", input=text)
        assert _memory(daemon) - begin < 40 << 20
        received = b""
        while b"event: reset" not in received[-200_000:]:
            data = slow.recv(1 << 16)
            assert data
            received += data
        daemon.post("app", "KILL")
        eventually(lambda: b'"state":"stopped"' in slow.recv(1 << 16), 20)


def _memory(daemon: Daemon) -> int:
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024
