"""The headers of a tar: POSIX ustar and pax, GNU long names, the old format. No file is touched.

Source: POSIX.1-2017, pax; the GNU tar manual, "Basic Tar Format".
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

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
from octyne.archives.streams import CUT_OFF, Stream

BLOCK = 512
MAX_EXTENDED = 1 << 20  # bytes of a header that extends another
MAX_EXTENDED_IN_A_ROW = 16
MAX_BEHIND = 16 << 20  # bytes read behind the end, for the checksum that may be there

BROKEN_HEADER = "A header in it is damaged."
_NOTHING = bytes(BLOCK)
_SPARSE = "is a sparse file, which can't be unpacked here"
_KINDS = {
    b"0": MemberKind.FILE,
    b"\0": MemberKind.FILE,
    b"7": MemberKind.FILE,
    b"1": MemberKind.HARD_LINK,
    b"2": MemberKind.SYMLINK,
    b"5": MemberKind.FOLDER,
}


@dataclass(slots=True)
class _Extended:
    """What headers before a header say of it."""

    name: str | None = None
    target: str | None = None
    size: int | None = None
    mtime_s: float | None = None
    is_sparse: bool = False
    seen: int = 0


@dataclass(slots=True)
class TarHeaders:
    """Iterates over the members. Between two, the caller reads or skips a file's content.

    Raises:
        BrokenArchiveError: it is damaged, or must not be unpacked.
    """

    stream: Stream
    _labels: int = 0

    def members(self) -> Iterator[Member]:
        """All of them, up to the mark at the end."""
        is_first = True
        extended = _Extended()
        while block := self._block(is_first=is_first):
            is_first = False
            if not self._extend(block, extended):
                yield _member(block, extended)
                extended = _Extended()
        if extended.seen:
            raise BrokenArchiveError(CUT_OFF)
        self._drain()

    def content(self, member: Member) -> Iterator[bytes]:
        """The bytes of a file, piece by piece; all of them must be taken."""
        left = member.size
        while left:
            piece = self.stream.some(left)
            if not piece:
                raise refused(member.name, "is cut off")
            left -= len(piece)
            yield piece
        self._skip_padding(member.size)

    def _block(self, *, is_first: bool) -> bytes:
        """The next header, or b"" at the mark of the end."""
        block = self.stream.exact(BLOCK)
        if not block:
            raise BrokenArchiveError("It is empty." if is_first else CUT_OFF)
        if block != _NOTHING:
            _check_sum(block)
            return block
        if self.stream.exact(BLOCK) not in (_NOTHING, b""):
            raise BrokenArchiveError(BROKEN_HEADER)
        return b""

    def _extend(self, block: bytes, extended: _Extended) -> bool:
        """Take in a header that tells of the next one; False when it is a member's own."""
        kind = block[156:157]
        if kind not in b"xXgLKV":
            return False
        extended.seen += 1
        size = _number(block[124:136])
        if extended.seen > MAX_EXTENDED_IN_A_ROW or size > MAX_EXTENDED:
            raise BrokenArchiveError(BROKEN_HEADER)
        data = self.stream.exact(size) if size else b""
        if len(data) != size:
            raise BrokenArchiveError(CUT_OFF)
        self._skip_padding(size)
        if kind == b"V":  # a label
            extended.seen -= 1
            self._count_label()
        elif kind == b"L":
            extended.name = _text(data)
        elif kind == b"K":
            extended.target = _text(data)
        elif kind == b"g":
            _refuse_for_all(data)
        else:
            _apply(data, extended)
        return True

    def _count_label(self) -> None:
        self._labels += 1
        if self._labels > MAX_EXTENDED_IN_A_ROW:
            raise BrokenArchiveError(BROKEN_HEADER)

    def _skip_padding(self, size: int) -> None:
        padding = -size % BLOCK
        if padding and not self.stream.exact(padding):
            raise BrokenArchiveError(CUT_OFF)

    def _drain(self) -> None:
        """Read on, so that the decoder sees its checksum."""
        left = MAX_BEHIND
        while left > 0 and (piece := self.stream.some(left)):
            left -= len(piece)


def _check_sum(block: bytes) -> None:
    said = _number(block[148:156])
    rest = block[:148] + b" " * 8 + block[156:]
    if sum(rest) == said:
        return
    signed = sum(byte - 256 if byte > 127 else byte for byte in rest)
    if signed != said:
        raise BrokenArchiveError(BROKEN_HEADER)


def _number(text: bytes) -> int:
    """A field: octal digits, or binary where those don't suffice."""
    if text[0] & 0x80:
        value = int.from_bytes(bytes([text[0] & 0x7F]) + text[1:], "big")
        if text[0] & 0x40:
            value -= 1 << (8 * len(text) - 1)
        return value
    digits = text.split(b"\0", 1)[0].strip()
    if not digits:
        return 0
    if not digits.isdigit():
        raise BrokenArchiveError(BROKEN_HEADER)
    try:
        return int(digits, 8)
    except ValueError as error:
        raise BrokenArchiveError(BROKEN_HEADER) from error


def _text(data: bytes) -> str:
    """A name; what stands behind a NUL byte was never part of it."""
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The fields of a pax header, each as its length, a blank, NAME=VALUE and a line end."""
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 10)
        digits = data[at:space] if space > at else b""
        length = int(digits) if digits.isdigit() else 0
        record = data[space + 1 : at + length]
        name, equals, value = record.partition(b"=")
        if at + length > len(data) or not equals or not value.endswith(b"\n"):
            raise BrokenArchiveError(BROKEN_HEADER)
        yield name, value[:-1]
        at += length


def _apply(data: bytes, extended: _Extended) -> None:
    for name, value in _records(data):
        text = value.decode("utf-8", "surrogateescape")
        if name == b"path":
            extended.name = text
        elif name == b"linkpath":
            extended.target = text
        elif name == b"size":
            if not value.isdigit() or len(value) > 19:
                raise BrokenArchiveError(BROKEN_HEADER)
            extended.size = int(value)
        elif name == b"mtime":
            with suppress(ValueError):
                extended.mtime_s = float(text)
        elif name.startswith(b"GNU.sparse."):
            extended.is_sparse = True


def _refuse_for_all(data: bytes) -> None:
    """Names and sizes that all members share make no sense; the rest doesn't matter here."""
    if any(name in (b"path", b"linkpath", b"size") for name, _ in _records(data)):
        raise BrokenArchiveError("A header in it gives all members the same name or size.")


def _member(block: bytes, extended: _Extended) -> Member:
    name = extended.name if extended.name is not None else _name(block)
    parts = member_parts(name)
    flag = block[156:157]
    if flag == b"S" or extended.is_sparse:
        raise refused(name, _SPARSE)
    kind = _KINDS.get(flag)
    if kind is None:
        raise refused(name, "is neither file, folder nor link")
    if kind is MemberKind.FILE and name.endswith("/"):
        kind = MemberKind.FOLDER  # in the old format
    size = extended.size if extended.size is not None else _number(block[124:136])
    if size < 0:
        raise refused(name, "has a size below zero")
    default = FOLDER_MODE if kind is MemberKind.FOLDER else FILE_MODE
    has_mode = block[100:108].strip(b" \0")
    mtime_s = extended.mtime_s if extended.mtime_s is not None else _number(block[136:148])
    return Member(
        name=name,
        parts=parts,
        kind=kind,
        mode=_number(block[100:108]) & PERMISSIONS if has_mode else default,
        mtime_ns=clamped_ns(mtime_s),
        target=extended.target if extended.target is not None else _text(block[157:257]),
        size=size if kind is MemberKind.FILE else 0,
    )


def _name(block: bytes) -> str:
    name = _text(block[:100])
    is_posix = block[257:263] == b"ustar\0"
    prefix = _text(block[345:500]) if is_posix else ""
    return f"{prefix}/{name}" if prefix else name
