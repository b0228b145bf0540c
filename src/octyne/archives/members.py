"""What goes into an archive: the trees of a selection, walked without following symlinks."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from octyne.archives.progress import Progress
from octyne.errors import DeniedError
from octyne.system.paths.folder import FileId, Folder, Root, file_id
from octyne.system.paths.names import Parts, PathError, Trail

GONE = (FileNotFoundError, NotADirectoryError, PathError)
PIECE_BYTES = 1 << 20  # a file as large, or larger, is read in pieces


@dataclass(slots=True)
class Member:
    """One file, folder or symlink.

    Attributes:
        name: as it is stored, without a slash at either end.
        status: of the thing itself, when the walk came to it.
        folder: where a file is; open only until the walk goes on.
        target: what a symlink points to.
    """

    name: str
    status: os.stat_result
    folder: Folder | None = None
    target: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symlink."""
        return stat.S_ISLNK(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.folder is not None

    @property
    def size(self) -> int:
        """Bytes of content: of a file that grows meanwhile only so many are packed."""
        return self.status.st_size if self.folder is not None else 0

    def open(self) -> int | None:
        """A descriptor of the file for reading; None when there is no such file any more.

        Raises:
            DeniedError: it is closed to us.
        """
        assert self.folder is not None, "not a file"
        try:
            return self.folder.open_seen(self.name.rpartition("/")[2])
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENXIO):
                return None
            if isinstance(error, PermissionError):
                raise _closed(self.name) from error
            raise
        except PathError:
            return None

    def read(self) -> bytes | None:
        """Open, read and close: for small files. None, and raises, as `open`."""
        descriptor = self.open()
        if descriptor is None:
            return None
        try:
            return read(descriptor, self.size, 0)
        finally:
            os.close(descriptor)


class Walk:
    """Iterates over all members of a selection; folders come before what is in them.

    Left out: our own hidden files, what is neither file, folder nor symlink, and what is gone or
    has become something else when the walk comes to it. One folder is open at a time; a member's
    content is read before the walk goes on.
    """

    def __init__(
        self,
        root: Root,
        base: Parts,
        chosen: Sequence[Parts],
        is_hidden: Callable[[str], bool],
    ) -> None:
        self._root = root
        self._base = base
        self._chosen = outermost(chosen)
        self._is_hidden = is_hidden

    def __iter__(self) -> Iterator[Member]:
        for parts in self._chosen:
            if not parts:
                yield from self._below((), None)
                continue
            with suppress(*GONE), self._root.at((*self._base, *parts[:-1])) as folder:
                member = self._member("/".join(parts), folder, parts[-1], None)
                if member is not None:
                    yield member
                    if member.is_folder:
                        yield from self._below(parts, file_id(member.status))

    def count(self, progress: Progress) -> None:
        """Find the totals, by a walk of its own; what changes meanwhile is counted as it is."""
        entries = size = 0
        for member in self:
            entries += 1
            size += member.size
            progress.check()
        progress.entries_total, progress.bytes_total = entries, size

    def _below(self, top: Parts, identity: FileId | None) -> Iterator[Member]:
        pending = [(Trail(), identity)]
        while pending:
            trail, expected = pending.pop()
            for member in self._folder((*top, *trail.parts()), expected):
                yield member
                if member.is_folder:
                    leaf = member.name.rpartition("/")[2]
                    pending.append((Trail(trail, leaf), file_id(member.status)))

    def _folder(self, parts: Parts, expected: FileId | None) -> Iterator[Member]:
        """Members in one folder, when it is still the one that was seen."""
        name = "/".join(parts)
        prefix = f"{name}/" if name else ""
        try:
            with self._root.readable_at((*self._base, *parts)) as folder:
                if expected is not None and file_id(folder.stat()) != expected:
                    return
                with folder.scan() as entries:
                    for entry in entries:
                        member = self._member(f"{prefix}{entry.name}", folder, entry.name, entry)
                        if member is not None:
                            yield member
        except GONE:
            return
        except PermissionError as error:
            raise _closed(name) from error

    def _member(
        self, name: str, folder: Folder, leaf: str, entry: "os.DirEntry[str] | None"
    ) -> Member | None:
        if self._is_hidden(leaf):
            return None
        try:
            status = folder.lstat(leaf) if entry is None else entry.stat(follow_symlinks=False)
            kind = stat.S_IFMT(status.st_mode)
            if kind == stat.S_IFREG:
                return Member(name, status, folder)
            if kind == stat.S_IFDIR:
                return Member(name, status)
            if kind == stat.S_IFLNK:
                return Member(name, status, None, folder.readlink(leaf))
        except GONE:
            pass
        return None


def outermost(chosen: Sequence[Parts]) -> list[Parts]:
    """The selection without what is in others of it, each once, in its order."""
    wanted = set(chosen)
    return [
        parts
        for parts in dict.fromkeys(chosen)
        if not any(parts[:depth] in wanted for depth in range(len(parts)))
    ]


def read(descriptor: int, size: int, offset: int) -> bytes:
    """So many bytes of a file, or fewer when it ends before."""
    data = os.pread(descriptor, size, offset)
    if len(data) == size or not data:
        return data
    pieces = [data]
    got = len(data)
    while got < size and (data := os.pread(descriptor, size - got, offset + got)):
        pieces.append(data)
        got += len(data)
    return b"".join(pieces)


def _closed(name: str) -> DeniedError:
    shown = name.encode("utf-8", "replace").decode() or "the folder"
    return DeniedError(f"The operating system does not let Octyne read {shown}.")
