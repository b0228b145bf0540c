"""Zips of sizes and counts that need 64 bits, and zips that can't be patched."""

import io
import os
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from octyne.aio import Helpers
from octyne.archives import zip_format
from octyne.archives.members import Member, Walk
from octyne.archives.progress import Progress
from octyne.archives.sinks import CallSink
from octyne.archives.zip_writer import ZipWriter
from octyne.system.paths.folder import Root
from support import needs
from support.packing import Yard, contents

FOLDER = os.stat_result((stat.S_IFDIR | 0o755, 1, 1, 1, 0, 0, 0, 0, 1_700_000_000, 0))


def streamed(yard: Yard) -> bytes:
    """A zip that is only ever appended to."""
    sent: list[bytes] = []
    with Root.open(str(yard.directory)) as root, Helpers("test", 2) as helpers:
        walk = Walk(root, (), [()], lambda _: False)
        ZipWriter(CallSink(sent.append), helpers, Progress(), deflates=True).write(iter(walk))
    return b"".join(sent)


def test_more_members_than_16_bits_count() -> None:
    """65,535 is where zip64 begins."""
    sent: list[bytes] = []
    with Helpers("test", 2) as helpers:
        writer = ZipWriter(CallSink(sent.append), helpers, Progress(), deflates=True)
        writer.write(Member(str(number), FOLDER) for number in range(66_000))

    with zipfile.ZipFile(io.BytesIO(b"".join(sent))) as found:
        assert len(found.infolist()) == 66_000


def test_large_files_take_zip64(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if large began at 1 MiB; the real 4 GiB take too long here."""
    monkeypatch.setattr(zip_format, "MAYBE_LARGE", 1 << 20)
    content = os.urandom(2_000_000)
    yard.put("large", content)
    yard.put("small")

    assert contents(yard.pack("a.zip", [""])) == {"large": content, "small": b"content"}


@pytest.mark.parametrize("large", [1 << 20, 1 << 40], ids=["zip64", "plain"])
def test_a_stream_has_its_sizes_behind(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """And every program reads it."""
    monkeypatch.setattr(zip_format, "MAYBE_LARGE", large)
    content = b"text " * 1_000_000
    yard.put("large", content)
    yard.put("small")
    (tmp_path / "a.zip").write_bytes(streamed(yard))

    assert contents(tmp_path / "a.zip") == {"large": content, "small": b"content"}
    subprocess.run([needs.program("unzip"), "-tqq", tmp_path / "a.zip"], check=True)
