"""Open folders, and what is done to the names in them: `*at` calls on a descriptor, no path."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

from octyne.system.paths import resolve, syscalls
from octyne.system.paths.names import OutsideError, Parts, PathError

NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
F_GETPATH = 50  # macOS, fcntl(2)
FileId = tuple[int, int]  # device and inode: what a file is known by, whatever its name
_NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


class Folder:
    """An open folder; it stays the same one when somebody renames it.

    No method follows a symlink, in whatever name it is given. All block, and raise OSError.
    Close it, or use it as a context manager.

    Attributes:
        fd: its descriptor; for `*at` calls only (it may not be readable).
    """

    def __init__(self, fd: int, *, is_readable: bool = False) -> None:
        self.fd = fd
        self._is_readable = is_readable

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the descriptor; once is enough, twice does no harm."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    # -- reading -----------------------------------------------------------------------------

    @contextmanager
    def scan(self) -> Iterator["Iterator[os.DirEntry[str]]"]:
        """Its entries, as `os.scandir` does; ask those only with ``follow_symlinks=False``."""
        with self._readable() as readable, os.scandir(readable) as entries:
            yield entries

    def names(self) -> list[str]:
        """The names in it, in no order; faster than `scan`."""
        with self._readable() as readable:
            return os.listdir(readable)

    def stat(self) -> os.stat_result:
        """Of the folder itself."""
        return os.fstat(self.fd)

    def lstat(self, name: str) -> os.stat_result:
        """Of what has that name; FileNotFoundError when nothing has."""
        return os.stat(name, dir_fd=self.fd, follow_symlinks=False)

    def find(self, name: str) -> os.stat_result | None:
        """Like `lstat`, None when nothing has that name."""
        try:
            return self.lstat(name)
        except FileNotFoundError:
            return None

    def folder(self, name: str) -> "Folder":
        """A folder in it; NotADirectoryError (or ELOOP) when it is something else."""
        return Folder(os.open(name, resolve.DIRECTORY | os.O_NOFOLLOW, dir_fd=self.fd))

    def open_file(self, name: str) -> int:
        """A regular file in it, for reading; raises PathError when it is something else."""
        return resolve.open_regular(self.fd, name)

    def open_seen(self, name: str) -> int:
        """Like `open_file`, for a name that `lstat` has just called a regular file; faster."""
        return resolve.open_seen(self.fd, name)

    def reopen_own(self, name: str) -> int:
        """A regular file in it that we made ourselves, for reading and writing; never waits.

        Raises:
            OSError: it is missing, or something else by now.
        """
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=self.fd)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return fd
        os.close(fd)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def hold(self, name: str) -> int:
        """A descriptor that keeps what has that name, when it is replaced, from being freed.

        Freeing a large file takes long; it happens when this is closed.
        """
        return os.open(name, resolve.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.fd)

    def free_bytes(self) -> int:
        """How much can still be written to its file system."""
        room = os.fstatvfs(self.fd)
        return room.f_frsize * (room.f_bfree if os.geteuid() == 0 else room.f_bavail)

    def readlink(self, name: str) -> str:
        """Where a symlink points, as it is written there; FileNotFoundError when it is none."""
        try:
            return os.readlink(name, dir_fd=self.fd)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error

    def path(self) -> str:
        """Its absolute path now; for records and messages to the log only, never to be opened."""
        if os.path.isdir("/proc/self/fd"):
            return os.readlink(f"/proc/self/fd/{self.fd}")
        found = fcntl.fcntl(self.fd, F_GETPATH, bytes(1024))
        return os.fsdecode(found.rstrip(b"\0"))

    # -- changing ----------------------------------------------------------------------------

    def create(self, name: str, mode: int = 0o600) -> int:
        """A new file, open for reading and writing; FileExistsError when the name is taken."""
        return os.open(name, NEW_FILE | os.O_RDWR, mode, dir_fd=self.fd)

    def make_folder(self, name: str, mode: int = 0o777) -> None:
        """A new folder; the umask takes its share of the mode."""
        os.mkdir(name, mode, dir_fd=self.fd)

    def symlink(self, target: str, name: str) -> None:
        """A new symlink; what it points to isn't looked at."""
        os.symlink(target, name, dir_fd=self.fd)

    def hard_link(self, name: str, to: "Folder", to_name: str) -> None:
        """A second name for a file; FileExistsError when that is taken."""
        os.link(name, to_name, src_dir_fd=self.fd, dst_dir_fd=to.fd, follow_symlinks=False)

    def remove(self, name: str) -> None:
        """Unlink anything but a folder."""
        os.unlink(name, dir_fd=self.fd)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(name, dir_fd=self.fd)

    def replace(self, name: str, to: "Folder", to_name: str) -> None:
        """Rename; a file that has the new name is replaced."""
        os.rename(name, to_name, src_dir_fd=self.fd, dst_dir_fd=to.fd)

    def move(self, name: str, to: "Folder", to_name: str) -> None:
        """Rename; FileExistsError when the new name is taken.

        Where the file system can't do that in one step, a look comes before the rename.
        """
        try:
            syscalls.rename_noreplace(self.fd, name, to.fd, to_name)
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
            if to.find(to_name) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
            self.replace(name, to, to_name)

    def chmod(self, name: str, mode: int, *, sole: bool = False) -> None:
        """Change the mode of a file or folder.

        Raises PathError when it is something else, or with ``sole`` a file with several names.
        """
        flags = resolve.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
        found = os.open(name, flags, dir_fd=self.fd)
        try:
            status = os.fstat(found)
            kind = status.st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise resolve.NotRegularError
            if sole and stat.S_ISREG(kind) and status.st_nlink > 1:
                raise PathError("it has other names, hard links")
            if hasattr(os, "O_PATH"):
                os.chmod(f"/proc/self/fd/{found}", mode)
            else:
                os.fchmod(found, mode)
        finally:
            os.close(found)

    def chown(self, name: str, uid: int, gid: int) -> None:
        """Change the owner of anything, a symlink's own too."""
        os.chown(name, uid, gid, dir_fd=self.fd, follow_symlinks=False)

    def set_times(self, name: str, accessed_ns: int, modified_ns: int) -> None:
        """Set the times of anything, a symlink's own too."""
        times = (accessed_ns, modified_ns)
        os.utime(name, ns=times, dir_fd=self.fd, follow_symlinks=False)

    def dress(self, mode: int, times_ns: tuple[int, int], owner: tuple[int, int] | None) -> None:
        """Give the folder itself an owner (or none), a mode, and times of access and change.

        It is this one that changes, whatever has its name by now.
        """
        itself = f"/proc/self/fd/{self.fd}" if hasattr(os, "O_PATH") else self.fd
        if owner is not None:
            os.chown(itself, *owner)
        os.chmod(itself, mode)
        os.utime(itself, ns=times_ns)

    def sync(self) -> None:
        """Make what happened to its names durable, where the file system can."""
        with suppress(OSError), self._readable() as fd:
            os.fsync(fd)

    def sync_file_system(self) -> None:
        """Make everything durable that was written on its disk. Blocks long."""
        with self._readable() as fd:
            syscalls.sync_file_system(fd)

    @contextmanager
    def _readable(self) -> Iterator[int]:
        if self._is_readable:
            yield self.fd
            return
        fd = os.open(".", resolve.READABLE_DIRECTORY, dir_fd=self.fd)
        try:
            yield fd
        finally:
            os.close(fd)


class Place:
    """A name in an open folder: where something is, or can be made. Owns the folder."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.folder = folder
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.folder.close()


class Root(Folder):
    """An app's directory, opened for one request: all paths of clients start here."""

    def __init__(self, fd: int, directory: str) -> None:
        super().__init__(fd)
        self.directory = directory

    @classmethod
    def open(cls, directory: str) -> Self:
        """Open the directory that the config names; symlinks in its own path are the owner's."""
        directory = os.path.abspath(directory)
        return cls(os.open(directory, resolve.DIRECTORY), directory)

    def at(self, parts: Parts) -> Folder:
        """The folder, following symlinks that stay inside.

        Raises:
            PathError: the path is refused.
            OSError: missing, no folder, or closed to us.
        """
        return Folder(self._guarded(resolve.open_folder, parts))

    def readable_at(self, parts: Parts) -> Folder:
        """Like `at`, for one whose names will be read: it needs no second descriptor for that."""
        return Folder(self._guarded(resolve.open_readable_folder, parts), is_readable=True)

    def open_at(self, parts: Parts) -> int:
        """A regular file for reading, following symlinks that stay inside; raises as `at`."""
        return self._guarded(resolve.open_file, parts)

    def place(self, parts: Parts) -> Place:
        """The folder of the last part, and its name; the last part itself isn't followed.

        Raises as `at`, for the folder; PathError for the root itself.
        """
        if not parts:
            raise PathError("it is the app's directory itself")
        return Place(self.at(parts[:-1]), parts[-1])

    def target(self, parts: Parts) -> Place:
        """Like `place`, after following the last part where it is a symlink.

        What is at that place is no symlink, unless somebody puts one there meanwhile; it may be
        missing. Raises as `at`; IsADirectoryError when it is a folder.
        """
        if not parts:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        place = self.place(parts)
        try:
            found = place.folder.find(place.name)
        except BaseException:
            place.folder.close()
            raise
        if found is not None and stat.S_ISDIR(found.st_mode):
            place.folder.close()
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if found is None or not stat.S_ISLNK(found.st_mode):
            return place
        place.folder.close()
        descriptor, name = resolve.walk(self.fd, self._origins, parts)
        if name is None:
            os.close(descriptor)
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return Place(Folder(descriptor), name)

    def relative(self, folder: Folder) -> Parts:
        """The parts of a folder's path beneath this root, without symlinks.

        Raises:
            OutsideError: it was moved out, or removed, meanwhile.
        """
        top, path = self.path(), folder.path()
        if path == top:
            return ()
        beneath = path.removeprefix(top.rstrip("/") + "/")
        if beneath == path or not self._is_above(folder):
            raise OutsideError
        return tuple(beneath.split("/"))

    def lineage(self, folder: Folder) -> list[FileId]:
        """A folder and all above it, up to this root.

        Raises:
            OutsideError: it was moved out meanwhile.
        """
        top = file_id(self.stat())
        fd = os.dup(folder.fd)
        try:
            found = [file_id(os.fstat(fd))]
            while found[-1] != top:
                above = os.open("..", resolve.DIRECTORY, dir_fd=fd)
                os.close(fd)
                fd = above
                found.append(file_id(os.fstat(fd)))
                if found[-1] == found[-2]:  # the root of the file system
                    raise OutsideError
            return found
        finally:
            os.close(fd)

    def _is_above(self, folder: Folder) -> bool:
        try:
            self.lineage(folder)
        except OutsideError:
            return False
        return True

    def _origins(self) -> tuple[str, ...]:
        """The absolute paths that this root goes by: as configured, and as it really is."""
        return (self.directory, self.path())

    def _guarded(self, opener: Callable[[int, resolve.Origins, Parts], int], parts: Parts) -> int:
        try:
            return opener(self.fd, self._origins, parts)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise PathError("a name in it is too long") from error
            raise


def file_id(status: os.stat_result) -> FileId:
    """What the file, or folder, that ``status`` is of is known by."""
    return status.st_dev, status.st_ino
