"""What viewers of a console send, over the real daemon."""

import json

from e2e.conftest import MakeDaemon
from support.consoles import SAYS, START, closing, nothing_waits, old, receive, viewing
from support.daemon import Daemon

MIB = 1 << 20


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
        for text in (receive(console)["data"], str(other.recv(timeout=5))):
            # What the app says first may be in the same message.
            assert text.split("\n")[0] == "[Octyne] Started server off"


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


def test_a_viewer_that_may_not_write_is_told_so_and_ignored(make_daemon: MakeDaemon) -> None:
    """The daemon is the real one, but that nobody has the right: roles are to come."""
    daemon = make_daemon({"app": SAYS})
    daemon.but_for("octyne.api.access", may="lambda call, right: 'write' not in right").start()
    daemon.until_line("app", "ready")
    with daemon.console("app") as console:
        assert receive(console) == {"type": "settings", "readOnly": True}
        assert receive(console)["type"] == "output"
        console.send(json.dumps({"type": "input", "data": b"hello".hex()}))
        assert nothing_waits(console)
    daemon.post("app", "TERM")
    daemon.until("app", 0)

    assert "hello" not in daemon.lines("app")
