"""What viewers of the console see and send, in both protocols."""

import asyncio

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed

from octyne import wire
from octyne.api.context import Listener
from octyne.errors import ConflictError
from octyne.wire import encode
from support.api import MIB, TOKEN, Api, FakeApp
from support.eventually import until
from support.viewers import PATH, closing, receive, skip_start, viewing


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
    await until(lambda: len(app.input) == 4)
    assert app.input == ['{"type":"ping"}', "", "multi\nline", "bytes \ufffd"]


async def test_input_reaches_the_app_and_the_action_log(api: Api, app: FakeApp) -> None:
    """Access is logged too; binary messages are text."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        await viewer.send('{"type":"input","data":"say hi"}')
        await viewer.send(b'{"type":"input","data":"two\\nlines"}')
        await until(lambda: len(app.input) == 2)
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


async def test_messages_of_one_mib_pass_and_longer_ones_are_1009(api: Api, app: FakeApp) -> None:
    """The close arrives although the client is still sending."""
    frame = '{"type":"input","data":"%s"}'
    exact = frame % ("x" * (MIB - len(frame) + 2))
    assert len(exact) == MIB
    async with viewing(api) as viewer:
        await skip_start(viewer)
        await viewer.send(exact)
        await until(lambda: bool(app.input))
        await viewer.send([exact[:1000], exact[1000:]])
        await until(lambda: len(app.input) == 2)
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


async def test_a_flood_of_small_messages_is_served_in_order(api: Api, app: FakeApp) -> None:
    """Reading stops while many wait, and goes on."""
    async with viewing(api) as viewer:
        await skip_start(viewer)
        for number in range(2000):
            await viewer.send(encode({"type": "ping", "id": str(number)}).decode())
        for number in range(2000):
            assert (await receive(viewer))["id"] == str(number)
