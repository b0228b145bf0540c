"""Section 3 of the contract, by the real daemon: what the config's values do, and the options."""

import grp
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from e2e.conftest import MakeDaemon
from octyne import __version__
from support.apps import SLEEP
from support.daemon import Daemon, program
from support.doors import error, problems
from support.eventually import eventually

BAD_JSON = error("Invalid JSON body!")


# -- applying ------------------------------------------------------------------------------------


def test_changed_apps_take_their_values_at_their_next_start(make_daemon: MakeDaemon) -> None:
    """What runs goes on undisturbed."""
    app = {"command": program("exits.py", 0, "wait"), "env": {"WHICH": "old"}}
    daemon = make_daemon({"app": app}).start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    daemon.patch(servers={"app": {"command": ["sh", "-c", "echo new; sleep 1000"]}})
    assert daemon.get("/server/app")["pid"] == pid
    assert "new" not in daemon.lines("app")
    daemon.post("app", "KILL")
    daemon.until("app", 0)
    daemon.post("app", "START")
    daemon.until_line("app", "new")


def test_an_app_no_longer_in_the_file_stays_until_it_stops(daemon: Daemon) -> None:
    """Marked meanwhile; one that isn't running disappears at once."""
    daemon.patch(servers={})
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
    daemon.patch(servers={})
    daemon.patch(servers=servers)
    assert "toDelete" not in daemon.get("/server/on")
    summary = {"on": {"status": 1, "toDelete": False}, "off": {"status": 0, "toDelete": False}}
    assert daemon.get("/servers?extrainfo=true") == {"servers": summary}
    daemon.post("on", "KILL")
    daemon.until("on", 0)


def test_the_log_follows_the_config_at_once(daemon: Daemon, tmp_path: Path) -> None:
    """Moved, its actions switched, and off; what can't be done keeps the old one and says so."""
    old, new = daemon.directory / "logs/octyne.log", tmp_path / "new/octyne.log"
    daemon.patch(logging={"path": str(new.parent), "actions": {"config.view": False}})
    daemon.ask("GET", "/config")
    daemon.ask("GET", "/config/reload")
    eventually(lambda: new.exists() and '"config.reload"' in new.read_text(), 10)
    assert '"config.view"' not in new.read_text()
    assert '"config.reload"' not in old.read_text()

    daemon.patch(logging={"enabled": False})
    daemon.ask("GET", "/config")
    daemon.patch(logging={"path": str(new.parent)})
    daemon.ask("GET", "/config/reload")
    eventually(lambda: new.read_text().count('"config.reload"') == 2, 10)
    assert '"config.view"' not in new.read_text()


def test_a_log_that_cannot_be_moved_stays_where_it_is(daemon: Daemon, tmp_path: Path) -> None:
    """It says so for as long as it lasts, and any reload tries again."""
    old, blocked = daemon.directory / "logs/octyne.log", tmp_path / "file"
    blocked.write_text("")
    daemon.patch(logging={"path": str(blocked / "below")})
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
    daemon.patch(webUI={"enabled": False})
    assert "restart" in problems(daemon)
    strangers = daemon.api("GET", "/healthz")
    assert (strangers.status, strangers.json) == (200, {"status": "degraded"})
    assert daemon.web("GET", "/api/").status == 200
    assert daemon.get("/config/reload") == {"success": True}
    assert problems(daemon)
    daemon.patch(webUI={"enabled": True, "port": daemon.web_port})
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
    daemon.patch(future={"a": 1})
    content = daemon.ask("GET", "/config").body
    assert b'"future": {"a": 1}' in content
    assert b'"colour": "blue"' in content
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


def a_group() -> grp.struct_group:
    """One that we may give files to; where we can, another one than our own."""
    mine = [grp.getgrgid(each) for each in (os.getgid(), *os.getgroups())]
    return (grp.getgrall() if os.geteuid() == 0 else mine)[-1]


def test_a_group_may_use_the_unix_socket(make_daemon: MakeDaemon) -> None:
    """Without one the socket is the owner's alone."""
    group = a_group()
    daemon = make_daemon({})
    daemon.config["unixSocket"]["group"] = group.gr_name
    daemon.write_config()
    found = daemon.start().socket_path.stat()
    assert (found.st_gid, found.st_mode & 0o777) == (group.gr_gid, 0o660)
    assert daemon.get("/servers") == {"servers": {}}


def test_redis_has_no_default_role(daemon: Daemon) -> None:
    """Enabled without one (or as something else) it is refused, at a change and at the start."""
    for role in ({}, {"role": ""}, {"role": "leader"}):
        daemon.config["redis"] = {"enabled": True, **role}
        answer = daemon.ask("PATCH", "/config", json.dumps(daemon.config))
        assert (answer.status, answer.json["error"]) == (400, BAD_JSON["error"])
        assert "redis.role" in answer.json["reason"]
    daemon.config["redis"] = {"enabled": True}
    daemon.write_config()
    daemon.stop()
    daemon.launch()
    assert daemon.wait() == 1
    assert "redis.role" in daemon.log


def test_redis_is_looked_for_on_this_machine(daemon: Daemon) -> None:
    """redis://localhost, which means port 6379, where no URL is given."""
    with socket.socket() as redis:
        redis.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            redis.bind(("127.0.0.1", 6379))
        except OSError:
            pytest.skip("the default port 6379 is in use here")
        redis.listen()
        redis.settimeout(10)
        daemon.config["redis"] = {"enabled": True, "role": "secondary"}
        daemon.write_config()
        daemon.ask("GET", "/config/reload")
        with redis.accept()[0] as asked:
            asked.settimeout(10)
            assert asked.recv(1 << 16).startswith(b"*")  # a command in Redis' own protocol


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
