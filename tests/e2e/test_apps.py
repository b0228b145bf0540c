"""Apps over the real daemon: section 4 of the contract, but what other modules here have."""

import json
import os
import threading
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from octyne.system import process
from support.apps import (
    OFF,
    SLEEP,
    another_pid,
    ours,
    pass_s,
    reload,
    started,
    state,
    tree_of,
    until_started,
    until_state,
)
from support.daemon import Daemon, descendants, program
from support.eventually import eventually

from .conftest import MakeDaemon

WORDS = ("START", "TERM", "KILL", "STOP", "RESTART")
INVALID = {"error": "Invalid operation requested!"}


def test_statuses_are_told_at_all_doors(make_daemon: MakeDaemon) -> None:
    """0 not running, 1 running, 2 crashed; a mark only where it is asked for."""
    apps = {"off": {**SLEEP, **OFF}, "on": SLEEP, "broken": {"command": "no-such-command"}}
    daemon = make_daemon(apps).start()
    daemon.until("broken", 2)
    daemon.until("on", 1)
    token = daemon.token()
    plain = {"servers": {"off": 0, "on": 1, "broken": 2}}
    marks = {n: {"status": s, "toDelete": False} for n, s in plain["servers"].items()}
    for ask, prefix in ((daemon.api, ""), (daemon.web, "/api"), (daemon.ask, "")):
        for method in ("GET", "POST"):
            answer = ask(method, f"{prefix}/servers", Authorization=token)
            assert (answer.status, answer.json) == (200, plain)
        extra = ask("GET", f"{prefix}/servers?extrainfo=true", Authorization=token)
        assert extra.json == {"servers": marks}
        assert ask("HEAD", f"{prefix}/servers", Authorization=token).body == b""


def test_an_app_tells_of_itself(make_daemon: MakeDaemon) -> None:
    """Types as strict clients want them; zeros when it doesn't run."""
    daemon = make_daemon({"on": SLEEP, "off": {**SLEEP, **OFF}}).start()
    daemon.until("on", 1)
    on, off = daemon.get("/server/on"), daemon.get("/server/off")
    for one in (on, off):
        for key in ("status", "memoryUsage", "totalMemory", "uptime"):
            assert type(one[key]) is int
        assert type(one["cpuUsage"]) in {int, float}
        assert one["totalMemory"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        assert "toDelete" not in one
    assert (off["status"], off["uptime"], off["memoryUsage"], off["cpuUsage"]) == (0, 0, 0, 0)
    assert on["status"] == 1
    assert 0 < on["uptime"] < 60 * 10**9
    refused = daemon.ask("DELETE", "/server/on")
    assert (refused.status, refused.json) == (405, {"error": "Only GET and POST is allowed!"})
    assert {"GET", "POST"} <= set(refused.headers["Allow"].replace(",", " ").split())


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_app(make_daemon: MakeDaemon, method: str) -> None:
    """404 for those who are logged in; strangers don't learn which apps exist."""
    daemon = make_daemon({"on": SLEEP}).start()
    token = daemon.token()
    known = 405 if method == "DELETE" else 404
    for path in ("/server/nobody", "/server/On", "/server/on%20"):
        answer = daemon.api(method, path, "START", Authorization=token)
        assert answer.status == known
        if known == 404:
            assert answer.json == {"error": "This server does not exist!"}
    if method != "DELETE":
        for path in ("/server/nobody", "/server/on"):
            assert daemon.api(method, path, "START").status == 401


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title, str.swapcase])
def test_operations_in_any_case(make_daemon: MakeDaemon, spell: Any) -> None:
    """Each does its work, and answers the same."""
    daemon = make_daemon({"app": {**SLEEP, **OFF}}).start()
    for word, status in (
        ("sTART", 1),
        ("tERM", 0),
        ("sTART", 1),
        ("kILL", 0),
        ("sTART", 1),
        ("sTOP", 0),
        ("rESTART", 1),
    ):
        assert daemon.post("app", spell(word)) == {"success": True}
        daemon.until("app", status)
    pid = daemon.get("/server/app")["pid"]
    assert daemon.post("app", spell("rESTART")) == {"success": True}
    another_pid(daemon, "app", pid)

    assert [line.split()[1] for line in ours(daemon, "app")] == [
        *("Started", "Stopping", "Server"),
        *("Started", "Killing", "Server"),
        *("Started", "Killing", "Server"),
        *("Started", "Stopping", "Server", "Started"),
    ]


def test_the_notices_are_exact(make_daemon: MakeDaemon) -> None:
    """Clients look for them."""
    daemon = make_daemon({"my app": SLEEP}).start()
    name = quote("my app")
    for word, status in (("START", 1), ("TERM", 0), ("START", 1), ("KILL", 0)):
        daemon.post(name, word)
        daemon.until("my app", status)
    eventually(lambda: len(daemon.lines(name)) == 6)
    assert daemon.lines(name) == [
        "[Octyne] Started server my app",
        "[Octyne] Stopping server my app",
        "[Octyne] Server my app has stopped.",
        "[Octyne] Started server my app",
        "[Octyne] Killing server my app",
        "[Octyne] Server my app has stopped.",
    ]


def test_anything_else_is_an_invalid_operation(make_daemon: MakeDaemon) -> None:
    """One word, and nothing around it."""
    daemon = make_daemon({"app": {**SLEEP, **OFF}}).start()
    bodies: list[bytes] = [b"", b" START", b"START\n", b"START ", b"START\0", b"BOOM", b'"START"']
    bodies += [b"\xff\xfe", b"STARTSTART", "\u017ftart".encode(), b'{"op":"START"}', b"x" * 60_000]
    for body in bodies:
        answer = daemon.ask("POST", "/server/app", body)
        assert (answer.status, answer.json) == (400, INVALID), body[:20]
    assert daemon.status("app") == 0
    assert daemon.ask("POST", "/server/app", b"x" * 100_000).status == 413


def test_the_content_type_of_an_operation_plays_no_part(make_daemon: MakeDaemon) -> None:
    """Bodies are taken for what they are."""
    daemon = make_daemon({"app": {**SLEEP, **OFF}}).start()
    for kind in ("application/json", "multipart/form-data; boundary=x", "image/png", "nonsense"):
        assert daemon.ask("POST", "/server/app", "START", Content_Type=kind).status == 200
    daemon.until("app", 1)
    assert started(daemon, "app") == 1


def test_nothing_to_do_is_a_success(make_daemon: MakeDaemon) -> None:
    """START while it runs; TERM, KILL and STOP while it doesn't. Nothing happens."""
    daemon = make_daemon({"on": SLEEP, "off": {**SLEEP, **OFF}, "bad": {"command": ""}}).start()
    daemon.until("on", 1)
    daemon.until("bad", 2)
    pid = daemon.get("/server/on")["pid"]
    assert daemon.post("on", "START") == {"success": True}
    for word in ("TERM", "KILL", "STOP"):
        assert daemon.post("off", word) == {"success": True}
        assert daemon.post("bad", word) == {"success": True}

    assert daemon.get("/server/on")["pid"] == pid
    assert (daemon.status("off"), daemon.status("bad")) == (0, 2)
    assert daemon.lines("off") == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"command": "no-such-command"}, '"no-such-command" does not exist'),
        ({"command": "sleep 9", "directory": "nowhere"}, "/nowhere"),
        ({"command": "sleep 9", "directory": "config.json"}, "is not in a directory or is not one"),
        ({"command": ""}, "is empty"),
        ({"command": []}, "is empty"),
        ({"command": "   "}, "is empty"),
        ({"command": "sh -c 'oops"}, "open quote"),
        ({"command": "./config.json"}, "permissions"),
        ({"command": "/"}, "permissions"),
        ({"command": "./script"}, "is not a program"),
    ],
)
def test_what_cannot_be_started(make_daemon: MakeDaemon, entry: dict[str, Any], why: str) -> None:
    """200 with the reason, which stands on the console too; no restarts; status 2."""
    daemon = make_daemon({"app": {**entry, **OFF}})
    script = daemon.directory / "script"
    script.write_text("echo no first line\n")
    script.chmod(0o755)
    daemon.start()
    answer = daemon.post("app", "START")

    assert answer["success"] is False
    assert why in answer["reason"]
    assert set(answer) == {"success", "reason"}
    assert daemon.status("app") == 2
    assert ours(daemon, "app") == [f"[Octyne] Server app could not be started: {answer['reason']}"]
    assert daemon.get("/server/app")["reason"] == answer["reason"]
    assert daemon.post("app", "RESTART")["success"] is False


def test_a_start_that_failed_can_be_mended(make_daemon: MakeDaemon) -> None:
    """The config's new values count at the next start."""
    daemon = make_daemon({"app": {"command": "no-such-command"}}).start()
    daemon.until("app", 2)
    reload(daemon, app=SLEEP)
    assert daemon.post("app", "START") == {"success": True}
    daemon.until("app", 1)


@pytest.mark.parametrize("command", [["sleep", "1000"], program("stops_slowly.py", 1)])
def test_term_and_start_at_once_is_a_restart(make_daemon: MakeDaemon, command: list[str]) -> None:
    """That is how old clients do it: it ends running, exactly once."""
    daemon = make_daemon({"app": {"command": command}}).start()
    daemon.until("app", 1)
    if len(command) > 2:
        daemon.until_line("app", "up")
    for count in (2, 3):
        pid = daemon.get("/server/app")["pid"]
        assert daemon.post("app", "TERM") == {"success": True}
        assert daemon.post("app", "START") == {"success": True}
        until_started(daemon, "app", count)
        another_pid(daemon, "app", pid)
        if len(command) > 2:
            eventually(partial(is_up, daemon, count))
    pass_s(daemon, 1)

    assert daemon.status("app") == 1
    assert started(daemon, "app") == 3
    mine = process.find_by_environment("OCTYNE_APP", "app")
    mine = [p for p in mine if p in descendants(os.getpid()) or p in tree_of(daemon)]
    assert len(mine) == 1


def is_up(daemon: Daemon, count: int) -> bool:
    """Whether it has said so that often."""
    return daemon.lines("app").count("up") == count


def test_a_stop_takes_a_kept_start_back(make_daemon: MakeDaemon) -> None:
    """TERM, START, TERM: the last word counts."""
    daemon = make_daemon({"app": {"command": program("stops_slowly.py", 1)}}).start()
    daemon.until_line("app", "up")
    for word in ("TERM", "START", "TERM"):
        daemon.post("app", word)
    daemon.until("app", 0)
    pass_s(daemon, 1)
    assert (daemon.status("app"), started(daemon, "app")) == (0, 1)


def test_a_kill_hurries_a_stop(make_daemon: MakeDaemon) -> None:
    """An app that takes its time is ended at once."""
    daemon = make_daemon({"app": {"command": program("stops_slowly.py", 600)}}).start()
    daemon.until_line("app", "up")
    daemon.post("app", "TERM")
    daemon.until_line("app", "saving")
    assert daemon.status("app") == 1
    daemon.post("app", "KILL")
    daemon.until("app", 0, 5)


def test_no_notice_is_lost_when_a_start_follows_at_once(make_daemon: MakeDaemon) -> None:
    """A client that sees the status change and starts it leaves the console in order."""
    daemon = make_daemon({"app": SLEEP}).start()
    for _ in range(8):
        daemon.until("app", 1)
        daemon.post("app", "KILL")
        while daemon.status("app"):
            pass
        daemon.post("app", "START")
    daemon.until("app", 1)
    assert [line.split()[1] for line in ours(daemon, "app")] == [
        *(["Started", "Killing", "Server"] * 8),
        "Started",
    ]


def test_a_restart_always_starts(make_daemon: MakeDaemon) -> None:
    """Also of an app that is gone before its stop is answered."""
    daemon = make_daemon({"app": SLEEP}).start()
    daemon.until("app", 1)
    for count in range(2, 10):
        assert daemon.post("app", "RESTART") == {"success": True}
        until_started(daemon, "app", count)


def test_a_stop_while_it_is_starting(make_daemon: MakeDaemon) -> None:
    """Wherever in the start it comes: the app ends stopped."""
    daemon = make_daemon({"app": {**SLEEP, **OFF}}).start()
    for word in ("TERM", "KILL", "TERM", "KILL", "TERM"):
        starter = threading.Thread(target=daemon.post, args=("app", "START"))
        starter.start()
        eventually(lambda: state(daemon, "app") != "stopped")
        daemon.post("app", word)
        starter.join()
        until_state(daemon, "app", "stopped")
    pass_s(daemon, 1)
    assert daemon.status("app") == 0
    assert daemon.get("/server/app")["desired"] == "stopped"
    assert not tree_of(daemon)


def test_usage_is_that_of_the_whole_tree(make_daemon: MakeDaemon) -> None:
    """A grandchild in a session of its own counts; nothing is left after the end."""
    daemon = make_daemon({"app": {"command": program("tree.py", 150)}}).start()
    daemon.until_line("app", "busy")

    def measured() -> Any:
        answer = daemon.get("/server/app")
        return answer if answer["memoryUsage"] > 150 << 20 and answer["cpuUsage"] > 10 else None

    answer = eventually(measured, 20)
    assert answer["memoryUsage"] < 600 << 20
    assert answer["cpuUsage"] < 100 * (os.cpu_count() or 1) + 10
    samples = daemon.get("/server/app/usage")
    assert samples["totalMemory"] == answer["totalMemory"]
    assert {"time", "cpuUsage", "memoryUsage"} == set(samples["samples"][-1])
    times = [sample["time"] for sample in samples["samples"]]
    assert times == sorted(times)
    daemon.post("app", "KILL")
    daemon.until("app", 0)
    answer = daemon.get("/server/app")
    assert (answer["cpuUsage"], answer["memoryUsage"]) == (0, 0)


def test_uptime_goes_on_over_a_restart_of_the_daemon(make_daemon: MakeDaemon) -> None:
    """It is the app's, not the daemon's."""
    daemon = make_daemon({"app": SLEEP}).start()
    daemon.until("app", 1)
    pass_s(daemon, 1)
    daemon.stop()
    daemon.start()
    assert daemon.get("/server/app")["uptime"] > 10**9
    daemon.post("app", "RESTART")
    eventually(lambda: 0 < daemon.get("/server/app")["uptime"] < 10**9)


NAMES = [
    "a b",
    "\u00fc/\u00f6",
    "a%2Fb",
    "..x",
    "...",
    "'\"<>&;#?",
    "\u540d\u524d \U0001f600",
    "line\nbreak",
    "App",
    "app",
    "n" * 200,
    "\u00e4" * 100,
    "-rf",
    "console",
]


def test_names_with_odd_characters(make_daemon: MakeDaemon) -> None:
    """They are names like any other, from the config to the console, over a restart too."""
    daemon = make_daemon({name: {"command": program("says.py")} for name in NAMES}).start()
    paths = [quote(name, safe="") for name in NAMES]
    for name in NAMES:
        daemon.until(name, 1, 40)
    daemon.stop()
    daemon.start()
    assert daemon.get("/servers") == {"servers": dict.fromkeys(NAMES, 1)}
    for name, path in zip(NAMES, paths, strict=True):
        text = f"this is {name!r}"
        with daemon.console(path) as console:
            console.send(json.dumps({"type": "input", "data": f"{text}\n".encode().hex()}))
            daemon.until_line(path, text)
        shown = "\n".join(daemon.lines(path))
        assert shown == f"[Octyne] Started server {name}\nready\n{text}"
        assert daemon.post(path, "KILL") == {"success": True}
    for name in NAMES:
        daemon.until(name, 0)
