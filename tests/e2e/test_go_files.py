"""Files of the Go Octyne, as it and its users write them, start unchanged."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from octyne.accounts.credentials import Argon2
from support.daemon import Daemon
from support.doors import TCP_DOORS, Door, problems

from .conftest import MakeDaemon

CONFIG = """\
{
  // The port of the API; the dashboard has its own.
  "port": %(port)d,
  "webUI": {"enabled": true, "port": %(web_port)d},
  "unixSocket": {
    "enabled": true,
    "location": "%(socket)s", /* else it is in TMPDIR */
    "group": ""
  },
  "https": {
    "enabled": false, // put it behind a proxy instead
    "cert": "/path/to/cert/file",
    "key": "/path/to/key/file",
  },
  "redis": {
    "enabled": false,
    "url": "redis://localhost",
    "role": "primary",
  },
  "logging": {
    "enabled": true,
    "path": "%(logs)s",
    "actions": {
      "server.console.access": false,
    },
  },
  "servers": {
    "sleeper": {
      "enabled": true,
      "directory": "%(directory)s",
      "command": "sleep 1000",
    },
    "speaker": {
      // no "enabled": it starts
      "directory": "%(directory)s",
      "command": "sh -c 'echo \\"http://example.com /* no comment */\\"; sleep 1000'",
    },
    "My old server": {
      "enabled": false,
      "directory": "%(directory)s",
      "command": "java -Xmx2G -jar server.jar nogui",
    },
  },
}
"""

SHA256 = hashlib.sha256(b"old password").hexdigest()
PHC = re.compile(
    r"\$argon2id\$v=19\$m=51200,t=1,p=4\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}"
)  # what Go's reader takes


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A directory as the Go Octyne leaves it, and our daemon in it."""
    daemon = make_daemon({})
    values = {
        "port": daemon.port,
        "web_port": daemon.web_port,
        "socket": daemon.socket_path,
        "logs": daemon.directory / "logs",
        "directory": daemon.directory,
    }
    (daemon.directory / "config.json").write_text(CONFIG % values)
    accounts = {
        "admin": SHA256,
        "new": Argon2().hash(b"new password"),
        "strong": Argon2(memory_kib=65536, time_cost=3, lanes=2).hash("pässword".encode()),
        "LOUD": SHA256.upper(),
    }
    (daemon.directory / "users.json").write_text(json.dumps(accounts, indent=2))
    return daemon


def users(daemon: Daemon) -> dict[str, str]:
    """What users.json holds."""
    found: dict[str, str] = json.loads((daemon.directory / "users.json").read_text())
    return found


def test_both_files_start_unchanged(daemon: Daemon) -> None:
    """No warning, no password shown, not a byte written; the apps run."""
    files = [daemon.directory / name for name in ("config.json", "users.json")]
    before = [path.read_bytes() for path in files]
    daemon.start()
    daemon.until("sleeper", 1)
    daemon.until("speaker", 1)
    daemon.until_line("speaker", "http://example.com /* no comment */")
    statuses = {"sleeper": 1, "speaker": 1, "My old server": 0}
    assert daemon.get("/servers") == {"servers": statuses}
    assert daemon.api("GET", "/").status == daemon.web("GET", "/api/").status == 200
    assert daemon.ask("GET", "/config").body == before[0]
    assert problems(daemon) == ""
    assert "WARNING" not in daemon.log
    assert daemon.output == ""
    daemon.stop()
    assert [path.read_bytes() for path in files] == before


@pytest.mark.parametrize("name", TCP_DOORS)
def test_all_kinds_of_accounts_log_in(daemon: Daemon, name: str) -> None:
    """SHA-256 in both cases, Argon2id with Go's and with other parameters; wrong ones don't."""
    daemon.start()
    door = Door(daemon, name)
    good = {
        "admin": "old password",
        "new": "new password",
        "strong": "pässword".encode().decode("latin-1"),
        "LOUD": "old password",
    }
    for account, password in good.items():
        answer = door.ask("GET", "/login", Username=account, Password=password)
        assert answer.status == 200, account
        token = answer.json["token"]
        assert door.ask("GET", "/accounts", Authorization=token).json == list(good)
        assert door.ask("GET", "/login", Username=account, Password="x").status == 401
        assert door.ask("GET", "/login", Username=account, Password=SHA256).status == 401


def test_sha256_is_replaced_at_login_and_nothing_else(daemon: Daemon) -> None:
    """By what the Go Octyne writes itself, so that it can be gone back to."""
    before = users(daemon)
    daemon.start()
    first = daemon.token("admin", "old password")
    daemon.token("new", "new password")
    after = users(daemon)
    assert list(after) == list(before)
    assert {name for name in after if after[name] != before[name]} == {"admin"}
    assert PHC.fullmatch(after["admin"])
    assert Argon2().verify(after["admin"], b"old password")
    second = daemon.token("admin", "old password")
    assert users(daemon) == after
    for token in (first, second):
        assert daemon.api("GET", "/servers", Authorization=token).status == 200
    daemon.stop()
    daemon.start()
    assert daemon.api("GET", "/servers", Authorization=first).status == 200


def test_a_wrong_password_replaces_nothing(daemon: Daemon) -> None:
    """The file is left as it is."""
    before = (daemon.directory / "users.json").read_bytes()
    daemon.start()
    assert daemon.api("GET", "/login", Username="admin", Password="wrong").status == 401
    assert (daemon.directory / "users.json").read_bytes() == before


def test_after_our_changes_go_can_still_read_the_file(daemon: Daemon) -> None:
    """An object of names and hashes that its two readers know, indented as it does."""
    daemon.start()
    daemon.ask("POST", "/accounts", '{"username":"added","password":"p"}')
    daemon.ask("PATCH", "/accounts?username=new", '{"username":"newer","password":"q"}')
    daemon.ask("DELETE", "/accounts?username=strong")
    found = users(daemon)
    assert list(found) == ["admin", "newer", "LOUD", "added"]
    for stored in found.values():
        assert PHC.fullmatch(stored) or re.fullmatch("[0-9a-fA-F]{64}", stored)
    text = (daemon.directory / "users.json").read_text()
    assert text == json.dumps(found, indent=2) + "\n"


def test_a_config_of_few_keys_and_odd_ones_starts(make_daemon: MakeDaemon) -> None:
    """Keys in another case, as Go takes them, a byte order mark, Windows line ends."""
    daemon = make_daemon({})
    text = (
        f'{{"Port": {daemon.port},\r\n "WebUI": {{"Enabled": false}},\r\n'
        f'"unixsocket": {{"Location": "{daemon.socket_path}"}},\r\n'
        '"Servers": {"a": {"Command": "sleep 1000"}},}\r\n'
    )
    Path(daemon.directory / "config.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    daemon.start()
    daemon.until("a", 1)
    assert daemon.api("GET", "/").status == 200
