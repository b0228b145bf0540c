"""Section 3 of the contract, by the real daemon: version, config file, reload, command line."""

import json
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from octyne import __version__
from support.daemon import Daemon, program
from support.doors import DOORS, Door, error, problems
from support.eventually import eventually

from .conftest import MakeDaemon

UNREADABLE = error("An error occurred while reading config!")
SLEEP = {"command": ["sleep", "1000"]}


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A daemon with one running app and one that is switched off."""
    daemon = make_daemon({"on": SLEEP, "off": {**SLEEP, "enabled": False}}).start()
    daemon.until("on", 1)
    return daemon


@pytest.fixture(params=DOORS)
def door(daemon: Daemon, request: pytest.FixtureRequest) -> Door:
    """Each of the three, logged in."""
    door = Door(daemon, request.param)
    door.token = "" if request.param == "unix" else daemon.token()
    return door


def content(daemon: Daemon) -> bytes:
    """The config file's bytes."""
    return (daemon.directory / "config.json").read_bytes()


def patch(daemon: Daemon, **changes: Any) -> None:
    """Change top-level keys of the config, over the API."""
    daemon.config |= changes
    answer = daemon.ask("PATCH", "/config", json.dumps(daemon.config))
    assert (answer.status, answer.json) == (200, {"success": True})


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


def test_a_linked_config_stays_a_link(daemon: Daemon, tmp_path: Path) -> None:
    """The file behind it is replaced."""
    path, real = daemon.directory / "config.json", tmp_path / "real.json"
    path.rename(real)
    path.symlink_to(real)
    patch(daemon, trustedProxies=[])
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
    """With the exact text; the running config stays, and the log says where it is wrong."""
    path = door.daemon.directory / "config.json"
    for raw in (b"{\n  broken", b"", b'{"servers": []}'):
        path.write_bytes(raw)
        answer = door.ask(method, "/config/reload")
        assert (answer.status, answer.json) == (500, UNREADABLE)
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


# -- applying ------------------------------------------------------------------------------------


def test_changed_apps_take_their_values_at_their_next_start(make_daemon: MakeDaemon) -> None:
    """What runs goes on undisturbed."""
    app = {"command": program("exits.py", 0, "wait"), "env": {"WHICH": "old"}}
    daemon = make_daemon({"app": app}).start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    patch(daemon, servers={"app": {"command": ["sh", "-c", "echo new; sleep 1000"]}})
    assert daemon.get("/server/app")["pid"] == pid
    assert "new" not in daemon.lines("app")
    daemon.post("app", "KILL")
    daemon.until("app", 0)
    daemon.post("app", "START")
    daemon.until_line("app", "new")


def test_an_app_no_longer_in_the_file_stays_until_it_stops(daemon: Daemon) -> None:
    """Marked meanwhile; one that isn't running disappears at once."""
    patch(daemon, servers={})
    marked = {"servers": {"on": {"status": 1, "toDelete": True}}}
    eventually(lambda: daemon.get("/servers?extrainfo=true") == marked, 10)
    assert daemon.get("/server/on")["toDelete"] is True
    assert daemon.ask("GET", "/server/off").status == 404
    daemon.post("on", "KILL")
    eventually(lambda: daemon.get("/servers") == {"servers": {}}, 10)
    assert daemon.ask("GET", "/server/on").status == 404


def test_an_app_that_is_put_back_loses_its_mark(daemon: Daemon) -> None:
    """And survives its next stop; without the mark the key isn't there."""
    servers = daemon.config["servers"]
    patch(daemon, servers={})
    patch(daemon, servers=servers)
    assert "toDelete" not in daemon.get("/server/on")
    summary = {"on": {"status": 1, "toDelete": False}, "off": {"status": 0, "toDelete": False}}
    assert daemon.get("/servers?extrainfo=true") == {"servers": summary}
    daemon.post("on", "KILL")
    daemon.until("on", 0)


def test_the_log_follows_the_config_at_once(daemon: Daemon, tmp_path: Path) -> None:
    """Moved, its actions switched, and off; what can't be done keeps the old one and says so."""
    old, new = daemon.directory / "logs/octyne.log", tmp_path / "new/octyne.log"
    patch(daemon, logging={"path": str(new.parent), "actions": {"config.view": False}})
    daemon.ask("GET", "/config")
    daemon.ask("GET", "/config/reload")
    eventually(lambda: new.exists() and '"config.reload"' in new.read_text(), 10)
    assert '"config.view"' not in new.read_text()
    assert '"config.reload"' not in old.read_text()

    patch(daemon, logging={"enabled": False})
    daemon.ask("GET", "/config")
    patch(daemon, logging={"path": str(new.parent)})
    daemon.ask("GET", "/config/reload")
    eventually(lambda: new.read_text().count('"config.reload"') == 2, 10)
    assert '"config.view"' not in new.read_text()


def test_a_log_that_cannot_be_moved_stays_where_it_is(daemon: Daemon, tmp_path: Path) -> None:
    """It says so for as long as it lasts, and any reload tries again."""
    old, blocked = daemon.directory / "logs/octyne.log", tmp_path / "file"
    blocked.write_text("")
    patch(daemon, logging={"path": str(blocked / "below")})
    for count in (1, 2):
        assert daemon.get("/config/reload") == {"success": True}
        assert problems(daemon).startswith("The logging settings could not be applied: ")
        eventually(lambda: old.read_text().count('"config.reload"') == count, 10)  # noqa: B023  # called at once
    blocked.unlink()
    assert daemon.get("/config/reload") == {"success": True}
    assert not problems(daemon)
    eventually(lambda: '"config.reload"' in (blocked / "below/octyne.log").read_text(), 10)


def test_a_daemon_starts_without_its_log(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """The apps are what counts; it says so, and a reload tries again."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    daemon = make_daemon({"on": SLEEP}, logging={"path": str(blocked / "below")}).start()
    daemon.until("on", 1)
    assert problems(daemon)
    blocked.unlink()
    assert daemon.get("/config/reload") == {"success": True}
    assert not problems(daemon)


def test_what_needs_a_restart_is_said(daemon: Daemon) -> None:
    """Changed ports count at the next start; until then health says so."""
    patch(daemon, webUI={"enabled": False})
    assert "restart" in problems(daemon)
    strangers = daemon.api("GET", "/healthz")
    assert (strangers.status, strangers.json) == (200, {"status": "degraded"})
    assert daemon.web("GET", "/api/").status == 200
    assert daemon.get("/config/reload") == {"success": True}
    assert problems(daemon)
    patch(daemon, webUI={"enabled": True, "port": daemon.web_port})
    assert not problems(daemon)


def test_sighup_reloads(daemon: Daemon) -> None:
    """A broken file is said, and changes nothing."""
    daemon.config["servers"]["new"] = SLEEP
    daemon.write_config()
    daemon.tell(signal.SIGHUP)
    eventually(lambda: "new" in daemon.get("/servers")["servers"], 10)
    (daemon.directory / "config.json").write_text("{")
    daemon.tell(signal.SIGHUP)
    eventually(lambda: "config.json, line 1, column 2" in daemon.log, 10)
    assert set(daemon.get("/servers")["servers"]) == {"on", "off", "new"}


# -- keys ----------------------------------------------------------------------------------------


def test_unknown_keys_are_kept_and_warned_about(daemon: Daemon) -> None:
    """Never fatal, wherever they stand."""
    daemon.config["servers"]["on"] = {**SLEEP, "colour": "blue"}
    patch(daemon, future={"a": 1})
    assert b'"future": {"a": 1}' in content(daemon)
    assert b'"colour": "blue"' in content(daemon)
    eventually(lambda: "future is no key" in daemon.log and "servers.on.colour" in daemon.log, 10)


@pytest.fixture
def alone() -> None:
    """Only where nobody uses the default ports."""
    for port in (42069, 7877):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                pytest.skip(f"the default port {port} is in use here")


@pytest.mark.usefixtures("alone")
def test_an_empty_config_has_all_defaults(make_daemon: MakeDaemon) -> None:
    """Ports 42069 (also for 0) and 7877, TMPDIR/octyne.sock.42069, logs/octyne.log, users.json."""
    daemon = make_daemon({})
    daemon.config = {"port": 0, "webUI": {"port": 0}}
    daemon.write_config()
    daemon.socket_path = daemon.directory / "octyne.sock.42069"
    daemon.port, daemon.web_port = 42069, 7877
    daemon.start()
    assert daemon.get("/servers") == {"servers": {}}
    assert daemon.api("GET", "/").status == daemon.web("GET", "/api/").status == 200
    eventually((daemon.directory / "logs/octyne.log").read_text, 10)
    first = json.loads((daemon.directory / "logs/octyne.log").read_text().splitlines()[0])
    assert (first["msg"], first["port"]) == ("started octyne", 42069)
    assert (daemon.directory / "users.json").stat().st_mode & 0o777 == 0o600


def test_doors_that_are_switched_off_are_shut(make_daemon: MakeDaemon) -> None:
    """The dashboard port and the Unix socket; the API port always listens."""
    daemon = make_daemon({}, webUI={"enabled": False}, unixSocket={"enabled": False}).start()
    assert daemon.api("GET", "/").status == 200
    assert not list(daemon.directory.glob("octyne.sock*"))
    with pytest.raises(ConnectionRefusedError):
        daemon.web("GET", "/api/")


def test_an_app_that_is_not_enabled_is_not_started_with_the_daemon(daemon: Daemon) -> None:
    """Nor at a reload."""
    daemon.until("on", 1)
    daemon.get("/config/reload")
    assert daemon.status("off") == 0


# -- the command line ----------------------------------------------------------------------------


def test_files_are_named_on_the_command_line(make_daemon: MakeDaemon) -> None:
    """--config=PATH and --users=PATH, and `=` is not needed."""
    daemon = make_daemon({})
    (daemon.directory / "config.json").rename(daemon.directory / "other.json")
    daemon.start("--config=other.json", "--users=people.json")
    assert list(json.loads((daemon.directory / "people.json").read_text())) == ["admin"]
    assert not (daemon.directory / "users.json").exists()
    assert daemon.stop() == 0
    daemon.start("--config", "other.json", "--users", "people.json")
    assert daemon.get("/accounts") == ["admin"]


@pytest.mark.parametrize("flag", ["--version", "-v", "--help", "-h"])
def test_version_and_help_start_nothing(make_daemon: MakeDaemon, flag: str) -> None:
    """Exit code 0, and the words on stdout."""
    daemon = make_daemon({})
    done = subprocess.run(
        [*daemon.command, flag], cwd=daemon.directory, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = __version__ if "v" in flag else "--users"
    assert expected in done.stdout
    assert not (daemon.directory / "users.json").exists()


@pytest.mark.parametrize("raw", [None, b"{", b'{"port": 99999}', b'{"servers": []}'])
def test_a_daemon_does_not_start_on_a_config_it_cannot_use(
    make_daemon: MakeDaemon, raw: bytes | None
) -> None:
    """One sentence with the file's name, no traceback; an exit code that isn't 0."""
    daemon = make_daemon({})
    path = daemon.directory / "config.json"
    path.unlink()
    if raw is not None:
        path.write_bytes(raw)
    daemon.launch()
    assert daemon.wait() != 0
    assert "config.json" in daemon.log
    assert "Traceback" not in daemon.log
