"""An app's directory to pack, and archives read back."""

import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

from octyne.archives import pack
from octyne.archives.progress import Progress
from octyne.files.service import Files
from support import needs

TIME = 1_600_000_000


class Yard:
    """A directory of an app, and what packs it."""

    def __init__(self, place: Path) -> None:
        self.directory = place / "app"
        self.directory.mkdir()
        self.files = Files(str(place / "state"))
        self.files.recover()

    def put(self, name: str, content: bytes | str = b"content", mode: int = 0o644) -> Path:
        """Make a file."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        os.utime(path, (TIME, TIME))
        return path

    def pack(
        self,
        path: str,
        names: list[str],
        *,
        compress: str = "",
        base: str = "",
        progress: Progress | None = None,
    ) -> Path:
        """Pack; the type is in the archive's name."""
        kind = "zip" if path.endswith(".zip") else "tar"
        request = pack.parse_request(kind, compress, path=path, base=base, names=names)
        built = pack.build(self.files, str(self.directory), request, progress or Progress())
        try:
            built.put()
        finally:
            built.close()
        return self.directory / path

    def is_clean(self) -> bool:
        """Whether nothing hidden is left, and no record of it."""
        hidden = list(self.directory.rglob(".octyne-*"))
        return not hidden and not os.listdir(f"{self.files.directory}/hidden")


def contents(archive: Path) -> dict[str, bytes | str | None]:
    """Content of files, None for folders, targets of symlinks; after other tools found it whole."""
    if archive.name.endswith(".zip"):
        check = [needs.program("unzip"), "-tqq", str(archive)]
        if archive.stat().st_size > 22:  # it warns of an empty one
            subprocess.run(check, check=True, capture_output=True)
        with zipfile.ZipFile(archive) as found:
            assert found.testzip() is None
            return {each.filename.rstrip("/"): _in_zip(found, each) for each in found.infolist()}
    subprocess.run([needs.program("tar"), "-tf", str(archive)], check=True, capture_output=True)
    with tarfile.open(archive) as tar:
        return {each.name: _in_tar(tar, each) for each in tar.getmembers()}


def _in_zip(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> bytes | str | None:
    if item.is_dir():
        return None
    content = archive.read(item)
    return content.decode() if item.external_attr >> 28 == 0o12 else content


def _in_tar(archive: tarfile.TarFile, item: tarfile.TarInfo) -> bytes | str | None:
    if item.isdir():
        return None
    if item.issym():
        return item.linkname
    reader = archive.extractfile(item)
    assert reader is not None
    return reader.read()


def tar_names(archive: Path) -> list[str]:
    """What a tar of any compression holds, as GNU tar reads it to its end."""
    command = [needs.program("tar"), "-tf", str(archive)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
