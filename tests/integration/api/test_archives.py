"""`POST /server/{id}/compress`, over real connections."""

import asyncio
import threading
from pathlib import Path

import pytest

from octyne.aio import FILE_THREADS, in_thread
from octyne.archives import pack
from support.api import Api
from support.eventually import until


async def test_looking_up_names_keeps_nobody_waiting(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request has room for 200,000 spellings of one name: seconds of looking them up."""
    (Path(api.add_app("app").directory) / "f").write_text("x")
    go_on, real, client = threading.Event(), pack.prepare, api.client()

    def prepare(*arguments: object) -> None:
        assert go_on.wait(10)
        real(*arguments)  # type: ignore[arg-type]

    async def compress(number: int) -> int:
        url = f"/server/app/compress?path={number}.zip"
        async with client.post(url, json=["f"]) as answer:
            return answer.status

    monkeypatch.setattr(pack, "prepare", prepare)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(compress(number)) for number in range(FILE_THREADS)]
        await until(lambda: api.pools.lists.slots.count == FILE_THREADS)
        async with asyncio.timeout(5):
            assert await in_thread(lambda: 1) == 1
        go_on.set()

    assert [each.result() for each in asked] == [200] * FILE_THREADS
    assert api.pools.lists.slots.count == 0
