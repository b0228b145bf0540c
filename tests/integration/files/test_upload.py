"""Uploads that don't end as they should; tests/e2e/uploads has the rest."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octyne.aio import share_of
from octyne.errors import RateLimitedError
from octyne.files.etags import ALWAYS
from octyne.files.service import Files
from octyne.files.upload import MAX_UPLOADS, Arriving
from support.eventually import until


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    """For an app in `app`."""
    (tmp_path / "app").mkdir()
    made = Files(str(tmp_path / "state"))
    made.recover()
    yield made
    made.close()


async def silence() -> bytes:
    """A client that sends nothing."""
    await asyncio.Event().wait()
    return b""


async def test_cancelling_leaves_nothing(files: Files, tmp_path: Path) -> None:
    """In the middle of the body."""
    pieces = [b"x" * 1000]

    async def read() -> bytes:
        return pieces.pop() if pieces else await silence()

    body = Arriving(read, None, 1 << 20)
    upload = asyncio.create_task(
        files.uploads.receive_file("ann", str(tmp_path / "app"), "a", ALWAYS, body)
    )
    await until(lambda: any(each.stat().st_size for each in (tmp_path / "app").iterdir()))
    upload.cancel()
    await asyncio.wait([upload])

    assert os.listdir(tmp_path / "app") == []
    assert os.listdir(tmp_path / "state" / "hidden") == []


async def test_there_is_a_bound(files: Files, tmp_path: Path) -> None:
    """On those of one account that run at once; others have room; those that end make some."""
    body = Arriving(silence, None, 1 << 20)
    directory = str(tmp_path / "app")
    running = [
        asyncio.create_task(files.uploads.receive_file("ann", directory, "a", ALWAYS, body))
        for _ in range(share_of(MAX_UPLOADS))
    ]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitedError):
        await files.uploads.receive_file("ann", directory, "a", ALWAYS, body)
    other = asyncio.create_task(files.uploads.receive_file("ben", directory, "a", ALWAYS, body))
    done, _ = await asyncio.wait([other], timeout=0)
    assert not done
    for each in [*running, other]:
        each.cancel()
    await asyncio.wait([*running, other])

    async def nothing() -> bytes:
        return b""

    body = Arriving(nothing, None, 1 << 20)
    await files.uploads.receive_file("ann", directory, "a", ALWAYS, body)
    assert os.listdir(directory) == ["a"]
