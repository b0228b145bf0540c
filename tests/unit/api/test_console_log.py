"""Searches in console logs: apart from all other blocking work, and bounded."""

import asyncio
import threading

import pytest

from octyne.aio import in_thread
from octyne.api.handlers import console_log
from octyne.api.handlers.console_log import Searches
from octyne.console import history
from octyne.errors import RateLimitedError


async def test_searches_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """While as many run as may, files are read and apps are started all the same."""
    go_on = threading.Event()
    page = history.LogPage([], 0, 0, None, None)
    monkeypatch.setattr(history, "page", lambda *_: go_on.wait(10) and page)
    searches, query = Searches(), history.Query(grep="x")
    waiting = [
        asyncio.ensure_future(searches.page("", query)) for _ in range(console_log.MAX_SEARCHES)
    ]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(5):
            assert await in_thread(lambda: 1) == 1
        with pytest.raises(RateLimitedError):
            await searches.page("", query)
    finally:
        go_on.set()
    assert await asyncio.gather(*waiting) == [page] * len(waiting)
    assert await searches.page("", query) == page
