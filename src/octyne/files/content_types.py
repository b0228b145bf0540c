"""The content types of files, remembered: a folder that is listed again isn't read again."""

import os
import stat
from array import array

from octyne.files.sniff import BINARY, HEAD_BYTES, PLAIN, TYPES, sniff

SLOTS = 131_072  # a power of two; of eight bytes each: 1 MiB, from the first listing on
WAYS = 4  # slots where a state may be; a power of two
SETTLED_NS = 2_000_000_000  # a file changed so lately may change again without new times

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NUMBERS = {kind: number for number, kind in enumerate(TYPES, 1)}  # 0 is an empty slot
_BY_NUMBER = (BINARY, *TYPES)
_OTHERS = range(1, WAYS)


class TypeCache:
    """Types by what `lstat` says of a file; of a fixed size, safe to use from several threads.

    Each state of a file has four slots, shared with others. When a fifth comes, it puts one of them
    out: that file is opened and read again at the next look, for about 10 µs. A slot holds 56 bits
    of the state's hash, and its place more; were two ever equal by chance, a listing would show the
    other file's type, and nothing else would go by it.
    """

    def __init__(self) -> None:
        self._slots: array[int] | None = None

    def type_of(self, folder: int, name: str, status: os.stat_result, now_ns: int) -> str:
        """The type of the regular file that ``status`` is of. Blocks only for files not known.

        ``folder`` is the descriptor of its folder, ``now_ns`` the time before ``status`` was taken.
        """
        size = status.st_size
        if not size:
            return PLAIN
        key = hash(
            (
                status.st_dev,
                status.st_ino,
                size,
                status.st_mtime_ns,
                status.st_ctime_ns,
            )
        )
        slots = self._slots
        if slots is None:
            slots = self._slots = array("q", bytes(SLOTS * 8))
        home = key & (SLOTS - 1)
        found = slots[home]  # mostly it is here: this runs for each entry of each listing
        if not (found ^ key) >> 8:
            return _BY_NUMBER[found & 0xFF]
        for way in _OTHERS:
            found = slots[home ^ way]
            if not (found ^ key) >> 8:
                return _BY_NUMBER[found & 0xFF]
        head = _read_head(folder, name)
        if head is None:
            return BINARY
        kind = sniff(head)
        if status.st_ctime_ns < now_ns - SETTLED_NS:
            slots[_place(slots, key)] = (key & ~0xFF) | _NUMBERS[kind]
        return kind


def _place(slots: "array[int]", key: int) -> int:
    """An empty slot among those that ``key`` may have, else one of them."""
    home = key & (SLOTS - 1)
    free = (home ^ way for way in range(WAYS) if not slots[home ^ way])
    return next(free, home ^ ((key >> 32) % WAYS))


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
