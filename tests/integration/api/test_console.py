"""The console's WebSocket, as clients of both protocols see it; they aren't aiohttp's."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from octyne import wire
from octyne.api import websocket
from octyne.api.context import Listener
from octyne.api.handlers import console
from octyne.errors import ConflictError
from octyne.wire import encode
from support.api import MIB, TOKEN, Api, FakeApp

V2 = Subprotocol("console-v2")
PATH = "/server/web/console"


@asynccontextmanager
async def viewing(
    api: Api, path: str = PATH, *, v2: bool = True, token: str = TOKEN, **more: Any
) -> AsyncIterator[ClientConnection]:
    """A viewer without pings of its own."""
    headers = {"Authorization": token, **more.pop("headers", {})}
    protocols = [Subprotocol("other"), V2] if v2 else None
    async with (
        asyncio.timeout(20),
        connect(
            more.pop("url", api.ws(path)),
            additional_headers={name: value for name, value in headers.items() if value},
            subprotocols=protocols,
            ping_interval=None,
            compression="deflate",
            max_size=None,
            **more,
        ) as viewer,
    ):
        yield viewer


async def receive(viewer: ClientConnection) -> dict[str, Any]:
    """The next message; it must be a text one."""
    message = await viewer.recv()
    assert isinstance(message, str)
    decoded = json.loads(message)
    assert isinstance(decoded, dict)
    return decoded


async def skip_start(viewer: ClientConnection) -> None:
    """Settings and scrollback."""
    assert (await receive(viewer))["type"] == "settings"
    assert (await receive(viewer))["type"] == "output"


async def closing(viewer: ClientConnection) -> tuple[int, str]:
    """Code and reason of the close that follows."""
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  # what comes before it
        while True:
            await viewer.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_the_upgrade_answer_has_the_exact_spelling(api: Api, app: FakeApp) -> None:
    """Old clients compare it."""
    request = (
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\nconnection: keep-alive, "
        "UPGRADE\r\nupgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    ).encode()
    for offered in (b"", b"Sec-WebSocket-Protocol: a, console-v2\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", api.ports[Listener.API])
        writer.write(request + offered + b"\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.close()

        lines = head.split("\r\n")
        assert lines[0] == "HTTP/1.1 101 Switching Protocols"
        assert "Connection: Upgrade" in lines
        assert "Upgrade: websocket" in lines
        assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
        assert ("Sec-WebSocket-Protocol: console-v2" in lines) is bool(offered)
        assert "Extensions" not in head
        assert "Content" not in head


async def test_a_v2_viewer_gets_settings_scrollback_and_output(api: Api, app: FakeApp) -> None:
    """In this order; output carries offsets."""
    await app.prints("one\ntwo\n")
    async with viewing(api) as viewer:
        assert viewer.subprotocol == "console-v2"
        assert await receive(viewer) == {"type": "settings", "readOnly": False}
        first = await receive(viewer)
        assert (first["type"], first["data"]) == ("output", "one\ntwo")
        assert (first["offset"], first["next"]) == (0, 8)
        await app.prints("three\n")
        assert (await receive(viewer))["data"] == "three"


async def test_the_first_output_comes_even_when_empty(api: Api, app: FakeApp) -> None:
    """Known clients wait for it."""
    async with viewing(api) as viewer:
        await receive(viewer)
        assert (await receive(viewer))["data"] == ""


async def test_output_has_the_documented_shape(api: Api, app: FakeApp) -> None:
    """Strictly that of wire.py."""
    await app.prints("one\n")
    async with viewing(api, f"{PATH}?times=true&partial=true") as viewer:
        decode = msgspec.json.Decoder(wire.Settings | wire.Output | wire.Gap).decode
        assert decode(await viewer.recv(decode=False)) == wire.Settings(read_only=False)
        output = decode(await viewer.recv(decode=False))
        assert isinstance(output, wire.Output)
        assert (output.data, output.next) == ("one", 4)
        assert isinstance(output.times, list)
        assert len(output.times) == 1


async def test_a_viewer_continues_where_it_was(api: Api, app: FakeApp) -> None:
    """No gap, no repeat."""
    await app.prints("one\ntwo\nthree\n")
    async with viewing(api, f"{PATH}?since=4") as viewer:
        await receive(viewer)
        assert (await receive(viewer))["data"] == "two\nthree"


async def test_unfinished_lines_on_request(api: Api, app: FakeApp) -> None:
    """Prompts."""
    async with viewing(api, f"{PATH}?partial=true") as viewer:
        await skip_start(viewer)
        await app.prints("Password: ")
        prompt = await receive(viewer)
        assert (prompt["data"], prompt["partial"]) == ("Password: ", True)


async def test_an_old_viewer_gets_text_and_sends_lines(api: Api, app: FakeApp) -> None:
    """Each message is one input line, an empty one too."""
    await app.prints("one\ntwo\n")
    async with viewing(api, v2=False) as viewer:
        assert viewer.subprotocol is None
        assert await viewer.recv() == "one\ntwo"
        await app.prints("three\n")
        assert await viewer.recv() == "three"
        for message in ('{"type":"ping"}', "", "multi\nline", b"bytes \xff"):
            await viewer.send(message)
        await asyncio.sleep(0)
        await viewer.close()
    await _until(lambda: len(app.input) == 4)
    assert app.input == ['{"type":"ping"}', "", "multi\nline", "bytes \ufffd"]


async def _until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_input_reaches_the_app_and_the_action_log(api: Api, app: FakeApp) -> None:
    """Access is logged too; binary messages are text."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        await viewer.send('{"type":"input","data":"say hi"}')
        await viewer.send(b'{"type":"input","data":"two\\nlines"}')
        await _until(lambda: len(app.input) == 2)
    who = {"user": "admin", "ip": "127.0.0.1", "server": "web"}
    assert app.input == ["say hi", "two\nlines"]
    assert api.audit.actions == [
        {"action": "server.console.access", **who},
        {"action": "server.console.input", **who, "input": "say hi"},
        {"action": "server.console.input", **who, "input": "two\nlines"},
    ]


MESSAGES = [
    ('{"type":"ping","id":"7"}', {"type": "pong", "id": "7"}),
    ('{"type":"ping"}', {"type": "pong", "id": ""}),
    ('{"type":"ping","id":null}', {"type": "pong", "id": ""}),
    ('{"type":"ping","id":"ü\\u0000"}', {"type": "pong", "id": "ü\0"}),
    ('{"type":"dance"}', {"type": "error", "message": "Invalid message type: dance"}),
    ("{}", {"type": "error", "message": "Invalid message type: "}),
    ('{"type":null}', {"type": "error", "message": "Invalid message type: "}),
    ('{"type":"input"}', {"type": "error", "message": "Invalid message type: input"}),
    ('{"type":"input","data":""}', {"type": "error", "message": "Invalid message type: input"}),
    ('{"type":"input","data":null}', {"type": "error", "message": "Invalid message type: input"}),
    *[
        (text, {"type": "error", "message": "Invalid message format"})
        for text in (
            "",
            "nonsense",
            "null",
            "[]",
            '"x"',
            "5",
            '{"type":5}',
            '{"type":"ping","id":5}',
            '{"type":"input","data":{}}',
            '{"type":"input","data":"x","more":true}',
            '{"type":"ping"} {}',
            '{"type":"ping","id":"\\ud800"}',
            "[" * 10_000,
        )
    ],
]


async def test_messages_are_answered_exactly(api: Api, app: FakeApp) -> None:
    """And the connection stays."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        for sent, expected in MESSAGES:
            await viewer.send(sent)
            assert await receive(viewer) == expected, sent
    assert app.input == []


async def test_a_terminal_is_resized(api: Api, app: FakeApp) -> None:
    """Sizes are numbers or strings; nonsense is a wrong format, and the connection stays."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        for size in ('"columns":80,"rows":25', '"columns":"132","rows":"50"'):
            await viewer.send('{"type":"resize",' + size + "}")
        for size in ("0", "-1", "1001", "1.5", "true", '""', '"\u0663"', "null", "1e2", "[]"):
            await viewer.send('{"type":"resize","columns":80,"rows":' + size + "}")
            assert await receive(viewer) == {"type": "error", "message": "Invalid message format"}
    assert app.calls == [("resize", "80x25"), ("resize", "132x50")]


async def test_refused_input_is_an_error_message(api: Api, app: FakeApp) -> None:
    """The connection stays; old clients can't be told."""
    app.input_error = ConflictError("The app is not running.")
    async with viewing(api) as viewer, viewing(api, v2=False) as old:
        await skip_start(viewer)
        await old.recv()
        await viewer.send('{"type":"input","data":"x"}')
        assert await receive(viewer) == {"type": "error", "message": "The app is not running."}
        await old.send("x")
        await app.prints("still here\n")
        assert await old.recv() == "still here"


async def test_without_the_right_input_is_ignored(
    api: Api, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings say so; the right is asked for at each input."""
    monkeypatch.setattr("octyne.api.access.may", lambda _call, _right: False)
    async with viewing(api) as viewer:
        assert await receive(viewer) == {"type": "settings", "readOnly": True}
        await receive(viewer)
        await viewer.send('{"type":"input","data":"x"}')
        await viewer.send('{"type":"ping","id":"1"}')
        assert await receive(viewer) == {"type": "pong", "id": "1"}
    assert app.input == []


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
        await _until(lambda: app.input == ["x"])
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
    await _until(lambda: not len(api.live))


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


async def test_messages_of_one_mib_pass_and_longer_ones_are_1009(api: Api, app: FakeApp) -> None:
    """The close arrives although the client is still sending."""
    frame = '{"type":"input","data":"%s"}'
    exact = frame % ("x" * (MIB - len(frame) + 2))
    assert len(exact) == MIB
    async with viewing(api) as viewer:
        await skip_start(viewer)
        await viewer.send(exact)
        await _until(lambda: bool(app.input))
        await viewer.send([exact[:1000], exact[1000:]])
        await _until(lambda: len(app.input) == 2)
        with pytest.raises(ConnectionClosed):  # noqa: PT012  # either call may find out
            await viewer.send(exact + "x" * 8 * MIB)
            await viewer.recv()
        assert viewer.close_code == 1009
    async with viewing(api, v2=False) as old:
        await old.recv()
        await old.send("x" * (MIB + 1))
        assert (await closing(old))[0] == 1009


async def test_text_that_is_not_utf8_is_1007(api: Api, app: FakeApp) -> None:
    """As RFC 6455 wants it."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        await viewer.send(b"\xff", text=True)
        assert (await closing(viewer))[0] == 1007


async def test_the_close_handshake_is_quick(api: Api, app: FakeApp) -> None:
    """The server answers a close and ends the connection."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        await viewer.close(1001, "bye")
        assert viewer.close_code == 1001
    await _until(lambda: not len(api.live))


async def test_a_lost_connection_is_noticed(api: Api, app: FakeApp) -> None:
    """Without a close frame."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        viewer.transport.abort()
        await _until(lambda: not len(api.live))


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


async def test_a_flood_of_small_messages_is_served_in_order(api: Api, app: FakeApp) -> None:
    """Reading stops while many wait, and goes on."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        for number in range(2000):
            await viewer.send(encode({"type": "ping", "id": str(number)}).decode())
        for number in range(2000):
            assert (await receive(viewer))["id"] == str(number)


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
