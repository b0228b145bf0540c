"""Replaces a small file at once or not at all; the file at that path is always a whole one."""

import os
import stat
from contextlib import suppress

PRIVATE = 0o600  # of new files: they may hold secrets, from their first moment


def replace_file(path: str, body: bytes, *, most: int = 0o7777) -> os.stat_result:
    """Put ``body`` in place of the file at ``path``; what the new file is. Blocks.

    Written beside it, synced, renamed over it. A symlink stays one. The mode of the old file is
    kept as far as ``most`` allows, its owner where that is permitted.

    Raises:
        OSError: the disk is full, or the like; the old file is as it was.
    """
    target = os.path.realpath(path)
    aside, status = write_aside(target, body, most)
    try:
        os.rename(aside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(aside)
        raise
    with suppress(OSError):  # the new file counts already; only its surviving a power cut is open
        _sync_directory(os.path.dirname(target))
    return status


def write_aside(target: str, body: bytes, most: int = 0o7777) -> tuple[str, os.stat_result]:
    """Write ``body`` beside ``target`` (no symlink), durably: the new file's name, what it is.

    Nothing is left of a failure. Blocks. Raises OSError.
    """
    aside = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.new")
    with suppress(FileNotFoundError):
        os.unlink(aside)  # of a run that was killed here
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(aside, flags, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            _take_after(descriptor, target, most)
            os.fsync(descriptor)
            return aside, os.fstat(descriptor)
    except BaseException:
        with suppress(OSError):
            os.unlink(aside)
        raise


def _take_after(descriptor: int, target: str, most: int) -> None:
    try:
        old = os.stat(target)
    except FileNotFoundError:
        os.fchmod(descriptor, PRIVATE)  # whatever the umask made of it
        return
    if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & most)


def _sync_directory(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
