"""Reads what a keeper left behind, and ends the processes of one that was killed."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from octyne.aio import in_thread
from octyne.apps.lifecycle import Exit
from octyne.keeper import protocol
from octyne.keeper.client import is_held
from octyne.system import process
from octyne.system.process import ProcessIdentity

POLL_S = 0.05
KILL_S = 10.0  # after SIGKILL: what lives then can't be killed by us


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a keeper wrote down when it had started its app."""

    run: str
    pid: int
    app_start: int
    boot: str
    started_ms: int


@dataclass(frozen=True, slots=True)
class Left:
    """What earlier daemons left of an app.

    Attributes:
        run: of a keeper that is gone; None while one lives (``held``), or when none ever did.
        ended: how that run ended, if its keeper could say.
    """

    held: bool
    run: RunRecord | None = None
    ended: Exit | None = None


def look(directory: str) -> Left:
    """Find out what was left in an app's state directory. Blocks."""
    if is_held(directory):
        return Left(held=True)
    run = read_run(directory)
    return Left(held=False, run=run, ended=read_exit(directory, run.run) if run else None)


def read_run(directory: str) -> RunRecord | None:
    """The record of the newest run, if there is one. Blocks."""
    record = _read(directory, protocol.RUN_FILE)
    try:
        return RunRecord(*(record[name] for name in RunRecord.__dataclass_fields__))
    except KeyError:
        return None


def read_exit(directory: str, run: str) -> Exit | None:
    """The exit record of that run, if it left one. Blocks."""
    record = _read(directory, protocol.EXIT_FILE)
    try:
        return Exit.of(record) if record.get("run") == run and run else None
    except KeyError:
        return None


def _read(directory: str, name: str) -> dict[str, Any]:
    anchor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return protocol.read_record(name, anchor) or {}
    finally:
        os.close(anchor)


class LostProcesses:
    """Processes that nobody holds any more: known by what their environment says."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._app = ProcessIdentity(record.pid, record.app_start, record.boot)

    async def end(self, timeout_s: float, hurry: Callable[[], bool]) -> int:
        """Ask them to end, kill them at the deadline or when ``hurry()``; how many there were."""
        found = await in_thread(self._find)
        await in_thread(_signal, found, signal.SIGTERM)
        number, deadline = signal.SIGTERM, time.monotonic() + timeout_s
        while rest := await in_thread(self._find):
            if time.monotonic() > deadline or (hurry() and number is not signal.SIGKILL):
                if number is signal.SIGKILL:
                    break
                number, deadline = signal.SIGKILL, time.monotonic() + KILL_S
            if number is signal.SIGKILL:
                await in_thread(_signal, rest, number)
            await asyncio.sleep(POLL_S)
        return len(found)

    def _find(self) -> list[ProcessIdentity]:
        pids = set(process.find_by_environment(protocol.RUN_VARIABLE, self._record.run))
        if process.is_alive(self._app):
            pids.add(self._app.pid)
            pids.update(process.descendants(self._app.pid))
        known = (process.identity(pid) for pid in pids)
        return [one for one in known if one is not None and process.is_alive(one)]


def _signal(targets: list[ProcessIdentity], number: int) -> None:
    for target in targets:
        try:
            process.kill(target, number)
        except PermissionError:
            continue
