"""The kill tests: daemons and keepers die, apps and their output don't."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException

from support import needs
from support.daemon import Daemon, alive, descendants, program
from support.eventually import eventually

from .conftest import MakeDaemon

MILLION = 1_000_000
WISH = {"running": False, "by": "admin", "time_ms": 1}  # a stop, as it is remembered


class Viewer:
    """Reads a console to a last line, over as many connections as it takes, by offset."""

    def __init__(self, daemon: Daemon, app: str, last: str = "done") -> None:
        self.lines: list[str] = []
        self.gaps: list[Any] = []
        self.position = 0
        self._daemon, self._app, self._last = daemon, app, last
        self.stopped = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.stopped and self._last not in self.lines[-3:]:
            # A daemon that is away, or goes away meanwhile, is tried again.
            with contextlib.suppress(OSError, WebSocketException, EOFError):
                self._follow()

    def _follow(self) -> None:
        with self._daemon.console(self._app, f"?since={self.position}", open_timeout=5) as console:
            while self._last not in self.lines[-3:]:
                message = json.loads(console.recv(timeout=1))
                if message["type"] == "gap":
                    self.gaps.append(message)
                if message["type"] == "output" and message["next"] > message["offset"]:
                    assert message["offset"] == self.position
                    self.lines += message["data"].split("\n")
                    self.position = message["next"]

    def numbers(self) -> list[int]:
        """The numbers of the numbered lines."""
        return [int(line[5:]) for line in self.lines if line.startswith("line ")]


def logged_numbers(daemon: Daemon, app: str) -> list[int]:
    """The numbers in the whole log, as downloaded."""
    answer = daemon.ask("GET", f"/server/{app}/console/log?download=true")
    return [int(line[5:]) for line in answer.body.decode().split("\n") if line.startswith("line ")]


def _have_gone_on(viewers: list[Viewer], seen: list[int]) -> bool:
    pairs = zip(viewers, seen, strict=True)
    return all(viewer.position > before or "done" in viewer.lines[-3:] for viewer, before in pairs)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_million_lines_survive_five_kills_of_the_daemon(make_daemon: MakeDaemon) -> None:
    """The app keeps its pid; log and viewers have each number exactly once, in order."""
    daemon = make_daemon({"app": {"directory": ".", "command": program("numbers.py", MILLION)}})
    daemon.start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    viewers = [Viewer(daemon, "app") for _ in range(3)]
    for kill in range(5):
        seen = [viewer.position for viewer in viewers]
        eventually(
            partial(_have_gone_on, viewers, seen), 60, f"the viewers get nothing before kill {kill}"
        )
        daemon.kill()
        daemon.start()
    for viewer in viewers:
        viewer.thread.join(90)

    assert daemon.get("/server/app")["pid"] == pid
    expected = list(range(MILLION))
    assert logged_numbers(daemon, "app") == expected
    for viewer in viewers:
        assert viewer.gaps == []
        assert viewer.numbers() == expected


def test_a_prompt_survives_a_kill_and_still_takes_input(make_daemon: MakeDaemon) -> None:
    """An app without a terminal that only shows a prompt goes on with stdin and stdout."""
    daemon = make_daemon({"app": {"directory": ".", "command": program("prompt.py")}})
    daemon.start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    daemon.kill()
    daemon.start()
    with daemon.console("app", "?partial=true") as console:
        settings, prompt = json.loads(console.recv(5)), json.loads(console.recv(5))
        while not prompt.get("partial"):
            prompt = json.loads(console.recv(5))
        console.send(json.dumps({"type": "input", "data": "hello"}))
        answer = json.loads(console.recv(5))

    assert settings == {"type": "settings", "readOnly": False}
    assert prompt["data"].split("\n")[-1] == "> "
    assert answer["data"].startswith("you said hello")
    assert daemon.get("/server/app")["pid"] == pid


@pytest.mark.parametrize(("code", "restarts"), [(0, False), (7, True)])
def test_an_exit_while_the_daemon_is_away(
    make_daemon: MakeDaemon, code: int, *, restarts: bool
) -> None:
    """The exit code is known afterwards; exactly one restart follows a crash, none a clean end."""
    command = program("exits.py", code, "wait")
    daemon = make_daemon({"app": {"directory": ".", "command": command}})
    daemon.start()
    daemon.until_line("app", "up")
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    keeper = daemon.keepers()[0]
    daemon.kill()
    # Its stdin is the keeper's; a signal that means the same end does as well.
    Path(f"/proc/{pid}/fd/0").open("rb").close()
    with Path(f"/proc/{keeper}/fd").joinpath(_stdin_of(keeper, pid)).open("wb") as stdin:
        stdin.write(b"\n")
    eventually(lambda: not Path(f"/proc/{keeper}").exists(), 10, "the keeper goes on")
    daemon.start()
    if restarts:
        daemon.until("app", 1)
        starts = [line for line in daemon.lines("app") if "Started" in line]
        assert len(starts) == 2
        assert any("has crashed!" in line for line in daemon.lines("app"))
        assert daemon.get("/server/app")["pid"] != pid
    else:
        state = daemon.get("/server/app")
        assert (state["status"], state["reason"]) == (0, "Exited with code 0.")
        assert "[Octyne] Server app has stopped." in daemon.lines("app")


def _stdin_of(keeper: int, app: int) -> str:
    """The keeper's descriptor of the pipe that is the app's stdin."""
    pipe = os.readlink(f"/proc/{app}/fd/0")
    folder = Path(f"/proc/{keeper}/fd")
    return next(fd.name for fd in folder.iterdir() if os.readlink(fd) == pipe)


@pytest.mark.slow
def test_a_daemon_that_is_stopped_for_10_seconds_delays_no_app(make_daemon: MakeDaemon) -> None:
    """SIGSTOP under full output: the app prints on, and nothing is lost when it continues."""
    daemon = make_daemon({"app": {"directory": ".", "command": program("numbers.py", MILLION)}})
    daemon.start()
    daemon.until("app", 1)
    viewer = Viewer(daemon, "app")
    eventually(lambda: viewer.position > 0, 10)
    daemon.tell(signal.SIGSTOP)
    stopped = time.monotonic()
    log = daemon.directory / ".octyne/apps/app/console"
    eventually(
        lambda: any(b"\ndone\n" in part.read_bytes()[-20:] for part in log.glob("*.log")),
        30,
        "the app waits for a stopped daemon",
    )
    eventually(lambda: time.monotonic() > stopped + 10, 11)  # as long as the issue asks for
    daemon.tell(signal.SIGCONT)
    viewer.thread.join(30)

    assert viewer.numbers() == list(range(MILLION))


def test_a_killed_keeper_takes_only_its_app(make_daemon: MakeDaemon) -> None:
    """The daemon says what happened, ends what is left, and starts the app again."""
    daemon = make_daemon(
        {
            "one": {"directory": ".", "command": program("family.py"), "stop": {"timeout": 1}},
            "two": {"directory": ".", "command": ["sleep", "1000"]},
        }
    )
    daemon.start()
    daemon.until_line("one", "family is up")
    daemon.until("two", 1)
    before = daemon.get("/server/one"), daemon.get("/server/two")
    keeper = json.loads((daemon.directory / ".octyne/apps/one/run.json").read_text())["keeper_pid"]
    left = descendants(keeper)
    assert len(left) >= 4
    os.kill(keeper, signal.SIGKILL)
    daemon.until_line("one", "The keeper of server one is gone")
    eventually(lambda: daemon.get("/server/one")["pid"] not in {0, before[0]["pid"]}, 15)

    assert not alive(left)
    assert daemon.get("/server/two")["pid"] == before[1]["pid"]
    assert "is gone" in daemon.log


def test_a_keeper_killed_while_the_daemon_is_away(make_daemon: MakeDaemon) -> None:
    """The next daemon finds the orphans by what their environment says, and ends them."""
    daemon = make_daemon(
        {"app": {"directory": ".", "command": program("family.py"), "stop": {"timeout": 1}}}
    )
    daemon.start()
    daemon.until_line("app", "family is up")
    keeper = daemon.keepers()[0]
    left = descendants(keeper)
    daemon.kill()
    os.kill(keeper, signal.SIGKILL)
    daemon.start()
    daemon.until_line("app", "The keeper of server app is gone")
    eventually(lambda: not alive(left), 15)
    daemon.until("app", 1)


def test_a_stop_that_the_daemon_died_of_is_made_up_for(make_daemon: MakeDaemon) -> None:
    """Whoever asked for it may have been told nothing; the wish is on disk and wins."""
    daemon = make_daemon({"app": {"command": ["sleep", "1000"]}}).start()
    daemon.until("app", 1)
    daemon.kill()
    state = daemon.directory / ".octyne/apps/app/state.json"
    remembered = json.loads(state.read_text())
    state.write_text(json.dumps({**remembered, "desired": WISH}))
    daemon.start()
    daemon.until("app", 0)

    assert daemon.lines("app")[-1] == "[Octyne] Server app has stopped."


def test_a_keeper_killed_during_a_stop_is_no_crash(make_daemon: MakeDaemon) -> None:
    """Any exit after TERM was asked for is a stop."""
    daemon = make_daemon(
        {
            "app": {
                "directory": ".",
                "command": program("family.py", "ignore"),
                "stop": {"timeout": 600},
            }
        }
    ).start()
    daemon.until_line("app", "family is up")
    keeper = daemon.keepers()[0]
    left = descendants(keeper)
    daemon.post("app", "TERM")
    os.kill(keeper, signal.SIGKILL)
    daemon.post("app", "KILL")
    daemon.until_line("app", "Server app has stopped")

    assert daemon.status("app") == 0
    assert not alive(left)


def test_sigterm_leaves_the_apps_running_and_says_so(make_daemon: MakeDaemon) -> None:
    """A restart or an upgrade touches nobody."""
    daemon = make_daemon({"app": {"directory": ".", "command": ["sleep", "1000"]}})
    daemon.start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    assert daemon.stop() == 0
    assert "these apps keep running" in daemon.log
    assert Path(f"/proc/{pid}").exists()
    daemon.start()
    assert daemon.get("/server/app")["pid"] == pid


def test_sigterm_to_the_first_process_of_a_container_stops_the_apps(
    make_daemon: MakeDaemon,
) -> None:
    """There they would die with it, unasked."""
    daemon = make_daemon({"app": {"directory": ".", "command": program("prompt.py")}})
    unshare = needs.program("unshare")
    if subprocess.run([unshare, "--pid", "--fork", "true"], check=False).returncode:
        pytest.skip("pid namespaces can't be made here")
    daemon.command = [unshare, "--pid", "--fork", "--mount-proc", "--kill-child", *daemon.command]
    daemon.start()
    daemon.until("app", 1)
    os.kill(descendants(daemon.pid)[0], signal.SIGTERM)
    daemon.wait()
    assert "Stopping all apps" in daemon.log
    assert "no app is running" in daemon.log


def test_sigint_stops_the_apps_in_order(make_daemon: MakeDaemon) -> None:
    """Ctrl-C takes the apps along; a next daemon starts them again."""
    daemon = make_daemon({"app": {"directory": ".", "command": ["sleep", "1000"]}})
    daemon.start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    assert daemon.stop(signal.SIGINT) == 0
    assert not alive([pid])
    daemon.start()
    daemon.until("app", 1)
    assert "[Octyne] Server app has stopped." in daemon.lines("app")


def test_a_second_sigint_hurries(make_daemon: MakeDaemon) -> None:
    """An app that takes its time is killed at the second Ctrl-C."""
    daemon = make_daemon(
        {
            "app": {
                "directory": ".",
                "command": program("family.py", "ignore"),
                "stop": {"timeout": 600},
            }
        }
    )
    daemon.start()
    daemon.until_line("app", "family is up")
    keeper = daemon.keepers()[0]
    left = descendants(keeper)
    daemon.tell(signal.SIGINT)
    daemon.until_line("app", "Stopping server app")
    daemon.tell(signal.SIGINT)
    assert daemon.wait() == 0
    assert not alive(left)


def test_stop_apps_stops_what_a_gone_daemon_left(make_daemon: MakeDaemon) -> None:
    """`octyne stop-apps` works without a daemon, and is refused beside one."""
    daemon = make_daemon({"app": {"directory": ".", "command": ["sleep", "1000"]}})
    daemon.start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    refused = _run(daemon, "stop-apps")
    daemon.kill()
    done = _run(daemon, "stop-apps")

    assert refused != 0
    assert done == 0
    assert not alive([pid])
    assert "Stopped app." in daemon.output


def _run(daemon: Daemon, *arguments: str) -> int:
    running, daemon.process = daemon.process, None
    daemon.launch(*arguments)
    code = daemon.wait()
    daemon.process = running
    return code
