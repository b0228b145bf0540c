"""Server-sent events, over real connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from octyne.aio import Tasks
from octyne.api.context import Listener
from octyne.api.handlers import events as handler
from support.api import TOKEN, Api
from support.eventually import until


@asynccontextmanager
async def watching(client: ClientSession, query: str = "", **headers: str) -> AsyncIterator[Any]:
    """A stream whose first event has been read."""
    async with asyncio.timeout(10), client.get(f"/events{query}", headers=headers) as stream:
        assert stream.status == 200
        assert stream.content_type == "text/event-stream"
        yield stream


async def read(stream: ClientResponse) -> tuple[int, str, dict[str, Any]]:
    """The next event as (id, kind, data)."""
    while (block := await stream.content.readuntil(b"\n\n")).startswith(b":"):
        pass
    fields = dict(line.split(": ", 1) for line in block.decode().strip().split("\n"))
    return int(fields["id"]), fields["event"], json.loads(fields["data"])


async def test_a_new_client_gets_what_comes_next(api: Api, client: ClientSession) -> None:
    """After a first event that gives it an id to resume at."""
    api.events.publish("status", {"status": 0}, app="web")
    async with watching(client) as stream:
        first_id, kind, _ = await read(stream)
        assert (first_id, kind) == (api.events.next_id - 1, "ready")
        api.events.publish("status", {"status": 1}, app="web")
        number, kind, data = await read(stream)
    assert (number, kind) == (first_id + 1, "status")
    assert data["app"] == "web"
    assert data["data"] == {"status": 1}
    assert data["time"] > 1_600_000_000_000


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_client_resumes_behind_what_it_has_seen(
    api: Api, client: ClientSession, *, by_header: bool
) -> None:
    """By header or, where that can't be set, by query."""
    seen = api.events.next_id
    for number in range(3):
        api.events.publish("config", {"number": number})
    query = "" if by_header else f"?lastEventId={seen}"
    headers = {"Last-Event-ID": str(seen)} if by_header else {}
    async with watching(client, query, **headers) as stream:
        assert (await read(stream))[1] == "ready"
        assert [(await read(stream))[2]["data"]["number"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("asked", ["1", "nonsense", "-5", "9" * 40, "9" * 18])
async def test_a_client_that_missed_events_is_told(
    api: Api, client: ClientSession, asked: str
) -> None:
    """It has to read the state anew; then it goes on."""
    async with watching(client, **{"Last-Event-ID": asked}) as stream:
        number, kind, _ = await read(stream)
        assert (number, kind) == (api.events.next_id - 1, "reset")
        api.events.publish("config", {})
        assert (await read(stream))[1] == "config"


async def test_usage_comes_on_request_only(api: Api, client: ClientSession) -> None:
    """One event holds the samples of all apps that run."""
    sample = {"web": {"cpuUsage": 1.5, "memoryUsage": 100}}
    async with watching(client) as plain, watching(client, "?usage=true") as usage:
        await read(plain)
        await read(usage)
        api.events.publish("usage", sample)
        api.events.publish("config", {})
        assert (await read(plain))[1] == "config"
        _, kind, data = await read(usage)
        assert (kind, data["data"]) == ("usage", sample)


async def test_usage_of_one_app(api: Api, client: ClientSession) -> None:
    """Samples without it are left out, as are those of others beside it."""
    async with watching(client, "?app=web&usage=true") as stream:
        await read(stream)
        api.events.publish("usage", {"other": {"cpuUsage": 1}})
        api.events.publish("usage", {"other": {"cpuUsage": 1}, "web": {"cpuUsage": 2}})
        assert (await read(stream))[2]["data"] == {"web": {"cpuUsage": 2}}


async def test_events_of_one_app(api: Api, client: ClientSession) -> None:
    """The filter leaves the rest out."""
    async with watching(client, "?app=web") as stream:
        await read(stream)
        api.events.publish("config", {})
        api.events.publish("status", {}, app="other")
        api.events.publish("status", {}, app="web")
        assert (await read(stream))[2]["app"] == "web"


async def test_what_a_client_may_not_see_is_left_out(
    api: Api, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The action log needs its own right."""
    monkeypatch.setattr(handler, "allows", lambda _who, right, _app: right != "log.view")
    async with watching(client) as stream:
        await read(stream)
        api.events.publish("action", {"secret": 1})
        api.events.publish("accounts", {})
        assert (await read(stream))[1] == "accounts"


async def test_an_idle_stream_shows_signs_of_life(
    client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comments, which clients skip."""
    monkeypatch.setattr(handler, "HEARTBEAT_S", 0.02)
    async with watching(client) as stream:
        await read(stream)
        assert (await stream.content.readuntil(b"\n\n")).startswith(b":")


async def test_events_for_others_are_no_sign_of_life(
    api: Api, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, a client that gets none of them gets comments."""
    monkeypatch.setattr(handler, "HEARTBEAT_S", 0.1)
    async with watching(client) as stream:
        await read(stream)

        async def sample() -> None:
            while True:
                api.events.publish("usage", {"web": {}})
                await asyncio.sleep(0.01)

        async with Tasks() as tasks:
            tasks.start("samples", sample())
            assert (await stream.content.readuntil(b"\n\n")).startswith(b":")


async def test_a_stream_ends_with_its_client_and_with_the_daemon(
    api: Api, client: ClientSession
) -> None:
    """Nothing is left behind."""
    async with watching(client) as stream:
        await read(stream)
        assert len(api.live) == 1
        stream.close()
        await until(lambda: not len(api.live))
    async with asyncio.timeout(5):
        stream = await client.get("/events")
        await read(stream)
        await api.live.close(5)
        assert len(api.live) == 0
        stream.close()


async def test_a_client_that_takes_nothing_is_dropped(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its deadline; it has cost one buffer."""
    monkeypatch.setattr(handler, "STUCK_S", 0.2)
    _, writer = await asyncio.open_connection("127.0.0.1", api.ports[Listener.API], limit=1024)
    writer.write(f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n\r\n".encode())
    try:
        await until(lambda: len(api.live))
        async with asyncio.timeout(15):
            while len(api.live):
                api.events.publish("config", {"filler": "x" * 1_000_000})
                await asyncio.sleep(0.005)
    finally:
        writer.transport.abort()


async def test_head_does_not_stream(client: ClientSession) -> None:
    """Only the headers."""
    async with asyncio.timeout(5), client.head("/events") as answer:
        assert answer.status == 200
