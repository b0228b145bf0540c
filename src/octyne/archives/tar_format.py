"""The bytes of tar archives: POSIX ustar headers, with pax records where those don't suffice."""

import zlib

from octyne.archives.members import Member

BLOCK = 512
END = bytes(BLOCK * 2)
MAX_NAME = 100
MAX_PREFIX = 155
MAX_ID = 0o7777777
MAX_NUMBER = 0o77777777777  # 8 GiB; seconds until 2242

SUM_BEGIN, SUM_END = 148, 156
_OWNER_NAMES, _DEVICE, _PADDING = bytes(64), b"0000000\0", bytes(12)
_HEADER = (
    b"%b%07o\0%07o\0%07o\0%011o\0%011o\0        %b%bustar\x0000"
    + _OWNER_NAMES
    + _DEVICE
    + _DEVICE
    + b"%b"
    + _PADDING
)  # its sum is that with spaces where the sum will be
Numbers = tuple[int, int, int, int, int]

FILE, LINK, FOLDER, EXTENDED = b"0", b"2", b"5", b"x"


def header(member: Member) -> bytes:
    """All that stands before a member's content. Times are whole seconds."""
    status = member.status
    is_folder = member.is_folder
    kind = FOLDER if is_folder else LINK if member.is_link else FILE
    name = _bytes(member.name) + (b"/" if is_folder else b"")
    target = _bytes(member.target)
    user, group, size, seconds = status.st_uid, status.st_gid, member.size, int(status.st_mtime)
    records: dict[bytes, bytes] = {}
    prefix, short = _split(name)
    if not short:
        records[b"path"], short = name, name[:MAX_NAME]
    if len(target) > MAX_NAME or not target.isascii():
        records[b"linkpath"] = target
    if user > MAX_ID:
        records[b"uid"], user = b"%d" % user, 0
    if group > MAX_ID:
        records[b"gid"], group = b"%d" % group, 0
    if size > MAX_NUMBER:
        records[b"size"], size = b"%d" % size, 0
    if not 0 <= seconds <= MAX_NUMBER:
        records[b"mtime"], seconds = b"%d" % seconds, 0
    numbers = (status.st_mode & 0o7777, user, group, size, seconds)
    plain = _block(prefix, short, numbers, kind, target[:MAX_NAME])
    return _extended(records) + plain if records else plain


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Prefix and name of the ustar header; the name is empty when it doesn't fit."""
    if not name.isascii():
        return b"", b""
    if len(name) <= MAX_NAME:
        return b"", name
    cut = name.find(b"/", max(0, len(name) - MAX_NAME - 1))
    if 0 < cut <= MAX_PREFIX and cut < len(name) - 1:
        return name[:cut], name[cut + 1 :]
    return b"", b""


def _block(prefix: bytes, name: bytes, numbers: Numbers, kind: bytes, target: bytes) -> bytes:
    """One header; the numbers are mode, user, group, size and time."""
    block = _HEADER % (
        name.ljust(MAX_NAME, b"\0"),
        *numbers,
        kind,
        target.ljust(MAX_NAME, b"\0"),
        prefix.ljust(MAX_PREFIX, b"\0"),
    )
    return b"%b%06o\0 %b" % (block[:SUM_BEGIN], _sum(block), block[SUM_END:])


def _sum(data: bytes) -> int:
    """The sum of a header's bytes: Adler's first half, as long as that is below 65521.

    It is: of name, prefix and target two at most are long and not ASCII. `sum` takes ten times
    longer.
    """
    return (zlib.adler32(data) & 0xFFFF) - 1


def _extended(records: dict[bytes, bytes]) -> bytes:
    """A pax header of its own, before the plain one."""
    try:
        b"".join(records.values()).decode()
    except UnicodeDecodeError:
        records = {b"hdrcharset": b"BINARY", **records}
    body = b"".join(_record(key, value) for key, value in records.items())
    head = _block(b"", b"././@PaxHeader", (0o644, 0, 0, len(body), 0), EXTENDED, b"")
    return head + body + bytes(-len(body) % BLOCK)


def _record(key: bytes, value: bytes) -> bytes:
    """A pax record begins with its own length."""
    rest = b" %b=%b\n" % (key, value)
    size = len(rest) + len(str(len(rest)))
    size = len(rest) + len(str(size))
    return b"%d%b" % (size, rest)


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
