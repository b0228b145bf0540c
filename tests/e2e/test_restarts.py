"""What the real daemon makes of an app's end, and what it remembers (section 4 of the contract)."""

import os
import signal
from typing import Any

import pytest

from support.apps import (
    OFF,
    SLEEP,
    another_pid,
    ours,
    pass_s,
    pid_of,
    started,
    until_last,
    until_state,
)
from support.daemon import Daemon, program
from support.eventually import eventually

from .conftest import MakeDaemon

ENDS = {0: "stopped.", 2: "crashed!"}
CODES = {0: 0, 130: 0, 143: 0, 1: 2, 7: 2, 129: 2, 137: 2, 255: 2}


def test_exit_codes(make_daemon: MakeDaemon) -> None:
    """0, 130 and 143 mean stopped, all others crashed; that is said."""
    daemon = make_daemon({f"app{c}": {"command": program("exits.py", c)} for c in CODES}).start()
    for code, status in CODES.items():
        name = f"app{code}"
        if status:
            until_state(daemon, name, "crashed", 40)
        until_last(daemon, name, f"[Octyne] Server {name} has {ENDS[status]}")
        answer = daemon.get(f"/server/{name}")
        assert (answer["status"], answer["reason"]) == (status, f"Exited with code {code}.")
        assert started(daemon, name) == (4 if status else 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_from_outside_that_means_stop(make_daemon: MakeDaemon, number: int) -> None:
    """As 143 and 130: stopped, and not started again."""
    daemon = make_daemon({"app": SLEEP}).start()
    daemon.until("app", 1)
    os.kill(daemon.get("/server/app")["pid"], number)
    until_state(daemon, "app", "stopped")
    pass_s(daemon, 1)
    assert ours(daemon, "app") == [
        "[Octyne] Started server app",
        "[Octyne] Server app has stopped.",
    ]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_signal_from_outside_that_means_a_crash(make_daemon: MakeDaemon, number: int) -> None:
    """It is started again at once."""
    daemon = make_daemon({"app": SLEEP}).start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    os.kill(pid, number)
    another_pid(daemon, "app", pid)
    assert ours(daemon, "app") == [
        "[Octyne] Started server app",
        "[Octyne] Server app has crashed!",
        "[Octyne] Restarting server app due to default behaviour.",
        "[Octyne] Started server app",
    ]
    assert daemon.get("/server/app")["restarts"] == 1


def test_the_default_restart_rule(make_daemon: MakeDaemon) -> None:
    """Three restarts: at once, after a second, after two; then it stays crashed."""
    daemon = make_daemon({"app": {"command": "false"}}).start()
    until_state(daemon, "app", "crashed", 20)
    until_last(daemon, "app", "[Octyne] Server app has crashed!")
    page = daemon.get("/server/app/console/log")["lines"]
    crash = "[Octyne] Server app has crashed!"
    again = "[Octyne] Restarting server app due to default behaviour."
    start = "[Octyne] Started server app"
    assert [line["text"] for line in page] == [*([start, crash, again] * 3), start, crash]
    starts = [line["time"] for line in page if line["text"] == start]
    told = [line["time"] for line in page if line["text"] == again]
    waits = [(s - t) / 1000 for s, t in zip(starts[1:], told, strict=True)]
    for wait, expected in zip(waits, (0, 1, 2), strict=True):
        assert expected - 0.05 <= wait < expected + 1.5
    answer = daemon.get("/server/app")
    assert (answer["status"], answer["restarts"], answer["uptime"]) == (2, 3, 0)

    daemon.post("app", "START")
    eventually(lambda: started(daemon, "app") > 5, 10, "the count doesn't start again")


def crash(daemon: Daemon, app: str) -> int:
    """Have it crash and be started again; the restarts in a row by then."""
    daemon.until(app, 1)
    pid = pid_of(daemon, app)
    os.kill(pid, signal.SIGKILL)
    another_pid(daemon, app, pid)
    until_state(daemon, app, "running")
    return int(daemon.get(f"/server/{app}")["restarts"])


def test_a_clean_stop_starts_the_count_again(make_daemon: MakeDaemon) -> None:
    """What it did before is forgotten, whoever stopped it."""
    daemon = make_daemon({"asked": SLEEP, "left": SLEEP}).start()
    for app in ("asked", "left"):
        assert crash(daemon, app) == 1
    daemon.post("asked", "TERM")
    os.kill(pid_of(daemon, "left"), signal.SIGTERM)
    for app in ("asked", "left"):
        daemon.until(app, 0)
        assert daemon.get(f"/server/{app}")["restarts"] == 0
        daemon.post(app, "START")
        assert crash(daemon, app) == 1


def test_a_stable_run_starts_the_count_again(make_daemon: MakeDaemon) -> None:
    """It is a minute; here a second."""
    daemon = make_daemon({"app": SLEEP})
    daemon.but_for("octyne.apps.policy", STABLE_S="1.0").start()
    assert crash(daemon, "app") == 1
    eventually(lambda: daemon.get("/server/app")["uptime"] > 1.2 * 10**9)
    assert crash(daemon, "app") == 1


def test_a_stop_during_a_crash_loop_wins(make_daemon: MakeDaemon) -> None:
    """While it waits for its restart; nothing is started afterwards."""
    daemon = make_daemon({"app": {"command": "false"}}).start()
    eventually(lambda: daemon.get("/server/app")["restarts"] == 3, 15)
    until_state(daemon, "app", "backoff")
    daemon.post("app", "TERM")
    count = started(daemon, "app")
    assert daemon.status("app") == 0
    pass_s(daemon, 3)
    assert (daemon.status("app"), started(daemon, "app")) == (0, count)


def test_an_exit_after_term_is_a_stop_whatever_its_code(make_daemon: MakeDaemon) -> None:
    """The user asked for it."""
    code = "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"
    daemon = make_daemon({"app": {"command": ["sh", "-c", code]}}).start()
    daemon.until_line("app", "up")
    daemon.post("app", "TERM")
    daemon.until("app", 0)
    until_last(daemon, "app", "[Octyne] Server app has stopped.")
    assert daemon.get("/server/app")["reason"] == "Exited with code 7."


@pytest.mark.parametrize("how", [Daemon.stop, Daemon.kill])
def test_a_users_stop_survives_the_daemon(make_daemon: MakeDaemon, how: Any) -> None:
    """An enabled app stays stopped; a START that was asked for stays too."""
    apps = {"stopped": SLEEP, "started": {**SLEEP, **OFF}, "done": {"command": "true"}}
    daemon = make_daemon(apps).start()
    for name in ("stopped", "started"):
        daemon.post(name, "START")
    daemon.until("stopped", 1)
    daemon.until_line("done", "has stopped")
    daemon.post("stopped", "TERM")
    daemon.until("stopped", 0)
    daemon.until_line("stopped", "has stopped")
    pid = daemon.get("/server/started")["pid"]
    how(daemon)
    daemon.start()
    pass_s(daemon, 1)

    assert daemon.get("/servers")["servers"] == {"stopped": 0, "started": 1, "done": 0, "clock": 0}
    assert daemon.get("/server/started")["pid"] == pid
    assert (started(daemon, "done"), started(daemon, "stopped")) == (1, 1)


def test_a_crashed_app_stays_crashed_over_a_restart(make_daemon: MakeDaemon) -> None:
    """The end of a crash loop is no new beginning."""
    daemon = make_daemon({"app": {"command": "false"}}).start()
    until_state(daemon, "app", "crashed", 20)
    daemon.stop()
    daemon.start()
    pass_s(daemon, 1)
    assert (daemon.status("app"), started(daemon, "app")) == (2, 4)
