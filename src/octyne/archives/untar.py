"""Takes the members out of a tar, compressed or not, one after another."""

import os
from collections.abc import Callable, Iterator

from octyne.archives import streams
from octyne.archives.claims import Member, MemberKind, member_parts
from octyne.archives.staging import Staging, fill, seal
from octyne.archives.streams import Check, Stream
from octyne.archives.tar_headers import TarHeaders

Opener = Callable[[int, Check], Iterator[bytes]]


def untar(descriptor: int, staging: Staging, opener: Opener = streams.plain) -> None:
    """Unpack a whole tar into ``staging``. Blocks.

    Raises:
        BrokenArchiveError: it is damaged, or must not be unpacked.
        OSError: something can't be written.
    """
    headers = TarHeaders(Stream(opener(descriptor, staging.budget.check)))
    for member in headers.members():
        if member.kind is MemberKind.HARD_LINK:
            staging.add_hard_link(member, member_parts(member.target))
            continue
        file = staging.add(member)
        if file is not None:
            _take_out(headers, member, file, staging)


def _take_out(headers: TarHeaders, member: Member, file: int, staging: Staging) -> None:
    try:
        for piece in headers.content(member):
            staging.budget.spend(len(piece))
            fill(file, piece)
        seal(file, member)
    finally:
        os.close(file)
