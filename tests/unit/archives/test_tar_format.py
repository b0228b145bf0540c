"""Tar headers, read back by the standard library."""

import io
import os
import stat
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from octyne.archives import tar_format
from octyne.archives.members import Member

NAMES = st.text(min_size=1, max_size=80).filter(
    lambda text: "\0" not in text and "/" not in text and text not in (".", "..")
)


def status(mode: int, *, size: int = 0, modified: int = 1_700_000_000) -> os.stat_result:
    """What lstat would say."""
    return os.stat_result((mode, 1, 1, 1, 7, 8, size, 0, modified, 0))


def member(name: str, mode: int = stat.S_IFDIR | 0o755, **more: int) -> Member:
    """A folder, or with another mode a symlink."""
    target = "target" if stat.S_ISLNK(mode) else ""
    return Member(name, status(mode, **more), None, target)


def read_back(data: bytes) -> tarfile.TarInfo:
    """The one member of an archive."""
    with tarfile.open(fileobj=io.BytesIO(data + tar_format.END)) as archive:
        return archive.getmembers()[0]


@given(st.lists(NAMES, min_size=1, max_size=8))
def test_any_name_comes_back(steps: list[str]) -> None:
    """Short and long, ASCII or not, and such as is no UTF-8 at all."""
    name = "/".join(step.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
                    for step in steps)  # fmt: skip

    assert read_back(tar_format.header(member(name))).name == name.rstrip("/")


def test_modes_owners_and_times_come_back() -> None:
    """All twelve bits of the mode."""
    found = read_back(tar_format.header(member("a", stat.S_IFDIR | 0o2750)))

    assert (found.mode, found.uid, found.gid, found.mtime) == (0o2750, 7, 8, 1_700_000_000)
    assert found.isdir()


def test_a_symlink_says_where_it_points() -> None:
    """And has no content."""
    found = read_back(tar_format.header(member("link", stat.S_IFLNK | 0o777, size=6)))

    assert (found.issym(), found.linkname, found.size) == (True, "target", 0)


def test_times_before_1970_come_back() -> None:
    """They take a pax record."""
    assert read_back(tar_format.header(member("a", modified=-5))).mtime == -5


def test_blocks_are_whole() -> None:
    """Also with pax records."""
    assert len(tar_format.header(member("ä" * 300))) % tar_format.BLOCK == 0
