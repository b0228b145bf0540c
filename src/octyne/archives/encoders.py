"""What compresses a tar stream. The libraries were chosen by measuring: docs/adr/0007."""

import lzma
import struct
import sys
from collections.abc import Callable
from typing import Protocol

from zlib_ng import zlib_ng

from octyne.aio import Helpers
from octyne.archives.sinks import InOrder

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_LEVEL = 3
GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
GZIP_END = b"\3\0"  # a last, empty block
BLOCK_BYTES = 1 << 20  # compressed by a thread at once
DICTIONARY = 32 << 10  # bytes that deflate looks back
XZ_LEVEL = 1
XZ_BLOCK = 8 << 20
XZ_STEP = 1 << 20
ZSTD_LEVEL = 2
ZSTD_WINDOW_LOG = 27  # the longest that any decoder takes without being told
ZSTD_SMALL_WINDOW_LOG = 23
# Of far repetitions one place in 1024 is remembered, not one in 128: those of a window take 1 MiB,
# which the processor's cache holds.
ZSTD_FAR_RATE_LOG = 10

Out = Callable[[bytes], None]


class Encoder(Protocol):
    """Takes a stream in pieces of any size.

    Attributes:
        piece_bytes: how large they had better be, about.
    """

    piece_bytes: int

    def feed(self, data: bytes) -> None: ...  # noqa: D102
    def finish(self) -> None: ...  # noqa: D102


class Plain:
    """No compression."""

    piece_bytes = BLOCK_BYTES

    def __init__(self, out: Out) -> None:
        self.feed = out

    def finish(self) -> None:
        """Nothing is left."""


class Gzip:
    """One gzip member, its pieces deflated in parallel, each with the end of the one before."""

    piece_bytes = BLOCK_BYTES

    def __init__(self, helpers: Helpers, out: Out) -> None:
        self._out = out
        self._blocks: InOrder[bytes] = InOrder(helpers, out)
        self._crc = self._size = 0
        self._before = b""
        out(GZIP_HEAD)

    def feed(self, data: bytes) -> None:
        """Take a piece."""
        self._crc = zlib_ng.crc32(data, self._crc)
        self._size += len(data)
        self._blocks.put(_deflate, data, self._before)
        self._before = data[-DICTIONARY:]

    def finish(self) -> None:
        """Write what is left."""
        self._blocks.finish()
        self._out(GZIP_END + struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))


def _deflate(data: bytes, before: bytes) -> bytes:
    packer = zlib_ng.compressobj(GZIP_LEVEL, zlib_ng.DEFLATED, -15, zdict=before)
    return packer.compress(data) + packer.flush(zlib_ng.Z_SYNC_FLUSH)


class Xz:
    """Streams of 8 MiB of content one after another, which is one .xz file as well."""

    piece_bytes = BLOCK_BYTES

    def __init__(self, helpers: Helpers, out: Out) -> None:
        self._helpers = helpers
        self._blocks: InOrder[bytes] = InOrder(helpers, out)
        self._waiting = bytearray()
        self._is_begun = False

    def feed(self, data: bytes) -> None:
        """Take a piece."""
        self._waiting += data
        while len(self._waiting) >= XZ_BLOCK:
            self._block(bytes(memoryview(self._waiting)[:XZ_BLOCK]))
            del self._waiting[:XZ_BLOCK]

    def finish(self) -> None:
        """Write what is left."""
        if self._waiting or not self._is_begun:
            self._block(bytes(self._waiting))
        self._blocks.finish()

    def _block(self, data: bytes) -> None:
        self._is_begun = True
        self._blocks.put(self._pack, data)

    def _pack(self, data: bytes) -> bytes:
        """In steps of a tenth of a second: a job that was given up ends soon."""
        packer = lzma.LZMACompressor(preset=XZ_LEVEL)
        packed = []
        for start in range(0, len(data), XZ_STEP):
            if self._helpers.is_over:
                return b""  # nobody waits for it
            packed.append(packer.compress(memoryview(data)[start : start + XZ_STEP]))
        return b"".join([*packed, packer.flush()])


class Zstd:
    """One zstd frame with a long window; the library has threads of its own."""

    piece_bytes = 64 << 10  # it copies them, from the processor's cache when they are small

    def __init__(self, threads: int, window_log: int, out: Out) -> None:
        self._out = out
        parameter = zstd.CompressionParameter
        options: dict[int, int] = {
            parameter.compression_level: ZSTD_LEVEL,
            parameter.enable_long_distance_matching: 1,
            parameter.window_log: window_log,
            parameter.ldm_hash_rate_log: ZSTD_FAR_RATE_LOG,
            parameter.ldm_hash_log: window_log - ZSTD_FAR_RATE_LOG,
            parameter.checksum_flag: 1,
            parameter.nb_workers: threads if threads > 1 else 0,
        }
        self._packer = zstd.ZstdCompressor(options=options)

    def feed(self, data: bytes) -> None:
        """Take a piece."""
        self._out(self._packer.compress(data))

    def finish(self) -> None:
        """Write what is left."""
        self._out(self._packer.flush())
