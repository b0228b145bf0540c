"""What viewers of a console see, over the real daemon."""

import sys
import time
from collections.abc import Callable

import pytest

from e2e.conftest import MakeDaemon
from support.consoles import START, closing, nothing_waits, old, receive, say, viewing
from support.daemon import Daemon, program
from support.eventually import eventually


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


def until_done(read: Callable[[], str]) -> list[str]:
    """The texts of messages up to the one that ends in "done"."""
    texts = [read()]
    while not texts[-1].endswith("done"):
        texts.append(read())
    return texts


def test_a_long_scrollback_comes_in_messages_of_whole_lines(make_daemon: MakeDaemon) -> None:
    """Under 1 MiB each, in both protocols, and cut at lines' ends alone."""
    code = "for n in range(2600): print(n, 'x' * 1000)\nprint('done')\ninput()"
    daemon = make_daemon({"app": {"command": [sys.executable, "-c", code]}}).start()
    daemon.until_line("app", "done")
    expected = [*(f"{n} {'x' * 1000}" for n in range(101, 2600)), "done"]
    with daemon.console("app") as console, old(daemon) as other:
        assert receive(console)["type"] == "settings"
        for texts in (
            until_done(lambda: str(receive(console)["data"])),
            until_done(lambda: str(other.recv(timeout=10))),
        ):
            assert max(map(len, texts)) < 1 << 20
            assert len(texts) > 2
            assert "\n".join(texts).split("\n") == expected


def test_what_is_added_to_messages_are_numbers_and_strings(daemon: Daemon) -> None:
    """So that clients that know all values for strings can skip them, without having asked."""
    with viewing(daemon) as (console, first):
        say(daemon, b"more\n")
        console.send('{"type":"ping","id":"1"}')
        console.send("nonsense")
        messages = [first, *(receive(console) for _ in range(3))]
    assert {message["type"] for message in messages} == {"output", "pong", "error"}
    for message in messages:
        assert {type(value) for value in message.values()} <= {int, str}
        texts = [message[key] for key in ("type", "data", "id", "message") if key in message]
        assert {type(text) for text in texts} == {str}
