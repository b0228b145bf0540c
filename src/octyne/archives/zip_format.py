"""The bytes of zip archives (APPNOTE 6.3), with zip64 where sizes need it."""

import re
import struct
import time
from dataclasses import dataclass

from octyne.archives.members import Member

STORED, DEFLATED = 0, 8
MAX_32 = 0xFFFFFFFF
MAX_16 = 0xFFFF
MAYBE_LARGE = 0xF0000000  # contents from here on may need zip64 when they are packed
UTF8 = 1 << 11
DESCRIPTOR = 1 << 3
UNIX = 3 << 8
PLAIN_VERSION, ZIP64_VERSION = 20, 45
FOLDER_ATTRIBUTE = 0x10

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_END64 = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR = struct.Struct("<4sLQL")
_TIME = struct.Struct("<HHBl")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(slots=True)
class Item:
    """What the headers say of one member.

    Attributes:
        is_zip64: the local header has room for sizes of 64 bits.
        flags: `UTF8`, `DESCRIPTOR`.
    """

    name: bytes
    mode: int
    moment: tuple[int, int]
    modified: int
    flags: int
    method: int
    is_zip64: bool
    crc: int = 0
    packed: int = 0
    size: int = 0

    def local(self) -> bytes:
        """The local header; with a descriptor sizes and CRC are still 0 in it."""
        packed, size, crc = self.packed, self.size, self.crc
        extra = _timestamp(self.modified)
        if self.is_zip64:
            extra = struct.pack("<HHQQ", 1, 16, size, packed) + extra
            packed = size = MAX_32
        version = ZIP64_VERSION if self.is_zip64 else PLAIN_VERSION
        clock, day = self.moment
        return (
            _LOCAL.pack(
                b"PK\3\4",
                version,
                self.flags,
                self.method,
                clock,
                day,
                crc,
                packed,
                size,
                len(self.name),
                len(extra),
            )
            + self.name
            + extra
        )

    def descriptor(self) -> bytes:
        """What follows the content where the local header couldn't know."""
        layout = "<4sLQQ" if self.is_zip64 else "<4sLLL"
        return struct.pack(layout, b"PK\7\x08", self.crc, self.packed, self.size)

    def central(self, offset: int) -> bytes:
        """Its entry in the directory at the end."""
        extra = _timestamp(self.modified)
        values = [self.size, self.packed, offset]
        large = [value for value in values if value >= MAX_32]
        if large:
            extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) + extra
        version = ZIP64_VERSION if large or self.is_zip64 else PLAIN_VERSION
        size, packed, offset = (min(value, MAX_32) for value in values)
        clock, day = self.moment
        attributes = self.mode << 16 | (FOLDER_ATTRIBUTE if self.name.endswith(b"/") else 0)
        return (
            _CENTRAL.pack(
                b"PK\1\2",
                UNIX | ZIP64_VERSION,
                version,
                self.flags,
                self.method,
                clock,
                day,
                self.crc,
                packed,
                size,
                len(self.name),
                len(extra),
                0,
                0,
                0,
                attributes,
                offset,
            )
            + self.name
            + extra
        )


def item(member: Member, method: int, *, has_descriptor: bool = False) -> Item:
    """The item of a member; sizes and CRC are filled in later."""
    name = harmless(member.name).encode("utf-8", "surrogateescape")
    flags = DESCRIPTOR if has_descriptor else 0
    if not name.isascii() and _is_utf8(name):
        flags |= UTF8
    if member.is_folder:
        name += b"/"
    seconds = int(member.status.st_mtime)
    is_zip64 = member.size >= MAYBE_LARGE
    moment = _dos_time(seconds)
    return Item(name, member.status.st_mode & MAX_16, moment, seconds, flags, method, is_zip64)


def end(count: int, size: int, offset: int) -> bytes:
    """The records after a directory of so many entries and bytes."""
    last = _END.pack(
        b"PK\5\6",
        0,
        0,
        min(count, MAX_16),
        min(count, MAX_16),
        min(size, MAX_32),
        min(offset, MAX_32),
        0,
    )
    if count < MAX_16 and size < MAX_32 and offset < MAX_32:
        return last
    version = UNIX | ZIP64_VERSION
    return (
        _END64.pack(
            b"PK\6\6", _END64.size - 12, version, ZIP64_VERSION, 0, 0, count, count, size, offset
        )
        + _LOCATOR.pack(b"PK\6\7", 0, offset + size, 1)
        + last
    )


def harmless(name: str) -> str:
    """A name that stays inside the folder that it is unpacked to, on Windows as well.

    Backslashes are characters like others here; there they lead through folders, and could lead
    out. Then, and only then, they are stored as ``_``.
    """
    if "\\" not in name:
        return name
    steps = re.split(r"[\\/]", name)
    leads_out = "" in steps or ".." in steps or _DRIVE.match(name)
    return name.replace("\\", "_") if leads_out else name


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _timestamp(seconds: int) -> bytes:
    """The extended timestamp, where a moment fits into it: seconds in UTC."""
    if not -(1 << 31) <= seconds < 1 << 31:
        return b""
    return _TIME.pack(0x5455, 5, 1, seconds)


def _dos_time(seconds: int) -> tuple[int, int]:
    """Time and date as DOS has them: local, even seconds, from 1980 to 2107."""
    try:
        moment = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return 0, 1 << 5 | 1
    if moment.tm_year < 1980:
        return 0, 1 << 5 | 1
    if moment.tm_year > 2107:
        return 23 << 11 | 59 << 5 | 29, 127 << 9 | 12 << 5 | 31
    clock = moment.tm_hour << 11 | moment.tm_min << 5 | min(moment.tm_sec, 59) >> 1
    return clock, moment.tm_year - 1980 << 9 | moment.tm_mon << 5 | moment.tm_mday
