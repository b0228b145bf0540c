"""A keeper's connection to a daemon, on a real socket pair."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from octyne.keeper import link as link_module
from octyne.keeper.link import Link
from octyne.keeper.loop import Loop

Message = dict[str, Any]


class Pair:
    """A link and the daemon's end of it."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.daemon, ours = socket.socketpair()
        self.daemon.settimeout(5)
        self.got: list[Message] = []
        self.forgotten: list[Link] = []
        self.link = Link(ours, self.loop, self.handle, self.forgotten.append)

    def handle(self, link: Link, message: Message) -> None:
        """Note the message; "fail" fails in the way it says."""
        self.got.append(message)
        if message["type"] == "fail":
            raise {"value": ValueError, "key": KeyError, "os": OSError}[message["how"]]
        if message["type"] == "ask":
            link.send({"type": "done", "id": message["id"]})

    def step(self) -> None:
        """One round of the loop, which does not wait."""
        self.loop.after(0, "step", lambda: None)
        self.loop.run_once()

    def lines(self) -> list[Message]:
        """What the daemon has got by now."""
        return [json.loads(line) for line in self.daemon.recv(1 << 20).splitlines()]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A link, closed with the test."""
    made = Pair()
    yield made
    made.link.close()
    made.daemon.close()
    made.loop._selector.close()


def test_half_a_message_waits_for_its_end(pair: Pair) -> None:
    """Messages are taken when they are whole, many at once if they come so."""
    pair.daemon.sendall(b'{"type":"a"}\n{"ty')
    pair.step()
    assert pair.got == [{"type": "a"}]
    pair.daemon.sendall(b'pe":"b"}\n')
    pair.step()

    assert pair.got[1:] == [{"type": "b"}]


@pytest.mark.parametrize("how", ["value", "key", "os", "unknown"])
def test_a_message_that_makes_trouble_is_answered(pair: Pair, how: str) -> None:
    """The daemon is told, with the message's id, and the link goes on."""
    pair.daemon.sendall(b'{"type":"fail","id":7,"how":"%s"}\n' % how.encode())
    pair.step()
    (answer,) = pair.lines()
    pair.daemon.sendall(b'{"type":"ask","id":8}\n')
    pair.step()

    assert (answer["type"], answer["id"]) == ("error", 7)
    assert pair.lines() == [{"type": "done", "id": 8}]


@pytest.mark.parametrize("data", [b"garbage\n", b"\xff\xff\n", b"[" * 60_000 + b"\n", b"{}\n"])
def test_garbage_ends_the_link_alone(pair: Pair, data: bytes) -> None:
    """The daemon that sent it is cut off and forgotten."""
    pair.daemon.sendall(data)
    pair.step()

    assert pair.forgotten == [pair.link]
    assert pair.daemon.recv(1) == b""


def test_a_daemon_that_hangs_up_is_forgotten(pair: Pair) -> None:
    """Once; what is sent to it afterwards is nobody's."""
    pair.daemon.close()
    pair.step()
    pair.link.send({"type": "exit"})
    pair.link.announce(0, 1)
    pair.link.close()

    assert pair.forgotten == [pair.link]


def test_a_daemon_that_does_not_read_gets_the_newest_end(pair: Pair) -> None:
    """Announcements cost no memory: what doesn't fit is replaced by the newest."""
    for end in range(200_000):
        pair.link.announce(0, end)
    assert len(pair.link._outgoing) < 1000
    got: list[Message] = []
    while not got or got[-1]["end"] != 199_999:
        data = pair.daemon.recv(1 << 20)
        while not data.endswith(b"\n"):
            pair.step()
            data += pair.daemon.recv(1 << 20)
        got += [json.loads(line) for line in data.splitlines()]
        pair.step()

    ends = [message["end"] for message in got]
    assert ends == sorted(set(ends))
    assert len(ends) < 200_000


def test_a_daemon_that_asks_and_does_not_read_is_cut_off(pair: Pair) -> None:
    """Answers are bounded; the daemon that comes next is served."""
    text = "x" * 10_000
    for _ in range(200):
        pair.link.send({"type": "error", "id": 1, "message": text})

    assert pair.forgotten == [pair.link]
    assert len(pair.link._outgoing) <= link_module.BACKLOG_BYTES + 20_000


def test_the_newest_end_comes_before_what_is_sent_after_it(pair: Pair) -> None:
    """An exit is never told before the last output."""
    while not pair.link._outgoing:
        pair.link.announce(0, 1)
    pair.link.announce(0, 77)
    pair.link.send({"type": "exit"})
    received = b""
    while b"exit" not in received:
        received += pair.daemon.recv(1 << 20)
        pair.step()

    assert received.rindex(b'"end":77') < received.rindex(b'"exit"')


def test_last_words_are_delivered(pair: Pair) -> None:
    """`finish` waits for a daemon that reads, and then closes."""
    pair.link.send({"type": "exit", "code": 0})
    pair.link.finish()

    assert pair.lines() == [{"type": "exit", "code": 0}]
    assert pair.daemon.recv(1) == b""


def test_last_words_have_a_deadline(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that doesn't read can't hold the keeper."""
    monkeypatch.setattr(link_module, "FLUSH_S", 0.05)
    while not pair.link._outgoing:
        pair.link.announce(0, 1)
    pair.link.send({"type": "exit", "reason": "x" * 200_000})
    pair.link.finish()

    assert pair.link._connection.fileno() == -1
