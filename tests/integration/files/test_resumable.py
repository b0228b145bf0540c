"""What a killed daemon can leave; tests/e2e/resumable has the rest."""

import errno
import os
from pathlib import Path

import pytest

from octyne.aio import Tasks
from octyne.errors import NotFoundError
from octyne.files.resumable import Announced
from octyne.files.service import Files
from octyne.files.upload import Arriving
from octyne.files.upload_pieces import Piece
from octyne.files.upload_records import Owner, Upload
from octyne.system.paths.folder import Folder
from support.eventually import until


def started(tmp_path: Path) -> Files:
    """A daemon's files."""
    files = Files(str(tmp_path / "state"))
    files.recover()
    return files


def piece(offset: int, content: bytes) -> Piece:
    """One that comes at once."""
    pieces = [content]

    async def read() -> bytes:
        return pieces.pop() if pieces else b""

    return Piece(offset, Arriving(read, len(content), 1 << 20))


async def begun(files: Files, tmp_path: Path) -> tuple[str, Owner]:
    """An upload of six bytes, three of which came."""
    (tmp_path / "app").mkdir()
    owner = Owner("web", str(tmp_path / "app"), "ann")
    upload = await files.resumable.create(owner, Announced("/", "a", 6, ""), 1 << 20)
    assert await files.resumable.append(upload, piece(0, b"abc")) == 3
    return upload.id, owner


async def test_placed_but_not_noted(tmp_path: Path) -> None:
    """Killed between the rename and the record: the next daemon finds out."""
    files = started(tmp_path)
    key, owner = await begun(files, tmp_path)
    record = tmp_path / "state" / "uploads" / f"{key}.json"
    before = record.read_bytes()
    await files.resumable.append(files.resumable.find(key, owner), piece(3, b"def"))
    record.write_bytes(before)
    files.close()
    files = started(tmp_path)
    upload = files.resumable.find(key, owner)

    assert await files.resumable.offset(upload) == 6
    assert upload.is_finished
    assert (tmp_path / "app" / "a").read_text() == "abcdef"
    files.close()


async def test_after_a_power_cut(tmp_path: Path) -> None:
    """Only what was synced counts."""
    files = started(tmp_path)
    key, owner = await begun(files, tmp_path)
    upload = files.resumable.find(key, owner)
    with (tmp_path / "app" / upload.hidden).open("ab") as file:
        file.write(b"\0\0")
    assert await files.resumable.offset(upload) == 5
    upload.boot = "the one before"

    assert await files.resumable.offset(upload) == 3
    files.close()


async def test_what_somebody_removed(tmp_path: Path) -> None:
    """Is gone; giving it up still works."""
    files = started(tmp_path)
    key, owner = await begun(files, tmp_path)
    upload = files.resumable.find(key, owner)
    os.unlink(tmp_path / "app" / upload.hidden)

    with pytest.raises(NotFoundError):
        await files.resumable.offset(upload)
    await files.resumable.remove(upload)
    assert os.listdir(tmp_path / "state" / "uploads") == []
    assert os.listdir(tmp_path / "state" / "hidden") == []
    files.close()


async def test_somebody_elses_file_of_that_name_is_not_touched(tmp_path: Path) -> None:
    """It isn't the one that we made."""
    files = started(tmp_path)
    key, owner = await begun(files, tmp_path)
    upload = files.resumable.find(key, owner)
    hidden = tmp_path / "app" / upload.hidden
    hidden.rename(tmp_path / "kept")
    hidden.write_text("other")

    with pytest.raises(NotFoundError):
        await files.resumable.append(upload, piece(3, b"def"))
    assert hidden.read_text() == "other"
    files.close()


async def test_one_that_fails_does_not_keep_others_from_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired ones are removed, also behind one that can't be."""
    files = started(tmp_path)
    (tmp_path / "app").mkdir()
    owner = Owner("web", str(tmp_path / "app"), "ann")
    keys = []
    for name in ("stuck", "other"):
        upload = await files.resumable.create(owner, Announced("/", name, 6, ""), 1 << 20)
        upload.expires_s = 0
        keys.append(upload.id)
    remove = files.resumable._remove

    def remove_or_fail(upload: Upload) -> None:
        if upload.name == "stuck":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        remove(upload)

    monkeypatch.setattr(files.resumable, "_remove", remove_or_fail)
    async with Tasks() as tasks:
        tasks.start("resumable uploads", files.resumable.run())
        await until(lambda: len(files.resumable._records) == 1)

    assert files.resumable.find(keys[0], owner).name == "stuck"
    files.close()


async def test_what_cannot_be_removed_is_removed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload is given up; its file stays hidden, and known, for the next daemon."""

    def refused(_: Folder, name: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)

    files = started(tmp_path)
    key, owner = await begun(files, tmp_path)
    upload = files.resumable.find(key, owner)
    with monkeypatch.context() as patched:
        patched.setattr(Folder, "remove", refused)
        await files.resumable.remove(upload)
    assert os.listdir(tmp_path / "app") == [upload.hidden]
    assert files.leftovers.is_hidden(upload.hidden)
    files.close()
    started(tmp_path).close()

    assert os.listdir(tmp_path / "app") == []
