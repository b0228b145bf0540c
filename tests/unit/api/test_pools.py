"""Work that has threads of its own: apart from all other blocking work, and bounded."""

import asyncio
import threading

import pytest

from octyne.aio import in_thread, share_of
from octyne.api.pools import MAX_SEARCHES, Pools
from octyne.errors import RateLimitedError


async def test_searches_hold_nobody_up() -> None:
    """While as many run as may, files are read, and other accounts search, all the same."""
    pools, go_on = Pools(), threading.Event()

    async def search(account: str) -> bool:
        with pools.searches.slots.taken(account):
            return await pools.searches.run_for(account, go_on.wait, 10)

    waiting = [asyncio.ensure_future(search("ann")) for _ in range(share_of(MAX_SEARCHES))]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(5):
            assert await in_thread(lambda: 1) == 1
            assert await pools.searches.run_for("ben", lambda: 2) == 2
        with pytest.raises(RateLimitedError, match="Too many searches"):
            await search("ann")
    finally:
        go_on.set()

    assert await asyncio.gather(*waiting) == [True] * len(waiting)
    assert await search("ann")
    pools.close()
