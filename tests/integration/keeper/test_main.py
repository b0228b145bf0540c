"""The keeper as a program: its start, its lock, its records."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from octyne.system import process
from support.eventually import eventually
from support.full_disk import fill, small_disk
from support.keeper import PROGRAM, Keeper, orders


def test_it_reports_and_detaches(keeper: Keeper) -> None:
    """A session of its own, nobody's child, and a record by which it is found again."""
    report = keeper.start(["sleep", "1000"])
    record = keeper.record("run.json")
    stat = Path(f"/proc/{keeper.pid}/stat").read_text().rpartition(")")[2].split()
    app = process.identity(keeper.app)

    assert record is not None
    assert app is not None
    assert report == {"ok": True, "pid": keeper.app, "started_ms": record["started_ms"]}
    assert (record["app_start"], record["boot"]) == (app.start_ticks, process.boot_id())
    assert int(stat[3]) == keeper.pid  # its session
    assert int(stat[1]) != os.getpid()
    assert Path(f"/proc/{keeper.pid}/cwd").readlink() == keeper.directory


def test_its_files_are_private(keeper: Keeper) -> None:
    """Whatever umask the daemon has, and the socket too."""
    keeper.start(["sleep", "1000"], prepare=lambda: os.umask(0))
    modes = {path.name: path.stat().st_mode & 0o077 for path in keeper.directory.iterdir()}

    assert set(modes.values()) == {0}, modes
    assert "keeper.sock" in modes


def test_a_second_keeper_is_refused(keeper: Keeper) -> None:
    """The first goes on undisturbed; its socket stays."""
    first = keeper.start(["sleep", "1000"])
    second = keeper.start(["sleep", "1000"], run="run-2")

    assert (second["ok"], second["code"]) == (False, "held")
    assert keeper.link().hello()["pid"] == first["pid"]


def test_a_keeper_follows_one_that_was_killed(keeper: Keeper) -> None:
    """Its lock goes with it; its socket and its records are in nobody's way."""
    keeper.start(["sleep", "1000"])
    old = keeper.app
    os.kill(keeper.pid, signal.SIGKILL)
    eventually(lambda: not keeper.is_alive)
    os.kill(old, signal.SIGKILL)
    report = keeper.start(["sleep", "1000"], run="run-2")

    assert report["ok"]
    assert keeper.link().hello()["run"] == "run-2"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}"])
def test_orders_that_are_none(tmp_path: Path, data: bytes) -> None:
    """No report, a complaint, and no keeper."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM)],
        input=data,
        capture_output=True,
        cwd=tmp_path,
        timeout=10,
        check=False,
    )

    assert done.stdout == b""
    assert done.stderr
    assert "run.json" not in os.listdir(tmp_path)


def test_it_needs_nothing_but_the_standard_library(keeper: Keeper) -> None:
    """Isolated, without site packages, from anywhere; and it imports no heavy modules."""
    path = os.path.dirname(os.path.dirname(os.path.dirname(PROGRAM)))
    code = f"import sys; sys.path.append({path!r}); import octyne.keeper.main; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, cwd="/")
    heavy = {"asyncio", "typing", "dataclasses", "logging", "subprocess", "threading"}

    assert heavy.isdisjoint(done.stdout.decode().split())


def test_newer_orders_are_understood(keeper: Keeper) -> None:
    """A newer daemon may say more than this keeper knows."""
    spec = json.loads(orders(["sleep", "1000"], keeper.directory).encode())
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM)],
        input=json.dumps({**spec, "colour": "red"}).encode(),
        capture_output=True,
        cwd=keeper.directory,
        check=True,
    )

    assert json.loads(done.stdout)["ok"]


def test_a_full_disk_does_not_keep_an_app_from_running(tmp_path: Path) -> None:
    """The records fail, the output is lost and counted; the keeper answers all the same."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        keeper = Keeper(disk / "app")
        try:
            (disk / "app" / "console").mkdir()
            ballast = fill(disk)
            report = keeper.start(["sh", "-c", "echo one; read x; echo two; read x"])
            link = keeper.link()
            hello = link.hello()
            ballast.unlink()
            link.ask("input", data="\n")
            keeper.until_output(b"two\n")
            link.ask("kill")
            assert link.until("exit")["asked"] == "kill"
            text = keeper.console.decode()
        finally:
            link.close()
            os.kill(hello["keeper_pid"], signal.SIGKILL)

    assert report["ok"]
    assert hello["pid"] == report["pid"]
    assert text.startswith("[Octyne] The disk was full: ")
    assert "two" in text
