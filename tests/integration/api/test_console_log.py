"""The console log over HTTP."""

import asyncio
from contextlib import suppress

import pytest
from aiohttp import ClientSession

from octyne.api.context import Listener
from support.api import TOKEN, Api, FakeApp

LARGE = 32 << 20  # bytes; more than waits in buffers for a client


async def test_the_log_is_paged(client: ClientSession, app: FakeApp) -> None:
    """Backwards from the end, forwards from an offset, searched."""
    await app.prints("".join(f"line {number}\n" for number in range(100)))
    async with client.get("/server/web/console/log?limit=10") as answer:
        assert answer.status == 200
        page = await answer.json()
    assert [line["text"] for line in page["lines"]] == [f"line {n}" for n in range(90, 100)]
    assert (page["start"], page["end"]) == (0, app.feed.end)
    assert "next" not in page
    async with client.get(f"/server/web/console/log?limit=1&until={page['previous']}") as answer:
        assert [line["text"] for line in (await answer.json())["lines"]] == ["line 89"]
    async with client.get("/server/web/console/log?since=0&limit=2") as answer:
        page = await answer.json()
    assert [line["offset"] for line in page["lines"]] == [0, 7]
    assert page["next"] == 14
    async with client.get("/server/web/console/log?since=0&grep=LINE+42") as answer:
        assert [line["text"] for line in (await answer.json())["lines"]] == ["line 42"]


@pytest.mark.parametrize(
    "query", ["since=x", "since=-1", "limit=0", "limit=10001", "until=1.5", "since=" + "9" * 30]
)
async def test_wrong_numbers_are_400(client: ClientSession, app: FakeApp, query: str) -> None:
    """With a sentence that names the field."""
    async with client.get(f"/server/web/console/log?{query}") as answer:
        assert answer.status == 400
        assert query.partition("=")[0] in (await answer.json())["error"]


async def test_the_log_is_downloaded(api: Api, client: ClientSession) -> None:
    """As it was printed, under the app's name."""
    app = api.add_app('my "app"')
    text = "".join(f"{number}\r\n" for number in range(50_000))
    await app.prints(text)
    path = "/server/my%20%22app%22/console/log?download=true"
    async with client.get(path) as answer:
        assert await answer.text() == text
        disposition = answer.headers["Content-Disposition"]
    assert disposition == (
        "attachment; filename=\"my _app_.log\"; filename*=UTF-8''my%20%22app%22.log"
    )
    async with client.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_a_download_ends_with_its_session(api: Api, app: FakeApp) -> None:
    """Who was logged out gets no more of it."""
    line = "x" * 1023 + "\n"
    for _ in range(32):
        await app.prints(line * (LARGE // 32 // len(line)))
    reader, writer = await asyncio.open_connection("127.0.0.1", api.ports[Listener.API])
    target = "/server/web/console/log?download=true"
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n\r\n".encode())
    await reader.readexactly(100_000)
    api.accounts.end("s1")
    got = 100_000
    async with asyncio.timeout(10):
        with suppress(ConnectionError):
            while data := await reader.read(1 << 20):
                got += len(data)
                if got > LARGE:
                    break
    writer.close()

    assert got < LARGE
