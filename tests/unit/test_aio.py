"""Tasks and threads with an owner."""

import threading

from octyne.aio import Outbox, Tasks


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
