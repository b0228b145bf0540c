"""Archives that want to do harm: refused by name, nothing outside touched, nothing left."""

import io
import random
import shutil
import stat
import struct
import tarfile
import zlib
from collections.abc import Callable

import pytest

from octyne.archives.errors import BrokenArchiveError
from octyne.config.model import ArchivesConfig
from octyne.errors import DaemonError
from support.archives import TARS, Box, TarEntry, raw_zip, tar_entry, tar_of, unix, zip_of

SYM, HARD, FIFO, CHAR, BLOCK = (
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.FIFOTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
)
NAMES = {
    "../evil": "leads out",
    "a/../../evil": "leads out",
    "/tmp/evil": "absolute",
    "//evil": "absolute",
    "..": "leads out",
    "a\\..\\evil": "backslash",
    "\\\\host\\evil": "backslash",
    "C:/evil": "drive",
    "c:evil": "drive",
    "n" * 256: "too long",
    "/".join("d" * 120): "folders deep",
}
TAR_LINKS: dict[str, list[TarEntry]] = {
    "symlink out": [tar_entry("l", SYM, "../../outside")],
    "absolute symlink": [tar_entry("l", SYM, "/etc/passwd")],
    "symlink through a name": [tar_entry("d/l", SYM, "x/../../../..")],
    "symlink to nothing": [tar_entry("l", SYM, "")],
    "file through a symlink": [tar_entry("l", SYM, "x"), ("l/f", b"1")],
    "file through a symlink, both ways": [("l/f", b"1"), tar_entry("l", SYM, "x")],
    "file over a symlink": [tar_entry("l", SYM, "x"), ("l", b"1")],
    "folder through a file": [("l", b"1"), ("l/f", b"1")],
    "hard link out": [tar_entry("l", HARD, "../../outside/secret")],
    "absolute hard link": [tar_entry("l", HARD, "/etc/passwd")],
    "hard link to what isn't there": [tar_entry("l", HARD, "none/x")],
    "hard link to a symlink": [tar_entry("s", SYM, "x"), tar_entry("l", HARD, "s")],
    "hard link to a folder": [tar_entry("d", tarfile.DIRTYPE), tar_entry("l", HARD, "d")],
    "device": [tar_entry("l", CHAR)],
    "disk": [tar_entry("l", BLOCK)],
    "fifo": [tar_entry("l", FIFO)],
    "twice": [("x", b"1"), ("./x", b"2")],
    "the folder itself": [tar_entry("./", SYM, "x")],
    "sparse": [tar_entry("s", tarfile.GNUTYPE_SPARSE)],
    "unknown": [tar_entry("s", b"Z")],
}  # fmt: skip
SMALL = ArchivesConfig(max_members=50, max_bytes=1 << 20, max_depth=10)


async def refusal(
    box: Box, archive: bytes, name: str = "a.zip", limits: ArchivesConfig | None = None
) -> str:
    """Unpack it into the directory itself; why it is refused, when nothing is left of it."""
    with pytest.raises(BrokenArchiveError) as caught:
        await box.unpack(archive, name, "", limits)
    assert str(caught.value) == "An error occurred while decompressing archive!"
    assert box.tree() == {}
    assert box.is_clean()
    return caught.value.reason


@pytest.mark.parametrize("name", NAMES)
async def test_names_that_lead_elsewhere(box: Box, name: str) -> None:
    """In zips and tars, behind members that are well."""
    zipped = await refusal(box, raw_zip([(b"fine", b"1"), (name.encode(), b"1")]))
    tarred = await refusal(box, tar_of(("fine", b"1"), (name, b"1")), "a.tar")

    assert NAMES[name] in zipped
    assert NAMES[name] in tarred
    assert name[:100] in zipped


async def test_names_that_are_none(box: Box) -> None:
    """NUL bytes, nothing, and bytes that are no UTF-8."""
    assert "NUL" in await refusal(box, raw_zip([(b"fine\0../x", b"1")]))
    assert "no name" in await refusal(box, raw_zip([(b"", b"1")]))
    assert "UTF-8" in await refusal(box, raw_zip([(b"\xff\xfe", b"1")]))
    info = tarfile.TarInfo("\udcff")
    assert "UTF-8" in await refusal(box, tar_of(info), "a.tar")


@pytest.mark.parametrize("case", TAR_LINKS)
async def test_links_devices_and_duplicates_in_a_tar(box: Box, case: str) -> None:
    """Each names its member."""
    reason = await refusal(box, tar_of(("fine", b"1"), *TAR_LINKS[case]), "a.tar")

    assert reason.startswith('The member "')


@pytest.mark.parametrize(
    "members",
    [
        [("l", stat.S_IFLNK | 0o777, b"../../outside")],
        [("l", stat.S_IFLNK | 0o777, b"/etc/passwd")],
        [("l", stat.S_IFLNK | 0o777, b"")],
        [("l", stat.S_IFLNK | 0o777, b"x" * 5000)],
        [("l", stat.S_IFLNK | 0o777, b"x"), ("l/f", 0o644, b"1")],
        [("l", stat.S_IFLNK | 0o777, b"x"), ("./l", 0o644, b"1")],
        [("p", stat.S_IFIFO | 0o644, b"")],
        [("p", stat.S_IFBLK | 0o644, b"")],
        [("d/", stat.S_IFREG | 0o644, b"x")],
        [("x", 0o644, b"1"), ("./x", 0o644, b"1")],
    ],
)
async def test_links_devices_and_duplicates_in_a_zip(
    box: Box, members: list[tuple[str, int, bytes]]
) -> None:
    """Each names its member."""
    archive = zip_of(("fine", b"1"), *((unix(name, mode), data) for name, mode, data in members))

    assert (await refusal(box, archive)).startswith('The member "')


async def test_absolute_symlinks_into_the_directory_stay(box: Box) -> None:
    """They lead nowhere else."""
    await box.unpack(tar_of(tar_entry("l", SYM, f"{box.directory}/out/x")), "a.tar")

    assert box.tree()["out/l"] == f"-> {box.directory}/out/x"


# -- too much ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in TARS if name != "a.tar"])
async def test_a_bomb_ends_at_the_ratio(box: Box, name: str) -> None:
    """10 GB say the headers; 300 MiB really follow, from some KiB."""
    info = tarfile.TarInfo("bomb")
    info.size = 300 << 20
    pieces = [info.tobuf(), *[bytes(1 << 20)] * 300]
    pieces[0] = info.tobuf(tarfile.GNU_FORMAT)

    reason = await refusal(box, TARS[name](b"".join(pieces)), name, ArchivesConfig(max_ratio=500))

    assert "times its own size" in reason


async def test_a_zip_bomb_ends_before_anything_is_written(box: Box) -> None:
    """It says itself that it is one."""
    archive = zip_of(*((f"x{index}", bytes(50 << 20)) for index in range(6)))

    assert "times its own size" in await refusal(box, archive, limits=ArchivesConfig(max_ratio=10))
    assert box.progress.bytes_done == 0


async def test_a_zip_that_lies_about_its_size_ends_there(box: Box) -> None:
    """Whatever was inflated."""
    archive = bytearray(zip_of(("bomb", bytes(50 << 20))))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = archive.rindex(signature) + offset
        archive[at : at + 4] = struct.pack("<L", 100)

    assert "larger than" in await refusal(box, bytes(archive))
    assert box.progress.bytes_done <= 1 << 20


async def test_too_many_bytes(box: Box) -> None:
    """Also where no member alone has them."""
    members = [(f"x{index}", bytes(300 << 10)) for index in range(4)]

    assert "more than 1048576 bytes" in await refusal(box, zip_of(*members), limits=SMALL)
    assert "more than 1048576 bytes" in await refusal(box, tar_of(*members), "a.tar", SMALL)


async def test_a_million_members_in_a_directory(box: Box) -> None:
    """Refused before it is read: by the count, or by what the directory really holds."""
    line = raw_zip([(b"x", b"")])
    begin = line.index(b"PK\1\2")
    lines = line[begin : begin + 47] * 1_000_000
    end = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, *[1_000_000] * 2, len(lines), begin
    )
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, begin + len(lines), 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(lines), begin, 0)

    assert "500000" in await refusal(box, line[:begin] + lines + end + locator + last)
    few = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 10, 10, len(lines), begin, 0)
    assert await refusal(box, line[:begin] + lines + few) in (
        "Members of it overlap.",
        "Its directory is damaged.",
    )


@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.REGTYPE])
async def test_a_million_members_in_a_tar(box: Box, kind: bytes) -> None:
    """Refused at the limit; also when they are one folder again and again."""
    header = tar_entry("d", kind).tobuf(tarfile.GNU_FORMAT)
    many = b"".join(tar_entry(f"f{n}", kind).tobuf(tarfile.GNU_FORMAT) for n in range(60))

    assert "more than 50 files" in await refusal(box, many, "a.tar", SMALL)
    if kind == tarfile.DIRTYPE:
        gz = TARS["a.tar.gz"](header * 1000)
        assert "more than 50 files" in await refusal(box, gz, "a.tar.gz", SMALL)


async def test_folders_that_names_imply_are_counted(box: Box) -> None:
    """Each member could bring a hundred."""
    members = [(f"{n}/b/c/d/e/f/g/h/x", b"") for n in range(10)]

    assert "more than 50 files" in await refusal(box, zip_of(*members), limits=SMALL)


async def test_deep_folders(box: Box) -> None:
    """The limit is named."""
    assert "10 folders deep" in await refusal(box, zip_of(("d/" * 11, b"")), limits=SMALL)


async def test_headers_that_want_memory(box: Box) -> None:
    """A pax header of a gigabyte, and endless ones."""
    huge = tar_entry("x", tarfile.XHDTYPE)
    huge.size = 1 << 30
    one = tar_entry("x", tarfile.GNUTYPE_LONGNAME)
    one.size = 512
    endless = (one.tobuf(tarfile.GNU_FORMAT) + b"n" * 512) * 1000

    assert "header" in await refusal(box, huge.tobuf(tarfile.GNU_FORMAT), "a.tar")
    assert "header" in await refusal(box, endless, "a.tar")
    assert "empty streams" in await refusal(box, TARS["a.tar.gz"](b"") * 2000, "a.tgz")


# -- lies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "archive",
    [
        raw_zip([(b"a", b"12345"), (b"b", b"12345")], at=0),
        raw_zip([(b"a", b"1" * 100), (b"a", b"1" * 100)], at=0),
        raw_zip([(b"a", b"12345")], size=4),
        raw_zip([(b"a", b"12345")], size=6),
        raw_zip([(b"a", b"12345")], packed=6, size=6),
        raw_zip([(b"a", b"12345")], packed=1000, size=1000),
        raw_zip([(b"a", b"12345")], packed=0xFFFFFFFE),
        raw_zip([(b"a", b"12345")], at=1000),
        raw_zip([(b"a", b"12345")], count=2),
        raw_zip([(b"a", b"1"), (b"b", b"1")], count=1),
    ],
)
async def test_zips_that_lie_about_places_and_sizes(box: Box, archive: bytes) -> None:
    """Refused, whatever the lie."""
    assert await refusal(box, archive)


async def test_members_that_overlap(box: Box) -> None:
    """One inside of the other: the way to petabytes in a small file."""
    inner = raw_zip([(b"b", b"12345")])
    local = inner[: inner.index(b"PK\1\2")]
    outer = raw_zip([(b"a", local), (b"b", b"12345")])
    second = outer.rindex(b"PK\1\2")
    lying = bytearray(outer)
    lying[second + 42 : second + 46] = struct.pack("<L", 31)

    assert await refusal(box, bytes(lying)) == "Members of it overlap."


async def test_local_headers_that_tell_of_another_member(box: Box) -> None:
    """Two readers would unpack two different things."""
    archive = bytearray(raw_zip([(b"fine", b"1")]))
    archive[30:34] = b"evil"

    assert "another one" in await refusal(box, bytes(archive))


async def test_encrypted_members_and_unknown_methods(box: Box) -> None:
    """Said by name."""
    plain = raw_zip([(b"a", b"1")])
    at = plain.index(b"PK\1\2")
    encrypted, strange = bytearray(plain), bytearray(plain)
    encrypted[at + 8] |= 1
    strange[at + 10] = strange[8] = 97

    assert await refusal(box, bytes(encrypted)) == 'The member "a" is encrypted.'
    assert "method (97)" in await refusal(box, bytes(strange))


@pytest.mark.parametrize("name", ["a.zip", *TARS])
@pytest.mark.parametrize("data", [b"", b"x", bytes(22), bytes(10_000), b"PK\5\6" + bytes(18)])
async def test_what_is_no_archive(box: Box, name: str, data: bytes) -> None:
    """Refused, but for an empty zip and an empty tar, which are archives."""
    if (data.startswith(b"PK") and name == "a.zip") or (name == "a.tar" and len(data) == 10_000):
        await box.unpack(data, name, "")
        assert box.is_clean()
        return

    assert await refusal(box, data, name)


# -- damage -----------------------------------------------------------------------------------


def sound_tar() -> bytes:
    """A small one with all kinds in it."""
    text = random.Random(1).randbytes(900)
    return tar_of(("d/a", text), tar_entry("l", SYM, "d/a"), ("b" * 150, b"x" * 2000), ("c", b""))


def sound_zip() -> bytes:
    """A small one with all kinds in it."""
    text = random.Random(2).randbytes(500)
    return zip_of(
        ("d/a", text), (unix("l", stat.S_IFLNK | 0o777), b"d/a"), ("b", b"x" * 3000), ("c/", b"")
    )


SOUND: dict[str, Callable[[], bytes]] = {"a.zip": sound_zip} | {
    name: (lambda pack=pack: pack(sound_tar())) for name, pack in TARS.items()
}


@pytest.mark.parametrize("name", SOUND)
async def test_cut_off_anywhere(box: Box, name: str) -> None:
    """Refused, but where only what nobody needs is missing: then it is all there."""
    whole = SOUND[name]()
    await box.unpack(whole, name, "whole")
    complete = {path[6:]: text for path, text in box.tree().items() if path.startswith("whole/")}
    refused = 0
    for size in sample(len(whole)):
        refused += await damaged(box, whole[:size], name, complete)

    assert refused > 10


@pytest.mark.parametrize("name", SOUND)
async def test_bits_flipped_anywhere(box: Box, name: str) -> None:
    """Refused or unpacked as something else that is well; never a bug, never a leftover."""
    whole = SOUND[name]()
    for number, position in enumerate(sample(len(whole))):
        wrong = bytearray(whole)
        wrong[position] ^= 1 << number % 8
        await damaged(box, bytes(wrong), name, None)


def sample(size: int) -> list[int]:
    """Some sixty positions, always the same."""
    return sorted(random.Random(size).sample(range(size), min(size, 60)))


async def damaged(box: Box, archive: bytes, name: str, complete: dict[str, str] | None) -> bool:
    """Whether it is refused, as all must be; what is unpacked all the same is removed again."""
    before = box.tree()
    try:
        await box.unpack(archive, name, "into")
    except DaemonError:
        assert box.tree() == before
        assert box.is_clean()
        return True
    found = {path[5:]: text for path, text in box.tree().items() if path.startswith("into/")}
    assert complete is None or found == complete
    assert box.is_clean()
    shutil.rmtree(box.directory / "into")
    return False


async def test_checksums_are_compared(box: Box) -> None:
    """Content that can't be wrong in form is still compared."""
    archive = bytearray(raw_zip([(b"a", b"12345")]))
    archive[31] ^= 1
    packed = bytearray(TARS["a.tar.gz"](tar_of(("a", b"1"))))
    packed[-6] ^= 1

    assert "checksum" in await refusal(box, bytes(archive))
    assert "damaged" in await refusal(box, bytes(packed), "a.tgz")
    assert zlib.crc32(b"12345") != zlib.crc32(archive[31:36])
    assert io.BytesIO(packed).read(2) == b"\x1f\x8b"
