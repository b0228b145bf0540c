"""Writes a tar archive: the tree is read in the job's own thread, what compresses has others.

A file that shrinks or vanishes while it is read is filled up with zeros: its header is out by then.
"""

import os
from collections.abc import Iterator

from octyne.archives import tar_format
from octyne.archives.encoders import Encoder
from octyne.archives.members import PIECE_BYTES, Member, read
from octyne.archives.progress import Progress


class TarWriter:
    """Writes one archive."""

    def __init__(self, encoder: Encoder, progress: Progress) -> None:
        self._encoder = encoder
        self._progress = progress
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._done_bytes = self._done_entries = 0  # since `progress` was told

    def write(self, members: Iterator[Member]) -> None:
        """Write all members. Blocks until the last byte was handed on.

        Raises:
            CancelledError: the job was told to end.
            DeniedError: a file is closed to us.
            OSError: reading or writing failed.
        """
        for member in members:
            if not member.is_file:
                self._put(tar_format.header(member))
                self._done_entries += 1
            elif member.size < PIECE_BYTES:
                self._small(member)
            else:
                self._large(member)
        self._put(tar_format.END)
        self._flush()
        self._encoder.finish()

    def _small(self, member: Member) -> None:
        data = member.read()
        if data is None:
            return
        self._put(tar_format.header(member))
        self._put(data)
        self._put(bytes(member.size - len(data) + -member.size % tar_format.BLOCK))
        self._done_bytes += member.size
        self._done_entries += 1

    def _large(self, member: Member) -> None:
        descriptor = member.open()
        if descriptor is None:
            return
        try:
            self._put(tar_format.header(member))
            for offset in range(0, member.size, PIECE_BYTES):
                wanted = min(PIECE_BYTES, member.size - offset)
                data = read(descriptor, wanted, offset)
                self._put(data)
                self._put(bytes(wanted - len(data)))
                self._done_bytes += wanted
        finally:
            os.close(descriptor)
        self._put(bytes(-member.size % tar_format.BLOCK))
        self._done_entries += 1

    def _put(self, data: bytes) -> None:
        self._waiting.append(data)
        self._waiting_size += len(data)
        if self._waiting_size >= self._encoder.piece_bytes:
            self._flush()

    def _flush(self) -> None:
        self._encoder.feed(b"".join(self._waiting))
        self._waiting.clear()
        self._waiting_size = 0
        self._progress.advance(self._done_bytes, self._done_entries)
        self._done_bytes = self._done_entries = 0
