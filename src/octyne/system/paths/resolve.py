"""From the parts of a path to a descriptor, never outside the directory that it starts in.

The kernel does it where it can (`syscalls.open_beneath`); where it can't, or isn't sure (absolute
links that stay inside, races), `walk` goes part by part and follows symlinks itself. A rename by
somebody else meanwhile can make either fail, or find the new thing; never leave.
"""

import errno
import os
import stat
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from octyne.system.paths import syscalls
from octyne.system.paths.names import MAX_PARTS, OutsideError, Parts, PathError, join

MAX_LINKS = 40  # symlinks in one path, as Linux
MAX_STEPS = 5_000  # directories opened for one path

O_PATH = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK)  # macOS has none
DIRECTORY = O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
READABLE_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OPEN_SEEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_UNDECIDED = (errno.EXDEV, errno.ELOOP, errno.EAGAIN, errno.ENAMETOOLONG)
_NO_DIRECTORY = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)

Origins = Callable[[], tuple[str, ...]]  # the absolute paths by which a root is known


class NotRegularError(PathError):
    """It is a FIFO, a socket or a device."""

    def __init__(self) -> None:
        super().__init__("it is not a regular file")


@lru_cache(maxsize=1)
def kernel_resolves() -> bool:
    """Whether openat2 is there; asked once."""
    return syscalls.has_openat2()


def open_folder(root: int, origins: Origins, parts: Parts) -> int:
    """A descriptor of the folder, following symlinks that stay inside.

    ``origins``: asked only for absolute symlinks.

    Raises:
        PathError: it leads out, or through too many links.
        OSError: it is missing, no folder, or closed to us.
    """
    if kernel_resolves():
        try:
            return syscalls.open_beneath(root, join(parts) or ".", DIRECTORY)
        except OSError as error:
            if error.errno not in _UNDECIDED:
                raise
    descriptor, name = walk(root, origins, parts)
    if name is None:
        return descriptor
    try:
        os.stat(name, dir_fd=descriptor, follow_symlinks=False)  # FileNotFoundError
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    finally:
        os.close(descriptor)


def open_readable_folder(root: int, origins: Origins, parts: Parts) -> int:
    """Like `open_folder`, for reading the names in it."""
    if kernel_resolves():
        try:
            return syscalls.open_beneath(root, join(parts) or ".", READABLE_DIRECTORY)
        except OSError as error:
            if error.errno not in _UNDECIDED:
                raise
    descriptor = open_folder(root, origins, parts)
    try:
        return os.open(".", READABLE_DIRECTORY, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def open_file(root: int, origins: Origins, parts: Parts) -> int:
    """A descriptor for reading a regular file, following symlinks that stay inside.

    Nothing but regular files is ever opened, and nothing waited for.

    Raises:
        PathError: it leads out, or is a FIFO, socket or device (`NotRegularError`).
        OSError: it is missing, a folder, or closed to us.
    """
    if kernel_resolves():
        try:
            found = syscalls.open_beneath(root, join(parts) or ".", O_PATH)
        except OSError as error:
            if error.errno not in _UNDECIDED:
                raise
        else:
            return reopen(found)
    descriptor, name = walk(root, origins, parts)
    if name is None:
        os.close(descriptor)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    try:
        return open_regular(descriptor, name)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        gone = os.strerror(errno.ENOENT)  # it was no symlink a moment ago
        raise FileNotFoundError(errno.ENOENT, gone) from error
    finally:
        os.close(descriptor)


def open_regular(directory: int, name: str) -> int:
    """A descriptor for reading a regular file in a folder; symlinks aren't followed.

    Raises:
        NotRegularError: it is something else.
        OSError: it is missing, a symlink, a folder, or closed to us.
    """
    return reopen(os.open(name, O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory))


def open_seen(directory: int, name: str) -> int:
    """Like `open_regular`, for a name that ``lstat`` has just called a regular file: twice as fast.

    What is put there in between may be opened, without waiting, and is closed again unread.
    """
    descriptor = os.open(name, _OPEN_SEEN, dir_fd=directory)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise NotRegularError


def reopen(found: int) -> int:
    """Open for reading what an O_PATH descriptor stands for, when it is a regular file.

    Takes ``found`` over. Raises as `open_regular`.
    """
    try:
        mode = os.fstat(found).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if not stat.S_ISREG(mode):
            raise NotRegularError
        if not hasattr(os, "O_PATH"):
            return os.dup(found)
        return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(found)


def walk(root: int, origins: Origins, parts: Parts) -> tuple[int, str | None]:
    """Go part by part: the folder that holds the last one, open, and the last one's own name.

    Symlinks are followed, the last part's too. The name is None when the path is a folder, which is
    then the one that is open. The last part itself may be missing.

    Raises:
        PathError: it leads out, or through too many links.
        OSError: a part before the last is missing, no folder, or closed to us.
    """
    walker = _Walker(root, origins, parts)
    try:
        return walker.run()
    except BaseException:
        walker.close()
        raise


class _Walker:
    def __init__(self, root: int, origins: Origins, parts: Parts) -> None:
        self._root = root
        self._origins = origins
        self._pending = deque(parts)
        self._done: list[str] = []  # names of real folders, from the root
        self._here = os.dup(root)
        self._links = self._steps = 0

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._here)

    def run(self) -> tuple[int, str | None]:
        while self._pending:
            part = self._pending.popleft()
            if part == "..":
                self._up()
            elif not self._enter(part):
                return self._here, part
        return self._here, None

    def _enter(self, part: str) -> bool:
        """Go into a folder, or follow a symlink; False at a last part that is neither."""
        try:
            self._down(part)
        except FileNotFoundError:
            if self._pending:
                raise
            return False
        except OSError as error:
            if error.errno not in _NO_DIRECTORY:
                raise
            if self._follow(part):
                return True
            if self._pending:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
            return False
        return True

    def _down(self, part: str) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS or len(self._done) >= MAX_PARTS:
            raise PathError("it is too deep")
        deeper = os.open(part, DIRECTORY | os.O_NOFOLLOW, dir_fd=self._here)
        os.close(self._here)
        self._here = deeper
        self._done.append(part)

    def _up(self) -> None:
        """To the parent by name: ".." of a folder that was moved meanwhile may be outside."""
        if not self._done:
            raise OutsideError
        names = self._done[:-1]
        self._restart()
        for name in names:
            self._down(name)

    def _restart(self) -> None:
        again = os.dup(self._root)
        os.close(self._here)
        self._here = again
        self._done = []

    def _follow(self, part: str) -> bool:
        """Put the symlink's target before what is still to go; False when it is no symlink."""
        try:
            target = os.readlink(part, dir_fd=self._here)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return False
            raise
        self._links += 1
        if self._links > MAX_LINKS:
            raise PathError("there are too many symbolic links in it")
        if target.startswith("/"):
            target = self._inside(target)
            self._restart()
        steps = [step for step in target.split("/") if step not in ("", ".")]
        if len(steps) + len(self._pending) > MAX_PARTS:
            raise PathError("it is too deep")
        self._pending.extendleft(reversed(steps))
        return True

    def _inside(self, target: str) -> str:
        """What is left of an absolute target beneath the root."""
        for origin in self._origins():
            if target == origin or target.startswith(origin.rstrip("/") + "/"):
                return target[len(origin) :]
        raise OutsideError
