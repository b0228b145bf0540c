"""What an app finds when it starts: streams, environment, limits, signals; or why it doesn't."""

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from support.eventually import eventually
from support.keeper import Keeper

SHOW = """
import json, os, resource, sys
status = open("/proc/self/status").read()
mask = lambda name: int(next(l.split()[1] for l in status.splitlines() if l.startswith(name)), 16)
umask = os.umask(0)
print(json.dumps({
    "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2),
    "env": dict(os.environ), "cwd": os.getcwd(), "umask": umask,
    "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "ignored": mask("SigIgn"), "blocked": mask("SigBlk"),
    "sid": os.getsid(0), "pgid": os.getpgid(0), "pid": os.getpid(),
    "tty": [os.isatty(fd) for fd in range(3)],
}), flush=True)
sys.stdin.read()
"""
# Python ignores these two for itself, in the app as in any other Python program.
PYTHONS_OWN = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)


def shown(keeper: Keeper) -> Any:
    """What the app says of itself."""
    keeper.until_output(b"}\n")
    return json.loads(next(line for line in keeper.console.splitlines() if b'"pid"' in line))


def test_an_app_gets_a_clean_start(keeper: Keeper, tmp_path: Path) -> None:
    """Its own session, the user's umask and limits, no stray descriptors, all signals as usual."""

    def spoil() -> None:
        os.umask(0o000)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
        for number in (signal.SIGQUIT, signal.SIGHUP, signal.SIGINT, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)

    with (tmp_path / "stray").open("w") as stray:
        report = keeper.start(
            [sys.executable, "-c", SHOW],
            prepare=spoil,
            pass_fds=(stray.fileno(),),
            umask=0o027,
            open_files=(512, 2048),
            env={"GREETING": "hé\n", "RAW": os.fsdecode(b"\xff")},
        )
    app = shown(keeper)

    assert report["ok"]
    assert len(app["fds"]) <= 1  # the listing's own
    assert app["env"]["GREETING"] == "hé\n"
    assert os.fsencode(app["env"]["RAW"]) == b"\xff"
    assert app["env"]["OCTYNE_RUN"] == "run-1"
    assert set(app["env"]) <= {"GREETING", "RAW", "OCTYNE_RUN", "LC_CTYPE"}
    assert (app["umask"], app["files"]) == (0o027, [512, 2048])
    # Signals from 32 on are libc's own: whoever started the tests may have ignored one.
    assert (app["ignored"] & 0x7FFF_FFFF, app["blocked"]) == (PYTHONS_OWN, 0)
    assert (app["sid"], app["pgid"]) == (app["pid"], app["pid"])
    assert app["pid"] == report["pid"]
    assert app["tty"] == [False] * 3


def test_the_keeper_keeps_nothing_that_it_inherits(keeper: Keeper, tmp_path: Path) -> None:
    """A descriptor that a daemon's thread left open would outlive the daemon by far."""
    with (tmp_path / "stray").open("w") as stray:
        keeper.start(["sleep", "1000"], pass_fds=(stray.fileno(),))
    open_files = [os.readlink(path) for path in Path(f"/proc/{keeper.pid}/fd").iterdir()]

    assert str(tmp_path / "stray") not in open_files
    assert "/dev/null" in open_files


def test_sigpipe_ends_an_app_as_it_should(keeper: Keeper) -> None:
    """An app that writes into a pipe that nobody reads dies of it, as under a shell."""
    keeper.start(["sh", "-c", "yes | head -n 1; kill -PIPE $$; echo still here"])
    record = keeper.until_gone()

    assert record["signal"] == signal.SIGPIPE
    assert b"still here" not in keeper.console


def test_an_app_with_a_terminal(keeper: Keeper) -> None:
    """It controls it, knows its size and is told of a new one; a line comes back as an echo."""
    keeper.start(["sh", "-c", "tty; stty size; read x; stty size; echo got $x"], terminal=True)
    keeper.until_output(b"40 120")
    link = keeper.link()
    link.hello()
    assert link.ask("resize", columns=100, rows=50)["type"] == "done"
    link.ask("input", data="hello\n")
    record = keeper.until_gone()

    assert record["code"] == 0
    assert b"/dev/pts/" in keeper.console
    assert b"50 100" in keeper.console
    assert b"got hello" in keeper.console


@pytest.mark.parametrize(
    ("argv", "directory", "reason"),
    [
        (["no-such-program-here"], ".", "does not exist"),
        (["./readme"], ".", "may not be used"),
        (["true"], "missing", 'The directory "'),
        (["./empty"], ".", "is not a program"),
        (["."], ".", "may not be used"),
        (["x" * 200_000], ".", "can't be used: File name too long"),
    ],
)
def test_an_app_that_cannot_start(
    keeper: Keeper, argv: list[str], directory: str, reason: str
) -> None:
    """The report and the console say why, and no keeper stays."""
    (keeper.directory / "readme").write_text("hello")
    (keeper.directory / "empty").write_text("hello")
    (keeper.directory / "empty").chmod(0o755)
    report = keeper.start(argv, directory=keeper.directory / directory)

    assert (report["ok"], report["code"]) == (False, "spawn")
    assert reason in report["reason"]
    assert keeper.console.decode() == f"[Octyne] Failed: {report['reason']}\n"
    eventually(lambda: not keeper.is_alive)


def test_core_limits_are_the_users(keeper: Keeper) -> None:
    """What isn't set for the app is what the daemon was started with."""
    keeper.start(["sh", "-c", "ulimit -c; ulimit -f"])
    keeper.until_gone()
    soft = resource.getrlimit(resource.RLIMIT_CORE)[0]

    assert str(soft if soft >= 0 else "unlimited").encode() in keeper.console
