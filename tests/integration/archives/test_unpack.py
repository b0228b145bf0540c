"""Unpacking what is well: every format, merging, modes, times."""

import os
import stat
import tarfile
import zipfile

import pytest

from octyne.archives import unpack
from octyne.archives.progress import CancelledError
from octyne.archives.unpack import READERS
from octyne.config.model import ArchivesConfig
from octyne.errors import ConflictError, InvalidError
from support.archives import TARS, Box, tar_entry, tar_of, unix, zip_of

MTIME = 1_600_000_000


@pytest.mark.parametrize("name", TARS)
async def test_every_kind_of_tar_is_unpacked(box: Box, name: str) -> None:
    """By its name."""
    made = tar_of(("./x.txt", b"hello"), tar_entry("empty/", tarfile.DIRTYPE), ("d/y", b"y" * 9))

    await box.unpack(TARS[name](made), name)

    assert box.tree() == {
        "out": "/", "out/d": "/", "out/d/y": "y" * 9, "out/empty": "/", "out/x.txt": "hello",
    }  # fmt: skip
    assert box.is_clean()


def test_all_names_of_the_contract_are_known() -> None:
    """Each has a reader."""
    assert set(READERS) == {
        ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz", ".tbz", ".tar.bz2", ".tbz2", ".tar.xz",
        ".txz", ".tar.zst", ".tzst",
    }  # fmt: skip


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
async def test_names_of_any_length_and_script_are_kept(box: Box, form: int) -> None:
    """Also where they don't fit into the header."""
    name = "/".join(["grüße\n\"'" + "n" * 60] * 3)[:200] if form != tarfile.USTAR_FORMAT else "é"

    await box.unpack(tar_of((name, b"1"), form=form), "a.tar")

    assert box.tree()[f"out/{name}"] == "1"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
async def test_the_methods_of_a_zip(box: Box, method: int) -> None:
    """Large enough for several pieces."""
    info = zipfile.ZipInfo("x")
    info.compress_type = method

    await box.unpack(zip_of((info, b"0123456789" * 250_000), ("é/ü", b"2")))

    assert box.tree()["out/x"] == "0123456789" * 250_000
    assert box.tree()["out/é/ü"] == "2"
    assert box.progress.bytes_done == box.progress.bytes_total == 2_500_001
    assert box.progress.entries_done == 3


async def test_modes_and_times_are_kept_but_no_powers(box: Box) -> None:
    """Set-uid, set-gid and sticky bits never come out of an archive."""
    program = tarfile.TarInfo("d/program")
    program.mode, program.mtime = 0o6755, MTIME
    folder = tar_entry("d", tarfile.DIRTYPE, mode=0o1500)
    folder.mtime = MTIME - 5

    await box.unpack(tar_of(folder, program), "a.tar")

    found = (box.directory / "out/d/program").stat()
    above = (box.directory / "out/d").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_mtime) == (0o755, MTIME)
    assert (stat.S_IMODE(above.st_mode), above.st_mtime) == (0o500, MTIME - 5)


async def test_a_zip_of_dos_gets_usual_modes(box: Box) -> None:
    """It has none."""
    await box.unpack(zip_of(("d/", b""), ("d/x", b"1")))

    assert stat.S_IMODE((box.directory / "out/d").stat().st_mode) == 0o755
    assert stat.S_IMODE((box.directory / "out/d/x").stat().st_mode) == 0o644


async def test_a_zip_keeps_modes_times_and_symlinks(box: Box) -> None:
    """As Unix packers write them."""
    await box.unpack(
        zip_of(
            (unix("run", stat.S_IFREG | 0o4750), b"#!"),
            (unix("closed/", stat.S_IFDIR | 0o500), b""),
            (unix("closed/x", stat.S_IFREG | 0o400), b"1"),
            (unix("link", stat.S_IFLNK | 0o777), b"closed/x"),
        )
    )

    assert stat.S_IMODE((box.directory / "out/run").stat().st_mode) == 0o750
    assert stat.S_IMODE((box.directory / "out/closed").stat().st_mode) == 0o500
    assert (box.directory / "out/link").read_text() == "1"


async def test_hard_links_within_the_archive_are_kept(box: Box) -> None:
    """Two names, one file."""
    await box.unpack(tar_of(("d/x", b"1"), tar_entry("e/y", tarfile.LNKTYPE, "./d/x")), "a.tar")

    assert os.path.samefile(box.directory / "out/d/x", box.directory / "out/e/y")


async def test_what_is_there_is_merged_with_what_comes(box: Box) -> None:
    """Files are replaced, others stay; folders come together and keep their modes."""
    (box.directory / "d/keep").mkdir(parents=True)
    (box.directory / "d").chmod(0o750)
    (box.directory / "d/old").write_text("old")
    (box.directory / "d/both").write_text("old")

    await box.unpack(zip_of(("d/both", b"new"), ("d/more/x", b"1"), ("top", b"2")), to="")

    assert box.tree() == {
        "d": "/", "d/both": "new", "d/keep": "/", "d/more": "/", "d/more/x": "1", "d/old": "old",
        "top": "2",
    }  # fmt: skip
    assert stat.S_IMODE((box.directory / "d").stat().st_mode) == 0o750
    assert box.is_clean()


async def test_a_symlink_at_the_destination_is_replaced_never_written_through(box: Box) -> None:
    """By a file of its name."""
    (box.directory / "x").symlink_to(box.outside / "secret")

    await box.unpack(zip_of(("x", b"new")), to="/")

    assert box.tree() == {"x": "new"}
    assert box.is_clean()


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ([("x", b"1"), ("link/secret", b"new")], '"link" is there already and is no folder!'),
        ([("x", b"1"), ("file/y", b"new")], '"file" is there already and is no folder!'),
        ([("x", b"1"), ("folder", b"new")], '"folder" is there already and is a folder!'),
    ],
)
async def test_what_is_in_the_way_stops_all(
    box: Box, members: list[tuple[str, bytes]], why: str
) -> None:
    """Before anything is changed."""
    (box.directory / "link").symlink_to(box.outside)
    (box.directory / "file").write_text("old")
    (box.directory / "folder").mkdir()
    (box.directory / "x").write_text("old")
    before = box.tree()

    with pytest.raises(ConflictError) as caught:
        await box.unpack(zip_of(*members), to="")

    assert str(caught.value) == why
    assert box.tree() == before
    assert box.is_clean()


async def test_many_shared_folders_are_merged(box: Box) -> None:
    """More than are open at once."""
    for index in range(120):
        (box.directory / f"d{index}").mkdir()

    await box.unpack(zip_of(*((f"d{index}/x", b"1") for index in range(120))), to="")

    assert sum(text == "1" for text in box.tree().values()) == 120


async def test_a_cancelled_one_leaves_nothing(box: Box) -> None:
    """Whoever cancels."""
    box.progress.cancel()

    with pytest.raises(CancelledError):
        await box.unpack(zip_of(("x", b"1")))

    assert box.tree() == {}
    assert box.is_clean()


async def test_a_zip_behind_a_program_is_unpacked(box: Box) -> None:
    """Archives that unpack themselves have one before them."""
    await box.unpack(b"#!/bin/sh\n" * 100 + zip_of(("x", b"1")))

    assert box.tree() == {"out": "/", "out/x": "1"}


async def test_several_gzip_streams_are_one_archive(box: Box) -> None:
    """Fast packers write such files, with zeros behind them at times."""
    made = tar_of(("x", b"1" * 5000))

    packed = b"".join(TARS["a.tar.gz"](made[at : at + 999]) for at in range(0, len(made), 999))
    await box.unpack(packed + bytes(512), "a.tgz")

    assert box.tree()["out/x"] == "1" * 5000


@pytest.mark.parametrize(
    ("path", "to", "text"),
    [
        ("none.zip", "", "The requested archive does not exist!"),
        ("a.zip/b.zip", "", "The requested archive does not exist!"),
        ("folder", "", "The requested archive is a folder!"),
        ("a.rar", "", "Unsupported archive file!"),
        ("../a.zip", "", "Invalid archive path: it leads out of the app's directory."),
        ("fifo.zip", "", "Invalid archive path: it is not a regular file."),
        ("a.zip", "a.zip", "There is a file at the requested unpack destination!"),
        ("a.zip", "dead", "There is a file at the requested unpack destination!"),
        ("a.zip", "../x", "Invalid destination path: it leads out of the app's directory."),
        ("a.zip", "out", "Invalid destination path: it leads out of the app's directory."),
        ("a.zip", "no/such", unpack.NO_PARENT),
        ("a.zip", "a.zip/x", unpack.NO_PARENT),
    ],
)  # fmt: skip
async def test_requests_that_are_wrong(box: Box, path: str, to: str, text: str) -> None:
    """Refused before there is a job."""
    (box.directory / "folder").mkdir()
    (box.directory / "a.rar").touch()
    (box.directory / "a.zip").touch()
    (box.directory / "dead").symlink_to("nothing")
    (box.directory / "out").symlink_to(box.outside)
    os.mkfifo(box.directory / "fifo.zip")

    with pytest.raises(InvalidError) as caught:
        unpack.prepare(str(box.directory), unpack.UnpackRequest(path, to, ArchivesConfig()))

    assert str(caught.value) == text
