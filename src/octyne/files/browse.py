"""Lists folders: names, sizes, types and times, without waiting for anything in them."""

import grp
import heapq
import os
import pwd
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from octyne import wire
from octyne.errors import InvalidError
from octyne.files.content_types import TypeCache
from octyne.files.errors import NO_FOLDER, NOT_A_FOLDER, missing, named
from octyne.files.etags import etag
from octyne.files.leftovers import PREFIX
from octyne.files.sniff import BINARY
from octyne.files.walk import Walk
from octyne.system.paths.folder import Folder, Root
from octyne.system.paths.names import Parts, parse

SORTED = 10_000  # names that are sorted by one call, which stops everything else
PIECE = 250  # entries that are looked at together; so few stay in the processor's cache

_KIND = 0o170000  # the bits of a mode that say what it is
_TYPES = {stat.S_IFDIR: "", stat.S_IFLNK: "inode/symlink"}  # both are shown as folders

IsHidden = Callable[[str], bool]


@contextmanager
def opened(directory: str, path: str) -> Iterator[tuple[Root, Parts, Folder]]:
    """A folder of the app in ``directory``, as a client names it. Blocks.

    Raises:
        InvalidError: the path is refused, or something else has that name.
        NotFoundError: nothing has.
    """
    with named("folder path"), missing(NO_FOLDER):
        parts = parse(path)
        with Root.open(directory) as root, folder_at(root, parts) as folder:
            yield root, parts, folder


def folder_at(root: Root, parts: Parts) -> Folder:
    """The folder; NotADirectoryError only where the way to it is none, else InvalidError."""
    try:
        return root.at(parts)
    except NotADirectoryError as error:
        try:
            with root.target(parts) as place:
                if place.folder.find(place.name) is not None:
                    raise InvalidError(NOT_A_FOLDER) from error
        except IsADirectoryError:  # by now
            return root.at(parts)
        raise


def walk(directory: str, path: str, is_hidden: IsHidden) -> Walk:
    """A walk through a folder of the app in ``directory``; raises as `opened`. Blocks."""
    with named("folder path"), missing(NO_FOLDER):
        parts = parse(path)
        root = Root.open(directory)
        try:
            with folder_at(root, parts) as folder, folder.scan():
                return Walk(root, parts, is_hidden)
        except BaseException:
            root.close()
            raise


class Lister:
    """Lists folders, several at once; it remembers types, nothing else."""

    def __init__(self, is_hidden: IsHidden) -> None:
        self._is_hidden = is_hidden
        self._types = TypeCache()

    def pieces(self, folder: Folder, *, details: bool = False) -> Iterator[list[wire.FileEntry]]:
        """All entries by name, in lists of at most `PIECE`. Blocks; give up between pieces.

        Entries that go meanwhile are left out. ``details``: each is a `wire.FileDetails`.
        """
        is_hidden = self._is_hidden
        names = [
            name for name in folder.names() if not (name.startswith(PREFIX) and is_hidden(name))
        ]
        names = in_order(names)
        describe = Details(folder).describe if details else None
        for start in range(0, len(names), PIECE):
            yield self._look(folder.fd, names[start : start + PIECE], describe)

    def _look(
        self,
        fd: int,
        names: list[str],
        describe: Callable[[str, os.stat_result, wire.FileEntry], wire.FileEntry] | None,
    ) -> list[wire.FileEntry]:
        """This runs for each entry of each listing: it is written for speed."""
        lstat, type_of, entry_of = os.lstat, self._types.type_of, wire.FileEntry
        regular, modified = stat.S_IFREG, stat.ST_MTIME
        now, found = time.time_ns(), []
        for name in names:
            try:
                status = lstat(name, dir_fd=fd)
            except FileNotFoundError:
                continue
            kind = status.st_mode & _KIND
            if kind == regular:
                content, is_folder = type_of(fd, name, status, now), False
            else:
                content, is_folder = _TYPES.get(kind, BINARY), kind in _TYPES
            entry = entry_of(
                name if name.isascii() else shown(name),
                status.st_size,
                content,
                is_folder,
                status[modified],  # type: ignore[arg-type]  # the items are whole numbers
            )
            found.append(entry if describe is None else describe(name, status, entry))
        return found


class Details:
    """What `extrainfo=true` adds to the entries of one folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._owner = lru_cache(maxsize=1000)(_owner)
        self._group = lru_cache(maxsize=1000)(_group)

    def describe(self, name: str, status: os.stat_result, entry: wire.FileEntry) -> wire.FileEntry:
        """The same entry with all that is known of it."""
        is_link = stat.S_ISLNK(status.st_mode)
        return wire.FileDetails(
            entry.name,
            entry.size,
            entry.mime_type,
            entry.folder,
            entry.last_modified,
            f"{stat.S_IMODE(status.st_mode):04o}",
            self._owner(status.st_uid),
            self._group(status.st_gid),
            self._target(name) if is_link else "",
            etag(status) if stat.S_ISREG(status.st_mode) else "",
        )

    def _target(self, name: str) -> str:
        try:
            return shown(self._folder.readlink(name))
        except OSError:  # it is no symlink any more
            return ""


def in_order(names: list[str]) -> list[str]:
    """Sorted; many are sorted in pieces, since one call of `sort` stops all other threads."""
    if len(names) <= SORTED:
        return sorted(names)
    pieces = [sorted(names[start : start + SORTED]) for start in range(0, len(names), SORTED)]
    return list(heapq.merge(*pieces))


def shown(name: str) -> str:
    """A name as JSON can hold it: bytes that aren't UTF-8 become U+FFFD."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode(errors="replace")
    return name


def _owner(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
