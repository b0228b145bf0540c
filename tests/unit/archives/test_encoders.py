"""What compresses tar streams, read back by the standard library and its kin."""

import gzip
import lzma
import os
import sys
from collections.abc import Callable

import pytest

from octyne.aio import Helpers
from octyne.archives import encoders
from octyne.archives.encoders import Encoder, Out

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"".join(b"line %d of a log\n" % number for number in range(200_000))
PIECES = {
    "nothing": [],
    "empty": [b"", b""],
    "small": [b"a", b"", b"bc"],
    "text": [TEXT[start : start + 300_000] for start in range(0, len(TEXT), 300_000)],
    "random": [os.urandom(100_000) for _ in range(5)],
    "xz blocks": [TEXT, TEXT, TEXT],
}


def unzstd(data: bytes) -> bytes:
    """One frame that doesn't say its size."""
    return zstd.decompress(data)


UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "xz": lzma.decompress,
    "zstd": unzstd,
    "none": bytes,
}


def encoder(kind: str, helpers: Helpers, out: Out) -> Encoder:
    """One of each kind."""
    match kind:
        case "gzip":
            return encoders.Gzip(helpers, out)
        case "xz":
            return encoders.Xz(helpers, out)
        case "zstd":
            return encoders.Zstd(2, encoders.ZSTD_WINDOW_LOG, out)
        case _:
            return encoders.Plain(out)


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
@pytest.mark.parametrize("kind", UNPACK)
def test_it_comes_back(kind: str, pieces: list[bytes]) -> None:
    """Whole, in its order, whatever the pieces are."""
    packed: list[bytes] = []
    with Helpers("test", 2) as helpers:
        made = encoder(kind, helpers, packed.append)
        for piece in pieces:
            made.feed(piece)
        made.finish()

    assert UNPACK[kind](b"".join(packed)) == b"".join(pieces)
