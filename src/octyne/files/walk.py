"""Goes through a tree, in pieces: whoever walks may stop at any time and go on in another thread.

Symlinks aren't followed. No more than one folder is open at once, however deep the tree is.
"""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from octyne.system.paths.folder import FileId, Folder, Root, file_id
from octyne.system.paths.names import Parts, PathError, Trail

SLICE_S = 0.1  # seconds that one piece of the work takes
LONGEST_S = 30.0  # seconds for all of it, pauses included
MOST = 2_000_000  # entries that are looked at


class Met(NamedTuple):
    """An entry on the way; ``folder`` is where it is, open until the next one is asked for."""

    folder: Folder
    parts: Parts
    entry: os.DirEntry[str]


class Walk:
    """One walk beneath a folder. Takes ``root`` over; close it.

    Attributes:
        visited: entries met.
        unreadable: folders and files that are closed to us.
        cut: why it ended before its end: "entries", "time", or what `stop` was told; "" when it
            didn't.
        finished: there is nothing more to meet, or it was cut.
    """

    def __init__(self, root: Root, top: Parts, is_hidden: Callable[[str], bool]) -> None:
        self._root = root
        self._is_hidden = is_hidden
        self._top = top
        self._pending: list[tuple[Trail, FileId | None]] = [(Trail(), None)]
        self._met: Generator[Met, None, None] = self._all()
        self._deadline = time.monotonic() + LONGEST_S
        self.visited = self.unreadable = 0
        self.cut = ""
        self.finished = False

    def close(self) -> None:
        """Let go of what is open. Not while another thread is at it."""
        self._met.close()
        self._root.close()

    def slice(self) -> Iterator[Met]:
        """What is met in the next `SLICE_S`, at least one entry. Blocks."""
        begun = time.monotonic()
        until = min(begun + SLICE_S, self._deadline)
        for met in self._met:
            self.visited += 1
            yield met
            now = time.monotonic()
            if self.visited >= MOST or now >= self._deadline:
                self.stop("entries" if self.visited >= MOST else "time")
            if self.finished or now >= until:
                return
        self.finished = True

    def stop(self, why: str) -> None:
        """End it here."""
        self.cut, self.finished = why, True

    def _all(self) -> Generator[Met, None, None]:
        while self._pending:
            trail, identity = self._pending.pop()
            parts = (*self._top, *trail.parts())
            try:
                with self._entered(parts, identity) as (folder, entries):
                    yield from self._within(folder, trail, parts, entries)
            except (OSError, PathError):
                # Gone, replaced, moved out, closed to us; the folder asked for itself was there.
                self.unreadable += 1

    @contextmanager
    def _entered(
        self, parts: Parts, identity: FileId | None
    ) -> Iterator[tuple[Folder, Iterator[os.DirEntry[str]]]]:
        with self._root.readable_at(parts) as folder:
            if identity not in (None, file_id(folder.stat())):
                raise PathError("it was replaced meanwhile")
            with folder.scan() as entries:
                yield folder, entries

    def _within(
        self, folder: Folder, trail: Trail, parts: Parts, entries: Iterator[os.DirEntry[str]]
    ) -> Iterator[Met]:
        for entry in entries:
            if self._is_hidden(entry.name):
                continue
            yield Met(folder, (*parts, entry.name), entry)
            if entry.is_dir(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    identity = file_id(folder.lstat(entry.name))
                    self._pending.append((Trail(trail, entry.name), identity))
