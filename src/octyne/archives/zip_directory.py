"""The directory at a zip's end: what is in it and where; read in pieces, checked before it is used.

Source: PKWARE's APPNOTE 6.3, sections 4.3 to 4.5.
"""

import os
import stat
import struct
import time
import zlib
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from octyne.archives.claims import (
    FILE_MODE,
    FOLDER_MODE,
    PERMISSIONS,
    Member,
    MemberKind,
    clamped_ns,
    member_parts,
    refused,
)
from octyne.archives.errors import BrokenArchiveError
from octyne.archives.limits import Budget

NOT_A_ZIP = "It is not a zip archive, or its end is missing."
BROKEN_DIRECTORY = "Its directory is damaged."
SPLIT = "It is one part of several."

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s2B4HL2L2H")
_EXTRA = struct.Struct("<2H")
_PIECE = 1 << 20
_MAX_COMMENT = 0xFFFF
_MAX_DIRECTORY = 256 << 20  # bytes
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_MAX_KEPT = 20_000  # entries, of some 500 bytes each; of more the directory is read twice
_UNIX_SYSTEMS = (3, 19)
_DOS_FOLDER = 0x10
_ENCRYPTED, _UTF8 = 0x1 | 0x40 | 0x2000, 0x800
_ZIP64, _UNIX_TIME, _UNICODE_PATH = 0x0001, 0x5455, 0x7075


@dataclass(frozen=True, slots=True)
class Entry:
    """A member, and where its data is.

    Attributes:
        start: offset of the data in the file.
        packed: bytes of the data.
    """

    member: Member
    method: int
    crc: int
    start: int
    packed: int


@dataclass(frozen=True, slots=True)
class _Raw:
    """A line of the directory, taken apart."""

    system: int
    flags: int
    method: int
    moment: tuple[int, int]
    crc: int
    packed: int
    size: int
    mode: int
    offset: int
    name: bytes
    extra: dict[int, bytes]


class ZipDirectory:
    """All entries of a zip. Everything blocks; ``descriptor`` stays the caller's.

    Raises, all of it:
        BrokenArchiveError: it isn't a zip, a broken one, or one that must not be unpacked.
    """

    def __init__(self, descriptor: int, budget: Budget) -> None:
        """Look at the end of the file only: a directory of too many members isn't read at all."""
        self._file = descriptor
        self._budget = budget
        self._file_size = os.fstat(descriptor).st_size
        self._kept: list[Entry] | None = None
        self._find_end()
        if self._count > budget.max_members:
            raise budget.too_many()
        if self._size > min(self._start_of_end, _MAX_DIRECTORY):
            raise BrokenArchiveError(BROKEN_DIRECTORY)
        # Whatever stands before the archive (a program that unpacks it) shifts all offsets.
        self._begin = self._start_of_end - self._size
        self._shift = self._begin - self._offset
        if self._shift < 0:
            raise BrokenArchiveError(BROKEN_DIRECTORY)

    def check(self) -> None:
        """Read all of it, so that nothing is unpacked of an archive that lies about its places."""
        starts, ends = array("Q"), array("Q")
        total = 0
        kept: list[Entry] | None = [] if self._count <= _MAX_KEPT else None
        for entry, begin in self._entries():
            starts.append(begin)
            ends.append(entry.start + entry.packed)
            total += entry.member.size
            if kept is not None:
                kept.append(entry)
            self._budget.check()
        order = sorted(range(len(starts)), key=starts.__getitem__)
        end = 0
        for index in order:
            if starts[index] < end:
                raise BrokenArchiveError("Members of it overlap.")
            end = ends[index]
        if end > self._begin:
            raise BrokenArchiveError(BROKEN_DIRECTORY)
        self._budget.announce(total, self._count)
        self._kept = kept

    def entries(self) -> Iterator[Entry]:
        """The entries, in the directory's order."""
        if self._kept is not None:
            yield from self._kept
            return
        for entry, _ in self._entries():
            yield entry

    # -- the end of the file -----------------------------------------------------------------

    def _find_end(self) -> None:
        tail_size = min(self._file_size, _END.size + _MAX_COMMENT)
        tail = self._read(self._file_size - tail_size, tail_size)
        at = tail.rfind(b"PK\5\6")
        while at >= 0 and not self._is_end(tail, at):
            at = tail.rfind(b"PK\5\6", 0, at)
        if at < 0:
            raise BrokenArchiveError(NOT_A_ZIP)
        _, disk, first, here, count, size, offset, _ = _END.unpack_from(tail, at)
        self._count, self._size, self._offset = count, size, offset
        self._start_of_end = self._file_size - tail_size + at
        if _FULL_16 in (disk, here, count) or _FULL_32 in (size, offset):
            self._find_end_64()
        elif disk or first or here != count:
            raise BrokenArchiveError(SPLIT)

    @staticmethod
    def _is_end(tail: bytes, at: int) -> bool:
        if at + _END.size > len(tail):
            return False
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        return at + _END.size + comment == len(tail)

    def _find_end_64(self) -> None:
        at = self._start_of_end - _LOCATOR_64.size
        locator = self._read(at, _LOCATOR_64.size) if at >= 0 else b""
        if not locator.startswith(b"PK\6\7"):
            return  # the numbers are what they say
        _, _, offset, disks = _LOCATOR_64.unpack(locator)
        start = offset
        record = self._read(start, _END_64.size)
        if not record.startswith(b"PK\6\6"):  # there is something before the archive
            start = at - _END_64.size
            record = self._read(start, _END_64.size)
        if not record.startswith(b"PK\6\6") or len(record) < _END_64.size:
            raise BrokenArchiveError(BROKEN_DIRECTORY)
        _, _, _, _, disk, first, here, count, size, directory = _END_64.unpack(record)
        if disks > 1 or disk or first or here != count:
            raise BrokenArchiveError(SPLIT)
        self._count, self._size, self._offset = count, size, directory
        self._start_of_end = start

    # -- the entries -------------------------------------------------------------------------

    def _entries(self) -> Iterator[tuple[Entry, int]]:
        """Each entry, and where its local header begins."""
        for raw in self._lines():
            member = _member(raw)
            if raw.flags & _ENCRYPTED:
                raise refused(member.name, "is encrypted")
            begin = raw.offset + self._shift
            start = self._data_start(member.name, raw, begin)
            yield Entry(member, raw.method, raw.crc, start, raw.packed), begin

    def _lines(self) -> Iterator[_Raw]:
        position, end = self._begin, self._begin + self._size
        piece, used = b"", 0
        for _ in range(self._count):
            line = _parse(piece, used)
            if line is None:
                piece = piece[used:] + self._read(position, min(_PIECE, end - position))
                position, used = min(position + _PIECE, end), 0
                line = _parse(piece, used)
            if line is None:
                raise BrokenArchiveError(BROKEN_DIRECTORY)
            raw, length = line
            used += length
            yield raw
        if position - (len(piece) - used) != end:
            raise BrokenArchiveError(BROKEN_DIRECTORY)

    def _data_start(self, name: str, raw: _Raw, begin: int) -> int:
        """Behind the local header, which must tell of the same member."""
        head = self._read(begin, _LOCAL.size + len(raw.name))
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            raise refused(name, "is not where the directory says")
        _, _, _, flags, method, *_, name_size, extra_size = _LOCAL.unpack_from(head)
        is_same = head[_LOCAL.size :] == raw.name and name_size == len(raw.name)
        if not is_same or method != raw.method or flags & _ENCRYPTED != raw.flags & _ENCRYPTED:
            raise refused(name, "is another one than the directory says")
        start = begin + _LOCAL.size + name_size + extra_size
        if start + raw.packed > self._begin:
            raise refused(name, "is longer than the archive")
        return int(start)

    def _read(self, offset: int, size: int) -> bytes:
        if offset < 0 or offset > self._file_size or size <= 0:
            return b""
        return os.pread(self._file, size, offset)


def _parse(piece: bytes, at: int) -> tuple[_Raw, int] | None:
    """The line that begins there and its length; None when it isn't whole."""
    if at + _ENTRY.size > len(piece):
        return None
    fields = _ENTRY.unpack_from(piece, at)
    signature, _, system, _, _, flags, method, clock, date, crc, packed, size = fields[:12]
    name_size, extra_size, comment_size, _, _, attributes, offset = fields[12:]
    length = _ENTRY.size + name_size + extra_size + comment_size
    if signature != b"PK\1\2":
        raise BrokenArchiveError(BROKEN_DIRECTORY)
    if at + length > len(piece):
        return None
    name_end = at + _ENTRY.size + name_size
    name = piece[at + _ENTRY.size : name_end]
    extra = _extra(piece[name_end : name_end + extra_size])
    size, packed, offset = _wide(extra.get(_ZIP64, b""), size, packed, offset)
    mode = attributes >> 16 if system in _UNIX_SYSTEMS else 0
    if not mode and attributes & _DOS_FOLDER:
        mode = stat.S_IFDIR
    raw = _Raw(system, flags, method, (date, clock), crc, packed, size, mode, offset, name, extra)
    return raw, length


def _extra(data: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    at = 0
    while at + _EXTRA.size <= len(data):
        kind, size = _EXTRA.unpack_from(data, at)
        at += _EXTRA.size
        fields.setdefault(kind, data[at : at + size])
        at += size
    return fields


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The numbers, those that need 64 bits from where they are then."""
    values = [size, packed, offset]
    at = 0
    for index, value in enumerate(values):
        if value == _FULL_32 and at + 8 <= len(extra):
            values[index] = int.from_bytes(extra[at : at + 8], "little")
            at += 8
    return values[0], values[1], values[2]


def _member(raw: _Raw) -> Member:
    name = _name(raw)
    parts = member_parts(name)
    kind = _kind(raw, name)
    default = FOLDER_MODE if kind is MemberKind.FOLDER else FILE_MODE
    mode = raw.mode & PERMISSIONS if raw.mode & ~stat.S_IFDIR else default
    return Member(name, parts, kind, mode or default, _time(raw), size=raw.size)


def _name(raw: _Raw) -> str:
    """UTF-8 where it is said or looks like it, else the code page of DOS."""
    unicode = raw.extra.get(_UNICODE_PATH, b"")
    if len(unicode) > 5 and unicode[0] == 1 and not raw.flags & _UTF8:
        checksum = int.from_bytes(unicode[1:5], "little")
        if checksum == zlib.crc32(raw.name):
            return unicode[5:].decode("utf-8", "surrogateescape")
    with suppress(UnicodeDecodeError):
        return raw.name.decode("utf-8")
    if raw.flags & _UTF8:
        return raw.name.decode("utf-8", "surrogateescape")
    return raw.name.decode("cp437")


def _kind(raw: _Raw, name: str) -> MemberKind:
    kind = stat.S_IFMT(raw.mode)
    if kind == stat.S_IFDIR or name.endswith("/"):
        if raw.size or kind not in (0, stat.S_IFDIR):
            raise refused(name, "is both a file and a folder")
        return MemberKind.FOLDER
    if kind == stat.S_IFLNK:
        return MemberKind.SYMLINK
    if kind not in (0, stat.S_IFREG):
        raise refused(name, "is neither file, folder nor symlink")
    return MemberKind.FILE


def _time(raw: _Raw) -> int | None:
    unix = raw.extra.get(_UNIX_TIME, b"")
    if len(unix) >= 5 and unix[0] & 1:
        return clamped_ns(int.from_bytes(unix[1:5], "little", signed=True))
    date, clock = raw.moment
    day, month, year = date & 31, date >> 5 & 15, 1980 + (date >> 9)
    second, minute, hour = clock % 32 * 2, clock >> 5 & 63, clock >> 11
    with suppress(ValueError, OverflowError):
        datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001  # is it one?
        local = (year, month, day, hour, minute, min(second, 59), 0, 0, -1)
        return clamped_ns(time.mktime(local))
    return None
