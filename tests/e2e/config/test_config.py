"""Section 3 of the contract, by the real daemon: version, config file, reload, command line."""

import json
import os
from pathlib import Path

import pytest

from octyne import __version__
from support.apps import SLEEP
from support.daemon import Daemon
from support.doors import DOORS, Door, error

UNREADABLE = error("An error occurred while reading config!")


@pytest.fixture(params=DOORS)
def door(daemon: Daemon, request: pytest.FixtureRequest) -> Door:
    """Each of the three, logged in."""
    door = Door(daemon, request.param)
    door.token = "" if request.param == "unix" else daemon.token()
    return door


def content(daemon: Daemon) -> bytes:
    """The config file's bytes."""
    return (daemon.directory / "config.json").read_bytes()


# -- version -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_version_is_the_apis_and_needs_no_login(door: Door, method: str) -> None:
    """What clients compare, and further keys of our own."""
    door.token = ""
    answer = door.ask(method, "/", Authorization="wrong")
    assert answer.status == 200
    assert answer.json["version"] == "1.4.2"
    assert answer.json["productVersion"] == __version__
    assert all(isinstance(value, str) for value in answer.json.values())


# -- the file ------------------------------------------------------------------------------------


def test_get_gives_the_files_bytes_as_they_are(door: Door) -> None:
    """Comments, odd blanks, carriage returns and all; also when nobody could parse it."""
    path = door.daemon.directory / "config.json"
    for raw in (b'\r\n// caf\xc3\xa9\r\n{ "port" :1,, }', b"\xff\x00broken", b""):
        path.write_bytes(raw)
        answer = door.ask("GET", "/config")
        assert (answer.status, answer.body) == (200, raw)
        assert answer.headers["Content-Type"] == "application/json"


def test_a_file_that_cannot_be_read_is_500(door: Door) -> None:
    """Without a word about where it should be."""
    (door.daemon.directory / "config.json").unlink()
    answer = door.ask("GET", "/config")
    assert answer.status == 500
    assert list(answer.json) == ["error"]
    assert str(door.daemon.directory) not in answer.json["error"]


def test_patch_writes_what_it_was_given(door: Door) -> None:
    """Trimmed, with one newline at the end, comments and all; its mode stays, nothing is left."""
    path = door.daemon.directory / "config.json"
    path.chmod(0o640)
    before = set(path.parent.iterdir())
    text = "// für uns\n" + json.dumps(door.daemon.config)[:-1] + ", /* last */ }"
    answer = door.ask("PATCH", "/config", f"\n\n \t{text}\r\n\n  ")
    assert (answer.status, answer.json) == (200, {"success": True})
    assert path.read_bytes() == text.encode() + b"\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert set(path.parent.iterdir()) == before
    assert door.ask("GET", "/config").body == text.encode() + b"\n"


def test_patch_takes_comments_trailing_commas_and_all_ports(daemon: Daemon) -> None:
    """Wherever JSON with them has them; a port from 0, the default, to 65535."""
    del daemon.config["port"]
    text = json.dumps(daemon.config)[:-1]
    for port in (0, 1, 65535):
        more = f', "trustedProxies": ["127.0.0.1", /* here */ "::1",], // two\n"port": {port},}}'
        answer = daemon.ask("PATCH", "/config", text + more)
        assert (answer.status, answer.json) == (200, {"success": True}), port
    assert content(daemon).endswith(b'"port": 65535,}\n')


def test_the_file_is_replaced_in_one_step(daemon: Daemon) -> None:
    """Who is reading the old one goes on to its end; at no instant is it half of anything."""
    path = daemon.directory / "config.json"
    before = path.read_bytes()
    with path.open("rb") as old:
        daemon.patch(servers={f"app{number}": {**SLEEP, "enabled": False} for number in range(99)})
        assert old.read() == before
        assert not os.path.samestat(os.fstat(old.fileno()), path.stat())
    assert json.loads(path.read_bytes()) == daemon.config


def test_a_linked_config_stays_a_link(daemon: Daemon, tmp_path: Path) -> None:
    """The file behind it is replaced."""
    path, real = daemon.directory / "config.json", tmp_path / "real.json"
    path.rename(real)
    path.symlink_to(real)
    daemon.patch(trustedProxies=[])
    assert path.is_symlink()
    assert json.loads(real.read_bytes()) == daemon.config


BAD_CONFIGS = [
    b"",
    b"   ",
    b"null",
    b"[]",
    b"1",
    b'"x"',
    b"{",
    b"{} {}",
    b"{}x",
    b"{,}",
    b"{a: 1}",
    b"{'port': 1}",
    b'{"port": 0x10}',
    b'{"port": +1}',
    b'{"port": NaN}',
    b'{"port": "1"}',
    b'{"port": 1.5}',
    b'{"port": -1}',
    b'{"port": 65536}',
    b'{"port": true}',
    b'{"port": []}',
    b'{"webUI": []}',
    b'{"webUI": {"port": 70000}}',
    b'{"webUI": {"enabled": "yes"}}',
    b'{"unixSocket": {"location": 1}}',
    b'{"https": {"enabled": 1}}',
    b'{"redis": {"role": "king"}}',
    b'{"logging": {"actions": {"auth.login": "no"}}}',
    b'{"logging": {"actions": []}}',
    b'{"servers": []}',
    b'{"servers": "x"}',
    b'{"servers": {"a": []}}',
    b'{"servers": {"a": "sleep 1"}}',
    b'{"servers": {"a": {"command": 1}}}',
    b'{"servers": {"a": {"command": [1]}}}',
    b'{"servers": {"a": {"enabled": "true"}}}',
    b'{"servers": {"a": {"directory": []}}}',
    b'{"servers": {"": {}}}',
    b"# a comment\n{}",
    b"{} /* open",
    b'{"port": 1 "webUI": {}}',
    b'{"a": "\xff"}',
    b'{"a": "new\nline"}',
]


def test_anything_else_is_400_and_the_file_stays(daemon: Daemon) -> None:
    """With the exact text, and the place; the running config stays too."""
    before = content(daemon)
    for name in DOORS:
        door = Door(daemon, name)
        door.token = "" if name == "unix" else daemon.token()
        for body in BAD_CONFIGS:
            answer = door.ask("PATCH", "/config", body)
            assert (answer.status, answer.json["error"]) == (400, "Invalid JSON body!"), body
            assert answer.json["reason"].startswith("config.json, line "), body
    assert content(daemon) == before
    assert daemon.get("/servers") == {"servers": {"on": 1, "off": 0}}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_broken_or_missing_file_is_500_at_reload(door: Door, method: str) -> None:
    """With the exact text; the running config stays; answer and log say where it is wrong."""
    path = door.daemon.directory / "config.json"
    for raw, place in (
        (b"{\n  broken", "line 2, column 3"),
        (b"", "line 1, column 1"),
        (b'{"servers": []}', "line 1, column 2"),
    ):
        path.write_bytes(raw)
        answer = door.ask(method, "/config/reload")
        assert (answer.status, answer.json["error"]) == (500, UNREADABLE["error"])
        assert answer.json["reason"].startswith(f"config.json, {place}: ")
    assert "line 2, column 3" in door.daemon.log
    path.unlink()
    answer = door.ask(method, "/config/reload")
    assert (answer.status, answer.json) == (500, UNREADABLE)
    assert door.ask("GET", "/servers").json == {"servers": {"on": 1, "off": 0}}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_reload_reads_the_file_again(door: Door, method: str) -> None:
    """New apps are there at once, and start when they are enabled."""
    daemon = door.daemon
    daemon.config["servers"] |= {"new": SLEEP, "later": {**SLEEP, "enabled": False}}
    daemon.write_config()
    answer = door.ask(method, "/config/reload")
    assert (answer.status, answer.json) == (200, {"success": True})
    daemon.until("new", 1)
    assert daemon.get("/servers") == {"servers": {"on": 1, "off": 0, "new": 1, "later": 0}}


def test_two_changes_at_once_are_both_whole(daemon: Daemon) -> None:
    """The file is one of the two, and so is what runs."""
    door = Door(daemon, "unix")
    bodies = []
    for name in ("a", "b"):
        servers = {**daemon.config["servers"], name: {**SLEEP, "enabled": False}}
        bodies.append(json.dumps({**daemon.config, "servers": servers}).encode())
    socks = [door.connect() for _ in range(10)]
    for index, sock in enumerate(socks):
        body = bodies[index % 2]
        head = door.head("PATCH", "/config", "Host: x", f"Content-Length: {len(body)}")
        sock.sendall(head + body)
    for sock in socks:
        with sock:
            assert sock.recv(1 << 16).startswith(b"HTTP/1.1 200 OK\r\n")
    final = content(daemon).removesuffix(b"\n")
    assert final in bodies
    found = daemon.get("/servers?extrainfo=true")["servers"]
    there = {name for name, app in found.items() if not app["toDelete"]}
    assert there == set(json.loads(final)["servers"])
