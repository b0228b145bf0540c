"""What goes into an archive: the trees of a selection, walked without following symlinks."""

import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from octyne.archives.progress import Progress
from octyne.errors import DeniedError
from octyne.system.paths.folder import Folder, Root
from octyne.system.paths.names import Parts, PathError

GONE = (FileNotFoundError, NotADirectoryError, PathError)
GROUP_MEMBERS = 500
GROUP_BYTES = 1 << 20
LARGE_BYTES = 1 << 20  # from here on a file is read in pieces

Identity = tuple[int, int]


class Held:
    """A folder that is closed when the last of its users has let go of it. For any thread."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._users = 1
        self._lock = threading.Lock()

    def hold(self) -> "Held":
        """One user more."""
        with self._lock:
            self._users += 1
        return self

    def drop(self) -> None:
        """One user less."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self.folder.close()


@dataclass(slots=True)
class Member:
    """One file, folder or symlink.

    Attributes:
        name: as it is stored, without a slash at either end.
        status: of the thing itself, when the walk came to it.
        held: its folder, for files; `open` or `drop` lets go of it.
        target: what a symlink points to.
    """

    name: str
    status: os.stat_result
    held: Held | None = None
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
    def size(self) -> int:
        """Bytes of content: of a file that grows meanwhile only so many are packed."""
        return self.status.st_size if self.held is not None else 0

    def open(self) -> int | None:
        """A descriptor of the file for reading; None when there is no such file any more.

        Raises:
            DeniedError: it is closed to us.
        """
        assert self.held is not None, "not a file"
        try:
            return self.held.folder.open_file(self.name.rpartition("/")[2])
        except GONE:
            return None
        except PermissionError as error:
            raise _closed(self.name) from error
        finally:
            self.drop()

    def read(self) -> bytes | None:
        """Open, read and close: for small files. None, and raises, as `open`."""
        descriptor = self.open()
        if descriptor is None:
            return None
        try:
            return read(descriptor, self.size, 0)
        finally:
            os.close(descriptor)

    def drop(self) -> None:
        """Let go of its folder."""
        if self.held is not None:
            self.held.drop()


class Walk:
    """Iterates over all members of a selection; folders come before what is in them.

    Left out: our own hidden files, what is neither file, folder nor symlink, and what is gone or
    has become something else when the walk comes to it. Open are one folder of the walk, and
    those of members that wait to be opened; `close` takes them back, when no thread uses them.
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
        self._opened: list[Held] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is still open."""
        for held in self._opened:
            held.folder.close()

    def __iter__(self) -> Iterator[Member]:
        for parts in self._chosen:
            if not parts:
                yield from self._below((), None)
                continue
            with suppress(*GONE):
                held = self._take(self._root.at((*self._base, *parts[:-1])))
                member = self._member("/".join(parts), parts[-1], held, None)
                held.drop()
                if member is not None:
                    yield member
                    if member.is_folder:
                        yield from self._below(parts, _identity(member.status))

    def count(self, progress: Progress) -> None:
        """Find the totals, by a walk of its own; what changes meanwhile is counted as it is."""
        entries = size = 0
        with Walk(self._root, self._base, self._chosen, self._is_hidden) as walk:
            for member in walk:
                entries += 1
                size += member.size
                member.drop()
                progress.check()
        progress.entries_total, progress.bytes_total = entries, size

    def _below(self, top: Parts, identity: Identity | None) -> Iterator[Member]:
        pending = [(top, identity)]
        while pending:
            parts, expected = pending.pop()
            for member in self._folder(parts, expected):
                yield member
                if member.is_folder:
                    leaf = member.name.rpartition("/")[2]
                    pending.append(((*parts, leaf), _identity(member.status)))

    def _folder(self, parts: Parts, expected: Identity | None) -> Iterator[Member]:
        """Members in one folder, when it is still the one that was seen."""
        name = "/".join(parts)
        prefix = f"{name}/" if name else ""
        try:
            held = self._take(self._root.at((*self._base, *parts)))
        except GONE:
            return
        except PermissionError as error:
            raise _closed(name) from error
        try:
            if expected is not None and _identity(held.folder.stat()) != expected:
                return
            with held.folder.scan() as entries:
                for entry in entries:
                    member = self._member(f"{prefix}{entry.name}", entry.name, held, entry)
                    if member is not None:
                        yield member
        except PermissionError as error:
            raise _closed(name) from error
        finally:
            held.drop()

    def _member(
        self, name: str, leaf: str, held: Held, entry: "os.DirEntry[str] | None"
    ) -> Member | None:
        if self._is_hidden(leaf):
            return None
        with suppress(*GONE):
            if entry is None:
                status = held.folder.lstat(leaf)
            else:
                status = entry.stat(follow_symlinks=False)
            kind = stat.S_IFMT(status.st_mode)
            if kind == stat.S_IFREG:
                return Member(name, status, held.hold())
            if kind == stat.S_IFDIR:
                return Member(name, status)
            if kind == stat.S_IFLNK:
                return Member(name, status, None, held.folder.readlink(leaf))
        return None

    def _take(self, folder: Folder) -> Held:
        self._opened = [held for held in self._opened if held.folder.fd >= 0]
        held = Held(folder)
        self._opened.append(held)
        return held


def grouped(members: Iterator[Member]) -> Iterator[list[Member]]:
    """Groups that are worth a thread's while; a large file makes one of its own."""
    group: list[Member] = []
    size = 0
    for member in members:
        if member.size >= LARGE_BYTES:
            if group:
                yield group
            yield [member]
            group, size = [], 0
            continue
        group.append(member)
        size += member.size
        if size >= GROUP_BYTES or len(group) >= GROUP_MEMBERS:
            yield group
            group, size = [], 0
    if group:
        yield group


def is_large(group: list[Member]) -> bool:
    """Whether the group is one large file."""
    return group[0].size >= LARGE_BYTES


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


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
