"""A real keeper and daemons of all kinds: malformed, too many, late, of any version."""

import signal
from typing import Any

import pytest

from octyne.system import process
from support.eventually import eventually
from support.keeper import SLEEP, STUBBORN, Keeper

MALFORMED: list[Any] = [
    {"type": "input"},
    {"type": "input", "data": 5},
    {"type": "input", "data": "\ud800"},
    {"type": "notice"},
    {"type": "notice", "text": None},
    {"type": "resize"},
    {"type": "resize", "columns": 10**9, "rows": -1},
    {"type": "resize", "columns": "x", "rows": []},
    {"type": "stop", "signal": "SIGNOTHING"},
    {"type": "stop", "signal": 5},
    {"type": "stop", "timeout": "soon"},
    {"type": "stop", "timeout": None},
    {"type": "stop", "timeout": []},
    {"type": "fly", "to": "the moon"},
    {"type": "__init__"},
    {"type": "release"},
]


@pytest.mark.parametrize("terminal", [False, True])
def test_malformed_messages(keeper: Keeper, *, terminal: bool) -> None:
    """Each is answered in order, none costs the app, and a stop still works afterwards."""
    report = keeper.start(SLEEP, terminal=terminal)
    link = keeper.link()
    link.hello()
    for message in MALFORMED:
        answer = link.ask(kind=message["type"], **{k: v for k, v in message.items() if k != "type"})
        assert answer["type"] == ("done" if message == {"type": "release"} else "error"), message
    assert keeper.link().hello()["asked"] == ""
    assert process.identity(report["pid"]) is not None
    link.ask("stop", timeout=1e300)

    assert link.until("exit")["asked"] == "stop"


@pytest.mark.parametrize(
    "data", [b"\n", b"garbage\n", b"\xff\xfe\n", b"null\n", b"[" * 200_000 + b"\n", b'{"type":"he']
)
def test_what_is_no_message_costs_the_connection_alone(keeper: Keeper, data: bytes) -> None:
    """The next daemon is served as if nothing had been."""
    report = keeper.start(SLEEP)
    bad = keeper.link()
    bad.send_bytes(data)
    if data.endswith(b"\n"):
        assert bad.receive() is None
    else:
        bad.close()

    assert keeper.link().hello()["pid"] == report["pid"]


def test_odd_numbers_end_nothing(keeper: Keeper) -> None:
    """JSON as Python reads it has numbers that no clock understands."""
    keeper.start(STUBBORN)
    keeper.until_output(b"up")
    link = keeper.link()
    link.hello()
    link.send_bytes(b'{"type":"stop","id":1,"timeout":NaN}\n')

    assert link.until("done", "error")["type"] == "done"
    assert link.until("exit")["signal"] == signal.SIGKILL


def test_an_endless_message(keeper: Keeper) -> None:
    """Nine megabytes without a line's end are not collected any further."""
    keeper.start(SLEEP)
    link = keeper.link()
    link.hello()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        link.send_bytes(b"x" * 40_000_000)

    assert keeper.link().hello()


def test_daemons_are_bounded(keeper: Keeper) -> None:
    """Connections beyond the bound are closed; when others go there is room again."""
    keeper.start(SLEEP)
    links = [keeper.link() for _ in range(8)]
    for link in links:
        link.hello()
    refused = keeper.link()
    assert refused.receive() is None
    links[0].close()

    def is_served() -> bool:
        try:
            return bool(keeper.link().hello())
        except (AssertionError, OSError):
            return False

    eventually(is_served)


@pytest.mark.parametrize("version", [0, 1, 2, 99, "new"])
def test_a_daemon_of_any_version(keeper: Keeper, version: object) -> None:
    """A hello is answered with what the keeper is; the daemon decides what it can do with it."""
    keeper.start(SLEEP)
    answer = keeper.link().hello(protocol=version, colour="red")

    assert (answer["protocol"], answer["run"]) == (1, "run-1")


def test_a_daemon_that_comes_late_hears_all(keeper: Keeper) -> None:
    """The state of an end that is on its way, and what is kept of the console."""
    keeper.start(STUBBORN)
    keeper.until_output(b"up")
    first = keeper.link()
    first.hello()
    first.ask("stop", timeout=1000)
    first.close()
    hello = keeper.link().hello()

    assert hello["asked"] == "stop"
    assert (hello["start"], hello["end"]) == (0, len(keeper.console))
