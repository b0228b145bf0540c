"""Apps over the real daemon: section 4 of the contract, but the console."""

import json
import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from octyne.system import process
from support.daemon import Daemon, alive, descendants, program
from support.eventually import eventually

from .conftest import MakeDaemon

SLEEP = {"command": ["sleep", "1000"]}
OFF = {"enabled": False}
WORDS = ("START", "TERM", "KILL", "STOP", "RESTART")
INVALID = {"error": "Invalid operation requested!"}


def started(daemon: Daemon, app: str) -> int:
    """How often it was started."""
    return daemon.lines(app).count(f"[Octyne] Started server {app}")


def ours(daemon: Daemon, app: str) -> list[str]:
    """Our own lines on its console."""
    return [line for line in daemon.lines(app) if line.startswith("[Octyne]")]


def until_started(daemon: Daemon, app: str, count: int) -> None:
    """Wait until it was started that often, and runs."""
    eventually(lambda: started(daemon, app) == count, 10, f"{app} wasn't started {count} times")
    daemon.until(app, 1)


def another_pid(daemon: Daemon, app: str, old: int) -> int:
    """Its pid, once it isn't the old one."""

    def look() -> int:
        pid = pid_of(daemon, app)
        return pid if pid != old else 0

    return eventually(look)


def pid_of(daemon: Daemon, app: str) -> int:
    """Of its first process."""
    return int(daemon.get(f"/server/{app}")["pid"])


def until_last(daemon: Daemon, app: str, line: str) -> None:
    """Wait until that is the last of our lines."""
    eventually(lambda: ours(daemon, app)[-1:] == [line], 10, f"{line!r} isn't the last")


def state(daemon: Daemon, app: str) -> str:
    """What it is doing."""
    return str(daemon.get(f"/server/{app}")["state"])


def until_state(daemon: Daemon, app: str, wanted: str, within_s: float = 15) -> None:
    """Wait until it is in that state."""
    eventually(lambda: state(daemon, app) == wanted, within_s, f"{app} isn't {wanted}")


def pass_s(daemon: Daemon, seconds: int) -> None:
    """Let time pass by the daemon's own measure: the app `clock` runs that long."""
    daemon.config["servers"]["clock"] = {"command": ["sleep", str(seconds)]}
    reload(daemon)
    daemon.until_line("clock", "Server clock has stopped", seconds + 15)


def reload(daemon: Daemon, **servers: Any) -> None:
    """Change apps in the config (None removes one), and have it read again."""
    for name, entry in servers.items():
        daemon.config["servers"][name] = entry
        if entry is None:
            del daemon.config["servers"][name]
    daemon.write_config()
    assert daemon.ask("GET", "/config/reload").json == {"success": True}


# -- lists and operations ------------------------------------------------------------------------


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
    mine = [p for p in mine if p in descendants(os.getpid()) or p in _of(daemon)]
    assert len(mine) == 1


def is_up(daemon: Daemon, count: int) -> bool:
    """Whether it has said so that often."""
    return daemon.lines("app").count("up") == count


def _of(daemon: Daemon) -> list[int]:
    return [pid for keeper in daemon.keepers() for pid in descendants(keeper)]


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
    assert not _of(daemon)


# -- ends and restarts ---------------------------------------------------------------------------

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


# -- how apps are run and stopped ----------------------------------------------------------------


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
    family = _of(daemon)
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
    family = _of(daemon)
    daemon.post("app", "KILL")
    daemon.until("app", 0, 5)
    assert not alive(family)


def test_children_that_an_app_leaves_behind(make_daemon: MakeDaemon) -> None:
    """They go within the deadline, and only then it has stopped, by its own exit code."""
    entry = {"command": program("family.py", "leave"), "stop": {"timeout": 1}}
    daemon = make_daemon({"app": entry}).start()
    daemon.until_line("app", "family is up")
    family = _of(daemon)
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


# -- usage ---------------------------------------------------------------------------------------


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


# -- what the daemon remembers -------------------------------------------------------------------


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


# -- config --------------------------------------------------------------------------------------


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
