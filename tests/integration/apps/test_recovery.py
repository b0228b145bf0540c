"""Ending what a killed keeper has left, with real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from octyne.apps.recovery import LostProcesses, RunRecord, read_exit, read_run
from octyne.system import process
from support.children import WAIT

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAIT


def start(code: str, run: str, **options: object) -> subprocess.Popen[str]:
    """A process of that run, ready."""
    child = subprocess.Popen(  # type: ignore[call-overload]  # options of the caller's choice
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OCTYNE_RUN": run},
        **options,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    found: subprocess.Popen[str] = child
    return found


def end(*children: subprocess.Popen[str]) -> None:
    """End them for sure."""
    for child in children:
        child.kill()
        child.communicate()


def record(pid: int, run: str) -> RunRecord:
    """What its keeper wrote down."""
    who = process.identity(pid)
    assert who is not None
    return RunRecord(run, pid, who.start_ticks, who.boot_id, 0)


async def test_all_of_a_run_are_ended(tmp_path: Path) -> None:
    """By their environment, wherever they went; those of another run stay."""
    run = str(tmp_path)
    members = [start(WAIT, run, start_new_session=new) for new in (False, True)]
    other = start(WAIT, f"{run}-other")
    try:
        count = await LostProcesses(record(members[0].pid, run)).end(5, lambda: False)
        codes = [child.wait(5) for child in members]
        spared = other.poll()
    finally:
        end(*members, other)

    assert (count, codes, spared) == (2, [-15, -15], None)


@pytest.mark.parametrize(("timeout_s", "hurry"), [(0.1, False), (1000.0, True)])
async def test_those_that_do_not_listen_are_killed(
    tmp_path: Path, timeout_s: float, *, hurry: bool
) -> None:
    """At the deadline, or at once when somebody is in a hurry."""
    child = start(DEAF, str(tmp_path))
    try:
        await LostProcesses(record(child.pid, str(tmp_path))).end(timeout_s, lambda: hurry)
        code = child.wait(5)
    finally:
        end(child)

    assert code == -9


async def test_a_pid_that_came_round_is_nobody(tmp_path: Path) -> None:
    """A process that is not the recorded one is left alone, with all its children."""
    child = start(WAIT, f"{tmp_path}-other")
    known = record(child.pid, str(tmp_path))
    forged = RunRecord(known.run, known.pid, known.app_start - 1, known.boot, 0)
    try:
        count = await LostProcesses(forged).end(1, lambda: False)
        spared = child.poll()
    finally:
        end(child)

    assert (count, spared) == (0, None)


EXIT = '{"run": "r", "code": 1, "signal": null, "asked": "", "reason": "", "time_ms": 5}'


@pytest.mark.parametrize(
    ("content", "run", "known"),
    [
        (EXIT, "r", True),
        (EXIT, "other", False),
        (EXIT, "", False),
        ('{"run": "r"}', "r", False),
        ("{}", "", False),
        ("[", "r", False),
    ],
)
def test_exit_records(tmp_path: Path, content: str, run: str, *, known: bool) -> None:
    """Only a whole one of exactly that run counts."""
    (tmp_path / "exit.json").write_text(content)

    assert (read_exit(str(tmp_path), run) is not None) is known
    assert read_run(str(tmp_path)) is None
