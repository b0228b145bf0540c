"""Who is connected, and how it ends."""

import asyncio

import pytest

from octyne.accounts.rights import Identity
from octyne.api import live
from octyne.api.live import Ending, Live
from octyne.errors import RateLimitedError

ANN, BEN, CARL = Identity("ann", "a"), Identity("ben", "b"), Identity("carl", "c")


async def test_sessions_that_end_end_theirs() -> None:
    """And no others; the first reason counts."""
    connections = Live()
    with connections.opened(ANN) as mine, connections.opened(BEN) as other:
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
    with connections.opened(ANN):
        with pytest.raises(RateLimitedError), connections.opened(ANN):
            pass
        with connections.opened(BEN), pytest.raises(RateLimitedError), connections.opened(CARL):
            pass
    with connections.opened(ANN):
        pass


async def test_an_account_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sessions it has."""
    monkeypatch.setattr(live, "MAX_TOTAL", 4)
    connections = Live()
    with connections.opened(ANN), connections.opened(Identity("ann", "another")):
        with pytest.raises(RateLimitedError), connections.opened(Identity("ann", "third")):
            pass
        with connections.opened(BEN):
            assert len(connections) == 3
    with connections.opened(Identity("ann", "third")):
        pass


async def test_closing_ends_those_that_come_yet() -> None:
    """And waits for those that are there, within bounds."""
    connections = Live()
    with connections.opened(ANN) as early:
        await connections.close(0.01)
        assert await early.ended() is Ending.SHUTDOWN
        with connections.opened(ANN) as late:
            assert await late.ended() is Ending.SHUTDOWN
    await connections.close(10)


async def test_a_reason_is_told_and_can_be_asked_for() -> None:
    """For those who are busy with something else, such as a download."""
    told: list[Ending] = []
    connections = Live()
    with connections.opened(ANN) as connection:
        connection.when_ended(told.append)
        before = connection.ending
        connections.end_sessions(frozenset(["a"]))
        assert connection.ending is Ending.SESSION
        await connection.ended()
        await asyncio.sleep(0)
    assert before is None
    assert told == [Ending.SESSION]
