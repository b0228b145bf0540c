"""The keeper's event loop, on real pipes."""

import os
from collections.abc import Iterator

import pytest

from octyne.keeper.loop import READABLE, WRITABLE, Loop

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe, closed with the test."""
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A loop, closed with the test."""
    made = Loop()
    yield made
    made._selector.close()


def test_calls_when_ready(loop: Loop, pipe: Pipe) -> None:
    """What is readable is told, with what it is ready for."""
    told: list[int] = []
    loop.watch(pipe[0], READABLE, told.append)
    loop.watch(pipe[1], WRITABLE, told.append)
    os.write(pipe[1], b"x")
    loop.run_once()

    assert sorted(told) == [READABLE, WRITABLE]


def test_the_newest_watch_counts(loop: Loop, pipe: Pipe) -> None:
    """Watching again replaces the earlier watch; unwatching twice is harmless."""
    told: list[str] = []
    loop.watch(pipe[0], READABLE, lambda _: told.append("old"))
    loop.watch(pipe[0], READABLE, lambda _: told.append("new"))
    os.write(pipe[1], b"x")
    loop.run_once()
    loop.unwatch(pipe[0])
    loop.unwatch(pipe[0])
    loop.after(0, "end", lambda: told.append("end"))
    loop.run_once()

    assert told == ["new", "end"]


def test_one_call_may_unwatch_another(loop: Loop, pipe: Pipe) -> None:
    """Of two that are ready at once, the first may take the second's turn away."""
    told: list[int] = []
    other = os.dup(pipe[0])

    def first(fd: int, rival: int) -> None:
        told.append(fd)
        loop.unwatch(rival)

    loop.watch(pipe[0], READABLE, lambda _: first(pipe[0], other))
    loop.watch(other, READABLE, lambda _: first(other, pipe[0]))
    os.write(pipe[1], b"x")
    loop.run_once()
    os.close(other)

    assert len(told) == 1


def test_timers_come_once_and_in_their_time(loop: Loop) -> None:
    """A timer is replaced by one of its name, can be cancelled, and comes only once."""
    told: list[str] = []
    loop.after(1000, "a", lambda: told.append("late"))
    loop.after(0, "a", lambda: told.append("a"))
    loop.after(0, "b", lambda: told.append("b"))
    loop.cancel("b", "unknown")
    assert (loop.has_timer("a"), loop.has_timer("b")) == (True, False)
    loop.run_once()

    assert told == ["a"]
    assert not loop.has_timer("a")


def test_a_timer_may_set_itself_again(loop: Loop) -> None:
    """As the rounds of SIGKILL do."""
    told: list[int] = []

    def again() -> None:
        told.append(len(told))
        loop.after(0.001, "round", again)

    loop.after(0, "round", again)
    for _ in range(3):
        loop.run_once()

    assert len(told) >= 2
    assert loop.has_timer("round")


def test_a_timer_may_cancel_another(loop: Loop) -> None:
    """A timer that is due is not called when one before it has cancelled it."""
    told: list[str] = []
    loop.after(0, "a", lambda: loop.cancel("b"))
    loop.after(0, "b", lambda: told.append("b"))
    loop.run_once()

    assert told == []
