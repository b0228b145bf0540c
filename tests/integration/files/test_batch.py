"""Batches on real files: what belongs together, other file systems, permissions, stopping."""

import errno
import os
from pathlib import Path

import pytest

from octyne.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    TooLargeError,
    UnavailableError,
)
from octyne.files import changes, journal
from octyne.files.batch import Batch, BatchError, explain
from octyne.files.journal import Journal
from octyne.files.operations import ChangeMode, Copy, Move, Operation, Remove
from octyne.files.service import Files
from octyne.system.paths.folder import Folder, Root
from octyne.system.paths.names import parse
from support.full_disk import files_of_at_most


def run(files: Files, root: Root, *operations: Operation) -> None:
    """As the daemon does."""
    with Journal(files, root) as one, Batch(files, root, one) as batch:
        batch.run(operations)


def mv(source: str, target: str) -> Move:
    """A move."""
    return Move(parse(source), parse(target))


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that something waited for the disk."""
    found: list[int] = []
    monkeypatch.setattr(journal, "_sync_data", found.append)
    return found


def test_operations_that_do_not_touch_each_other_share_a_sync(
    shared: Files, opened: Root, home: Path, syncs: list[int]
) -> None:
    """One for all of them, one for the commit."""
    (home / "to").mkdir()
    for number in range(100):
        (home / f"{number}").touch()
    run(shared, opened, *[mv(f"{number}", "to") for number in range(100)])

    assert len(os.listdir(home / "to")) == 100
    assert len(syncs) == 2


def test_modes_of_one_file_share_a_sync(
    shared: Files, opened: Root, home: Path, syncs: list[int]
) -> None:
    """However often they change; and what is undone has the mode of before."""
    (home / "a").touch(0o640)
    (home / "a").chmod(0o640)
    changes_of_mode = [ChangeMode(("a",), mode) for mode in (0o600, 0o644) * 50]
    run(shared, opened, *changes_of_mode)
    assert (home / "a").stat().st_mode & 0o777 == 0o644
    assert len(syncs) == 2

    last: list[Operation] = [ChangeMode(("a",), 0o600), Remove(("missing",))]
    with pytest.raises(BatchError):
        run(shared, opened, *changes_of_mode, mv("a", "b"), ChangeMode(("b",), 0o777), *last)
    assert (home / "a").stat().st_mode & 0o777 == 0o644
    assert os.listdir(home) == ["a"]


def test_operations_that_build_on_others_wait_for_them(
    shared: Files, opened: Root, home: Path, syncs: list[int]
) -> None:
    """Each sees what those before have done."""
    (home / "a").touch()
    run(shared, opened, *[mv("a" * n, "a" * (n + 1)) for n in range(1, 6)])

    assert os.listdir(home) == ["aaaaaa"]
    assert len(syncs) == 6


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder is a file system of its own."""
    real = Folder.move

    def move(self: Folder, name: str, to: Folder, to_name: str) -> None:
        if self.stat().st_ino != to.stat().st_ino:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        real(self, name, to, to_name)

    monkeypatch.setattr(Folder, "move", move)


def test_a_move_to_another_file_system_is_a_copy(
    shared: Files, opened: Root, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the operations around it are done as ever."""
    for name in ("b", "c", "to", "tree"):
        (home / name).mkdir()
    for name in ("a", "b/x", "c/y", "tree/z"):
        (home / name).write_text(name)
    elsewhere(monkeypatch)
    operations = [mv("a", "a2"), mv("tree", "to"), mv("b/x", "b/x2"), mv("c/y", "to")]
    with pytest.raises(BatchError) as failed:
        run(shared, opened, *operations, mv("no", "z"))
    assert failed.value.index == 4
    assert (home / "tree" / "z").read_text() == "tree/z"
    assert os.listdir(home / "to") == []
    run(shared, opened, *operations)

    assert (home / "to" / "tree" / "z").read_text() == "tree/z"
    assert (home / "to" / "y").read_text() == "c/y"
    assert sorted(os.listdir(home)) == ["a2", "b", "c", "to"]
    assert os.listdir(home / "b") == ["x2"]


def test_a_stopping_daemon_puts_back(shared: Files, opened: Root, home: Path) -> None:
    """It doesn't finish a long batch."""
    (home / "a").touch()
    shared.stopping.set()
    with pytest.raises(BatchError) as failed:
        run(shared, opened, mv("a", "b"))

    assert isinstance(failed.value.cause, UnavailableError)
    assert os.listdir(home) == ["a"]


def test_a_change_of_mode_is_put_back(shared: Files, opened: Root, home: Path) -> None:
    """As it was, whatever it was."""
    (home / "a").touch()
    (home / "a").chmod(0o4751)
    with pytest.raises(BatchError):
        run(shared, opened, ChangeMode(("a",), 0o600), Remove(("no",)))

    assert (home / "a").stat().st_mode & 0o7777 == 0o4751


def test_who_fails_in_the_middle_is_named(
    shared: Files, opened: Root, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it was fine at first sight."""
    for name in "abc":
        (home / name).touch()
    real = Folder.move

    def move(self: Folder, name: str, to: Folder, to_name: str) -> None:
        if name == "b":
            raise PermissionError(1, "no")
        real(self, name, to, to_name)

    monkeypatch.setattr(Folder, "move", move)
    with pytest.raises(BatchError) as failed:
        run(shared, opened, Remove(("a",)), Remove(("b",)), Remove(("c",)))

    assert failed.value.index == 1
    assert str(failed.value.cause) == "Insufficient permissions to delete the file/folder!"
    assert sorted(os.listdir(home)) == ["a", "b", "c"]


def test_what_the_system_says_is_explained() -> None:
    """And what nobody expects stays a bug."""
    remove, move = Remove(()), mv("a", "b")
    assert isinstance(explain(move, FileExistsError()), ConflictError)
    assert isinstance(explain(move, FileNotFoundError()), InvalidError)
    assert isinstance(explain(Copy((), ()), PermissionError()), DeniedError)
    assert isinstance(explain(remove, OSError(errno.EBUSY, "")), ConflictError)
    with pytest.raises(OSError, match="strange"):
        explain(move, OSError(errno.ENXIO, "strange"))


async def test_a_journal_that_ends_at_any_byte(shared: Files, home: Path) -> None:
    """What can't be written down, the commit too, is told; nothing of the batch is done."""
    os.mkdir(home / "folder")
    outcomes: list[type] = []
    for size in range(0, 800, 7):
        (home / "a").write_text("a")
        before = sorted(os.listdir(home))
        try:
            with files_of_at_most(size):
                await changes.run_batch(shared, str(home), [mv("a", "b"), mv("b", "folder")], "ann")
        except (BatchError, TooLargeError) as error:
            outcomes.append(type(error))
            assert sorted(os.listdir(home)) == before
        else:
            outcomes.append(type(None))
            (home / "folder/b").unlink()
        assert os.listdir(f"{shared.directory}/journals") == []

    assert set(outcomes) == {BatchError, TooLargeError, type(None)}
