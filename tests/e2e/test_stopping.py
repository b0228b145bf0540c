"""How the real daemon runs apps, and how it stops them (section 4 of the contract)."""

import os
import signal
from typing import Any

import pytest

from support.apps import (
    started,
    tree_of,
    until_state,
)
from support.daemon import alive, program
from support.eventually import eventually

from .conftest import MakeDaemon


def test_commands_and_environment(make_daemon: MakeDaemon) -> None:
    """Quoted words and lists say the same; `env` is added; no shell is between."""
    show = "import os, sys; print(sys.argv[1:], os.environ['COLOUR'], os.getcwd())"
    entry = {"directory": "some where", "env": {"COLOUR": "bl\u00fc e"}}
    daemon = make_daemon(
        {
            "text": {"command": f"""python3 -c "{show}" 'a b' "c\\"d" $HOME * e\\ f""", **entry},
            "list": {
                "command": ["python3", "-c", show, "a b", 'c"d', "$HOME", "*", "e f"],
                **entry,
            },
        }
    )
    (daemon.directory / "some where").mkdir()
    daemon.start()
    for name in ("text", "list"):
        daemon.until_line(name, "has stopped")
        assert daemon.lines(name)[1] == (
            f"""['a b', 'c"d', '$HOME', '*', 'e f'] bl\u00fc e {daemon.directory / "some where"}"""
        )


def test_the_stop_command(make_daemon: MakeDaemon) -> None:
    """A line on its input instead of the signal."""
    entry = {"command": program("says.py"), "stop": {"command": "exit 0"}}
    daemon = make_daemon({"app": entry}).start()
    daemon.until_line("app", "ready")
    daemon.post("app", "TERM")
    daemon.until("app", 0)
    assert daemon.get("/server/app")["reason"] == "Exited with code 0."


def test_the_stop_signal(make_daemon: MakeDaemon) -> None:
    """Another one than SIGTERM."""
    code = "trap 'echo got INT; exit 0' INT; trap '' TERM; echo up; while :; do sleep 0.05; done"
    entry = {"command": ["sh", "-c", code], "stop": {"signal": "SIGINT"}}
    daemon = make_daemon({"app": entry}).start()
    daemon.until_line("app", "up")
    daemon.post("app", "TERM")
    daemon.until("app", 0)
    assert "got INT" in daemon.lines("app")


@pytest.mark.parametrize("stop", [{}, {"command": "please"}, {"signal": "SIGUSR1"}])
@pytest.mark.parametrize("mode", [[], ["ignore"]])
def test_the_deadline_of_a_stop(
    make_daemon: MakeDaemon, stop: dict[str, Any], mode: list[str]
) -> None:
    """Grandchildren that ignore SIGTERM and hold stdout are gone by then, all of them."""
    entry = {"command": program("family.py", *mode), "stop": {"timeout": 1, **stop}}
    daemon = make_daemon({"app": entry}).start()
    daemon.until_line("app", "family is up")
    eventually(lambda: daemon.lines("app").count("child") == 2)
    family = tree_of(daemon)
    assert len(family) >= 4
    daemon.post("app", "TERM")
    daemon.until("app", 0, 6)
    assert not alive(family)
    daemon.until_line("app", "[Octyne] Server app has stopped.")
    lines = {line["text"]: line["time"] for line in daemon.get("/server/app/console/log")["lines"]}
    took = lines["[Octyne] Server app has stopped."] - lines["[Octyne] Stopping server app"]
    assert 900 < took < 4000


def test_a_kill_leaves_nobody(make_daemon: MakeDaemon) -> None:
    """At once, whatever the deadline."""
    daemon = make_daemon({"app": {"command": program("family.py", "ignore")}}).start()
    daemon.until_line("app", "family is up")
    family = tree_of(daemon)
    daemon.post("app", "KILL")
    daemon.until("app", 0, 5)
    assert not alive(family)


def test_children_that_an_app_leaves_behind(make_daemon: MakeDaemon) -> None:
    """They go within the deadline, and only then it has stopped, by its own exit code."""
    entry = {"command": program("family.py", "leave"), "stop": {"timeout": 1}}
    daemon = make_daemon({"app": entry}).start()
    daemon.until_line("app", "family is up")
    family = tree_of(daemon)
    until_state(daemon, "app", "stopped", 10)

    assert not alive(family)
    assert daemon.get("/server/app")["reason"] == "Exited with code 0."
    assert started(daemon, "app") == 1


def test_stopped_processes_are_stopped_too(make_daemon: MakeDaemon) -> None:
    """SIGSTOP doesn't keep an app from its SIGTERM."""
    daemon = make_daemon({"app": {"command": program("stops_slowly.py", 0)}}).start()
    daemon.until_line("app", "up")
    os.kill(daemon.get("/server/app")["pid"], signal.SIGSTOP)
    daemon.post("app", "TERM")
    daemon.until("app", 0, 5)
    assert daemon.get("/server/app")["reason"] == "Exited with code 0."


def test_a_terminal(make_daemon: MakeDaemon) -> None:
    """It is one, with a size; it can be resized and its app stopped."""
    daemon = make_daemon({"app": {"command": program("says.py"), "terminal": True}}).start()
    daemon.until_line("app", "ready")
    with daemon.console("app") as console:
        console.send('{"type":"input","data":"size"}')
        daemon.until_line("app", "120 x 40")
        console.send('{"type":"resize","columns":91,"rows":17}')
        console.send('{"type":"input","data":"size"}')
        daemon.until_line("app", "91 x 17")
        console.send('{"type":"resize","columns":"92","rows":"18"}')
        console.send('{"type":"input","data":"size"}')
        daemon.until_line("app", "92 x 18")
    daemon.post("app", "TERM")
    daemon.until("app", 0)
