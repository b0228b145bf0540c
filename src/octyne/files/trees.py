"""Whole trees of files, on descriptors. All block."""

import errno
import math
import os
import secrets
import stat
import time
from contextlib import suppress
from typing import Protocol

from octyne.system.paths.folder import Folder
from octyne.system.paths.names import Parts, Trail

KEPT_LEVELS = 64  # of a tree that is being removed; each costs a descriptor

_NO_FILE = (errno.EISDIR, errno.EPERM)  # what unlink says of a folder: Linux, POSIX


class Stop(Protocol):
    """A `threading.Event`, or something like it."""

    def is_set(self) -> bool:
        """Whether to stop."""


class Deadline:
    """A `Stop` that says so from some moment on; which may be set by any thread."""

    def __init__(self) -> None:
        self._at = math.inf

    def set_in(self, seconds: float) -> None:
        """Stop from then on."""
        self._at = time.monotonic() + seconds

    def clear(self) -> None:
        """Go on for ever."""
        self._at = math.inf

    def is_set(self) -> bool:
        """Whether to stop."""
        return time.monotonic() >= self._at


def remove_tree(folder: Folder, name: str, stop: Stop | None = None) -> None:
    """Remove whatever has that name, if anything has; symlinks are removed, not followed.

    Not atomic: rename what users can see to a hidden name first. What is left after an error is
    where it was, but for what is more than `KEPT_LEVELS` deep. Any depth is fine, and takes no
    more descriptors than that.

    ``stop`` ends it between two files.

    Raises:
        InterruptedError: it was stopped.
        OSError: something in it is closed to us; the rest of it stays.
    """
    try:
        folder.remove(name)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
    else:
        return
    with suppress(FileNotFoundError):  # of something that went meanwhile: somebody else removes it
        _remove_folder(folder, name, stop, KEPT_LEVELS)


def _remove_folder(above: Folder, name: str, stop: Stop | None, levels: int) -> None:
    _make_ours(above, name)
    with above.folder(name) as folder:
        for inner in _empty(folder, stop):
            with suppress(FileNotFoundError):
                if levels:
                    _remove_folder(folder, inner, stop, levels - 1)
                else:
                    _remove_flattened(folder, inner, stop)
    above.remove_folder(name)


def _remove_flattened(above: Folder, name: str, stop: Stop | None) -> None:
    """Remove a folder of any depth: those within are moved to its top before they are emptied."""
    _make_ours(above, name)
    with above.folder(name) as top:
        pending = _empty(top, stop)
        while pending:
            inner = pending.pop()
            _make_ours(top, inner)
            with top.folder(inner) as emptied:
                for deeper in _empty(emptied, stop):
                    _make_ours(emptied, deeper)
                    raised = secrets.token_hex(8)
                    emptied.replace(deeper, top, raised)
                    pending.append(raised)
            top.remove_folder(inner)
    above.remove_folder(name)


def _empty(folder: Folder, stop: Stop | None) -> list[str]:
    """Unlink all files of a folder; the folders in it."""
    with folder.scan() as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if stop is not None and stop.is_set():
            raise InterruptedError
        if not is_folder:
            with suppress(FileNotFoundError):
                folder.remove(name)
    return [name for name, is_folder in found if is_folder]


def _make_ours(folder: Folder, name: str) -> None:
    """A folder that its owner, us, may not change can't be emptied either."""
    if os.geteuid() != 0:
        with suppress(OSError):
            folder.chmod(name, 0o700)


def can_remove(folder: Folder, name: str) -> bool:
    """Whether `remove_tree` may be expected to remove all of it: asks each folder's permissions."""
    if os.geteuid() == 0 or not stat.S_ISDIR(folder.lstat(name).st_mode):
        return True
    pending = [Trail(Trail(), name)]
    while pending:
        trail = pending.pop()
        parts = trail.parts()
        with beneath(folder, parts[:-1]) as above:
            inner = _folders_if_open(above, parts[-1])
        if inner is None:
            return False
        pending.extend(Trail(trail, each) for each in inner)
    return True


def _folders_if_open(above: Folder, name: str) -> list[str] | None:
    """The folders in a folder; None when it has something that we may not remove."""
    found = above.lstat(name)
    is_ours = found.st_uid == os.geteuid()
    is_open = os.access(name, os.R_OK | os.W_OK | os.X_OK, dir_fd=above.fd, follow_symlinks=False)
    if not is_open:
        return [] if is_ours or _is_empty(above, name) else None
    inner = []
    with above.folder(name) as folder, folder.scan() as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            if found.st_mode & stat.S_ISVTX and not is_ours and status.st_uid != os.geteuid():
                return None
            if stat.S_ISDIR(status.st_mode):
                inner.append(entry.name)
    return inner


def _is_empty(above: Folder, name: str) -> bool:
    try:
        with above.folder(name) as folder, folder.scan() as entries:
            return next(entries, None) is None
    except PermissionError:
        return False


def beneath(folder: Folder, names: Parts) -> Folder:
    """A folder some levels down, opened level by level: no symlink is followed, any depth fits."""
    here = Folder(os.dup(folder.fd))
    for name in names:
        with here:
            deeper = here.folder(name)
        here = deeper
    return here
