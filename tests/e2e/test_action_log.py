"""Section 7 of the contract, by the real daemon: who did what, as one JSON line each."""

import contextlib
import json
import time
from typing import Any

import pytest

from support.daemon import Daemon, program
from support.doors import TCP_DOORS, Door
from support.eventually import eventually

from .conftest import MakeDaemon

FRAME = {"level": "info", "msg": "user performed action"}


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A daemon with one app that waits."""
    return make_daemon({"prompt": {"command": program("prompt.py")}}).start()


def lines(daemon: Daemon) -> list[dict[str, Any]]:
    """All lines of the log."""
    text = (daemon.directory / "logs/octyne.log").read_text()
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


def last(daemon: Daemon, action: str, **expected: Any) -> None:
    """Wait until the newest line of that action is this one, compared as a whole."""
    wanted = {**FRAME, "action": action, **expected}

    def newest() -> dict[str, Any]:
        found = [line for line in lines(daemon) if line.get("action") == action]
        assert all(abs(line["ts"] - time.time()) < 60 for line in found)  # seconds
        return {key: value for key, value in found[-1].items() if key != "ts"} if found else {}

    with contextlib.suppress(AssertionError):
        eventually(lambda: newest() == wanted, 10)
    assert newest() == wanted


def test_the_first_line_of_a_run_has_the_port(daemon: Daemon) -> None:
    """One for each run, with the time in seconds."""
    daemon.stop()
    daemon.start()
    daemon.stop()
    found = lines(daemon)
    assert [line["msg"] for line in found] == ["started octyne"] * 2
    for line in found:
        assert (line["level"], line["port"]) == ("info", daemon.port)
        assert abs(line["ts"] - time.time()) < 60


def test_a_full_file_makes_room_for_the_next(make_daemon: MakeDaemon) -> None:
    """It keeps its lines under another name; the new one is the owner's alone, too."""
    daemon = make_daemon({})
    file = daemon.directory / "logs/octyne.log"
    file.parent.mkdir()
    record = json.dumps({**FRAME, "action": "config.view", "note": ""})
    before = record.replace('""', f'"{"x" * ((10 << 20) - len(record) - 1)}"') + "\n"
    file.write_text(before)
    daemon.start()
    daemon.ask("GET", "/config")
    last(daemon, "config.view", user="@local", ip="@local")
    aside = file.with_name("octyne.log.1")
    assert aside.read_text() == before
    assert [line["msg"] for line in lines(daemon)] == ["started octyne", FRAME["msg"]]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", TCP_DOORS)
def test_every_action_is_a_line(daemon: Daemon, name: str) -> None:
    """With its own fields, the account and its address."""
    door = Door(daemon, name)
    door.token = daemon.token()
    mine = {"user": "admin", "ip": "127.0.0.1"}
    last(daemon, "auth.login", **mine)
    door.ask("GET", "/config")
    last(daemon, "config.view", **mine)
    door.ask("GET", "/config/reload")
    last(daemon, "config.reload", **mine)
    door.ask("PATCH", "/config", json.dumps(daemon.config))
    last(daemon, "config.edit", **mine)
    door.ask("POST", "/accounts", '{"username":"a","password":"p"}')
    last(daemon, "accounts.create", newUser="a", **mine)
    door.ask("PATCH", "/accounts?username=a", '{"username":"b"}')
    renamed = {"updatedUser": "b", "oldUsername": "a", "changedPassword": False}
    last(daemon, "accounts.update", **renamed, **mine)
    door.ask("PATCH", "/accounts", '{"username":"b","password":"q"}')
    changed = {"updatedUser": "b", "oldUsername": "b", "changedPassword": True}
    last(daemon, "accounts.update", **changed, **mine)
    door.ask("DELETE", "/accounts?username=b")
    last(daemon, "accounts.delete", deletedUser="b", **mine)
    for word, action in (("START", "start"), ("TERM", "stop"), ("KILL", "kill"), ("STOP", "kill")):
        door.ask("POST", "/server/prompt", word)
        last(daemon, f"server.{action}", server="prompt", **mine)
    door.ask("GET", "/logout")
    last(daemon, "auth.logout", **mine)


def test_consoles_are_logged_with_their_input(daemon: Daemon) -> None:
    """On the Unix socket the user is @local."""
    daemon.until("prompt", 1)
    local = {"user": "@local", "ip": "@local"}
    with daemon.console("prompt") as console:
        last(daemon, "server.console.access", server="prompt", **local)
        console.send('{"type":"input","data":"say hé"}')
        last(daemon, "server.console.input", server="prompt", input="say hé", **local)


def test_refusals_and_reads_are_not_logged(daemon: Daemon) -> None:
    """Neither wrong logins nor refused changes are actions."""
    daemon.api("GET", "/login", Username="admin", Password="wrong")
    daemon.api("GET", "/config/reload")
    daemon.ask("POST", "/accounts", '{"username":"admin","password":"p"}')
    daemon.ask("DELETE", "/accounts?username=nobody")
    daemon.ask("PATCH", "/config", "{")
    daemon.ask("POST", "/server/prompt", "DANCE")
    daemon.get("/servers")
    daemon.get("/accounts")
    daemon.stop()
    assert [line["msg"] for line in lines(daemon)] == ["started octyne"]


@pytest.mark.parametrize(
    ("forwarded", "trusted", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9, 127.0.0.1", None, "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3", ["127.0.0.1", "10.0.0.0/8"], "203.0.113.9"),
        ("2001:db8::1", None, "2001:db8::1"),
        ("rubbish", None, "127.0.0.1"),
        ("203.0.113.9", [], "127.0.0.1"),
        ("203.0.113.9", ["192.0.2.1"], "127.0.0.1"),
    ],
)
def test_addresses_are_the_clients(
    make_daemon: MakeDaemon, forwarded: str, trusted: list[str] | None, expected: str
) -> None:
    """The rightmost untrusted entry of trusted proxies; else the peer's own. Socket: @local."""
    proxies = {} if trusted is None else {"trustedProxies": trusted}
    daemon = make_daemon({}, **proxies).start()
    token = daemon.token()
    for ask in (daemon.api, lambda m, p, **h: daemon.web(m, f"/api{p}", **h)):
        ask("GET", "/config", Authorization=token, X_Forwarded_For=forwarded)
        last(daemon, "config.view", user="admin", ip=expected)
    daemon.ask("GET", "/config", X_Forwarded_For=forwarded)
    eventually(lambda: lines(daemon)[-1].get("user") == "@local", 10)
    assert lines(daemon)[-1]["ip"] == "@local"


def test_single_actions_can_be_switched_off(make_daemon: MakeDaemon) -> None:
    """By name; all others stay on."""
    daemon = make_daemon({})
    daemon.config["logging"]["actions"] = {"config.view": False, "config.reload": True}
    daemon.write_config()
    daemon.start()
    daemon.get("/config/reload")
    assert daemon.ask("GET", "/config").status == 200
    daemon.stop()
    assert [line.get("action") for line in lines(daemon)] == [None, "config.reload"]


def test_switched_off_altogether_nothing_is_written(make_daemon: MakeDaemon) -> None:
    """Not even the directory."""
    daemon = make_daemon({})
    daemon.config["logging"]["enabled"] = False
    daemon.write_config()
    daemon.start()
    daemon.get("/config/reload")
    daemon.stop()
    assert not (daemon.directory / "logs").exists()


def test_no_secret_is_ever_in_it(daemon: Daemon) -> None:
    """Nor in the daemon's own log: passwords, tokens, tickets, hashes, the config."""
    password = daemon.first_password()
    secrets = [password, "very-secret", "extra-secret", "env-secret"]
    daemon.config["servers"]["prompt"]["env"] = {"KEY": "env-secret"}
    token = daemon.token()
    secrets += [token, daemon.api("GET", "/ott", Authorization=token).json["ticket"]]
    daemon.api("GET", f"/servers?ticket={secrets[-1]}&token={token}")
    daemon.api("GET", "/login", Username="admin", Password="extra-secret")
    daemon.ask("POST", "/accounts", '{"username":"a","password":"very-secret"}')
    daemon.ask("PATCH", "/accounts?username=a", '{"password":"extra-secret"}')
    daemon.ask("PATCH", "/config", json.dumps(daemon.config))
    daemon.ask("PATCH", "/config", json.dumps(daemon.config)[:-1])
    daemon.ask("POST", "/accounts", '{"username":"very-secret",')
    secrets += json.loads((daemon.directory / "users.json").read_text()).values()
    daemon.api("GET", "/logout", Authorization=token)
    daemon.stop()
    text = (daemon.directory / "logs/octyne.log").read_text() + daemon.log
    assert [secret for secret in secrets if secret in text] == []


def test_line_ends_in_names_make_no_lines(daemon: Daemon) -> None:
    """Whatever a client sends, a line is one JSON object."""
    with daemon.console("prompt") as console:
        console.send(json.dumps({"type": "input", "data": 'a\n{"level":"info"}\r\u2028b'}))
        eventually(lambda: any("input" in line for line in lines(daemon)), 10)
    assert lines(daemon)[-1]["input"] == 'a\n{"level":"info"}\r\u2028b'
