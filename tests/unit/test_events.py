"""The ring of events."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from octyne.events import Events


@given(st.integers(1, 8), st.lists(st.integers(-3, 30), max_size=20))
def test_readers_get_all_that_is_kept(size: int, steps: list[int]) -> None:
    """In order, each once; a reader that missed some is told so."""
    events = Events(size)
    first = events.first_id
    for number, _ in enumerate(steps):
        events.publish("any", {"n": number})
    for position in (first + step for step in steps):
        found, missed = events.since(position)
        oldest = max(first, first + len(steps) - size)
        if position > events.next_id:
            assert (found, missed) == ([], True)
            continue
        assert [event.id for event in found] == list(range(max(position, oldest), events.next_id))
        assert [event.data["n"] for event in found] == [event.id - first for event in found]
        assert missed == (position < oldest)


def test_ids_go_on_over_restarts_of_the_daemon() -> None:
    """An id of an earlier run is older than all of this one."""
    earlier = Events()
    for _ in range(10):
        earlier.publish("any", {})
    later = Events()
    later._next = max(later._next, earlier.next_id)  # a millisecond has room for 4096 events

    assert later.first_id >= earlier.first_id
    assert later.since(earlier.first_id - 1)[1]


async def test_waiting() -> None:
    """Everybody who waits wakes; what is there already is not waited for; cancelling is safe."""
    events = Events()
    position = events.next_id
    readers = [asyncio.create_task(events.wait(position)) for _ in range(3)]
    late = asyncio.create_task(events.wait(position + 1))
    await asyncio.sleep(0)
    readers[0].cancel()
    await asyncio.wait(readers[:1])
    events.publish("status", {"x": 1}, app="one")
    async with asyncio.timeout(5):
        await asyncio.wait(readers[1:])
        await events.wait(position)
    waiting = not late.done()
    events.publish("status", {})
    async with asyncio.timeout(5):
        await late
    found, missed = events.since(position)

    assert waiting
    assert [(event.kind, event.app) for event in found] == [("status", "one"), ("status", "")]
    assert not missed
