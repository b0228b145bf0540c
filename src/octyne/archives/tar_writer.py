"""Writes a tar archive: headers and small files in threads, large files as they are read.

A file that shrinks or vanishes while it is read is filled up with zeros: its header is out by then.
"""

import os
from collections.abc import Iterator

from octyne.aio import Crew
from octyne.archives import tar_format
from octyne.archives.encoders import Encoder
from octyne.archives.members import GROUP_BYTES, Member, grouped, is_large, read
from octyne.archives.progress import Progress
from octyne.archives.sinks import InOrder

Rendered = tuple[bytes, int, int]  # bytes of the archive; content bytes and members in them


def write(members: Iterator[Member], encoder: Encoder, crew: Crew, progress: Progress) -> None:
    """Write all members. Blocks until the last byte was handed on.

    Raises:
        CancelledError: the job was told to end.
        DeniedError: a file is closed to us.
        OSError: reading or writing failed.
    """

    def take(rendered: Rendered) -> None:
        data, size, entries = rendered
        encoder.feed(data)
        progress.advance(size, entries)

    groups: InOrder[Rendered] = InOrder(crew, take)
    for group in grouped(members):
        if is_large(group):
            groups.finish()
            _large(group[0], encoder, progress)
        else:
            groups.put(_render, group)
    groups.finish()
    encoder.feed(tar_format.END)
    encoder.finish()


def _render(group: list[Member]) -> Rendered:
    pieces: list[bytes] = []
    size = 0
    for member in group:
        if member.held is None:
            pieces.append(tar_format.header(member))
        elif (data := member.read()) is not None:
            pieces += (
                tar_format.header(member),
                data,
                bytes(member.size - len(data)),
                tar_format.padding(member.size),
            )
            size += member.size
    return b"".join(pieces), size, len(group)


def _large(member: Member, encoder: Encoder, progress: Progress) -> None:
    descriptor = member.open()
    if descriptor is None:
        return
    try:
        encoder.feed(tar_format.header(member))
        for offset in range(0, member.size, GROUP_BYTES):
            wanted = min(GROUP_BYTES, member.size - offset)
            data = read(descriptor, wanted, offset)
            encoder.feed(data + bytes(wanted - len(data)) if len(data) < wanted else data)
            progress.advance(wanted)
    finally:
        os.close(descriptor)
    encoder.feed(tar_format.padding(member.size))
    progress.advance(0, 1)
