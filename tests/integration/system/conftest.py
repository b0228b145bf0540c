"""What the tests of the system's side share."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import uvloop

from octyne.system import process
from support.children import Start


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Name the loops that a test can ask for."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
def start() -> Iterator[Start]:
    """Start Python programs in sessions of their own; they and their trees end with the test."""
    running: list[subprocess.Popen[str]] = []

    def _start(code: str, **env: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **env},
            start_new_session=True,
        )
        running.append(child)
        return child

    yield _start
    for child in running:
        tree = [process.identity(pid) for pid in process.descendants(child.pid)]
        child.kill()
        for member in tree:
            if member is not None:
                process.kill(member, signal.SIGKILL)
        child.communicate()
