"""How consoles are refused, and how they end."""

import asyncio
import json
import os

import pytest
from websockets.asyncio.client import unix_connect
from websockets.exceptions import InvalidStatus

from octyne.api import websocket
from octyne.api.context import Listener
from octyne.api.handlers import console
from support.api import TOKEN, Api, FakeApp
from support.eventually import until
from support.viewers import PATH, V2, closing, receive, skip_start, viewing

REFUSALS = [
    ("", PATH, 401, "You are not authenticated to access this resource!"),
    ("wrong", PATH, 401, "You are not authenticated to access this resource!"),
    ("", "/server/nope/console", 401, "You are not authenticated to access this resource!"),
    (TOKEN, "/server/nope/console", 404, "This server does not exist!"),
    (TOKEN, f"{PATH}?since=x", 400, "The field since must be a whole number from 0 to"),
]


@pytest.mark.parametrize(("token", "path", "status", "text"), REFUSALS)
async def test_v2_refusals_come_over_the_websocket(
    api: Api, app: FakeApp, token: str, path: str, status: int, text: str
) -> None:
    """An error message, then 4000 + status with the same text."""
    async with viewing(api, path, token=token) as viewer:
        message = await receive(viewer)
        assert message["type"] == "error"
        assert message["message"].startswith(text)
        assert await closing(viewer) == (4000 + status, message["message"])


@pytest.mark.parametrize(("token", "path", "status", "text"), REFUSALS[:4])
async def test_old_refusals_are_plain_http(
    api: Api, app: FakeApp, token: str, path: str, status: int, text: str
) -> None:
    """With the usual JSON."""
    with pytest.raises(InvalidStatus) as refused:
        async with viewing(api, path, v2=False, token=token):
            pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"") == {"error": text}


async def test_a_bug_is_4500(api: Api, app: FakeApp, caplog: pytest.LogCaptureFixture) -> None:
    """Before the console opens and while it is open; the log has the details."""

    async def break_down(options: object) -> None:
        raise RuntimeError("secret detail")

    app.feed.open = break_down  # type: ignore[method-assign,assignment]
    async with viewing(api) as viewer:
        await receive(viewer)
        assert await receive(viewer) == {"type": "error", "message": "Internal Server Error!"}
        assert await closing(viewer) == (4500, "Internal Server Error!")
    api.accounts.bug = RuntimeError("secret detail")
    async with viewing(api) as viewer:
        assert await receive(viewer) == {"type": "error", "message": "Internal Server Error!"}
        assert await closing(viewer) == (4500, "Internal Server Error!")
    assert caplog.text.count("RuntimeError: secret detail") == 2


async def test_a_cookie_from_elsewhere_is_refused(api: Api, app: FakeApp) -> None:
    """4403, or 403; from the same origin it is fine."""
    cookie = {"Cookie": f"X-Authentication={TOKEN}"}
    foreign = {**cookie, "Origin": "https://elsewhere.example"}
    async with viewing(api, token="", headers=foreign) as viewer:
        await receive(viewer)
        expected = (4403, "You are not allowed to access this resource!")
        assert await closing(viewer) == expected
    with pytest.raises(InvalidStatus) as refused:
        async with viewing(api, token="", headers=foreign, v2=False):
            pass
    assert refused.value.response.status_code == 403
    own = {**cookie, "Origin": api.url("")}
    async with viewing(api, token="", headers=own) as viewer:
        assert (await receive(viewer))["type"] == "settings"


async def test_a_ticket_opens_it_from_anywhere(api: Api, app: FakeApp) -> None:
    """Once."""
    ticket = api.accounts.issue_ticket(api.accounts.sessions[TOKEN], "127.0.0.1")
    path = f"{PATH}?ticket={ticket.replace('+', '%2B')}"
    origin = {"Origin": "https://elsewhere.example"}
    async with viewing(api, path, token="", headers=origin) as viewer:
        assert (await receive(viewer))["type"] == "settings"
    async with viewing(api, path, token="") as viewer:
        assert (await receive(viewer))["type"] == "error"


async def test_the_unix_socket_needs_no_token(api: Api, app: FakeApp) -> None:
    """It is @local."""
    async with (
        asyncio.timeout(10),
        unix_connect(api.socket_path, f"ws://0123abcd:0{PATH}", subprotocols=[V2]) as viewer,
    ):
        await skip_start(viewer)
        await viewer.send('{"type":"input","data":"x"}')
        await until(lambda: app.input == ["x"])
    assert api.audit.actions[-1]["user"] == "@local"


async def test_a_session_that_ends_closes_its_consoles(api: Api, app: FakeApp) -> None:
    """At once, while idle, and nobody else's."""
    api.accounts.sessions["other"] = type(api.accounts.sessions[TOKEN])("other", "s2")
    async with (
        viewing(api) as viewer,
        viewing(api, v2=False) as old,
        viewing(api, token="other") as other,
    ):
        for each in (viewer, other):
            await skip_start(each)
        await old.recv()
        api.accounts.end("s1")
        text = "You are not authenticated to access this resource!"
        assert await receive(viewer) == {"type": "error", "message": text}
        assert await closing(viewer) == (4401, text)
        assert await closing(old) == (4401, text)
        await other.send('{"type":"ping"}')
        assert (await receive(other))["type"] == "pong"
    await until(lambda: not len(api.live))


async def test_viewers_of_a_removed_app_are_closed_later(
    api: Api, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They can read the last notice first."""
    monkeypatch.setattr("octyne.api.live.REMOVED_DELAY_S", 0.05)
    async with viewing(api) as viewer:
        await skip_start(viewer)
        del api.fleet.by_name["web"]
        for callback in api.fleet.removed:
            callback("web")
        await app.prints("[Octyne] gone\n")
        assert (await receive(viewer))["data"] == "[Octyne] gone"
        assert (await closing(viewer))[0] == 1000
    api.fleet.by_name["web"] = app


async def test_a_silent_v2_client_is_closed(
    api: Api, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pings of the protocol underneath are no messages; old clients may be silent."""
    monkeypatch.setattr(console, "SILENCE_S", 0.1)
    async with viewing(api) as viewer, viewing(api, v2=False) as old:
        await skip_start(viewer)
        await old.recv()
        _pong = await viewer.ping()
        assert await closing(viewer) == (1008, "No message came within 30 seconds.")
        await app.prints("still here\n")
        assert await old.recv() == "still here"


async def test_the_close_handshake_is_quick(api: Api, app: FakeApp) -> None:
    """The server answers a close and ends the connection."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        await viewer.close(1001, "bye")
        assert viewer.close_code == 1001
    await until(lambda: not len(api.live))


async def test_a_lost_connection_is_noticed(api: Api, app: FakeApp) -> None:
    """Without a close frame."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        viewer.transport.abort()
        await until(lambda: not len(api.live))


async def test_a_viewer_that_never_reads_costs_little_and_holds_up_nobody(
    api: Api, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others get everything; the shutdown doesn't wait for it."""
    monkeypatch.setattr(websocket, "CLOSE_WAIT_S", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", api.ports[Listener.API], limit=1024)
    writer.write(
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert await reader.readline()
    before = _resident_kib()
    async with viewing(api, v2=False) as other:
        await other.recv()
        total = 0
        for _ in range(48):
            await app.prints(("x" * 1023 + "\n") * 1024)
            while total < app.feed.end - 1:
                total += len(await other.recv()) + 1
        assert _resident_kib() - before < 40 * 1024
        async with asyncio.timeout(3):
            await api.live.close(3)
        assert await closing(other) == (1001, "The daemon is stopping.")
    writer.transport.abort()


def _resident_kib() -> int:
    with open(f"/proc/{os.getpid()}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1])


async def test_pings_of_the_protocol_are_answered(api: Api, app: FakeApp) -> None:
    """Other clients use them."""
    async with viewing(api) as viewer:
        await (await viewer.ping(b"payload"))


async def test_too_many_consoles_are_refused(
    api: Api, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4429."""
    monkeypatch.setattr("octyne.api.live.MAX_PER_SESSION", 1)
    async with viewing(api) as first, viewing(api) as second:
        await skip_start(first)
        await receive(second)
        assert (await closing(second))[0] == 4429


async def test_an_upgrade_that_is_wrong_is_refused(api: Api, app: FakeApp) -> None:
    """426 when it is none, 400 for a bad key."""
    client = api.client()
    async with client.get(PATH) as answer:
        assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")
        assert list(await answer.json()) == ["error"]
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    for key in ("", "short", "dGhlIHNhbXBsZSBub25jZQ"):
        async with client.get(PATH, headers={**headers, "Sec-WebSocket-Key": key}) as answer:
            assert answer.status == 400
