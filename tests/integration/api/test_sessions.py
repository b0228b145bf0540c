"""Who calls, and sessions: listed, ended, by whom."""

import pytest
from aiohttp import ClientSession

from octyne.accounts.rights import Identity, Right
from octyne.api.handlers import sessions as module
from support.api import Api


@pytest.fixture(autouse=True)
def _others(api: Api) -> None:
    api.accounts.sessions["u" * 128] = Identity("admin", "s2")
    api.accounts.sessions["v" * 128] = Identity("bob", "s3")


def modest(_: Identity, right: Right) -> bool:
    """Who may see and end no sessions of others."""
    return right not in {Right.ACCOUNTS_VIEW, Right.ACCOUNTS_EDIT}


async def ids(client: ClientSession, query: str = "") -> list[str]:
    """What the list has."""
    async with client.get(f"/sessions{query}") as answer:
        assert answer.status == 200
        return [one["id"] for one in (await answer.json())["sessions"]]


async def test_callers_can_ask_who_they_are(api: Api, client: ClientSession) -> None:
    """The Unix socket has no session."""
    async with client.get("/whoami") as answer:
        assert await answer.json() == {"username": "admin", "sessionId": "s1"}
    async with api.client("", unix=True).get("/whoami") as answer:
        assert await answer.json() == {"username": "@local", "sessionId": ""}


async def test_sessions_are_listed(client: ClientSession) -> None:
    """One's own; those of another, or all, when asked for. Never a token."""
    async with client.get("/sessions") as answer:
        first, second = (await answer.json())["sessions"]
    assert first == {
        "id": "s1",
        "username": "admin",
        "created": 1_000_000,
        "lastUsed": 2_000_000,
        "current": True,
        "address": "192.0.2.7",
        "userAgent": "curl/8",
    }
    assert (second["id"], second["current"]) == ("s2", False)
    assert await ids(client, "?user=bob") == ["s3"]
    assert await ids(client, "?all=true") == ["s1", "s2", "s3"]


async def test_the_unix_socket_sees_all(api: Api) -> None:
    """It has none of its own."""
    local = api.client("", unix=True)

    assert await ids(local) == []
    assert await ids(local, "?all=true") == ["s1", "s2", "s3"]


async def test_sessions_are_ended(api: Api, client: ClientSession) -> None:
    """And stand in the action log; an unknown one is 404, none at all 400."""
    async with client.delete("/sessions?id=s3") as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    async with client.delete("/sessions?others=true") as answer:
        assert answer.status == 200
    async with client.delete("/sessions?id=s3") as answer:
        assert answer.status == 404
    async with client.delete("/sessions") as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "Session not provided!"})

    assert await ids(client, "?all=true") == ["s1"]
    who = {"action": "sessions.end", "user": "admin", "ip": "127.0.0.1"}
    assert api.audit.actions == [
        {**who, "ofUser": "bob", "session": "s3"},
        {**who, "ofUser": "admin", "others": True},
    ]


async def test_others_sessions_need_a_right(
    client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One's own never do."""
    monkeypatch.setattr(module, "allows", modest)
    for query in ("?user=bob", "?all=true"):
        async with client.get(f"/sessions{query}") as answer:
            assert answer.status == 403
    async with client.delete("/sessions?id=s3") as answer:
        assert answer.status == 404
    async with client.delete("/sessions?id=s2") as answer:
        assert answer.status == 200

    assert await ids(client, "?user=admin") == ["s1"]


async def test_what_logs_in_is_remembered(api: Api, stranger: ClientSession) -> None:
    """As it calls itself, but short and without control characters."""
    for name in ("curl/8", "x" * 1000, "a\tb", ""):
        headers = {"Username": "admin", "Password": "secret", "User-Agent": name}
        async with stranger.get("/login", headers=headers) as answer:
            assert answer.status == 200

    assert api.accounts.agents == ["curl/8", "x" * 300, "ab", ""]
