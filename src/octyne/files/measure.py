"""Measures a tree: how much is in it, and how much room it takes."""

import os
import stat
from typing import Self

from octyne import wire
from octyne.files import browse
from octyne.files.walk import Walk
from octyne.system.paths.folder import FileId, file_id

BLOCK = 512  # bytes; what st_blocks counts, on every system


class Measure:
    """A measurement under way. Its steps block; one at a time, each in any thread."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._size = self._allocated = self._files = self._folders = 0
        self._seen: set[FileId] = set()  # files with several names

    @classmethod
    def open(cls, directory: str, path: str, is_hidden: browse.IsHidden) -> Self:
        """Begin at a folder; raises as `browse.opened`. Blocks."""
        return cls(browse.walk(directory, path, is_hidden))

    @property
    def finished(self) -> bool:
        """Whether all is measured, or the walk was cut."""
        return self._walk.finished

    def close(self) -> None:
        """Let go of what is open."""
        self._walk.close()

    def step(self) -> None:
        """Go on for a tenth of a second."""
        for met in self._walk.slice():
            try:
                status = met.folder.lstat(met.entry.name)
            except FileNotFoundError:
                continue
            self._add(status)

    def result(self) -> wire.TreeUsage:
        """What was found."""
        walk = self._walk
        return wire.TreeUsage(
            self._size, self._allocated, self._files, self._folders, walk.unreadable, walk.cut
        )

    def _add(self, status: os.stat_result) -> None:
        if stat.S_ISDIR(status.st_mode):
            self._folders += 1
        else:
            self._files += 1
            if status.st_nlink > 1:
                identity = file_id(status)
                if identity in self._seen:
                    return
                self._seen.add(identity)
        if stat.S_ISREG(status.st_mode):
            self._size += status.st_size
        self._allocated += status.st_blocks * BLOCK
