"""The bytes of a compressed file, in order, never more than a piece of them in memory."""

import bz2
import lzma
import os
import sys
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from isal import igzip_lib

from octyne.archives.errors import BrokenArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd as zstd_library
else:
    from backports import zstd as zstd_library

PACKED_PIECE = 128 << 10
PIECE = 1 << 20
MEMORY_LIMIT = 256 << 20  # bytes that a decoder may want
ZSTD_WINDOW_LOG = 27  # as the zstd program has it without --long=31
MAX_EMPTY = 1_000  # streams without content, one after another

DAMAGED = "Its compressed data is damaged."
CUT_OFF = "It is cut off."

Check = Callable[[], None]
BAD_DATA: tuple[type[Exception], ...] = (  # what decoders say of it; bz2 says OSError
    cast("type[Exception]", igzip_lib.IsalError),  # its stub takes it for an instance
    lzma.LZMAError,
    zstd_library.ZstdError,
    OSError,
    EOFError,
    ValueError,
)


class Decoder(Protocol):
    """What all decoders of the formats have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end was found."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether more comes only from more data."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What stood behind the end."""
        ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most so many bytes; raises one of `BAD_DATA`."""
        ...


def inflate() -> Decoder:
    """For raw deflate, as zips have it."""
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)


def _gzip() -> Decoder:
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _zstd() -> Decoder:
    options: dict[int, int] = {zstd_library.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    return zstd_library.ZstdDecompressor(options=options)


def _xz() -> Decoder:
    return lzma.LZMADecompressor(memlimit=MEMORY_LIMIT)


def plain(descriptor: int, check: Check) -> Iterator[bytes]:
    """A file as it is."""
    return _pieces(descriptor, PIECE, check)


def gzip(descriptor: int, check: Check) -> Iterator[bytes]:
    """A gzip file, of one stream or several."""
    return _decoded(_Packed(descriptor, check), _gzip)


def bzip2(descriptor: int, check: Check) -> Iterator[bytes]:
    """A bzip2 file, of one stream or several."""
    return _decoded(_Packed(descriptor, check), bz2.BZ2Decompressor)


def xz(descriptor: int, check: Check) -> Iterator[bytes]:
    """An xz file, of one stream or several."""
    return _decoded(_Packed(descriptor, check), _xz)


def zstd(descriptor: int, check: Check) -> Iterator[bytes]:
    """A Zstandard file, of one frame or several."""
    return _decoded(_Packed(descriptor, check), _zstd)


class _Packed:
    """The compressed file, with what a decoder gives back put before the rest."""

    def __init__(self, descriptor: int, check: Check) -> None:
        self._file = descriptor
        self._check = check
        self._offset = 0
        self._given_back = b""

    def read(self, size: int = PACKED_PIECE) -> bytes:
        self._check()
        if self._given_back:
            data, self._given_back = self._given_back, b""
            return data
        data = os.pread(self._file, size, self._offset)
        self._offset += len(data)
        return data

    def give_back(self, data: bytes) -> None:
        self._given_back = data

    def is_at_end(self) -> bool:
        """Whether nothing follows but zeros, which fill up blocks of tapes; skips them."""
        while data := self.read():
            rest = data.lstrip(b"\0")
            if rest:
                self.give_back(rest)
                return False
        return True


def _decoded(packed: _Packed, make: Callable[[], Decoder]) -> Iterator[bytes]:
    empty = 0
    while empty < MAX_EMPTY:
        empty += 1
        decoder = make()
        while not decoder.eof:
            piece = _decode(decoder, packed)
            if piece:
                empty = 0
                yield piece
        packed.give_back(decoder.unused_data)
        if packed.is_at_end():
            return
    raise BrokenArchiveError("It consists of many empty streams.")


def _decode(decoder: Decoder, packed: _Packed) -> bytes:
    data = b""
    if decoder.needs_input:
        data = packed.read()
        if not data:
            raise BrokenArchiveError(CUT_OFF)
    try:
        return decoder.decompress(data, PIECE)
    except BAD_DATA as error:
        if "limit" in str(error) or "memory" in str(error):
            raise BrokenArchiveError("It takes too much memory to unpack.") from error
        raise BrokenArchiveError(DAMAGED) from error


def _pieces(descriptor: int, size: int, check: Check) -> Iterator[bytes]:
    offset = 0
    while data := os.pread(descriptor, size, offset):
        check()
        offset += len(data)
        yield data


class Stream:
    """Reads pieces as if they were one file that only goes forward."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._used = 0

    def some(self, most: int) -> bytes:
        """At least a byte and at most ``most``; b"" at the end."""
        while self._used >= len(self._piece):
            self._piece, self._used = next(self._pieces, b""), 0
            if not self._piece:
                return b""
        begin, self._used = self._used, min(len(self._piece), self._used + most)
        return self._piece[begin : self._used]

    def exact(self, size: int) -> bytes:
        """So many bytes, or b"" when it ends right here.

        Raises:
            BrokenArchiveError: it ends in the middle of them.
        """
        found = self.some(size)
        if not found or len(found) == size:
            return found
        parts = [found]
        missing = size - len(found)
        while missing:
            found = self.some(missing)
            if not found:
                raise BrokenArchiveError(CUT_OFF)
            parts.append(found)
            missing -= len(found)
        return b"".join(parts)
