"""The config over HTTP: shown, replaced, read again."""

import pytest
from aiohttp import ClientSession

from support.api import Api


async def test_the_config_is_shown_as_it_is(api: Api, client: ClientSession) -> None:
    """Comments included."""
    async with client.get("/config") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert await answer.read() == api.config.content
    assert api.audit.actions[-1]["action"] == "config.view"


@pytest.mark.parametrize("path", ["/config", "/config/reload"])
async def test_an_unreadable_config_is_500(
    api: Api, client: ClientSession, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Why it can't be read at all is in the log only: that may speak of the machine."""
    api.config.is_broken = True
    async with client.get(path) as answer:
        expected = (500, {"error": "An error occurred while reading config!"})
        assert (answer.status, await answer.json()) == expected
    assert "/secret/place" in caplog.text
    assert api.audit.actions == []


async def test_the_config_is_replaced(api: Api, client: ClientSession) -> None:
    """By the body as it is."""
    async with client.patch("/config", data=b'{"port": 1} // new') as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.config.content == b'{"port": 1} // new'
    assert api.audit.actions[-1]["action"] == "config.edit"


async def test_a_wrong_config_is_400(api: Api, client: ClientSession) -> None:
    """The fixed text for clients that compare it, and the reason for people."""
    async with client.patch("/config", data=b"{'a': 1}") as answer:
        assert (answer.status, await answer.json()) == (
            400,
            {"error": "Invalid JSON body!", "reason": "config.json, line 3: no."},
        )
    assert api.audit.actions == []


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
async def test_reload(api: Api, client: ClientSession, method: str) -> None:
    """By any of the historic methods."""
    async with client.request(method, "/config/reload") as answer:
        assert answer.status == 200
    assert api.audit.actions[-1]["action"] == "config.reload"
