"""Who is connected, and how it ends."""

import asyncio

import pytest

from octyne.api import live
from octyne.api.live import Ending, Live
from octyne.errors import RateLimitedError


async def test_sessions_that_end_end_theirs() -> None:
    """And no others; the first reason counts."""
    connections = Live()
    with connections.opened("a") as mine, connections.opened("b") as other:
        connections.end_sessions(frozenset(["a", "x"]))
        mine.end(Ending.CLIENT)
        other.end(Ending.CLIENT)
        assert await mine.ended() is Ending.SESSION
        assert await other.ended() is Ending.CLIENT
    assert len(connections) == 0


async def test_both_caps_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Per session and in all; closing makes room."""
    monkeypatch.setattr(live, "MAX_PER_SESSION", 1)
    monkeypatch.setattr(live, "MAX_TOTAL", 2)
    connections = Live()
    with connections.opened("a"):
        with pytest.raises(RateLimitedError), connections.opened("a"):
            pass
        with connections.opened("b"), pytest.raises(RateLimitedError), connections.opened("c"):
            pass
    with connections.opened("a"):
        pass


async def test_closing_ends_those_that_come_yet() -> None:
    """And waits for those that are there, within bounds."""
    connections = Live()
    with connections.opened("a") as early:
        await connections.close(0.01)
        assert await early.ended() is Ending.SHUTDOWN
        with connections.opened("a") as late:
            assert await late.ended() is Ending.SHUTDOWN
    await connections.close(10)


async def test_a_reason_is_told_and_can_be_asked_for() -> None:
    """For those who are busy with something else, such as a download."""
    told: list[Ending] = []
    connections = Live()
    with connections.opened("a") as connection:
        connection.when_ended(told.append)
        before = connection.ending
        connections.end_sessions(frozenset(["a"]))
        assert connection.ending is Ending.SESSION
        await connection.ended()
        await asyncio.sleep(0)
    assert before is None
    assert told == [Ending.SESSION]
