"""Changes on real files that the contract's tests can't bring about."""

import asyncio
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from octyne.aio import share_of
from octyne.archives import pack
from octyne.archives.progress import Progress
from octyne.errors import DeniedError, InvalidError, NotFoundError, UnavailableError
from octyne.files import changes
from octyne.files.batch import BatchError
from octyne.files.operations import ChangeMode, Copy, Move, Remove
from octyne.files.service import LONG_THREADS, MAX_LONG, MAX_REMOVALS, Files
from octyne.files.trees import can_remove
from octyne.system.paths.folder import Folder, Root
from octyne.system.process import boot_id
from support.eventually import until

NOBODY = 65534


def as_nobody(work: Callable[[], bool]) -> bool:
    """Run something as a user without rights, in a child."""
    boot_id()  # imports a codec, once: the interpreter's files may be closed to nobody
    pid = os.fork()
    if pid == 0:
        code = 2
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            code = 0 if work() else 1
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert code < 2
    return code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_may_be_removed_is_known_before(home: Path, opened: Root) -> None:
    """A tree with somebody else's folder in it isn't begun."""
    (home / "t" / "theirs").mkdir(parents=True)
    os.chown(home / "t", NOBODY, NOBODY)

    def asks() -> bool:
        with Folder(os.dup(opened.fd)) as folder:
            return can_remove(folder, "t")

    home.chmod(0o777)
    assert as_nobody(asks)  # theirs is empty
    (home / "t" / "theirs" / "file").touch()
    assert not as_nobody(asks)
    (home / "t" / "theirs").chmod(0o777)
    assert as_nobody(asks)
    (home / "t" / "theirs").chmod(0o1777)
    assert not as_nobody(asks)
    os.chown(home / "t" / "theirs", NOBODY, NOBODY)
    (home / "t" / "theirs").chmod(0)
    assert as_nobody(asks)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_permission_nothing_is_changed() -> None:
    """The contract's text for removals, alone and in batches, whose first half is undone."""
    with tempfile.TemporaryDirectory(dir="/tmp") as box:  # pytest's are closed to others
        home, inner = Path(box) / "app", Path(box) / "app" / "t" / "theirs"
        inner.mkdir(parents=True)
        (inner / "file").touch()
        (home / "own").touch()
        for path in (Path(box), home, home / "t", home / "own"):
            os.chown(path, NOBODY, NOBODY)

        def texts() -> bool:
            found = asyncio.run(_refusals(box, str(home)))
            return found == ["Insufficient permissions to delete the file/folder!"] * 4

        assert as_nobody(texts)
        assert sorted(os.listdir(home)) == ["own", "t"]
        assert os.listdir(inner) == ["file"]


async def _refusals(box: str, home: str) -> list[str]:
    """What those are told who may not."""
    files, found = Files(f"{box}/state"), []
    files.recover()
    for path in ("t", "t/theirs", "t/theirs/file"):
        try:
            await changes.delete(files, home, path, "ann")
        except DeniedError as error:
            found.append(str(error))
    try:
        await changes.run_batch(files, home, [Move(("own",), ("z",)), Remove(("t",))], "ann")
    except BatchError as error:
        found.append(str(error.cause))
    files.close()
    return found


async def test_what_cannot_be_removed_is_there_again(
    shared: Files, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as it is left, and the answer says so."""
    (home / "t").mkdir()
    (home / "t" / "file").touch()

    def refused(*_: object) -> None:
        raise PermissionError(1, "immutable")

    monkeypatch.setattr(changes, "remove_tree", refused)
    with pytest.raises(DeniedError, match="Insufficient permissions"):
        await changes.delete(shared, str(home), "t", "ann")

    assert os.listdir(home) == ["t"]
    assert os.listdir(home / "t") == ["file"]
    assert shared.leftovers.names == set()


async def test_a_copy_that_is_stopped_leaves_nothing(shared: Files, home: Path) -> None:
    """The daemon's end doesn't wait for it."""
    (home / "a").write_text("x")
    shared.stopping.set()
    with pytest.raises(UnavailableError):
        await changes.copy(shared, str(home), Copy(("a",), ("b",)), "ann")

    assert os.listdir(home) == ["a"]
    assert shared.leftovers.names == set()


async def test_without_a_directory_nothing_is_changed(shared: Files, home: Path) -> None:
    """The app's owner may not have made it yet."""
    home.rmdir()
    directory, pair = str(home), (("a",), ("b",))
    works: list[Callable[[], Awaitable[None]]] = [
        lambda: changes.copy(shared, directory, Copy(*pair), "ann"),
        lambda: changes.move(shared, directory, Move(*pair), "ann"),
        lambda: changes.make_folder(shared, directory, "a", "ann"),
        lambda: changes.delete(shared, directory, "a", "ann"),
        lambda: changes.change_mode(shared, directory, ChangeMode(("a",), 0o600), "ann"),
        lambda: changes.run_batch(shared, directory, [Move(*pair)], "ann"),
    ]
    for work in works:
        with pytest.raises(NotFoundError):
            await work()


async def test_a_copy_that_is_given_up_leaves_nothing(
    shared: Files, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cleaning up waits for the thread that still copies."""
    (home / "a").write_text("x")
    begun, go_on = threading.Event(), threading.Event()
    real = Folder.create

    def create(self: Folder, name: str, mode: int = 0o600) -> int:
        begun.set()
        go_on.wait(10)
        return real(self, name, mode)

    monkeypatch.setattr(Folder, "create", create)
    copying = asyncio.create_task(changes.copy(shared, str(home), Copy(("a",), ("b",)), "ann"))
    await asyncio.to_thread(begun.wait, 10)
    copying.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await copying

    assert os.listdir(home) == ["a"]
    assert shared.leftovers.names == set()


async def test_long_work_has_a_bound(shared: Files) -> None:
    """Too much of one account is refused, not kept waiting; others have room."""
    with ExitStack() as taken:
        for _ in range(share_of(MAX_LONG)):
            taken.enter_context(shared._long_slots.taken("ann"))
        with pytest.raises(UnavailableError):
            await shared.run_long("ann", os.getpid)
        assert await shared.run_long("ben", os.getpid) == os.getpid()

    assert await shared.run_long("ann", os.getpid) == os.getpid()


async def test_what_waits_to_be_removed_has_a_bound(shared: Files, home: Path) -> None:
    """One more is refused before anything of it is done; others have room."""
    go_on, share = threading.Event(), share_of(MAX_REMOVALS)
    for number in range(share):
        (home / str(number)).mkdir()
    for name in ("more", "other"):
        (home / name).mkdir()
    async with asyncio.TaskGroup() as group:
        for _ in range(share_of(LONG_THREADS)):
            group.create_task(shared.run_long("ann", go_on.wait, 10))
        for number in range(share):
            group.create_task(changes.delete(shared, str(home), str(number), "ann"))
        await until(lambda: not (home / str(share - 1)).exists())
        with pytest.raises(UnavailableError, match="copied or removed"):
            await changes.delete(shared, str(home), "more", "ann")
        with pytest.raises(UnavailableError, match="copied or removed"):
            await changes.run_batch(shared, str(home), [Remove(("more",))], "ann")
        await changes.delete(shared, str(home), "other", "ben")
        assert (home / "more").exists()
        go_on.set()
    await changes.delete(shared, str(home), "more", "ann")

    assert os.listdir(home) == []


async def test_nothing_is_put_into_a_folder_that_is_being_removed(
    shared: Files, home: Path
) -> None:
    """A copy and an archive that were made for it: there is no such folder any more."""
    (home / "to").mkdir()
    (home / "a").write_text("x")
    work = changes._Copy(shared, str(home), Copy(("a",), ("to", "b")))
    work.prepare()
    request = pack.parse_request("zip", "", path="to/a.zip", base="", names=["a"])
    built = pack.build(shared, str(home), request, Progress())
    gone = changes._take_away(shared, str(home), "to")
    with pytest.raises(InvalidError, match="parent folder does not exist"):
        work.place()
    with pytest.raises(InvalidError, match="folder of the requested archive does not exist"):
        built.put()
    assert gone is not None
    gone.remove()
    work.close()
    built.close()

    assert os.listdir(home) == ["a"]
    assert os.listdir(f"{shared.directory}/hidden") == []


async def test_what_becomes_a_folder_meanwhile_is_removed_as_one(
    shared: Files, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and its end."""
    (home / "a").write_text("x")
    real = Folder.remove

    def swap(folder: Folder, name: str) -> None:
        if (home / "a").is_file():
            (home / "a").unlink()
            (home / "a").mkdir()
        real(folder, name)

    monkeypatch.setattr(Folder, "remove", swap)
    await changes.delete(shared, str(home), "a", "ann")

    assert os.listdir(home) == []


def test_what_a_batch_removes_goes_wherever_it_is_by_then(shared: Files, home: Path) -> None:
    """Somebody renames the folder above while its things are being removed."""
    (home / "a/tree/deep").mkdir(parents=True)
    (home / "a/f").touch()
    gone = changes._run_batch(shared, str(home), [Remove(("a", "f")), Remove(("a", "tree"))])
    assert os.listdir(home / "a") == gone
    changes._move(shared, str(home), Move(("a",), ("b",)))
    assert shared.leftovers.is_hidden(*gone)
    shared.leftovers.remove(gone)

    assert os.listdir(home / "b") == []
    assert shared.leftovers.names == set()
    assert os.listdir(f"{shared.directory}/hidden") == os.listdir(f"{shared.directory}/journals")


def test_what_a_batch_removes_may_still_be_filled(
    shared: Files, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by an unpacking that hasn't seen yet that its folder has gone."""
    (home / "a").mkdir()
    gone = changes._run_batch(shared, str(home), [Remove(("a",))])
    (hidden,) = gone
    real, late = Folder.remove_folder, [home / hidden / "one", home / hidden / "two"]

    def fill(folder: Folder, name: str) -> None:
        if late:
            late.pop().touch()
        real(folder, name)

    monkeypatch.setattr(Folder, "remove_folder", fill)
    shared.leftovers.remove(gone)

    assert late == []
    assert os.listdir(home) == []
    assert os.listdir(f"{shared.directory}/hidden") == []
