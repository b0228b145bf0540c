"""The state directory, one daemon's at a time, and what apps inherit from the daemon's start."""

import contextlib
import fcntl
import os
import resource
import stat
from collections.abc import Iterator

from octyne.errors import UnavailableError

LOCK_FILE = "daemon.lock"


class StateError(UnavailableError):
    """The state directory can't be used; the text says why."""

    code = "state"


@contextlib.contextmanager
def held(directory: str) -> Iterator[None]:
    """Own the state directory (made when missing, 0700) while the block runs. Blocks briefly.

    Raises:
        StateError: another daemon or user owns it, or it can't be made.
    """
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        _make_private(directory)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(os.path.join(directory, LOCK_FILE), flags, 0o600)
    except OSError as error:
        raise StateError(f"The state directory can't be used: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(
                "Another Octyne daemon uses this state directory: stop it first,"
                " or give this one its own with --state."
            ) from None
        yield
    finally:
        os.close(lock)


def _make_private(directory: str) -> None:
    """Keep others out of a directory that was there before us; we believe all that is in it."""
    found = os.stat(directory)
    if os.geteuid() not in {0, found.st_uid}:  # root may stop another user's apps
        raise StateError(
            f"The state directory belongs to another user (number {found.st_uid}):"
            " give it to the daemon's, with all that is in it, or choose another with --state."
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        os.chmod(directory, mode & 0o700)


def current_umask() -> int:
    """The umask that we were started with."""
    umask = os.umask(0o022)
    os.umask(umask)
    return umask


def raise_open_files() -> tuple[int, int]:
    """Allow ourselves as many open files as we may; the limits as they were, for the apps."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # the platform allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return soft, hard
