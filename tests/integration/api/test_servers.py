"""Apps over HTTP: listed, shown, operated."""

import re

import pytest
from aiohttp import ClientSession

from octyne.apps.lifecycle import Exit
from octyne.errors import ConflictError
from support.api import Api, FakeApp, FakeStart


async def test_apps_are_listed(api: Api, client: ClientSession, app: FakeApp) -> None:
    """With numbers, or with more."""
    api.add_app("other").status = 2
    app.to_delete = True
    for method in ("GET", "POST"):
        async with client.request(method, "/servers") as answer:
            assert await answer.json() == {"servers": {"web": 0, "other": 2}}
    async with client.get("/servers?extrainfo=true") as answer:
        assert await answer.json() == {
            "servers": {
                "web": {"status": 0, "toDelete": True},
                "other": {"status": 2, "toDelete": False},
            }
        }
    async with client.get("/servers?extrainfo=false") as answer:
        assert await answer.json() == {"servers": {"web": 0, "other": 2}}


async def test_an_app_is_shown(client: ClientSession, app: FakeApp) -> None:
    """Whole numbers without a point, toDelete only when so."""
    async with client.get("/server/web") as answer:
        text = await answer.text()
        shown = await answer.json()
    assert answer.status == 200
    assert shown == {
        "status": 0,
        "cpuUsage": 0,
        "memoryUsage": 0,
        "totalMemory": 8 << 30,
        "uptime": 0,
        "state": "stopped",
        "pid": 0,
        "restarts": 0,
        "desired": "stopped",
        "desiredBy": "config",
        "desiredTime": 0,
    }
    assert not re.search(r"\d\.\d|\de\d", text)


async def test_a_running_app_is_shown(client: ClientSession, app: FakeApp) -> None:
    """With its usage."""
    app.status, app.state, app.pid, app.uptime = 1, "running", 77, 12_345_678_901_234_567
    app.usage.cpu_percent, app.usage.memory_bytes = 12.3456, 1 << 40
    app.desired.running = app.to_delete = True
    app.exit = Exit("run", None, 9, "", "", 1_700_000_000_000)
    async with client.get("/server/web") as answer:
        shown = await answer.json()
    assert shown["cpuUsage"] == 12.35
    assert shown["memoryUsage"] == 1 << 40
    assert shown["uptime"] == 12_345_678_901_234_567
    assert shown["toDelete"] is True
    assert shown["lastExit"] == {"time": 1_700_000_000_000, "signal": 9}
    assert (shown["pid"], shown["desired"]) == (77, "running")


WORDS = [
    (b"START", "start", "server.start"),
    (b"start", "start", "server.start"),
    (b"TERM", "stop", "server.stop"),
    (b"Term", "stop", "server.stop"),
    (b"KILL", "kill", "server.kill"),
    (b"STOP", "kill", "server.kill"),
    (b"stop", "kill", "server.kill"),
    (b"RESTART", "restart", "server.restart"),
]


@pytest.mark.parametrize(("word", "call", "action"), WORDS)
async def test_apps_are_operated(
    api: Api, client: ClientSession, app: FakeApp, word: bytes, call: str, action: str
) -> None:
    """One word, any case."""
    async with client.post("/server/web", data=word) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert app.calls == [(call, "admin")]
    assert api.audit.actions == [
        {"action": action, "user": "admin", "ip": "127.0.0.1", "server": "web"}
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"START\n", b" START", b"HALT", b'"START"', "\u017ftart".encode(), b"\xff", b"x" * 999],
)
async def test_other_words_are_400(client: ClientSession, app: FakeApp, body: bytes) -> None:
    """Nothing around it; the long s isn't an S."""
    async with client.post("/server/web", data=body) as answer:
        expected = (400, {"error": "Invalid operation requested!"})
        assert (answer.status, await answer.json()) == expected
    assert app.calls == []


async def test_a_start_that_fails_says_why(client: ClientSession, app: FakeApp) -> None:
    """Still 200, and never under `error`."""
    app.start_result = FakeStart(success=False, reason="There is no such command.")
    async with client.post("/server/web", data="START") as answer:
        expected = (200, {"success": False, "reason": "There is no such command."})
        assert (answer.status, await answer.json()) == expected


async def test_usage_of_the_last_hour(client: ClientSession, app: FakeApp) -> None:
    """Oldest first."""
    async with client.get("/server/web/usage") as answer:
        assert await answer.json() == {
            "totalMemory": 8 << 30,
            "samples": [
                {"time": 1_700_000_000_000, "cpuUsage": 1.5, "memoryUsage": 100},
                {"time": 1_700_000_000_000, "cpuUsage": 2, "memoryUsage": 200},
            ],
        }


async def test_domain_errors_keep_their_sentence(client: ClientSession, app: FakeApp) -> None:
    """409 with the text that was raised."""

    async def refuse(by: str) -> FakeStart:
        raise ConflictError("The app is being removed.")

    app.start = refuse  # type: ignore[method-assign]
    async with client.post("/server/web", data="START") as answer:
        expected = (409, {"error": "The app is being removed."})
        assert (answer.status, await answer.json()) == expected


async def test_all_apps_in_one_answer(api: Api, client: ClientSession, app: FakeApp) -> None:
    """Each as its own route shows it."""
    async with client.get("/servers?details=true") as answer:
        everything = await answer.json()
    async with client.get("/server/web") as answer:
        alone = await answer.json()

    assert everything["servers"]["web"].keys() == alone.keys()
