"""Writes a zip archive: small files whole, several at once; large ones in blocks, in parallel.

Sizes in it are those of what was really read, whatever happens to a file meanwhile.
"""

import os
from collections.abc import Iterator

from isal import isal_zlib

from octyne.aio import Helpers
from octyne.archives import zip_format
from octyne.archives.members import PIECE_BYTES, Member, read
from octyne.archives.progress import Progress
from octyne.archives.sinks import InOrder, Sink
from octyne.archives.zip_format import DEFLATED, STORED, Item

LEVEL = 3
RAW = -15  # deflate without a wrapper
DICTIONARY = 32 << 10  # bytes that deflate looks back
LAST_BLOCK = b"\3\0"

GROUP_MEMBERS = 500
ENCODING = ("utf-8", "surrogateescape")

Content = tuple[Member, bytes]
Packed = tuple[Item, bytes]


class ZipWriter:
    """Writes one archive. Keeps about 100 bytes and the name of each member until the end."""

    def __init__(self, sink: Sink, helpers: Helpers, progress: Progress, *, deflates: bool) -> None:
        self._sink = sink
        self._helpers = helpers
        self._progress = progress
        self._deflates = deflates
        self._offset = self._count = 0
        self._directory = bytearray()

    def write(self, members: Iterator[Member]) -> None:
        """Write all members and the directory. Blocks, and raises, as `TarWriter.write`."""
        groups: InOrder[list[Packed]] = InOrder(self._helpers, self._take)
        for group in _groups(members):
            if isinstance(group, Member):
                groups.finish()
                self._large(group)
            else:
                groups.put(_pack, group, deflates=self._deflates)
        groups.finish()
        size, offset = len(self._directory), self._offset
        self._write(bytes(self._directory))
        self._write(zip_format.end(self._count, size, offset))

    def _take(self, group: list[Packed]) -> None:
        pieces: list[bytes] = []
        offset, size = self._offset, 0
        for item, data in group:
            head = item.local()
            pieces += (head, data)
            self._add(item, offset)
            offset += len(head) + len(data)
            size += item.size
        self._write(b"".join(pieces))
        self._progress.advance(size, len(group))

    def _large(self, member: Member) -> None:
        descriptor = member.open()
        if descriptor is None:
            return
        method = DEFLATED if self._deflates else STORED
        item = zip_format.item(member, method, has_descriptor=not self._sink.can_patch)
        start = self._offset
        self._write(item.local())
        try:
            self._content(descriptor, member.size, item)
        finally:
            os.close(descriptor)
        if self._sink.can_patch:
            self._sink.patch(start, item.local())
        else:
            self._write(item.descriptor())
        self._add(item, start)
        self._progress.advance(0, 1)

    def _content(self, descriptor: int, size: int, item: Item) -> None:
        begin = self._offset
        blocks: InOrder[bytes] = InOrder(self._helpers, self._write)
        before = b""
        while item.size < size:
            data = read(descriptor, min(PIECE_BYTES, size - item.size), item.size)
            if not data:
                break
            item.crc = isal_zlib.crc32(data, item.crc)
            item.size += len(data)
            if self._deflates:
                blocks.put(_deflate, data, before)
                before = data[-DICTIONARY:]
            else:
                self._write(data)
            self._progress.advance(len(data))
        blocks.finish()
        if self._deflates:
            self._write(LAST_BLOCK)
        item.packed = self._offset - begin

    def _add(self, item: Item, offset: int) -> None:
        self._directory += item.central(offset)
        self._count += 1

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._offset += len(data)


def _groups(members: Iterator[Member]) -> Iterator[list[Content] | Member]:
    """Large files as they come, small ones with their content in groups for a thread each."""
    group: list[Content] = []
    size = 0
    for member in members:
        if member.size >= PIECE_BYTES:
            if group:
                yield group
            yield member
            group, size = [], 0
            continue
        data = member.read() if member.is_file else member.target.encode(*ENCODING)
        if data is not None:
            group.append((member, data))
            size += len(data)
        if size >= PIECE_BYTES or len(group) >= GROUP_MEMBERS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _pack(group: list[Content], *, deflates: bool) -> list[Packed]:
    """What is in the archive for some small members. In a thread."""
    packed = []
    for member, content in group:
        data, method = content, STORED
        if deflates and member.is_file and content:
            data = isal_zlib.compress(content, LEVEL, RAW)
            method = DEFLATED if len(data) < len(content) else STORED
            data = data if method == DEFLATED else content
        item = zip_format.item(member, method)
        item.crc, item.size, item.packed = isal_zlib.crc32(content), len(content), len(data)
        packed.append((item, data))
    return packed


def _deflate(data: bytes, before: bytes) -> bytes:
    packer = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, RAW, zdict=before)
    return packer.compress(data) + packer.flush(isal_zlib.Z_SYNC_FLUSH)
