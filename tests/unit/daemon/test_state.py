"""The state directory and what apps inherit."""

import os
import resource
from pathlib import Path

import pytest

from octyne.daemon.state import StateError, current_umask, held, raise_open_files


def test_one_daemon_at_a_time(tmp_path: Path) -> None:
    """The second is told what to do; after the first the next may."""
    state = str(tmp_path / "deep" / "state")
    with held(state), pytest.raises(StateError, match="Another Octyne daemon"), held(state):
        pass
    with held(state):
        pass


def test_the_state_is_private(tmp_path: Path) -> None:
    """Nobody else reads sessions and consoles."""
    with held(str(tmp_path / "state")):
        modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "state").glob("*")]

    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert modes == [0o600]


def test_a_failure_gives_the_state_up(tmp_path: Path) -> None:
    """Whatever ends the daemon."""
    with pytest.raises(RuntimeError, match="crash"), held(str(tmp_path / "state")):
        raise RuntimeError("crash")
    with held(str(tmp_path / "state")):
        pass


def test_a_state_that_cannot_be(tmp_path: Path) -> None:
    """A sentence, not a traceback."""
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="can't be used"), held(str(tmp_path / "file" / "state")):
        pass


def test_the_lock_is_not_inherited(tmp_path: Path) -> None:
    """A child that outlives the daemon must not hold it."""
    with held(str(tmp_path)):
        found = [fd for fd in os.listdir("/proc/self/fd") if _leads(fd, tmp_path / "daemon.lock")]
        inheritable = [os.get_inheritable(int(fd)) for fd in found]

    assert inheritable == [False]


def _leads(fd: str, path: Path) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{fd}") == str(path)
    except OSError:
        return False


def test_looking_at_the_umask_changes_nothing() -> None:
    """It can only be read by setting it."""
    before = os.umask(0o027)
    try:
        assert (current_umask(), current_umask()) == (0o027, 0o027)
    finally:
        os.umask(before)


def test_apps_get_the_limit_that_was() -> None:
    """The daemon raises its own; the answer is the one before."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(256, before[1]) if before[1] != resource.RLIM_INFINITY else 256
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, before[1]))
    try:
        told, now = raise_open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert told == (low, before[1])
    assert now[0] >= low
    assert now[1] == before[1]
