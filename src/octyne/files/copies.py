"""Copies of files and whole trees: as fast as the file system can, with modes and times. Blocks."""

import errno
import fcntl
import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from octyne.errors import InvalidError, UnavailableError
from octyne.files.errors import NO_ROOM
from octyne.files.trees import Stop, beneath
from octyne.system.paths.folder import Folder
from octyne.system.paths.names import Trail

FICLONE = 0x40049409  # ioctl_ficlone(2)
STEP_BYTES = 8 << 20  # what is copied between two looks at the stop event
BUFFER_BYTES = 1 << 20
FEW_FILES = 16  # that are synced one by one; of more the whole file system is
SPECIAL = "This is not a file that can be copied!"
STOPPING = "The daemon is shutting down."

_NO_RANGE = (
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EBADF,
    errno.ETXTBSY,
)


@dataclass(frozen=True, slots=True)
class Size:
    """What a tree holds: bytes on the disk, and how many files."""

    stored_bytes: int
    files: int


class TreeCopy:
    """One copy of whatever has a name; make it, then call `run`.

    Symlinks are copied as symlinks, hard links as files of their own. Modes are kept but for
    setuid, setgid and the sticky bit. What ``is_hidden`` says of a name is left out.
    """

    def __init__(
        self,
        folder: Folder,
        name: str,
        stop: Stop,
        is_hidden: Callable[[str], bool],
        *,
        keep_owner: bool = False,
    ) -> None:
        self._folder = folder
        self._name = name
        self._stop = stop
        self._is_hidden = is_hidden
        self._keep_owner = keep_owner and os.geteuid() == 0
        self._stored = 0
        self._has_room = False
        self._syncs_each = False

    def measure(self) -> Size:
        """Look through the tree, before anything is copied.

        Raises:
            InvalidError: there is a FIFO, a socket or a device in it.
        """
        stored = files = 0
        for _, _, found in self._walk():
            if stat.S_ISREG(found.st_mode):
                stored += min(found.st_size, found.st_blocks * 512)
                files += 1
            elif not (stat.S_ISDIR(found.st_mode) or stat.S_ISLNK(found.st_mode)):
                raise InvalidError(SPECIAL)
        self._stored = stored
        return Size(stored, files)

    def run(self, to: Folder, to_name: str, *, sync: bool = True) -> None:
        """Make the copy, under a hidden name; whoever gave that removes it after an error.

        Raises:
            InvalidError: there is a FIFO, a socket or a device in it.
            UnavailableError: there is no room for it, or the daemon stops.
            OSError: something can't be read or written.
        """
        files = self.measure().files
        self._syncs_each = sync and files <= FEW_FILES
        folders: list[tuple[Trail, os.stat_result]] = []
        for trail, parent, found in self._walk():
            parts = trail.parts()
            target_name = parts[-1] if parts else to_name
            with beneath(to, (to_name, *parts)[:-1]) as target:
                self._copy_one(parent, parts[-1] if parts else self._name, target, target_name)
                if stat.S_ISDIR(found.st_mode):
                    folders.append((trail, found))
        for trail, found in reversed(folders):  # only now: making what is in them changes them
            with beneath(to, (to_name, *trail.parts())) as made:
                made.dress(found.st_mode & 0o777, _times(found), self._owner(found))
        if sync and files > FEW_FILES:
            to.sync_file_system()

    def _walk(self) -> Iterator[tuple[Trail, Folder, os.stat_result]]:
        """Everything, folders before what is in them: the way to it, its folder, what it is."""
        top = self._folder.lstat(self._name)
        yield Trail(), self._folder, top
        pending = [Trail()] if stat.S_ISDIR(top.st_mode) else []
        while pending:
            above = pending.pop()
            with beneath(self._folder, (self._name, *above.parts())) as folder:
                for name, found in _entries(folder):
                    self._check()
                    if self._is_hidden(name):
                        continue
                    trail = Trail(above, name)
                    if stat.S_ISDIR(found.st_mode):
                        pending.append(trail)
                    yield trail, folder, found

    def _check(self) -> None:
        if self._stop.is_set():
            raise UnavailableError(STOPPING)

    def _copy_one(self, folder: Folder, name: str, to: Folder, to_name: str) -> None:
        found = folder.lstat(name)
        if stat.S_ISDIR(found.st_mode):
            to.make_folder(to_name, 0o700)
            return
        if stat.S_ISLNK(found.st_mode):
            to.symlink(folder.readlink(name), to_name)
            if (owner := self._owner(found)) is not None:
                to.chown(to_name, *owner)
            to.set_times(to_name, *_times(found))
        elif stat.S_ISREG(found.st_mode):
            self._copy_file(folder, found, name, to, to_name)
        else:
            raise InvalidError(SPECIAL)

    def _owner(self, found: os.stat_result) -> tuple[int, int] | None:
        """Whose the copy shall be; None: ours."""
        return (found.st_uid, found.st_gid) if self._keep_owner else None

    def _copy_file(
        self, folder: Folder, found: os.stat_result, name: str, to: Folder, to_name: str
    ) -> None:
        source = _open(folder, name)
        try:
            target = to.create(to_name)
            try:
                if not _clone(source, target):
                    self._require_room(to)
                    self._copy_data(source, target)
                if (owner := self._owner(found)) is not None:
                    os.fchown(target, *owner)
                os.fchmod(target, found.st_mode & 0o777)
                os.utime(target, ns=_times(found))  # last, since writing changes them
                if self._syncs_each:
                    os.fsync(target)
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _require_room(self, to: Folder) -> None:
        """Once, when it is clear that the file system doesn't share what is the same."""
        if self._has_room:
            return
        there = os.fstatvfs(to.fd)
        if there.f_bavail * there.f_frsize < self._stored:
            raise UnavailableError(NO_ROOM)
        self._has_room = True

    def _copy_data(self, source: int, target: int) -> None:
        """Copy what is data; holes stay holes. The file may grow or shrink meanwhile."""
        size, position = os.fstat(source).st_size, 0
        while position < size:
            start, end = _next_data(source, position, size)
            position = self._copy_range(source, target, start, end)
            if position < end:
                size = position  # it was cut
        os.ftruncate(target, size)

    def _copy_range(self, source: int, target: int, position: int, end: int) -> int:
        """Copy up to ``end``; where it got to."""
        in_kernel = sys.platform.startswith("linux")
        while position < end:
            self._check()
            count = min(STEP_BYTES, end - position)
            copied = _in_kernel(source, target, position, count) if in_kernel else 0
            if not copied:
                in_kernel = False
                copied = _by_buffer(source, target, position, count)
            if not copied:
                break
            position += copied
        return position


def _times(found: os.stat_result) -> tuple[int, int]:
    return found.st_atime_ns, found.st_mtime_ns


def _entries(folder: Folder) -> Iterator[tuple[str, os.stat_result]]:
    with folder.scan() as entries:
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # it went meanwhile
            yield entry.name, status


def _open(folder: Folder, name: str) -> int:
    """A file for reading; one that has become a folder or a symlink meanwhile is gone."""
    try:
        return folder.open_file(name)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
        raise


def _clone(source: int, target: int) -> bool:
    """Let both share their data, where the file system can (Btrfs, XFS, ...)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return True


def _next_data(source: int, position: int, size: int) -> tuple[int, int]:
    """The next piece that isn't a hole, from ``position`` on."""
    try:
        start = os.lseek(source, position, os.SEEK_DATA)
        end = os.lseek(source, start, os.SEEK_HOLE)
    except OSError as error:
        if error.errno == errno.ENXIO:  # the rest is a hole
            return size, size
        return position, size
    return min(start, size), min(end, size)


def _in_kernel(source: int, target: int, position: int, count: int) -> int:
    try:
        return os.copy_file_range(source, target, count, position, position)
    except OSError as error:
        if error.errno in _NO_RANGE:
            return 0
        raise


def _by_buffer(source: int, target: int, position: int, count: int) -> int:
    data = os.pread(source, min(count, BUFFER_BYTES), position)
    written = 0
    while written < len(data):
        written += os.pwrite(target, memoryview(data)[written:], position + written)
    return written
