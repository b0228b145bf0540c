"""Usage of real trees: busy ones, idle ones, and ones whose members come and go."""

import os
import signal
import subprocess
import sys
import time

import pytest

from octyne.system import process
from octyne.system.usage import ProcessTable
from support.children import Start, read
from support.eventually import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

# A keeper that is no keeper: starts what it is told, waits, and reaps on request.
KEEPER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
for code in sys.argv[1:] or CODES:
    if not os.fork():
        exec(code); os._exit(0)
print('ready', flush=True)
for line in sys.stdin:
    os.wait(); print('reaped', flush=True)
"""
SPIN = "while True: pass"
IDLE = "import signal; signal.pause()"
BUSY_GRANDCHILD = f"""
import os
if os.fork(): {IDLE}
os.setsid()
{SPIN}
"""
BURN_S = 0.3
BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass"


def keeper(start: Start, *codes: str) -> subprocess.Popen[str]:
    """Start a tree below a fake keeper."""
    child = start(f"CODES = {codes!r}\n{KEEPER}")
    assert read(child) == "ready"
    return child


def burn(seconds: float) -> None:
    """Let real CPU time pass here, so that others get theirs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.getppid()


def test_busy_and_idle_trees_are_told_apart(start: Start) -> None:
    """A grandchild in another session counts for its app and for no other."""
    busy, idle = keeper(start, BUSY_GRANDCHILD), keeper(start, IDLE, IDLE)
    roots = {"busy": busy.pid, "idle": idle.pid}
    table = ProcessTable()
    first = table.sample(roots)
    burn(0.5)
    second = table.sample(roots)

    assert [usage.cpu_percent for usage in first.values()] == [0.0, 0.0]
    assert 10 < second["busy"].cpu_percent <= 110
    assert second["idle"].cpu_percent < 5
    assert (second["busy"].processes, second["idle"].processes) == (2, 2)
    assert second["busy"].memory_bytes > 1 << 20


def test_the_keeper_itself_does_not_count(start: Start) -> None:
    """An app with no process left uses nothing, whatever the keeper needs."""
    alone = keeper(start)

    assert ProcessTable().sample({"a": alone.pid})["a"].processes == 0


def test_a_program_that_came_and_went_between_samples_counts(start: Start) -> None:
    """Its time shows once, at the keeper that reaped it, and not again."""
    table = ProcessTable()
    empty = keeper(start)
    table.sample({"a": empty.pid})
    tree = keeper(start, BURN)
    began = time.monotonic()
    table.sample({"a": tree.pid})
    assert tree.stdin is not None
    tree.stdin.write("reap\n")
    tree.stdin.flush()
    assert read(tree) == "reaped"
    burn(0.1)
    usage = table.sample({"a": tree.pid})["a"]
    seconds = usage.cpu_percent / 100 * (time.monotonic() - began)

    assert usage.processes == 0
    assert BURN_S / 3 < seconds < 2 * BURN_S + 0.1
    burn(0.15)
    assert table.sample({"a": tree.pid})["a"].cpu_percent < 5


def test_a_zombie_is_no_process_of_the_app(start: Start) -> None:
    """It holds no memory, and nobody wants to see it counted."""
    tree = keeper(start, "pass")
    (pid,) = process.descendants(tree.pid)
    who = process.identity(pid)
    assert who is not None
    eventually(lambda: not process.is_alive(who))
    usage = ProcessTable().sample({"a": tree.pid})["a"]

    assert (usage.processes, usage.memory_bytes) == (0, 0)


def test_an_app_with_another_keeper_starts_afresh(start: Start) -> None:
    """A restart neither goes below zero nor counts the old tree again."""
    table = ProcessTable()
    old = keeper(start, SPIN)
    table.sample({"a": old.pid})
    burn(0.15)
    table.sample({"a": old.pid})
    os.killpg(old.pid, signal.SIGKILL)
    new = keeper(start, IDLE)
    burn(0.15)

    assert 0 <= table.sample({"a": new.pid})["a"].cpu_percent < 60


def test_samples_in_quick_succession_repeat_the_last_answer(start: Start) -> None:
    """Ticks are too coarse for less: no spikes, and the baseline stays."""
    table = ProcessTable()
    tree = {"a": keeper(start, SPIN).pid}
    table.sample(tree)
    burn(0.3)
    answers = {table.sample(tree)["a"].cpu_percent for _ in range(5)}

    assert len(answers) == 1
    assert answers.pop() > 10


def test_one_scan_is_quick() -> None:
    """Two hundred apps cost a small part of a core, at a sample every two seconds."""
    table = ProcessTable()
    roots = {str(index): 2**30 + index for index in range(200)}
    before = time.process_time()
    table.sample(roots)
    spent = time.process_time() - before

    assert spent / len(process.pids()) < 0.0002
