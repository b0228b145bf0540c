"""Takes the members out of a zip, several at once."""

import bz2
import os
from collections.abc import Callable, Iterator

from isal import isal_zlib

from octyne.aio import Helpers
from octyne.archives.claims import Member, MemberKind, refused
from octyne.archives.limits import Budget
from octyne.archives.staging import Staging, fill, seal
from octyne.archives.streams import BAD_DATA, Decoder, inflate
from octyne.archives.zip_directory import Entry, ZipDirectory

MOST_THREADS = 8
GROUP_BYTES = 1 << 20  # packed; small members go to a thread together
GROUP_MEMBERS = 32
PIECE = 1 << 20
MAX_LINK = 4096  # bytes

STORED, DEFLATED, BZIP2 = 0, 8, 12

_Part = tuple[Entry, int]  # what to take out, and the descriptor that it goes to


DECODERS: dict[int, Callable[[], Decoder]] = {DEFLATED: inflate, BZIP2: bz2.BZ2Decompressor}


def unzip(descriptor: int, staging: Staging) -> None:
    """Unpack a whole zip into ``staging``. Blocks.

    Raises:
        BrokenArchiveError: it is damaged, or must not be unpacked.
        OSError: something can't be written.
    """
    directory = ZipDirectory(descriptor, staging.budget)
    directory.check()
    groups = [_Group(descriptor, staging.budget)]
    try:
        with Helpers("unzip", MOST_THREADS) as helpers:
            for entry in directory.entries():
                member = _finished(descriptor, entry, staging.budget)
                file = staging.add(member)
                if file is not None and groups[-1].add(entry, file):
                    helpers.run(groups[-1].take_out)
                    groups.append(_Group(descriptor, staging.budget))
            helpers.run(groups[-1].take_out)
            helpers.finish()
    finally:
        for group in groups:
            group.close()


def _finished(descriptor: int, entry: Entry, budget: Budget) -> Member:
    """The member; of a symlink, with its target, which is its content."""
    member = entry.member
    if member.kind is not MemberKind.SYMLINK:
        return member
    if member.size > MAX_LINK:
        raise refused(member.name, "is a symlink to something that is no path")
    target = b"".join(_content(descriptor, entry, budget))
    return Member(
        member.name,
        member.parts,
        member.kind,
        member.mode,
        member.mtime_ns,
        target.decode("utf-8", "surrogateescape"),
    )


class _Group:
    """Members that one thread takes out, one after another."""

    def __init__(self, descriptor: int, budget: Budget) -> None:
        self._descriptor = descriptor
        self._budget = budget
        self._parts: list[_Part] = []
        self._packed = 0

    def add(self, entry: Entry, file: int) -> bool:
        """Take one more; whether the group is full now."""
        self._parts.append((entry, file))
        self._packed += entry.packed
        return len(self._parts) >= GROUP_MEMBERS or self._packed >= GROUP_BYTES

    def take_out(self) -> None:
        """Write the members' contents."""
        try:
            while self._parts:
                entry, file = self._parts.pop()
                try:
                    for piece in _content(self._descriptor, entry, self._budget):
                        fill(file, piece)
                    seal(file, entry.member)
                finally:
                    os.close(file)
        finally:
            self.close()

    def close(self) -> None:
        """Close what wasn't taken out."""
        while self._parts:
            os.close(self._parts.pop()[1])


def _content(descriptor: int, entry: Entry, budget: Budget) -> Iterator[bytes]:
    """What a member holds, piece by piece; each is paid for, and at the end all is checked."""
    name, expected = entry.member.name, entry.member.size
    size = checksum = 0
    for piece in _unpacked(descriptor, entry):
        size += len(piece)
        if size > expected:
            raise refused(name, "is larger than the archive says")
        budget.spend(len(piece))
        checksum = isal_zlib.crc32(piece, checksum)
        yield piece
    if size != expected:
        raise refused(name, "is smaller than the archive says")
    if checksum != entry.crc:
        raise refused(name, "is damaged: its checksum is wrong")


def _unpacked(descriptor: int, entry: Entry) -> Iterator[bytes]:
    if entry.method == STORED:
        return _packed(descriptor, entry)
    if entry.method not in DECODERS:
        raise refused(entry.member.name, f"is compressed by a method ({entry.method}) unknown here")
    return _decoded(_packed(descriptor, entry), entry)


def _packed(descriptor: int, entry: Entry) -> Iterator[bytes]:
    at, end = entry.start, entry.start + entry.packed
    while at < end:
        piece = os.pread(descriptor, min(PIECE, end - at), at)
        if not piece:
            raise refused(entry.member.name, "is cut off")
        at += len(piece)
        yield piece


def _decoded(pieces: Iterator[bytes], entry: Entry) -> Iterator[bytes]:
    decoder = DECODERS[entry.method]()
    most = min(PIECE, entry.member.size + 1)  # one more than it may be shows that it is
    while not decoder.eof:
        data = next(pieces, b"") if decoder.needs_input else b""
        if decoder.needs_input and not data:
            raise refused(entry.member.name, "is cut off")
        try:
            found = decoder.decompress(data, most)
        except BAD_DATA as error:
            raise refused(entry.member.name, "is damaged") from error
        if found:
            yield found
    if decoder.unused_data or next(pieces, b""):
        raise refused(entry.member.name, "is smaller than the archive says")
