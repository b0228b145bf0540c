"""The console's WebSocket over the real daemon, with a client that isn't aiohttp's."""

import json
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from support.daemon import Daemon, program
from support.eventually import eventually

from .conftest import MakeDaemon

V2 = [Subprotocol("console-v2")]
SAYS = {"command": program("says.py")}
START = "[Octyne] Started server app"
NOT_AUTHENTICATED = "You are not authenticated to access this resource!"
NOT_ALLOWED = "You are not allowed to access this resource!"
UNKNOWN = "This server does not exist!"
MIB = 1 << 20


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """One with an app that says what it is told."""
    daemon = make_daemon({"app": SAYS, "off": {**SAYS, "enabled": False}}).start()
    daemon.until_line("app", "ready")
    return daemon


def say(daemon: Daemon, data: bytes, *, err: bool = False) -> None:
    """Have the app print these bytes, in one write; return when they are in the log."""
    before = daemon.get("/server/app/console/log")["end"]
    with daemon.console("app") as console:
        text = ("err " if err else "") + data.hex()
        console.send(json.dumps({"type": "input", "data": text}))
        eventually(lambda: daemon.get("/server/app/console/log")["end"] >= before + len(data))


def receive(console: ClientConnection, timeout: float = 10) -> dict[str, Any]:
    """The next message; it must be a text one."""
    message = console.recv(timeout=timeout)
    assert isinstance(message, str)
    decoded = json.loads(message)
    assert isinstance(decoded, dict)
    return decoded


@contextmanager
def viewing(
    daemon: Daemon, query: str = "", app: str = "app"
) -> Iterator[tuple[ClientConnection, dict[str, Any]]]:
    """A v2 viewer and its first output."""
    with daemon.console(app, query) as console:
        assert receive(console) == {"type": "settings", "readOnly": False}
        first = receive(console)
        assert first["type"] in {"output", "gap"}
        yield console, first


def nothing_waits(console: ClientConnection) -> bool:
    """Whether the next message is the answer to a ping sent now."""
    console.send('{"type":"ping","id":"?"}')
    return receive(console) == {"type": "pong", "id": "?"}


def closing(console: ClientConnection) -> tuple[list[Any], int, str]:
    """The messages until the close, its code and its reason."""
    messages = []
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  # what comes before it
        while True:
            messages.append(console.recv(timeout=20))
    assert closed.value.rcvd is not None
    return messages, closed.value.rcvd.code, closed.value.rcvd.reason


def old(daemon: Daemon, app: str = "app", token: str = "") -> ClientConnection:
    """A viewer with the old protocol, on the API port."""
    headers = {"Authorization": token or daemon.token()}
    return daemon.tcp_console(app, additional_headers=headers)


# -- what viewers see ----------------------------------------------------------------------------


def test_settings_scrollback_and_output(daemon: Daemon) -> None:
    """In this order; each output says where it stands, without a gap between them."""
    say(daemon, b"one\ntwo\n")
    with viewing(daemon) as (console, first):
        assert console.subprotocol == "console-v2"
        assert first["data"] == f"{START}\nready\none\ntwo"
        assert (first["offset"], first["next"]) == (0, len(first["data"]) + 1)
        now = time.time() * 1000
        assert now - 60_000 < first["time"] <= now
        position = first["next"]
        for text in ("three", "four\nfive", ""):
            say(daemon, text.encode() + b"\n")
            message = receive(console)
            assert (message["type"], message["data"]) == ("output", text)
            assert message["offset"] == position
            position = message["next"]
            assert abs(message["time"] - time.time() * 1000) < 60_000


def test_the_first_output_comes_even_when_empty(daemon: Daemon) -> None:
    """In both protocols."""
    with viewing(daemon, app="off") as (_, first), old(daemon, "off") as other:
        assert (first["type"], first["data"]) == ("output", "")
        assert (first["offset"], first["next"]) == (0, 0)
        assert other.recv(timeout=5) == ""


def test_only_whole_lines_are_sent(daemon: Daemon) -> None:
    """A line that isn't finished waits, in both protocols."""
    with viewing(daemon) as (console, _), old(daemon) as other:
        other.recv(timeout=5)
        say(daemon, b"a line in ")
        assert nothing_waits(console)
        say(daemon, b"two parts\nand a ")
        assert receive(console)["data"] == "a line in two parts"
        assert other.recv(timeout=5) == "a line in two parts"
        say(daemon, b"third\n")
        assert receive(console)["data"] == "and a third"


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"dos\r\nline\r\n", "dos\nline"),
        (b"10%\r20%\rdone\n", "10%\r20%\rdone"),
        (b"\r\r\n", "\r"),
        (b"nul\0 bell\a esc\x1b[31m\n", "nul\0 bell\a esc\x1b[31m"),
        (b"bad \xff\xc3( \xe2\x82\n", "bad \ufffd\ufffd( \ufffd"),
        ("\u00e9\u20ac\U0001f600\u2028\u0085\n".encode(), "\u00e9\u20ac\U0001f600\u2028\u0085"),
        (b"\n\n\n", "\n\n"),
        (b"\xed\xa0\x80\n", "\ufffd\ufffd\ufffd"),
        (b'"quotes" \\ {"type":"x"}\n', '"quotes" \\ {"type":"x"}'),
    ],
)
def test_bytes_become_text(daemon: Daemon, printed: bytes, shown: str) -> None:
    """The same in one piece, byte by byte, in the scrollback and in the old protocol."""
    with viewing(daemon) as (console, _), old(daemon) as other:
        other.recv(timeout=5)
        say(daemon, printed)
        assert receive(console)["data"] == shown
        assert other.recv(timeout=5) == shown
        for byte in printed:
            say(daemon, bytes([byte]))
        parts = [receive(console)["data"] for _ in range(printed.count(b"\n"))]
        assert "\n".join(parts) == shown
    with viewing(daemon) as (_, first):
        assert first["data"] == f"{START}\nready\n{shown}\n{shown}"


def test_both_streams_are_one(daemon: Daemon) -> None:
    """In the order of the writes."""
    with viewing(daemon) as (console, _):
        say(daemon, b"out ")
        say(daemon, b"err ", err=True)
        say(daemon, b"out\n")
        assert receive(console)["data"] == "out err out"


def test_an_unfinished_line_at_the_exit(daemon: Daemon) -> None:
    """It is sent then, and our notice stands on a line of its own."""
    with viewing(daemon) as (console, _):
        say(daemon, b"last words")
        console.send('{"type":"input","data":"exit 0"}')
        text = receive(console)["data"]
        while "has stopped" not in text:
            text += "\n" + receive(console)["data"]
    assert text == "last words\n[Octyne] Server app has stopped."


def test_unfinished_lines_for_those_who_ask(daemon: Daemon) -> None:
    """After a pause, and what follows continues the line without a repeat."""
    with viewing(daemon, "?partial=true") as (console, _), viewing(daemon) as (other, _):
        say(daemon, b"Password: ")
        prompt = receive(console)
        assert (prompt["data"], prompt["partial"]) == ("Password: ", True)
        say(daemon, "caf\u00e9".encode()[:4])
        more = receive(console)
        assert (more["data"], more["partial"], more["offset"]) == ("caf", True, prompt["next"])
        say(daemon, "caf\u00e9".encode()[4:] + b"\nnext\n")
        rest = receive(console)
        assert (rest["data"], rest["offset"]) == ("\u00e9\nnext", more["next"])
        assert "partial" not in rest
        assert receive(other)["data"] == "Password: caf\u00e9\nnext"


def test_a_viewer_continues_where_it_was(daemon: Daemon) -> None:
    """Exactly there, over a restart of the daemon too; at the end there is nothing yet."""
    say(daemon, b"one\ntwo\n")
    with viewing(daemon) as (_, first):
        end = first["next"]
    with viewing(daemon, f"?since={end}") as (_, first):
        assert (first["type"], first["data"], first["next"]) == ("output", "", end)
    daemon.kill()
    daemon.start()
    say(daemon, b"three\n")
    with viewing(daemon, f"?since={end - 4}") as (_, first):
        assert (first["data"], first["offset"]) == ("two\nthree", end - 4)
    with viewing(daemon, "?since=0") as (_, first):
        assert first["data"] == f"{START}\nready\none\ntwo\nthree"


def test_an_offset_of_the_future(daemon: Daemon) -> None:
    """Of a log that is gone, say: a gap says where it goes on, and the scrollback follows."""
    with viewing(daemon, "?since=999999999") as (console, gap):
        assert (gap["type"], gap["from"], gap["to"]) == ("gap", 999_999_999, 0)
        assert receive(console)["data"] == f"{START}\nready"
    for wrong in ("x", "-1", "1.5", "9" * 30):
        with daemon.console("app", f"?since={wrong}") as console:
            assert closing(console)[1] == 4400


def test_a_gap_where_the_log_was_pruned(make_daemon: MakeDaemon) -> None:
    """It is told in offsets to those who gave one; then all that is kept follows."""
    entry = {"command": program("numbers.py", 60_000), "console": {"limit": 65_536}}
    daemon = make_daemon({"app": entry}).start()
    daemon.until_line("app", "done")
    kept = daemon.get("/server/app/console/log?limit=1")
    assert 0 < kept["start"] < kept["end"]
    assert kept["end"] - kept["start"] < 4 * 65_536
    with viewing(daemon, "?since=0") as (console, gap):
        assert gap == {"type": "gap", "from": 0, "to": kept["start"]}
        lines: list[str] = []
        position = gap["to"]
        while not lines or lines[-1] != "done":
            message = receive(console)
            assert message["offset"] == position
            position = message["next"]
            lines += message["data"].split("\n")
        first = int(lines[0].split()[1])
        assert lines == [*(f"line {n}" for n in range(first, 60_000)), "done"]


def test_times_of_lines(daemon: Daemon) -> None:
    """Pairs of line number and milliseconds for those who ask."""
    say(daemon, b"one\n")
    before = time.time() * 1000
    eventually(lambda: time.time() * 1000 > before + 50)  # the index has steps of 10 ms
    pause = time.time() * 1000
    say(daemon, b"two\nthree\n")
    with viewing(daemon, "?times=true") as (_, first):
        lines, times = first["data"].split("\n"), first["times"]
        assert times[0] == [0, first["time"]]
        assert [number for number, _ in times] == sorted({number for number, _ in times})
        at = dict(times)
        assert at[lines.index("two")] >= pause - 1 > at[0]
        assert lines.index("three") not in at


def test_the_scrollback(make_daemon: MakeDaemon) -> None:
    """The last 2,500 lines, kept over restarts of the app and of the daemon."""
    daemon = make_daemon({"app": {"command": program("numbers.py", 1300)}}).start()
    run = [START, *(f"line {n}" for n in range(1300)), "done"]
    end = ["[Octyne] Stopping server app", "[Octyne] Server app has stopped."]
    daemon.until_line("app", "done")
    daemon.post("app", "TERM")
    daemon.until_line("app", "has stopped")
    daemon.post("app", "START")
    eventually(lambda: daemon.lines("app")[-1] == "done")
    expected = [*run, *end, *run][-2500:]
    for restart in (False, True):
        if restart:
            daemon.stop()
            daemon.start()
        with viewing(daemon) as (_, first), old(daemon) as other:
            assert first["data"].split("\n") == expected
            assert other.recv(timeout=5) == "\n".join(expected)


# -- what viewers send ---------------------------------------------------------------------------

FORMAT = {"type": "error", "message": "Invalid message format"}
MESSAGES: list[tuple[str | bytes, dict[str, str]]] = [
    ('{"type":"ping","id":"7"}', {"type": "pong", "id": "7"}),
    (b'{"type":"ping","id":"8"}', {"type": "pong", "id": "8"}),
    (' {"id" : "\\u00fc\\"", "type":"ping"}\n', {"type": "pong", "id": '\u00fc"'}),
    ('{"type":"ping"}', {"type": "pong", "id": ""}),
    ('{"type":"ping","id":null,"data":null}', {"type": "pong", "id": ""}),
    ('{"type":"ping","id":"x","more":"y"}', {"type": "pong", "id": "x"}),
    ('{"type":"dance"}', {"type": "error", "message": "Invalid message type: dance"}),
    ('{"type":"output","data":"x"}', {"type": "error", "message": "Invalid message type: output"}),
    ("{}", {"type": "error", "message": "Invalid message type: "}),
    ('{"type":null}', {"type": "error", "message": "Invalid message type: "}),
    ('{"type":"input"}', {"type": "error", "message": "Invalid message type: input"}),
    ('{"type":"input","data":""}', {"type": "error", "message": "Invalid message type: input"}),
    ('{"type":"input","data":null}', {"type": "error", "message": "Invalid message type: input"}),
    ('{"type":"resize","columns":9,"rows":0}', FORMAT),
    ('{"type":"resize","columns":9}', FORMAT),
    *[
        (text, FORMAT)
        for text in (
            "",
            "hello",
            "null",
            "[]",
            "5",
            '"ping"',
            '{"type":5}',
            '{"type":"ping","id":5}',
            '{"type":"ping","id":["5"]}',
            '{"type":"input","data":{"a":"b"}}',
            '{"type":"ping"}{"type":"ping"}',
            b"\xff\xfe",
            '{"type":"ping",}',
        )
    ],
]


def test_messages_are_answered_exactly(daemon: Daemon) -> None:
    """Wrong ones too, and the connection stays."""
    with viewing(daemon) as (console, _):
        for sent, expected in MESSAGES:
            console.send(sent)
            assert receive(console) == expected, sent


def test_a_pipe_is_no_terminal(daemon: Daemon) -> None:
    """A resize is refused in words."""
    with viewing(daemon) as (console, _):
        console.send('{"type":"resize","columns":80,"rows":25}')
        assert receive(console) == {"type": "error", "message": "The app has no terminal."}


def test_input(make_daemon: MakeDaemon) -> None:
    """A line end is added; it may hold several lines; any text; binary messages are text."""
    daemon = make_daemon({"app": {"command": "cat"}}).start()
    daemon.until("app", 1)
    texts = ["one", "two\nthree", "ends\n", "  blanks  ", "\u00e9\U0001f600\0\x1b", "-", "\r"]
    with viewing(daemon) as (console, _):
        for text in texts:
            message = json.dumps({"type": "input", "data": text})
            console.send(message.encode() if text == "two\nthree" else message)
            received = ""
            while len(received) < len(text):
                received += receive(console)["data"] + "\n"
            assert received == text.replace("\r", "") + "\n"


def test_input_for_an_app_that_does_not_run(daemon: Daemon) -> None:
    """An error message; the connection stays; old clients just stay connected."""
    with viewing(daemon, app="off") as (console, _), old(daemon, "off") as other:
        other.recv(timeout=5)
        console.send('{"type":"input","data":"x"}')
        answer = receive(console)
        assert (answer["type"], set(answer)) == ("error", {"type", "message"})
        assert "running" in answer["message"]
        other.send("x")
        daemon.post("off", "START")
        assert receive(console)["data"] == "[Octyne] Started server off"
        assert other.recv(timeout=5) == "[Octyne] Started server off"


def test_the_old_protocol_takes_each_message_as_a_line(make_daemon: MakeDaemon) -> None:
    """An empty one too, and one that looks like v2."""
    daemon = make_daemon({"app": {"command": "cat"}}).start()
    daemon.until("app", 1)
    with old(daemon) as console:
        assert console.subprotocol is None
        assert console.recv(timeout=5) == START
        for message in ("hello", "", '{"type":"ping"}', b"binary"):
            console.send(message)
            text = message.decode() if isinstance(message, bytes) else message
            assert console.recv(timeout=5) == text


def test_a_message_of_a_mebibyte_passes_and_a_longer_one_does_not(make_daemon: MakeDaemon) -> None:
    """Close code 1009, in both protocols; the answers stay under 1 MiB each."""
    daemon = make_daemon({"app": {"command": "cat"}}).start()
    daemon.until("app", 1)
    envelope = len('{"type":"input","data":""}')
    with viewing(daemon) as (console, _), old(daemon) as other:
        other.recv(timeout=5)
        text = "x" * (MIB - envelope)
        console.send('{"type":"input","data":"' + text + '"}')
        received, gone = "", 0
        while len(received) < len(text):
            message = console.recv(timeout=10)
            assert len(message) < MIB
            received += json.loads(message)["data"]
        while gone < len(text):
            gone += len(other.recv(timeout=10))
        assert received == text
        assert nothing_waits(console)
        console.send("y" * (MIB + 1))
        assert closing(console)[1] == 1009
        other.send(["y" * MIB, "y"])
        assert closing(other)[1] == 1009


# -- the connection ------------------------------------------------------------------------------


def test_silence_closes(make_daemon: MakeDaemon) -> None:
    """Pings keep it open, those of the WebSocket itself don't count, the old protocol may idle."""
    daemon = make_daemon({"off": {**SAYS, "enabled": False}})
    # The real daemon but for one number: nobody waits 30 seconds here.
    code = "from octyne.api.handlers import console as c; c.SILENCE_S = 1.0; import octyne.__main__"
    daemon.command = [sys.executable, "-c", f"{code} as m; m.main()"]
    daemon.start()
    with (
        viewing(daemon, app="off") as (quiet, _),
        viewing(daemon, app="off") as (pinging, _),
        old(daemon, "off") as other,
    ):
        began = time.monotonic()
        other.recv(timeout=5)
        while time.monotonic() < began + 2.5:
            assert nothing_waits(pinging)
            with suppress(ConnectionClosed):
                quiet.ping()
        messages, code_, reason = closing(quiet)
        assert (messages, code_) == ([], 1008)
        assert "30 seconds" in reason
        other.send("still here")


def test_the_limit_of_silence_is_thirty_seconds() -> None:
    """The contract's number."""
    from octyne.api.handlers import console  # noqa: PLC0415  # the one look inside

    assert console.SILENCE_S == 30.0


@pytest.mark.parametrize("door", ["api", "web", "unix"])
@pytest.mark.parametrize("offered", [None, "console-v2", "a, console-v2 ,b", "other"])
def test_the_upgrade_answer_is_exact(daemon: Daemon, door: str, offered: str | None) -> None:
    """Old clients compare it; frames are plain text ones, uncompressed."""
    prefix = "/api" if door == "web" else ""
    request = (
        f"GET {prefix}/server/app/console HTTP/1.1\r\nhost: 1f2e:0\r\n"
        f"Authorization: {daemon.token()}\r\nconnection: keep-alive, Upgrade\r\n"
        "upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    )
    if offered is not None:
        request += f"Sec-WebSocket-Protocol: {offered}\r\n"
    with _socket(daemon, door) as raw:
        raw.sendall((request + "\r\n").encode())
        stream = raw.makefile("rb")
        head = [stream.readline().decode().rstrip("\r\n") for _ in range(5)]
        while head[-1]:
            head.append(stream.readline().decode().rstrip("\r\n"))
        is_v2 = offered is not None and "console-v2" in offered
        first = bytes(stream.read(2))
        text = stream.read(first[1])

    assert head[0] == "HTTP/1.1 101 Switching Protocols"
    assert "Connection: Upgrade" in head
    assert "Upgrade: websocket" in head
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    protocols = [line for line in head if line.startswith("Sec-WebSocket-Protocol")]
    assert protocols == (["Sec-WebSocket-Protocol: console-v2"] if is_v2 else [])
    names = {line.partition(":")[0] for line in head[1:-1]}
    assert names - {"Date", "Server"} <= {
        *("Connection", "Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol")
    }
    assert first[0] == 0x81
    assert text == (
        b'{"type":"settings","readOnly":false}' if is_v2 else f"{START}\nready".encode()
    )


def _socket(daemon: Daemon, door: str) -> socket.socket:
    if door != "unix":
        port = daemon.port if door == "api" else daemon.web_port
        return socket.create_connection(("127.0.0.1", port), 10)
    raw = socket.socket(socket.AF_UNIX)
    raw.settimeout(10)
    raw.connect(str(daemon.socket_path))
    return raw


def test_a_plain_request_is_told_what_this_is(daemon: Daemon) -> None:
    """426 for a GET without an upgrade, 405 for other methods."""
    assert daemon.ask("GET", "/server/app/console").status == 426
    refused = daemon.ask("POST", "/server/app/console")
    assert refused.status == 405
    assert "GET" in refused.headers["Allow"]
    assert "error" in refused.json


@pytest.mark.parametrize(
    ("app", "known", "code", "text"),
    [
        ("app", False, 4401, NOT_AUTHENTICATED),
        ("nobody", False, 4401, NOT_AUTHENTICATED),
        ("nobody", True, 4404, UNKNOWN),
    ],
)
def test_refusals(daemon: Daemon, app: str, *, known: bool, code: int, text: str) -> None:
    """v2: accepted, told in a message, closed; old: plain HTTP. Strangers learn no names."""
    headers = {"Authorization": daemon.token() if known else "wrong"}
    with daemon.tcp_console(app, subprotocols=V2, additional_headers=headers) as console:
        messages, closed, reason = closing(console)
    assert [json.loads(message) for message in messages] == [{"type": "error", "message": text}]
    assert (closed, reason) == (code, text)
    with pytest.raises(InvalidStatus) as refused:
        daemon.tcp_console(app, additional_headers=headers)
    answer = refused.value.response
    assert answer.status_code == code - 4000
    assert json.loads(answer.body or b"") == {"error": text}


def test_something_unexpected_is_4500(daemon: Daemon) -> None:
    """A log that can't be read, say: the details are in the daemon's log alone."""
    daemon.post("app", "KILL")
    daemon.until_line("app", "has stopped")
    daemon.stop()
    (segment,) = daemon.directory.glob(".octyne/apps/app/console/*.log")
    segment.unlink()
    segment.mkdir()
    daemon.start()
    with daemon.console("app") as console:
        messages, code, reason = closing(console)
    assert (code, reason) == (4500, "Internal Server Error!")
    assert json.loads(messages[-1]) == {"type": "error", "message": "Internal Server Error!"}
    assert "Traceback" in daemon.log


def test_a_ticket_is_good_once(daemon: Daemon) -> None:
    """From the same address; any attempt uses it up, one with a wrong address too."""
    token = daemon.token()

    def ticket() -> str:
        answer = daemon.api("GET", "/ott", Authorization=token)
        return quote(answer.json["ticket"], safe="")

    def enter(query: str, **options: Any) -> int:
        with daemon.tcp_console("app", query, subprotocols=V2, **options) as console:
            first = receive(console)
            return 200 if first["type"] == "settings" else closing(console)[1]

    one, two, three = ticket(), ticket(), ticket()
    assert enter(f"?ticket={one}") == 200
    assert enter(f"?ticket={one}") == 4401
    assert enter("?ticket=nonsense") == 4401
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    assert enter(f"?ticket={two}", additional_headers=elsewhere) == 4401
    assert enter(f"?ticket={two}") == 4401
    assert enter(f"?ticket={three}&since=0") == 200
    late = ticket()
    daemon.api("GET", "/logout", Authorization=token)
    assert enter(f"?ticket={late}") == 4401


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("http://127.0.0.1:{port}", True),
        ("http://127.0.0.1:1", False),
        ("https://127.0.0.1:{port}", True),
        ("http://evil.example", False),
        ("null", False),
    ],
)
def test_a_cookie_counts_only_from_home(
    daemon: Daemon, origin: str | None, *, welcome: bool
) -> None:
    """A foreign page can't open a console with its visitor's cookie; a header may come from all."""
    token = daemon.token()
    headers = {"Cookie": f"X-Authentication={quote(token, safe='')}"}
    plain = {"Cookie": f"a=b; X-Authentication={token}"}
    if origin is not None:
        headers["Origin"] = plain["Origin"] = origin.format(port=daemon.port)
    with daemon.tcp_console("app", subprotocols=V2, additional_headers=plain) as console:
        first = receive(console)
        if welcome:
            assert first["type"] == "settings"
        else:
            assert first == {"type": "error", "message": NOT_ALLOWED}
            assert closing(console)[1:] == (4403, NOT_ALLOWED)
    if not welcome:
        with pytest.raises(InvalidStatus) as refused:
            daemon.tcp_console("app", additional_headers=plain)
        assert refused.value.response.status_code == 403
    with_header = {"Authorization": token, "Origin": "http://evil.example"}
    with daemon.tcp_console("app", subprotocols=V2, additional_headers=with_header) as console:
        assert receive(console)["type"] == "settings"


def test_the_dashboard_port_has_it_too(daemon: Daemon) -> None:
    """Under /api."""
    url = f"ws://127.0.0.1:{daemon.web_port}/api/server/app/console"
    with connect(url, additional_headers={"Authorization": daemon.token()}) as console:
        assert console.recv(timeout=5) == f"{START}\nready"


def test_an_old_viewer_is_closed_with_its_session(daemon: Daemon) -> None:
    """At once, while idle: logout, and the end of the account by somebody else."""
    token = daemon.token()
    with old(daemon, token=token) as console:
        console.recv(timeout=5)
        daemon.api("GET", "/logout", Authorization=token)
        messages, code, _ = closing(console)
        assert (messages, code) == ([], 4401)
    body = json.dumps({"username": "bob", "password": "secret"})
    assert daemon.ask("POST", "/accounts", body).status == 200
    with old(daemon, token=daemon.token("bob", "secret")) as console:
        console.recv(timeout=5)
        assert daemon.ask("DELETE", "/accounts?username=bob").status == 200
        assert closing(console)[1] == 4401


def test_viewers_of_a_removed_app_have_five_seconds(daemon: Daemon) -> None:
    """To read why."""
    with viewing(daemon) as (console, _):
        del daemon.config["servers"]["app"]
        daemon.write_config()
        assert daemon.ask("GET", "/config/reload").status == 200
        daemon.post("app", "KILL")
        text = ""
        while "has now been removed" not in text:
            text += receive(console)["data"]
        began = time.monotonic()
        closing(console)
        assert 4 < time.monotonic() - began < 8


def test_console_use_is_in_the_action_log(daemon: Daemon) -> None:
    """Access and input, with who and from where."""
    with old(daemon) as console:
        console.recv(timeout=5)
        console.send("err 41")
    path = daemon.directory / "logs/octyne.log"
    pattern = re.compile(r'"action":\s*"server\.console\.input"')
    eventually(lambda: pattern.search(path.read_text()))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    access, typed = lines[-2:]
    who = {"user": "admin", "ip": "127.0.0.1", "server": "app"}
    assert who.items() <= access.items()
    assert access["action"] == "server.console.access"
    assert (who | {"input": "err 41"}).items() <= typed.items()
