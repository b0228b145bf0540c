"""Whose turn it is: one change of an app at a time, whatever becomes of those who wait."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from octyne.errors import UnavailableError
from octyne.files import turns as turns_module
from octyne.files.turns import Turns
from support.eventually import until


@pytest.fixture
async def turns() -> AsyncIterator[Turns]:
    """Fresh ones."""
    turns = Turns()
    yield turns
    turns.close()


async def test_changes_of_one_app_follow_each_other(turns: Turns) -> None:
    """In the order in which they were asked for."""
    first, log = threading.Event(), list[str]()

    def slow() -> None:
        assert first.wait(10)
        log.append("first")

    async with asyncio.TaskGroup() as group:
        group.create_task(turns.run("/a", slow))
        await asyncio.sleep(0)
        group.create_task(turns.run("/a", log.append, "second"))
        await turns.run("/b", log.append, "another app")
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

    task = asyncio.ensure_future(turns.run("/a", slow))
    await until(begun.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    second = asyncio.ensure_future(turns.run("/a", log.append, "second"))
    await asyncio.sleep(0)
    assert not second.done()
    go_on.set()
    await second

    assert log == ["first", "second"]


async def test_errors_come_back_and_give_the_turn_back(turns: Turns) -> None:
    """As they were raised."""

    def fail() -> None:
        raise KeyError("why")

    with pytest.raises(KeyError, match="why"):
        await turns.run("/a", fail)
    assert await turns.run("/a", lambda: 7) == 7


async def test_waiting_has_an_end(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence that says why."""
    monkeypatch.setattr(turns_module, "WAIT_S", 0.01)
    go_on = threading.Event()
    task = asyncio.ensure_future(turns.run("/a", go_on.wait, 10))
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError, match="takes long"):
        await turns.run("/a", print)
    go_on.set()

    assert await task
