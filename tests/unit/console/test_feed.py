"""Viewers of one console: what each gets, and when."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from octyne.console import feed as feed_module
from octyne.console.feed import Cursor, Feed, ViewOptions
from octyne.console.frames import Style
from octyne.keeper.log_writer import LogWriter


class Console:
    """A log that is written, and its feed."""

    def __init__(self, directory: Path) -> None:
        self.writer = LogWriter(str(directory), 40_000, segment_bytes=1000)
        self.feed = Feed(str(directory))

    def write(self, data: bytes) -> None:
        """Write as a keeper: to disk first, then tell."""
        self.writer.append(data)
        self.feed.update(self.writer.start, self.writer.end)

    async def view(self, **options: Any) -> Cursor:
        """A viewer."""
        return await self.feed.open(ViewOptions(**{"style": Style.V2, **options}))

    def end(self) -> None:
        """Close all."""
        self.feed.close()
        self.writer.close()


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """An empty console."""
    made = Console(tmp_path)
    yield made
    made.end()


async def read(cursor: Cursor) -> Any:
    """The next message, within a deadline."""
    async with asyncio.timeout(5):
        return json.loads(await cursor.next())


async def is_silent(cursor: Cursor) -> bool:
    """Whether no message comes when all that could come has been dealt with."""
    waiting = asyncio.create_task(cursor.next())
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    waiting.cancel()
    await asyncio.wait([waiting])
    return not done


async def test_the_first_message_comes_at_once(console: Console) -> None:
    """Even when there is nothing to show; the next only with output."""
    cursor = await console.view()
    first = await read(cursor)
    assert (first["data"], first["offset"], first["next"]) == ("", 0, 0)
    assert await is_silent(cursor)
    console.write(b"hello\nthere\n")

    assert (await read(cursor))["data"] == "hello\nthere"


async def test_cancelling_loses_nothing(console: Console) -> None:
    """The first message included: the next call gives it."""
    console.write(b"one\n")
    cursor = await console.view()
    waiting = asyncio.create_task(cursor.next())
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (await read(cursor))["data"] == "one"
    assert await is_silent(cursor)
    console.write(b"two\n")

    assert (await read(cursor))["data"] == "two"


async def test_a_first_message_that_is_cancelled_still_comes(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty one, too: old clients wait for it."""
    cursor = await console.view(since=0)
    look, blocked = cursor._look, asyncio.Event()

    async def slowly(size: int) -> Any:
        await blocked.wait()
        return await look(size)

    monkeypatch.setattr(cursor, "_look", slowly)
    assert await is_silent(cursor)
    blocked.set()

    assert (await read(cursor))["data"] == ""


async def test_the_scrollback_is_2500_lines(console: Console) -> None:
    """The last ones; and those who say where continue there."""
    console.write(b"".join(b"%d\n" % number for number in range(5000)))
    cursor = await console.view()
    lines: list[str] = []
    while len(lines) < 2500:
        lines += (await read(cursor))["data"].split("\n")
    first = await console.view(since=10)

    assert lines == [str(number) for number in range(2500, 5000)]
    assert (await read(first))["data"].startswith("5\n6\n7\n")


async def test_viewers_at_one_place_share_a_message(console: Console) -> None:
    """It is rendered once; who comes later reads from disk and delays nobody."""
    slow, *quick = [await console.view() for _ in range(5)]
    for cursor in quick:
        await cursor.next()
    for number in range(50):
        console.write(b"%d\n" % number)
        messages = [await cursor.next() for cursor in quick]
        assert len({id(message) for message in messages}) == 1
    text = json.loads(await slow.next())["data"]

    assert text == "\n".join(map(str, range(50)))
    assert len(console.feed._frames) <= feed_module.FRAMES_KEPT


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"since": 0}, {"type": "gap", "from": 0, "to": 30_000}),
        ({}, None),
    ],
)
async def test_what_is_no_longer_kept(
    console: Console, options: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """Is told to those who asked to continue there; the others begin behind it."""
    for _ in range(70):
        console.write(b"x" * 999 + b"\n")
    cursor = await console.view(**options)
    first = await read(cursor)
    if expected is not None:
        assert first == {"type": "gap", "from": 0, "to": console.feed.start}
        first = await read(cursor)

    assert first["offset"] == console.feed.start


async def test_a_viewer_that_falls_behind_learns_what_it_missed(console: Console) -> None:
    """Exactly, and goes on behind it."""
    cursor = await console.view(since=0)
    await cursor.next()
    console.write(b"seen\n")
    assert (await read(cursor))["next"] == 5
    for _ in range(70):
        console.write(b"x" * 999 + b"\n")
    gap = await read(cursor)

    assert gap == {"type": "gap", "from": 5, "to": console.feed.start}
    assert (await read(cursor))["offset"] == console.feed.start


async def test_an_offset_that_never_was(console: Console) -> None:
    """As after the log was removed: the viewer is led back to what there is."""
    console.write(b"hello\n")
    cursor = await console.view(since=10_000)
    gap = await read(cursor)

    assert gap == {"type": "gap", "from": 10_000, "to": 0}
    assert (await read(cursor))["data"] == "hello"


async def test_prompts(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown after a pause to those who ask, and to the others when the line is finished."""
    monkeypatch.setattr(feed_module, "PARTIAL_PAUSE_S", 0.01)
    asks, waits = await console.view(partial=True), await console.view()
    await asks.next()
    await waits.next()
    console.write(b"name? ")
    shown = await read(asks)
    assert await is_silent(waits)
    console.write(b"Ada\n")
    rest, whole = await read(asks), await read(waits)

    assert (shown["data"], shown["partial"]) == ("name? ", True)
    assert (rest["data"], rest["offset"]) == ("Ada", shown["next"])
    assert whole["data"] == "name? Ada"


async def test_a_feed_finds_its_log_by_itself(tmp_path: Path) -> None:
    """As at the daemon's start, when no keeper tells; an absent log is an empty one."""
    feed = Feed(str(tmp_path / "console"))
    await feed.refresh()
    assert (feed.start, feed.end) == (0, 0)
    writer = LogWriter(str(tmp_path / "console"), 1 << 20)
    writer.append(b"hello\n")
    await feed.refresh()
    cursor = await feed.open(ViewOptions(style=Style.PLAIN))
    first = await cursor.next()
    writer.close()
    feed.close()

    assert (feed.end, first) == (6, b"hello")
