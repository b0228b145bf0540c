"""Apps that come into the config of a real daemon, change there, and go from it."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from support.apps import (
    OFF,
    SLEEP,
    another_pid,
    ours,
    reload,
)
from support.daemon import alive, program
from support.eventually import eventually

from .conftest import MakeDaemon


def test_a_reload_adds_and_changes(make_daemon: MakeDaemon) -> None:
    """New apps start when enabled; running ones take their values at the next start."""
    daemon = make_daemon({"app": {"command": ["sleep", "1001"]}}).start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    reload(daemon, app={"command": ["sleep", "1002"]}, new=SLEEP, idle={**SLEEP, **OFF})
    daemon.until("new", 1)
    assert daemon.get("/servers")["servers"] == {"app": 1, "new": 1, "idle": 0}
    assert daemon.get("/server/app")["pid"] == pid
    daemon.post("app", "RESTART")
    another_pid(daemon, "app", pid)
    pid = daemon.get("/server/app")["pid"]
    assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x001002\0"


def test_an_app_that_is_removed(make_daemon: MakeDaemon) -> None:
    """It is marked and runs on; put back, the mark is off; removed again, it goes when stopped."""
    daemon = make_daemon({"app": SLEEP, "other": SLEEP}).start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    reload(daemon, app=None)
    assert daemon.get("/server/app")["toDelete"] is True
    assert daemon.get("/servers?extrainfo=true")["servers"]["app"] == {
        "status": 1,
        "toDelete": True,
    }
    assert daemon.get("/servers")["servers"]["app"] == 1
    reload(daemon, app=SLEEP)
    assert "toDelete" not in daemon.get("/server/app")
    assert daemon.get("/server/app")["pid"] == pid
    reload(daemon, app=None)
    daemon.post("app", "TERM")
    eventually(lambda: "app" not in daemon.get("/servers")["servers"])
    assert daemon.ask("GET", "/server/app").status == 404
    reload(daemon, app={**SLEEP, **OFF})
    assert daemon.lines("app")[-2:] == [
        "[Octyne] Server app has stopped.",
        "[Octyne] Server app was marked for deletion, stopped/crashed, and has now been removed.",
    ]


@pytest.mark.parametrize("entry", [{**SLEEP, **OFF}, {"command": "no-such-command"}])
def test_one_that_is_not_running_disappears_at_once(
    make_daemon: MakeDaemon, entry: dict[str, Any]
) -> None:
    """Stopped or crashed."""
    daemon = make_daemon({"app": entry}).start()
    if "enabled" not in entry:
        daemon.until("app", 2)
    reload(daemon, app=None)
    eventually(lambda: daemon.get("/servers") == {"servers": {}}, 2)


def test_a_removed_app_that_crashes_is_not_started_again(make_daemon: MakeDaemon) -> None:
    """It goes."""
    daemon = make_daemon({"app": SLEEP}).start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    reload(daemon, app=None)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: daemon.get("/servers") == {"servers": {}}, 5)
    reload(daemon, app={**SLEEP, **OFF})
    assert ours(daemon, "app")[1:] == [
        "[Octyne] Server app has crashed!",
        "[Octyne] Server app was marked for deletion, stopped/crashed, and has now been removed.",
    ]


def test_a_removed_app_is_not_started_again_by_a_user(make_daemon: MakeDaemon) -> None:
    """Its stop is its end, also with a START right behind; that says why."""
    daemon = make_daemon({"app": {"command": program("stops_slowly.py", 1)}}).start()
    daemon.until_line("app", "up")
    reload(daemon, app=None)
    assert daemon.post("app", "START") == {"success": True}
    daemon.post("app", "TERM")
    answer = daemon.post("app", "START")
    assert answer["success"] is False
    assert "config" in answer["reason"]
    eventually(lambda: daemon.get("/servers") == {"servers": {}}, 10)


@pytest.mark.parametrize("runs", [True, False])
def test_an_app_that_is_removed_while_the_daemon_is_away(
    make_daemon: MakeDaemon, *, runs: bool
) -> None:
    """A running one is kept and marked; another one is gone."""
    daemon = make_daemon({"app": SLEEP if runs else {**SLEEP, **OFF}}).start()
    daemon.until("app", int(runs))
    pid = daemon.get("/server/app")["pid"]
    daemon.stop()
    del daemon.config["servers"]["app"]
    daemon.write_config()
    daemon.start()
    if not runs:
        assert daemon.get("/servers") == {"servers": {}}
        return
    answer = daemon.get("/server/app")
    assert (answer["status"], answer["toDelete"], answer["pid"]) == (1, True, pid)
    reload(daemon, app=SLEEP)
    assert "toDelete" not in daemon.get("/server/app")
    reload(daemon, app=None)
    daemon.post("app", "TERM")
    eventually(lambda: daemon.get("/servers") == {"servers": {}}, 10)
    assert not alive([pid])


def test_a_patched_config_is_applied(make_daemon: MakeDaemon) -> None:
    """As a reload does it."""
    daemon = make_daemon({"old": {**SLEEP, **OFF}}).start()
    daemon.config["servers"] = {"new": SLEEP}
    answer = daemon.ask("PATCH", "/config", json.dumps(daemon.config))
    assert answer.json == {"success": True}
    daemon.until("new", 1)
    eventually(lambda: daemon.get("/servers") == {"servers": {"new": 1}})
