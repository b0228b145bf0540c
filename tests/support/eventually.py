"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.02


def eventually(look: Callable[[], T], within_s: float = 10.0, because: str = "") -> T:
    """The first true answer of ``look``; fails with ``because`` when none comes in time."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(because or f"still {found!r} after {within_s} s")
        time.sleep(POLL_S)


async def soon(look: Callable[[], Awaitable[T]], within_s: float = 10.0, because: str = "") -> T:
    """`eventually` for coroutines."""
    deadline = time.monotonic() + within_s
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(because or f"still {found!r} after {within_s} s")
        await asyncio.sleep(POLL_S)


async def until(look: Callable[[], T], within_s: float = 10.0, because: str = "") -> T:
    """`eventually` for what becomes true while the event loop goes on."""

    async def ask() -> T:
        return look()

    return await soon(ask, within_s, because)
