"""The content types of files, remembered: a folder that is listed again isn't read again."""

import os
import stat
import time
from array import array

from octyne.files.sniff import BINARY, HEAD_BYTES, PLAIN, TYPES, sniff

SLOTS = 131_072  # of eight bytes: 1 MiB, from the first listing on
SETTLED_NS = 2_000_000_000  # a file changed so lately may change again without new times

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_INDEX = {kind: number for number, kind in enumerate(TYPES, 1)}


class TypeCache:
    """Types by what `lstat` says of a file; of a fixed size, safe to use from several threads.

    Each state of a file has one slot. Two that share a slot put each other out: the later look
    opens and reads the file again, about 10 µs. 64 bits tell states apart; were they ever equal by
    chance, a listing would show the other file's type, and nothing else would go by it.
    """

    def __init__(self) -> None:
        self._slots: array[int] | None = None

    def type_of(self, folder: int, name: str, status: os.stat_result, now_ns: int) -> str:
        """The type of the regular file that ``status`` is of. Blocks only for files not known.

        Args:
            folder: the descriptor of its folder.
            now_ns: the time, taken before ``status`` was.
        """
        if not status.st_size:
            return PLAIN
        changed_ns = status.st_ctime_ns
        key = hash((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, changed_ns))
        slots = self._slots
        if slots is None:
            slots = self._slots = array("q", bytes(SLOTS * 8))
        found = slots[key % SLOTS]
        if (found ^ key) >> 8 == 0 and found & 0xFF:
            return TYPES[(found & 0xFF) - 1]
        head = _read_head(folder, name)
        if head is None:
            return BINARY
        kind = sniff(head)
        if changed_ns < now_ns - SETTLED_NS:
            slots[key % SLOTS] = (key & ~0xFF) | _INDEX[kind]
        return kind


def now_ns() -> int:
    """The time that file systems use."""
    return time.time_ns()


def _read_head(folder: int, name: str) -> bytes | None:
    """The beginning of a regular file; None when it can't be had. Never waits for a FIFO."""
    try:
        fd = os.open(name, _OPEN, dir_fd=folder)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):  # it was replaced meanwhile
            return None
        return os.read(fd, HEAD_BYTES)
    except OSError:
        return None
    finally:
        os.close(fd)
