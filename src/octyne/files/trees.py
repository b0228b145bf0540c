"""Whole trees of files, on descriptors. All block."""

import errno
import os
import secrets
from contextlib import suppress

from octyne.system.paths.folder import Folder

_NO_FILE = (errno.EISDIR, errno.EPERM)  # what unlink says of a folder: Linux, POSIX


def remove_tree(folder: Folder, name: str) -> None:
    """Remove whatever has that name, if anything has; symlinks are removed, not followed.

    Any depth is fine: folders within are moved to the top before they are emptied, so that no more
    than two are open at once. Not atomic: rename what users can see to a hidden name first.

    Raises:
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
