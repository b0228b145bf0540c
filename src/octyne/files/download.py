"""One file, open to be sent: its size and state stay those of the moment when it was opened."""

import os
from typing import Self

from octyne.errors import InvalidError
from octyne.files.errors import NO_FILE, NOT_A_FILE, missing, named
from octyne.files.etags import etag
from octyne.files.sniff import HEAD_BYTES, sniff
from octyne.system.paths.folder import Root
from octyne.system.paths.names import parse
from octyne.system.paths.resolve import NotRegularError


class OpenFile:
    """A regular file. Closes itself with the last reference to it; better use it as a context.

    Attributes:
        name: its name, as the client gave it.
        size: bytes, when it was opened; it may grow and shrink meanwhile.
        modified_s: seconds since the epoch.
    """

    def __init__(self, fd: int, name: str) -> None:
        self._file = os.fdopen(fd, "rb", buffering=0)
        status = os.fstat(fd)
        self.name = name
        self.size = status.st_size
        self.modified_s = status.st_mtime_ns // 1_000_000_000
        self.etag = etag(status)
        self.content_type = sniff(os.pread(fd, HEAD_BYTES, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes; b"" at its end. Blocks."""
        return os.pread(self._file.fileno(), size, offset)

    def read_cached(self, offset: int, size: int) -> memoryview | None:
        """Like `read`, of what is in memory; None when it isn't. Never waits for the disk."""
        if not hasattr(os, "RWF_NOWAIT"):
            return None
        buffer = bytearray(size)
        try:
            count = os.preadv(self._file.fileno(), [buffer], offset, os.RWF_NOWAIT)
        except OSError:  # not in memory, or a file system without the flag
            return None
        return memoryview(buffer)[:count]


def open_file(directory: str, path: str) -> OpenFile:
    """Open a file of the app in ``directory``, as a client names it. Blocks, but for no FIFO.

    Raises:
        InvalidError: the path is refused, or it is no file.
        NotFoundError: there is none.
    """
    with named("file path"), missing(NO_FILE):
        parts = parse(path)
        with Root.open(directory) as root:
            try:
                return OpenFile(root.open_at(parts), parts[-1])
            except (IsADirectoryError, NotRegularError) as error:
                raise InvalidError(NOT_A_FILE) from error
