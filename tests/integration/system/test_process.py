"""Identities, trees and signals with real processes."""

import os
import signal
import sys

import pytest

from octyne.system import process
from support.children import WAIT, Start, read

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def identify(pid: int) -> process.ProcessIdentity:
    """Say who has a pid that somebody has."""
    found = process.identity(pid)
    assert found is not None
    return found


def test_a_zombie_is_not_alive(start: Start) -> None:
    """It has a pid and an identity until it is reaped, and takes no signal."""
    child = start("")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    who = identify(child.pid)

    assert not process.is_alive(who)
    assert not process.kill(who, signal.SIGTERM)


def test_a_main_thread_that_ended_is_no_death(start: Start) -> None:
    """The leader of a living thread group shows as Z; the process goes on."""
    code = (
        "import ctypes, os, sys, _thread\n"
        "def go():\n"
        "  while ') Z ' not in open(f'/proc/self/task/{pid}/stat').read(): pass\n"
        "  print('ready', flush=True); sys.stdin.read()\n"
        "pid = os.getpid()\n"
        "_thread.start_new_thread(go, ())\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    child = start(code)
    assert read(child) == "ready"

    assert process.is_alive(identify(child.pid))


def test_grandchildren_in_other_sessions_are_found(start: Start) -> None:
    """A new session takes nobody out of the tree, and the process itself is not in it."""
    code = (
        "import os, sys\n"
        "for depth in range(3):\n"
        "    if os.fork(): break\n"
        "    os.setsid()\n"
        "else:\n"
        "    print('ready', flush=True)\n"
        "sys.stdin.read()"
    )
    child = start(code)
    assert read(child) == "ready"

    below = process.descendants(child.pid)

    assert len(below) == 3
    assert child.pid not in below
    assert [identify(pid).pid for pid in below] == below


@pytest.mark.parametrize("name", [") R 1 1 (", "a b\n c", "(", "))))"])
def test_a_hostile_name_changes_nothing(start: Start, name: str) -> None:
    """The parent and start time are right whatever a program calls itself."""
    child = start(f"open('/proc/self/comm', 'w').write({name!r})\n{WAIT}")
    assert read(child) == "ready"

    assert process.is_alive(identify(child.pid))
    assert child.pid in process.descendants(os.getpid())


def test_processes_are_found_by_a_variable(start: Start) -> None:
    """Only a whole name and a whole value count, wherever they stand in the environment."""
    ours = start(WAIT, OCTYNE_TEST="app one")
    others = [start(WAIT, OCTYNE_TEST="app one more"), start(WAIT, XOCTYNE_TEST="app one")]
    assert {read(child) for child in [ours, *others]} == {"ready"}

    assert process.find_by_environment("OCTYNE_TEST", "app one") == [ours.pid]


def test_a_signal_reaches_its_process(start: Start) -> None:
    """Delivered once; afterwards the process is gone and says so."""
    child = start(WAIT)
    assert read(child) == "ready"
    who = identify(child.pid)

    assert process.kill(who, signal.SIGTERM)
    assert child.wait(10) == -signal.SIGTERM
    assert not process.kill(who, signal.SIGTERM)


@pytest.mark.parametrize("pidfd", [True, False])
def test_a_signal_never_hits_a_stranger(
    start: Start, monkeypatch: pytest.MonkeyPatch, *, pidfd: bool
) -> None:
    """The same pid with another start time is left alone, with and without pidfds."""
    if not pidfd:
        monkeypatch.delattr(os, "pidfd_open")
    child = start(WAIT)
    assert read(child) == "ready"
    who = identify(child.pid)
    earlier = process.ProcessIdentity(who.pid, who.start_ticks - 1, who.boot_id)

    assert not process.kill(earlier, signal.SIGKILL)
    assert child.poll() is None
    assert process.kill(who, signal.SIGKILL)


def test_a_kernel_without_pidfds_will_do(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the call is refused (old kernels, sandboxes) the pid is used after a check."""

    def refuse(pid: int) -> int:
        raise PermissionError(1, "no such call here")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    child = start(WAIT)

    assert process.kill(identify(child.pid), signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL


def test_a_stopped_process_is_alive(start: Start) -> None:
    """SIGSTOP is no death."""
    child = start(WAIT)
    assert read(child) == "ready"
    os.kill(child.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED)

    assert process.is_alive(identify(child.pid))


def test_no_descriptor_is_left_open(start: Start) -> None:
    """A daemon that runs for years asks millions of times."""
    child = start(WAIT)
    assert read(child) == "ready"
    who = identify(child.pid)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        process.kill(who, 0)
        process.descendants(1)
        process.find_by_environment("OCTYNE_TEST", "x")

    assert len(os.listdir("/proc/self/fd")) == before
