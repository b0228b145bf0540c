"""A file that is being received: hidden beside its target until it is whole, then put in place."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from octyne.errors import InvalidError, TooLargeError, UnavailableError
from octyne.files.errors import IS_A_FOLDER, NO_FOLDER, NO_ROOM, NOT_A_FILE, missing, named
from octyne.files.etags import ALWAYS, Condition, etag
from octyne.files.leftovers import Leftovers
from octyne.system.paths import syscalls
from octyne.system.paths.folder import FileId, Folder, Place, Root, file_id
from octyne.system.paths.names import Parts, PathError, check_name

KIND = "upload"
MODE = 0o666 & ~0o022  # of files that weren't there before
WRITE_OUT = 8 << 20  # bytes; the kernel shall begin to write that much, before we ask for all
PERMISSIONS = 0o777  # of an old file's mode; never set-user-ID
WHAT = "file path"


def last_part(name: str) -> str:
    """The name for a file that a client calls ``name``; of a path only the last part counts.

    Raises:
        InvalidError: it is no name.
    """
    with named("file name"):
        return check_name(name.rpartition("/")[2])


def check_size(size: int | None, limit: int) -> None:
    """Refuse what is over the limit; None: nobody knows yet.

    Raises:
        TooLargeError: it is.
    """
    if size is not None and size > limit:
        raise TooLargeError(f"This file is larger than {limit} bytes, the most that is taken.")


def check_room(folder: Folder, size: int | None) -> None:
    """Refuse what doesn't fit on the disk now; None: nobody knows yet.

    Raises:
        UnavailableError: there is no room.
    """
    if size is not None and size > folder.free_bytes():
        raise UnavailableError(NO_ROOM)


@contextmanager
def target_at(root: Root, parts: Parts) -> Iterator[Place]:
    """Where a file of this path is written to: open as long as the block runs.

    Raises:
        InvalidError: the path is refused, or something else than a file is there.
        NotFoundError: its folder does not exist.
    """
    with refused(), root.target(parts) as place:
        _check_kind(place.folder.find(place.name))
        yield place


@contextmanager
def refused() -> Iterator[None]:
    """What the file system says of a target becomes what users read."""
    try:
        with named(WHAT), missing(NO_FOLDER):
            yield
    except IsADirectoryError as error:
        raise InvalidError(IS_A_FOLDER) from error


def state_at(place: Place) -> str | None:
    """The entity tag of what is at a place; None when nothing is."""
    found = place.folder.find(place.name)
    _check_kind(found)
    return None if found is None else etag(found)


class Incoming:
    """One such file. All methods block; they wait for each other when several threads call.

    Attributes:
        hidden: the name that it has meanwhile.
        name: the name that it gets, in the same folder.
        size: bytes that it has.
    """

    def __init__(self, leftovers: Leftovers, root: Root, place: Place, hidden: str) -> None:
        self.hidden = hidden
        self.name = place.name
        self.size = 0
        self._begun = 0  # bytes that the kernel was told to write to the disk
        self._old = -1  # what it replaced
        self._leftovers = leftovers
        self._root = root
        self._folder = place.folder
        self._fd = -1
        self._lock = threading.Lock()

    @classmethod
    def begin(cls, leftovers: Leftovers, directory: str, parts: Parts) -> Self:
        """Make it, empty. Raises as `target_at`."""
        with refused():
            root = Root.open(directory)
            try:
                place = root.target(parts)
                try:
                    _check_kind(place.folder.find(place.name))
                    hidden = leftovers.note(root, place.folder, KIND)
                    new = cls(leftovers, root, place, hidden)
                    try:
                        new._fd = place.folder.create(hidden)
                    except BaseException:
                        leftovers.forget(hidden)
                        raise
                except BaseException:
                    place.folder.close()
                    raise
            except BaseException:
                root.close()
                raise
        return new

    @classmethod
    def resume(cls, leftovers: Leftovers, directory: str, hidden: str, name: str) -> Self:
        """Find one again that was begun, and kept, before.

        Raises:
            FileNotFoundError: it is gone.
        """
        root = Root.open(directory)
        try:
            folder, fd = _find(leftovers, root, hidden)
        except BaseException:
            root.close()
            raise
        found = cls(leftovers, root, Place(folder, name), hidden)
        found._fd = fd
        found.size = found._begun = os.fstat(fd).st_size
        return found

    @property
    def identity(self) -> FileId:
        """What it is known by, also when it is put in place."""
        return file_id(os.fstat(self._fd))

    def check_room(self, size: int | None) -> None:
        """See the function of that name."""
        check_room(self._folder, size)

    def write(self, data: bytes | memoryview, limit: int) -> None:
        """Add to it; ``limit``: bytes that all of it may have.

        Raises:
            TooLargeError: there are more; nothing of ``data`` is written.
            UnavailableError: the disk is full.
        """
        with self._lock, refused():
            self._check_open()
            check_size(self.size + len(data), limit)
            rest = memoryview(data)
            while rest:
                count = os.pwrite(self._fd, rest, self.size)
                self.size += count
                rest = rest[count:]
            if self.size - self._begun >= WRITE_OUT:
                syscalls.begin_writing_out(self._fd, self._begun, self.size - self._begun)
                self._begun = self.size

    def truncate(self, size: int) -> None:
        """Drop what is behind ``size`` bytes."""
        with self._lock:
            os.ftruncate(self._fd, size)
            self.size = size
            self._begun = min(self._begun, size)

    def sync(self) -> None:
        """Make what it has durable."""
        with self._lock, refused():
            os.fsync(self._fd)

    def place(self, condition: Condition = ALWAYS) -> str:
        """Let it take the place of what has its name; its entity tag. Call it in the app's turn.

        Raises:
            PreconditionFailedError: what has the name isn't what ``condition`` wants.
            InvalidError: a folder has the name.
            NotFoundError: the folder has gone, or is no longer in the app's directory.
        """
        with self._lock, refused():
            self._check_open()
            self._leftovers.check_visible(self._root, self._folder)
            old = self._folder.find(self.name)
            _check_kind(old)
            condition.check(None if old is None else etag(old))
            self._dress(old)
            if old is not None:
                self._old = self._folder.hold(self.name)
            self._folder.replace(self.hidden, self._folder, self.name)
            self._leftovers.forget(self.hidden)
            return etag(os.fstat(self._fd))

    def sync_folder(self) -> None:
        """Make its new name durable."""
        with self._lock:
            self._folder.sync()

    def discard(self) -> None:
        """Remove it, unless it was put in place; and let go of it."""
        with self._lock:
            if self._fd >= 0:
                self._leftovers.discard(self._folder, self.hidden)
            self._close()

    def close(self) -> None:
        """Let go of it; it stays what it is."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
            self._folder.close()
            self._root.close()
        if self._old >= 0:
            os.close(self._old)
            self._old = -1

    def _check_open(self) -> None:
        """Whoever gave it up doesn't hear of this."""
        if self._fd < 0:
            raise ValueError("It was closed meanwhile.")

    def _dress(self, old: os.stat_result | None) -> None:
        """Give it the mode, and as root the owner, of the old file."""
        if old is not None and os.geteuid() == 0:
            with suppress(OSError):  # a file system that knows no owners
                os.fchown(self._fd, old.st_uid, old.st_gid)
        os.fchmod(self._fd, MODE if old is None else old.st_mode & PERMISSIONS)


def _find(leftovers: Leftovers, root: Root, hidden: str) -> tuple[Folder, int]:
    """The folder in which a hidden file is, and the file; both open."""
    for parts in leftovers.places(hidden):
        with suppress(OSError, PathError):
            folder = root.at(parts)
            try:
                return folder, folder.reopen_own(hidden)
            except BaseException:
                folder.close()
                raise
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _check_kind(found: os.stat_result | None) -> None:
    """A symlink may have come there meanwhile: it is replaced, never followed."""
    if found is None or stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode):
        return
    raise InvalidError(IS_A_FOLDER if stat.S_ISDIR(found.st_mode) else NOT_A_FILE)
