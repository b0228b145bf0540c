"""How much an archive may bring, counted while it is written; its own numbers prove nothing."""

import os
import threading
from collections.abc import Callable

from octyne.archives.claims import refused
from octyne.archives.errors import BrokenArchiveError
from octyne.archives.progress import Progress
from octyne.config.model import ArchivesConfig
from octyne.errors import UnavailableError
from octyne.files.errors import NO_ROOM
from octyne.system.paths.names import Parts

FREE_RATIO_BYTES = 256 << 20  # that even the smallest archive may unpack to
RESERVE_BYTES = 64 << 20  # that stay free on the disk, or a hundredth of a small one
LOOK_EACH_BYTES = 16 << 20  # written between two looks at the free space


class Budget:
    """What is left of the limits, for one archive. Safe to use from its threads."""

    def __init__(
        self,
        limits: ArchivesConfig,
        packed: int,
        progress: Progress,
        descriptor: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """``packed``: the archive's bytes; ``descriptor``: of something on the disk written to.

        ``check`` is called often, and raises when there is no use in going on.
        """
        self._limits = limits
        self._by_ratio = max(FREE_RATIO_BYTES, packed * limits.max_ratio)
        self._progress = progress
        self._descriptor = descriptor
        self._check = check
        self._lock = threading.Lock()
        self._members = self._entries = self._bytes = 0
        self._next_look = 0

    @property
    def max_members(self) -> int:
        """The most entries, for archives that say at once how many they have."""
        return self._limits.max_members

    @property
    def max_depth(self) -> int:
        """The most folders within each other."""
        return self._limits.max_depth

    def member(self) -> None:
        """Another member was read; raises as `entry`. One thread may call it."""
        self._members += 1
        if self._members > self._limits.max_members:
            raise self.too_many()
        self.check()

    def entry(self) -> None:
        """A file, folder or link is about to be made.

        Raises:
            BrokenArchiveError: it is one too many.
            CancelledError: the job is to end.
        """
        with self._lock:
            self._entries += 1
            if self._entries > self._limits.max_members:
                raise self.too_many()
        self._progress.advance(0, 1)

    def too_many(self) -> BrokenArchiveError:
        """The archive has more members than may be."""
        return BrokenArchiveError(
            f"It holds more than {self._limits.max_members} files and folders."
        )

    def depth(self, name: str, parts: Parts) -> None:
        """Refuse a member that is too deep down."""
        if len(parts) > self._limits.max_depth:
            raise refused(name, f"is more than {self._limits.max_depth} folders deep")

    def spend(self, size: int) -> None:
        """So many bytes are about to be written.

        Raises:
            BrokenArchiveError: they are too many.
            UnavailableError: the disk is nearly full.
            CancelledError: the job is to end.
        """
        with self._lock:
            self._bytes += size
            total = self._bytes
            looks = total >= self._next_look
            if looks:
                self._next_look = total + LOOK_EACH_BYTES
        self._compare(total)
        if looks:
            self.need_room(size)
        self._check()
        self._progress.advance(size)

    def announce(self, size: int, entries: int) -> None:
        """What the archive says of itself: refuse at once what it would be refused for later."""
        self._progress.bytes_total, self._progress.entries_total = size, entries
        self._compare(size)
        self.need_room(size)

    def check(self) -> None:
        """Raises CancelledError when the job is to end, or what its `check` does."""
        self._progress.check()
        self._check()

    def need_room(self, size: int) -> None:
        """Refuse to fill the disk.

        Raises:
            UnavailableError: there is no room for so many bytes more.
        """
        disk = os.fstatvfs(self._descriptor)
        reserve = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // 100)
        if disk.f_bavail * disk.f_frsize < size + reserve:
            raise UnavailableError(NO_ROOM)

    def _compare(self, total: int) -> None:
        if total > self._limits.max_bytes:
            raise BrokenArchiveError(f"It unpacks to more than {self._limits.max_bytes} bytes.")
        if total > self._by_ratio:
            ratio = self._limits.max_ratio
            raise BrokenArchiveError(f"It unpacks to more than {ratio} times its own size.")
