"""Whose turn it is: one change of an app at a time, whatever becomes of those who wait."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octyne.aio import share_of
from octyne.errors import UnavailableError
from octyne.files import turns as turns_module
from octyne.files.turns import Turns, lineage
from support.eventually import until


@pytest.fixture
async def turns() -> AsyncIterator[Turns]:
    """Fresh ones."""
    turns = Turns()
    yield turns
    turns.close()


async def waiting(turns: Turns, count: int) -> None:
    """Wait until so many have their turn, or wait for it."""
    await until(lambda: len(turns._queue) == count)


async def test_changes_of_one_app_follow_each_other(turns: Turns) -> None:
    """In the order in which they were asked for."""
    first, log = threading.Event(), list[str]()

    def slow() -> None:
        assert first.wait(10)
        log.append("first")

    async with asyncio.TaskGroup() as group:
        group.create_task(turns.run("ann", "/a", slow))
        await waiting(turns, 1)
        group.create_task(turns.run("ann", "/a", log.append, "second"))
        await waiting(turns, 2)
        await turns.run("ann", "/b", log.append, "another app")
        assert log == ["another app"]
        first.set()

    assert log == ["another app", "first", "second"]


async def test_a_client_that_goes_does_not_end_its_turn(turns: Turns) -> None:
    """What has begun ends before the next one begins."""
    begun, go_on, log = threading.Event(), threading.Event(), list[str]()

    def slow() -> None:
        begun.set()
        assert go_on.wait(10)
        log.append("first")
        raise OSError("nobody hears this")

    task = asyncio.ensure_future(turns.run("ann", "/a", slow))
    await until(begun.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    second = asyncio.ensure_future(turns.run("ann", "/a", log.append, "second"))
    await waiting(turns, 2)
    assert not second.done()
    go_on.set()
    await second

    assert log == ["first", "second"]


async def test_errors_come_back_and_give_the_turn_back(turns: Turns) -> None:
    """As they were raised."""

    def fail() -> None:
        raise KeyError("why")

    with pytest.raises(KeyError, match="why"):
        await turns.run("ann", "/a", fail)
    assert await turns.run("ann", "/a", lambda: 7) == 7


async def test_waiting_has_an_end(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence that says why."""
    go_on = threading.Event()
    task = asyncio.ensure_future(turns.run("ann", "/a", go_on.wait, 10))
    await waiting(turns, 1)
    monkeypatch.setattr(turns_module, "WAIT_S", 0.01)
    with pytest.raises(UnavailableError, match="takes long"):
        await turns.run("ann", "/a", print)
    go_on.set()

    assert await task


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        ("a", "a/", True),
        ("a", "link", True),
        ("a", "b/../a", True),
        ("a", "a/in/deep", True),
        ("a/in/deep", "a", True),
        ("link/in", "a/in/deep", True),
        ("a/in", "a/other", False),
        ("a", "b", False),
        ("a/in", "a/ins", False),
    ],
)
async def test_other_names_of_the_same_files(
    turns: Turns, tmp_path: Path, first: str, second: str, *, waits: bool
) -> None:
    """What counts is which directory it is, and what it is in."""
    for name in ("a/in/deep", "a/ins", "a/other", "b"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("a")
    go_on, log = threading.Event(), list[str]()
    one = asyncio.ensure_future(turns.run("ann", f"{tmp_path}/{first}", go_on.wait, 10))
    await waiting(turns, 1)
    two = asyncio.ensure_future(turns.run("ann", f"{tmp_path}/{second}", log.append, "second"))
    await waiting(turns, 2) if waits else await two
    assert log == ([] if waits else ["second"])
    go_on.set()

    assert await one
    await two
    assert log == ["second"]


async def test_who_waits_keeps_later_ones_waiting(turns: Turns, tmp_path: Path) -> None:
    """A directory with two apps in it gets its turn, however often those change something."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    go_on, log = threading.Event(), list[str]()
    one = asyncio.ensure_future(turns.run("ann", str(tmp_path / "one"), go_on.wait, 10))
    await waiting(turns, 1)
    outer = asyncio.ensure_future(turns.run("ann", str(tmp_path), log.append, "outer"))
    await waiting(turns, 2)
    two = asyncio.ensure_future(turns.run("ann", str(tmp_path / "two"), log.append, "two"))
    await waiting(turns, 3)
    go_on.set()
    await asyncio.wait([one, outer, two])

    assert log == ["outer", "two"]


def test_a_directory_that_is_not_there_has_a_place_of_its_own(tmp_path: Path) -> None:
    """The change itself tells why it can't be done."""
    assert lineage(f"{tmp_path}/no/./such") == (f"{tmp_path}/no/such",)
    assert lineage("/")[0] == lineage("/tmp")[-1]


async def test_an_account_has_its_share_of_the_threads(turns: Turns) -> None:
    """However many apps one account keeps busy, for however long, others don't wait for it."""
    go_on, log = threading.Event(), list[str]()
    share = share_of(turns_module.THREADS)
    busy = [asyncio.ensure_future(turns.run("ann", f"/{n}", go_on.wait, 10)) for n in range(share)]
    await waiting(turns, share)
    more = asyncio.ensure_future(turns.run("ann", "/more", log.append, "ann"))
    await waiting(turns, share + 1)
    try:
        async with asyncio.timeout(5):
            await turns.run("ben", "/other", log.append, "ben")
    finally:
        go_on.set()
    await asyncio.wait([*busy, more])

    assert log == ["ben", "ann"]


async def test_waiting_for_a_thread_has_an_end(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when nobody else is at the same files."""
    go_on = threading.Event()
    share = share_of(turns_module.THREADS)
    busy = [asyncio.ensure_future(turns.run("ann", f"/{n}", go_on.wait, 10)) for n in range(share)]
    await waiting(turns, share)
    monkeypatch.setattr(turns_module, "WAIT_S", 0.01)
    with pytest.raises(UnavailableError, match="takes long"):
        await turns.run("ann", "/more", print)
    go_on.set()

    assert all(await asyncio.gather(*busy))


async def test_an_account_has_its_share_of_the_queue(turns: Turns) -> None:
    """What one asks for and doesn't wait for isn't taken on without an end."""
    go_on, share = threading.Event(), share_of(turns_module.MAX_TURNS)
    asked = [asyncio.ensure_future(turns.run("ann", "/a", go_on.wait, 10)) for _ in range(share)]
    await waiting(turns, share)
    with pytest.raises(UnavailableError, match="Too many changes"):
        await turns.run("ann", "/b", print)
    assert await turns.run("ben", "/b", lambda: 7) == 7
    go_on.set()

    assert all(await asyncio.gather(*asked))
    assert await turns.run("ann", "/b", lambda: 8) == 8
