"""Sessions by the real daemon: seen, and ended under an open console."""

import socket
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from support.app_files import names
from support.daemon import Daemon
from support.doors import TCP_DOORS, Door, error
from support.eventually import eventually
from support.redis_server import running_redis

from .conftest import MakeDaemon


def listed(door: Door, query: str = "") -> list[dict[str, object]]:
    """What the list has."""
    answer = door.ask("GET", f"/sessions{query}")
    assert answer.status == 200
    found: list[dict[str, object]] = answer.json["sessions"]
    return found


def can_ask(daemon: Daemon, token: str) -> bool:
    """Whether the token opens anything."""
    return daemon.api("GET", "/whoami", Authorization=token).status == 200


@pytest.mark.parametrize("name", TCP_DOORS)
def test_a_session_is_seen_and_ended(make_daemon: MakeDaemon, name: str) -> None:
    """Its console is closed at once; the others live on, and the restart changes nothing."""
    daemon = make_daemon({"app": {"command": ["cat"]}}).start()
    daemon.until("app", 1)
    door = Door(daemon, name)
    door.token, other = daemon.token(), daemon.token()
    me = door.ask("GET", "/whoami").json
    current = [one for one in listed(door) if one["current"]]
    theirs = daemon.api("GET", "/whoami", Authorization=other).json["sessionId"]

    assert me == {"username": "admin", "sessionId": current[0]["id"]}
    assert current[0]["address"] == "127.0.0.1"
    assert {one["id"] for one in listed(door, "?all=true")} >= {theirs, me["sessionId"]}
    headers = {"Authorization": other}
    with daemon.tcp_console("app", additional_headers=headers) as console:
        assert door.ask("DELETE", f"/sessions?id={theirs}").json == {"success": True}
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  # what comes before it
            while True:
                console.recv(timeout=10)
        assert closed.value.rcvd is not None
    assert not can_ask(daemon, other)
    daemon.stop()
    daemon.start()
    assert not can_ask(daemon, other)
    assert theirs not in {one["id"] for one in listed(door)}
    assert door.ask("DELETE", f"/sessions?id={theirs}").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/accounts", '{"username":"mole","password":"a long one"}'),
        ("PATCH", "/config", '{"servers":{}}'),
        ("POST", "/server/app", "START"),
        ("PATCH", "/server/app/file", '{"operation":"mv","src":"a","dest":"b"}'),
        ("POST", "/server/app/compress?path=a.zip", "[]"),
    ],
)
def test_a_body_that_ends_after_its_session(
    shared: Daemon, method: str, path: str, body: str
) -> None:
    """What was held back until somebody was thrown out does nothing."""
    token, before = shared.token(), names(shared.directory / "app")
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as link:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        asked = f"{head}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
        link.sendall(asked.encode())
        assert link.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"  # by then it was let in
        assert shared.api("GET", "/logout", Authorization=token).status == 200
        link.sendall(body.encode())

        assert link.recv(12) == b"HTTP/1.1 401"
    assert shared.get("/accounts") == ["admin"]
    assert shared.status("app") == 0
    assert names(shared.directory / "app") == before


def test_all_other_sessions_end(make_daemon: MakeDaemon) -> None:
    """And the action log says so."""
    daemon = make_daemon({}).start()
    door = Door(daemon, "api")
    door.token, others = daemon.token(), [daemon.token() for _ in range(3)]

    assert door.ask("DELETE", "/sessions?others=true").json == {"success": True}
    assert not any(can_ask(daemon, token) for token in others)
    assert [one["current"] for one in listed(door)] == [True]
    eventually(lambda: door.ask("GET", "/log?action=sessions.end").json["actions"], 5)


def test_sessions_in_redis_are_not_listed(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """Its layout knows no more than names; but all others can be ended."""
    with running_redis(tmp_path) as redis:
        section = {"enabled": True, "url": redis.url, "role": "primary"}
        daemon = make_daemon({}, redis=section).start()
        door = Door(daemon, "api")
        door.token, other = daemon.token(), daemon.token()
        answer = door.ask("GET", "/sessions")

        assert (answer.status, answer.json) == (
            400,
            error("Sessions kept in Redis can't be listed."),
        )
        assert door.ask("DELETE", "/sessions?others=true").status == 200
        assert not can_ask(daemon, other)
        assert can_ask(daemon, door.token)
