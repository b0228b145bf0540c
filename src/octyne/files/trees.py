"""Whole trees of files, on descriptors. All block."""

import errno
import os
import secrets
import stat
from collections import deque
from contextlib import suppress
from threading import Event

from octyne.system.paths.folder import Folder
from octyne.system.paths.names import Parts

_NO_FILE = (errno.EISDIR, errno.EPERM)  # what unlink says of a folder: Linux, POSIX


def remove_tree(folder: Folder, name: str, stop: Event | None = None) -> None:
    """Remove whatever has that name, if anything has; symlinks are removed, not followed.

    Any depth is fine: folders within are moved to the top before they are emptied, so that no more
    than two are open at once. Not atomic: rename what users can see to a hidden name first.

    ``stop`` ends it between two folders.

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
    with folder.folder(name) as top:
        _empty(top, top)
        while inner := _first_folder(top):
            if stop is not None and stop.is_set():
                raise InterruptedError
            with top.folder(inner) as emptied:
                _make_ours(top, inner)
                _empty(emptied, top)
            top.remove_folder(inner)
    folder.remove_folder(name)


def _empty(folder: Folder, top: Folder) -> None:
    """Unlink all files of a folder, and move its folders to the top."""
    with folder.scan() as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            with suppress(FileNotFoundError):
                folder.remove(name)
        elif folder is not top:
            _make_ours(folder, name)
            folder.replace(name, top, secrets.token_hex(8))


def _first_folder(top: Folder) -> str | None:
    with top.scan() as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                return entry.name
    return None


def _make_ours(folder: Folder, name: str) -> None:
    """A folder that its owner, us, may not change can't be emptied either."""
    if os.geteuid() != 0:
        with suppress(OSError):
            folder.chmod(name, 0o700)


def can_remove(folder: Folder, name: str) -> bool:
    """Whether `remove_tree` may be expected to remove all of it: asks each folder's permissions."""
    if os.geteuid() == 0 or not stat.S_ISDIR(folder.lstat(name).st_mode):
        return True
    pending: deque[tuple[str, ...]] = deque([(name,)])
    while pending:
        parts = pending.popleft()
        with beneath(folder, parts[:-1]) as above:
            inner = _folders_if_open(above, parts[-1])
        if inner is None:
            return False
        pending.extend((*parts, each) for each in inner)
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
