"""Files that shrink while they are read, in a tar."""

import io
import os
import tarfile

import pytest

from octyne.archives.encoders import Plain
from octyne.archives.members import Walk
from octyne.archives.progress import Progress
from octyne.archives.tar_writer import TarWriter
from octyne.system.paths.folder import Root
from support.packing import Yard


@pytest.mark.parametrize("size", [1000, 3 << 20], ids=["small", "large"])
def test_a_file_that_shrinks_is_filled_up(yard: Yard, size: int) -> None:
    """Its header is out, with a size that has to be kept."""
    yard.put("file", b"x" * size)
    packed: list[bytes] = []
    with Root.open(str(yard.directory)) as root:
        walk = iter(Walk(root, (), [()], lambda _: False))
        member = next(walk)
        os.truncate(yard.directory / "file", 10)
        TarWriter(Plain(packed.append), Progress()).write(iter([member]))
        walk.close()  # type: ignore[attr-defined]

    with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
        content = archive.extractfile("file")
        assert content is not None
        assert content.read() == b"x" * 10 + bytes(size - 10)


def test_a_file_that_grows_is_cut(yard: Yard) -> None:
    """At the size that it had: one that is written all the time comes to an end."""
    yard.put("file", b"x" * 1000)
    packed: list[bytes] = []
    with Root.open(str(yard.directory)) as root:
        walk = iter(Walk(root, (), [()], lambda _: False))
        member = next(walk)
        yard.put("file", b"y" * 5000)
        TarWriter(Plain(packed.append), Progress()).write(iter([member]))
        walk.close()  # type: ignore[attr-defined]

    with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
        assert archive.getmember("file").size == 1000
