"""A really full disk under users.json and the daemon's state: a tiny tmpfs."""

import json
from collections.abc import Iterator

import pytest

from support.daemon import Daemon
from support.doors import problems
from support.eventually import eventually
from support.full_disk import fill, small_disk

from .conftest import MakeDaemon


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Iterator[Daemon]:
    """Not started; its state and its accounts are on a small disk, its logs are not."""
    daemon = make_daemon({"app": {"command": ["sleep", "1000"]}})
    with small_disk(daemon.directory / ".octyne", "1m"):
        yield daemon
        daemon.end()


def start(daemon: Daemon) -> None:
    """Start it with the accounts on the small disk too."""
    daemon.start("--users=.octyne/users.json", "--state=.octyne")


def accounts_file(daemon: Daemon) -> dict[str, str]:
    """What users.json holds."""
    found: dict[str, str] = json.loads((daemon.directory / ".octyne/users.json").read_text())
    return found


def test_no_account_is_lost_on_a_full_disk(daemon: Daemon) -> None:
    """Changes are 503 and leave the file whole; it says so until there is room again."""
    start(daemon)
    daemon.ask("POST", "/accounts", '{"username":"a","password":"p"}')
    token = daemon.token("a", "p")
    before = accounts_file(daemon)
    ballast = fill(daemon.directory / ".octyne")
    changes = [
        ("POST", "/accounts", '{"username":"b","password":"p"}'),
        ("PATCH", "/accounts?username=a", '{"username":"c"}'),
        ("PATCH", "/accounts?username=a", '{"password":"q"}'),
        ("DELETE", "/accounts?username=a", ""),
    ]
    for method, path, body in changes:
        answer = daemon.ask(method, path, body)
        assert answer.status == 503, answer
        assert "users.json" in answer.json["error"]
        assert str(daemon.directory) not in answer.json["error"]
    assert accounts_file(daemon) == before
    assert daemon.get("/accounts") == list(before)
    assert daemon.api("GET", "/servers", Authorization=token).status == 200
    assert "users.json" in problems(daemon)
    assert "users.json" in daemon.log
    ballast.unlink()
    eventually(lambda: not problems(daemon), 10, "there is room, and still something is wrong")
    for method, path, body in changes[:1] + changes[3:]:
        assert daemon.ask(method, path, body).status == 200
    assert list(accounts_file(daemon)) == ["admin", "b"]
    assert problems(daemon) == ""


def test_apps_go_on_on_a_full_disk(daemon: Daemon) -> None:
    """They are stopped, killed and started as ever; what isn't kept is told, and kept later."""
    start(daemon)
    daemon.until("app", 1)
    ballast = fill(daemon.directory / ".octyne")
    for word, status in (("TERM", 0), ("START", 1), ("KILL", 0)):
        assert isinstance(daemon.post("app", word)["success"], bool)
        if word != "START":
            daemon.until("app", status)
    assert daemon.get("/servers")["servers"]["app"] in {0, 2}
    eventually(lambda: problems(daemon), 10, "nothing is wrong on a full disk?")
    ballast.unlink()
    assert daemon.post("app", "START") == {"success": True}
    daemon.until("app", 1)
    eventually(lambda: not problems(daemon), 15)


def test_a_daemon_starts_on_a_full_disk(daemon: Daemon) -> None:
    """Accounts, sessions and running apps of the one before are all there."""
    start(daemon)
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    token = daemon.token()
    daemon.kill()
    ballast = fill(daemon.directory / ".octyne")
    start(daemon)
    assert daemon.get("/server/app")["pid"] == pid
    assert daemon.api("GET", "/servers", Authorization=token).status == 200
    assert daemon.api("GET", "/logout", Authorization=token).status == 200
    assert daemon.api("GET", "/servers", Authorization=token).status == 401
    ballast.unlink()
    assert daemon.token()
    eventually(lambda: not problems(daemon), 15)
