"""Tasks and threads with an owner."""

import asyncio
import threading
from contextlib import ExitStack
from functools import partial

import pytest

from octyne.aio import Helpers, Outbox, Pipe, Slots, Tasks, Workers
from support.eventually import soon


async def test_work_that_never_began_is_closed() -> None:
    """A task cancelled before its first step leaves no coroutine to complain."""
    began = []

    async def work() -> None:
        began.append(1)

    async with Tasks() as tasks:
        task = tasks.start_task("work", work())

    assert began == []
    assert task.cancelled()


def test_an_outbox_works_in_order_and_says_when_it_is_full() -> None:
    """Putting never waits; an item that fails does not end the thread."""
    gate = threading.Event()
    done: list[int] = []

    def work(item: int) -> None:
        gate.wait()
        done.append(10 // item)

    outbox = Outbox("test", work, 2)
    accepted = [outbox.put(item) for item in (1, 0, 2, 5, 5, 5)]
    gate.set()
    assert outbox.drain(10)
    outbox.close(10)

    assert accepted[0]
    assert not accepted[-1]
    assert done[0] == 10


def test_an_outbox_that_is_stuck_does_not_hold_up_the_end() -> None:
    """Closing gives up after its time."""
    gate = threading.Event()

    def work(_item: int) -> None:
        gate.wait()

    outbox = Outbox("test", work, 2)
    outbox.put(1)
    outbox.close(0.01)
    gate.set()

    assert outbox.drain(10)


def test_a_helpers_ends_with_its_block() -> None:
    """Its threads are gone, and what was to come later never comes."""
    done: list[str] = []
    with Helpers("helpers-test", 2) as helpers:
        helpers.start_later(1000, done.append, "later")
        helpers.start(done.append, "now").result(10)

    assert done == ["now"]
    assert not [each for each in threading.enumerate() if "helpers-test" in each.name]


async def test_a_pipe_carries_bytes_and_holds_the_writer_back() -> None:
    """No more than its limit, and one piece, waits in it."""
    pipe, workers = Pipe(100), Workers("test", 1)
    put = []

    def write() -> None:
        for number in range(20):
            put.append(number)
            pipe.put(bytes([number]) * 50)
        pipe.end()

    writing = workers.start(write)
    got = []
    async with asyncio.timeout(10):
        while data := await pipe.get():
            got.append(data[0])
            assert len(put) - len(got) <= 4
        await writing
    workers.close()

    assert got == list(range(20))


async def test_a_pipe_without_a_reader_lets_its_writer_go() -> None:
    """Whoever waits for room is told."""
    pipe, workers = Pipe(1), Workers("test", 1)

    def write() -> None:
        while True:
            pipe.put(b"x")

    writing = workers.start(write)
    assert await pipe.get() == b"x"
    pipe.close()

    with pytest.raises(BrokenPipeError):
        await writing
    workers.close()


def test_slots_are_refused_when_there_are_no_more() -> None:
    """And come back with the end of a block, however it ends."""
    slots = Slots(1, lambda: OverflowError("full"))
    with slots.taken("ann"):
        assert slots.count == 1
        with pytest.raises(OverflowError), slots.taken("ben"):
            pass
    with pytest.raises(KeyError), slots.taken("ann"):
        raise KeyError

    assert slots.count == 0


def test_an_account_has_no_more_than_its_share_of_slots() -> None:
    """Half of them, rounded up; the rest is for others."""
    slots = Slots(5, lambda: OverflowError("full"))
    with ExitStack() as taken:
        for _ in range(3):
            taken.enter_context(slots.taken("ann"))
        with pytest.raises(OverflowError):
            taken.enter_context(slots.taken("ann"))
        for name in ("ben", "cem"):
            taken.enter_context(slots.taken(name))
        with pytest.raises(OverflowError):
            taken.enter_context(slots.taken("dan"))

    with slots.taken("ann"):
        assert slots.count == 1


async def test_one_account_leaves_threads_to_others() -> None:
    """However much of it waits; work that was given up keeps its thread until it ends."""
    workers, go_on = Workers("test", 3), threading.Event()
    begun: list[int] = []

    def slow(number: int) -> int:
        begun.append(number)
        assert go_on.wait(10)
        return number

    many = [asyncio.ensure_future(workers.run_for("ann", slow, number)) for number in range(6)]

    async def two_run() -> bool:
        return len(begun) == 2

    await soon(two_run)
    many[0].cancel()
    many[5].cancel()
    await asyncio.wait([many[0], many[5]])
    assert await workers.run_for("ben", lambda: "other") == "other"
    assert begun == [0, 1]
    go_on.set()

    assert await asyncio.gather(*many[1:5]) == [1, 2, 3, 4]
    assert sorted(begun) == [0, 1, 2, 3, 4]
    workers.close()


def test_helpers_take_no_more_than_they_can_do() -> None:
    """Who has more for them waits; at the end all is done, or the first failure is told."""
    done: list[int] = []
    most = 0
    with Helpers("helpers-test", 2) as helpers:
        for number in range(100):
            helpers.run(partial(done.append, number))
            most = max(most, number + 1 - len(done))
        helpers.finish()
        assert sorted(done) == list(range(100))
        assert most <= 2 * helpers.threads
        helpers.run(lambda: done.append(1 // 0))
        with pytest.raises(ZeroDivisionError):
            helpers.finish()
