"""Archives for tests, the worst ones made by hand; and unpacking without a daemon around it."""

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from octyne.aio import Workers
from octyne.archives import unpack
from octyne.archives.progress import Progress
from octyne.config.model import ArchivesConfig
from octyne.files.service import Files

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TarEntry = tuple[str, bytes] | tarfile.TarInfo


class Box:
    """An app's directory with something outside of it, and the unpacking of archives in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "app"
        self.directory.mkdir()
        self.outside = directory / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_text("old")
        self.files = Files(str(directory / "state"))
        self.files.recover()
        self.workers = Workers("test", 2)
        self.progress = Progress()

    async def unpack(
        self,
        archive: bytes,
        name: str = "a.zip",
        to: str = "out",
        limits: ArchivesConfig | None = None,
    ) -> None:
        """Put an archive into the directory and unpack it."""
        (self.directory / name).write_bytes(archive)
        request = unpack.UnpackRequest(name, to, limits or ArchivesConfig())
        directory = str(self.directory)
        unpack.prepare(directory, request)
        await unpack.unpack(self.files, directory, request, "ann", self.progress, self.workers)

    def tree(self) -> dict[str, str]:
        """All that is in the directory but the archives: content, link target or "/"."""
        found: dict[str, str] = {}
        for path in sorted(self.directory.rglob("*")):
            name = str(path.relative_to(self.directory))
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_dir():
                found[name] = "/"
            elif not name.startswith("a."):
                found[name] = path.read_text(errors="replace")
        return found

    def is_clean(self) -> bool:
        """Nothing outside is touched, nothing hidden is left, no record of it either."""
        outside = {path.name: path.read_text() for path in self.outside.iterdir()}
        beside = {path.name for path in self.directory.parent.iterdir()}
        hidden = [name for name in self.tree() if ".octyne" in name]
        records = [path for path in Path(self.files.directory).rglob("*") if path.is_file()]
        return (
            outside == {"secret": "old"}
            and beside == {"app", "outside", "state"}
            and not hidden
            and not records
        )

    def close(self) -> None:
        """End the threads."""
        self.workers.close()
        self.files.close()


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip made by the standard library, deflated."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            if not isinstance(name, zipfile.ZipInfo):
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = 0
            archive.writestr(info, data)
    return made.getvalue()


def unix(name: str, mode: int) -> zipfile.ZipInfo:
    """A zip member of a Unix, with a type and mode."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def tar_of(*members: TarEntry, form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar made by the standard library."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member, io.BytesIO(b"x" * member.size))
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return made.getvalue()


def tar_entry(name: str, kind: bytes, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """A tar member that is no file."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    info.mode = mode
    return info


def raw_zip(members: list[tuple[bytes, bytes]], *, count: int | None = None, **lies: int) -> bytes:
    """A zip written by hand, all stored, whose directory may lie: ``size``, ``packed``, ``at``."""
    body, lines = b"", b""
    for name, data in members:
        checksum = zlib.crc32(data)
        sizes = (lies.get("packed", len(data)), lies.get("size", len(data)))
        at = lies.get("at", len(body))
        local = struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, 0x800, 0, 0, 33, checksum, *sizes, len(name), 0
        )
        body += local + name + data
        lines += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0x800, 0, 0, 33, checksum, *sizes,
            len(name), 0, 0, 0, 0, 0, at,
        ) + name  # fmt: skip
    shown = len(members) if count is None else count
    shown = min(shown, 0xFFFF)
    return (
        body
        + lines
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, shown, shown, len(lines), len(body), 0)
    )


def _zstd(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def _packers() -> dict[str, Callable[[bytes], bytes]]:
    return {
        "a.tar": bytes,
        "a.tar.gz": gzip.compress,
        "a.tar.bz2": bz2.compress,
        "a.tar.xz": lzma.compress,
        "a.tar.zst": _zstd,
    }


TARS = _packers()
