"""A file of whole lines that only grows, with older ones beside it: ``name``, ``name.1``, ..."""

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Iterator
from typing import BinaryIO

BLOCK_BYTES = 1 << 16


class RotatedFile:
    """Appends whole lines, and moves the file aside when it is full. From any thread.

    ``limit_bytes``: of one file; ``kept``: how many older ones stay. Files are 0600, a directory
    that has to be made is 0700. A file that somebody else moved or deleted is made anew.
    """

    def __init__(self, path: str, *, limit_bytes: int, kept: int) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._kept = kept
        self._descriptor = -1
        self._size = 0
        self._lock = threading.Lock()

    @property
    def path(self) -> str:
        """Where the newest lines are."""
        return self._path

    def open(self) -> None:
        """Make sure that it can be written; blocks. Raises OSError."""
        with self._lock:
            self._ensure_open()

    def append(self, lines: bytes) -> None:
        """Write lines, wholly or not at all; they end with a new line. Blocks. Raises OSError."""
        with self._lock:
            self._ensure_open()
            if self._size and self._size + len(lines) > self._limit_bytes:
                self._rotate()
            written = os.write(self._descriptor, lines)
            if written < len(lines):
                os.ftruncate(self._descriptor, self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._size += written

    def close(self) -> None:
        """Close the file; the next append opens it again."""
        with self._lock:
            self._close()

    def lines_backwards(self) -> Iterator[bytes]:
        """Read all that is kept, the newest line first, without line ends. Blocks."""
        with contextlib.ExitStack() as stack:
            with self._lock:  # a rotation meanwhile would show a file twice, or not at all
                files = [
                    stack.enter_context(file)
                    for number in range(self._kept + 1)
                    if (file := _open_if_there(self._name(number))) is not None
                ]
            for file in files:
                yield from lines_backwards(file)

    def _name(self, number: int) -> str:
        return f"{self._path}.{number}" if number else self._path

    def _ensure_open(self) -> None:
        if self._descriptor >= 0 and self._is_still_there():
            return
        self._close()
        directory = os.path.dirname(self._path) or "."
        os.makedirs(directory, mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, 0o600)
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            self._close()
            raise OSError(errno.EINVAL, "Not a regular file")
        self._size = found.st_size
        # A crash or a full disk can have left half a line.
        if self._size and os.pread(self._descriptor, 1, self._size - 1) != b"\n":
            self._size += os.write(self._descriptor, b"\n")

    def _is_still_there(self) -> bool:
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except OSError:
            return False
        return os.path.samestat(found, os.fstat(self._descriptor))

    def _rotate(self) -> None:
        """Move all files one on. Where that fails the file grows on: better than losing lines."""
        with contextlib.suppress(OSError):
            for number in range(self._kept, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(self._name(number - 1), self._name(number))
        self._ensure_open()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def lines_backwards(file: BinaryIO) -> Iterator[bytes]:
    """Read a file's lines, the last one first, a block at a time."""
    position = file.seek(0, os.SEEK_END)
    rest = b""
    while position:
        step = min(BLOCK_BYTES, position)
        position -= step
        file.seek(position)
        lines = (file.read(step) + rest).split(b"\n")
        rest = lines[0]
        yield from (line for line in reversed(lines[1:]) if line)
    if rest:
        yield rest


def _open_if_there(path: str) -> BinaryIO | None:
    try:
        return open(path, "rb")  # the caller's stack closes it
    except OSError:
        return None
