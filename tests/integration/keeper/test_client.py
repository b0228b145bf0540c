"""The daemon's side of a keeper, against real keepers and against one that misbehaves."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from octyne.keeper import client
from octyne.keeper.client import KeeperError, KeeperLink, LaunchError, is_held, launch
from support.eventually import eventually, soon
from support.keeper import SLEEP, Keeper, orders

Message = dict[str, Any]


class Told:
    """What a link has told."""

    def __init__(self) -> None:
        self.ends: list[int] = []
        self.exits: list[Message] = []
        self.lost = 0
        self.link = KeeperLink(lambda _, end: self.ends.append(end), self.exits.append, self._lose)

    def _lose(self) -> None:
        self.lost += 1


async def until(look: Callable[[], object]) -> None:
    """Wait in the event loop."""

    async def again() -> object:
        return look()

    await soon(again)


async def test_an_app_from_start_to_end(keeper: Keeper) -> None:
    """Launched, adopted, given input, stopped; and the exit is told before the loss."""
    await launch(str(keeper.directory), orders(["cat"], keeper.directory))
    told = Told()
    hello = await told.link.connect(str(keeper.directory))
    await told.link.request("input", data="hello\n")
    keeper.until_output(b"hello\n")
    await told.link.request("kill")
    await until(lambda: told.lost)

    assert (hello.pid, hello.keeper_pid, hello.run) == (keeper.app, keeper.pid, "run-1")
    assert told.ends[-1] == len(keeper.console)
    assert [record["signal"] for record in told.exits] == [signal.SIGKILL]
    with pytest.raises(KeeperError, match="gone"):
        await told.link.request("kill")


async def test_a_refusal_says_why(keeper: Keeper) -> None:
    """The keeper's words come through, and the next request is served."""
    await launch(str(keeper.directory), orders(SLEEP, keeper.directory))
    told = Told()
    await told.link.connect(str(keeper.directory))
    with pytest.raises(KeeperError, match="no terminal"):
        await told.link.request("resize", columns=1, rows=1)
    await told.link.request("notice", text="[Octyne] hello")
    told.link.close()
    await until(lambda: told.lost)

    assert b"hello" in keeper.console


async def test_a_launch_that_fails_says_why(keeper: Keeper) -> None:
    """No such program, no such place, or a keeper that is there already."""
    with pytest.raises(LaunchError, match="does not exist") as missing:
        await launch(str(keeper.directory), orders(["no-such-program"], keeper.directory))
    with pytest.raises(LaunchError, match="could not be started"):
        await launch(str(keeper.directory / "none"), orders(SLEEP, keeper.directory))
    await until(lambda: not is_held(str(keeper.directory)))
    await launch(str(keeper.directory), orders(SLEEP, keeper.directory))
    with pytest.raises(LaunchError) as twice:
        await launch(str(keeper.directory), orders(SLEEP, keeper.directory))

    assert (missing.value.held, twice.value.held) == (False, True)


async def test_a_cancelled_launch_goes_on(keeper: Keeper) -> None:
    """The keeper comes up all the same and is found."""
    started = asyncio.create_task(launch(str(keeper.directory), orders(SLEEP, keeper.directory)))
    await until(lambda: is_held(str(keeper.directory)))
    started.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await started
    await until(lambda: keeper.record("run.json"))
    told = Told()
    hello = await told.link.connect(str(keeper.directory))
    told.link.close()

    assert hello.pid == keeper.app


async def test_held_means_a_living_keeper(keeper: Keeper) -> None:
    """Not a file that lies there."""
    directory = str(keeper.directory)
    assert not is_held(directory)
    await launch(directory, orders(SLEEP, keeper.directory))
    assert is_held(directory)
    app = keeper.app
    os.kill(keeper.pid, signal.SIGKILL)
    eventually(lambda: not is_held(directory))
    os.kill(app, signal.SIGKILL)


async def test_a_directory_too_deep_for_a_socket(tmp_path: Path) -> None:
    """Where the state directory lies is the user's choice."""
    deep = tmp_path.joinpath(*["directory-with-a-long-name"] * 8)
    deep.mkdir(parents=True)
    keeper = Keeper(deep / "app")
    try:
        await launch(str(keeper.directory), orders(SLEEP, keeper.directory))
        told = Told()
        hello = await told.link.connect(str(keeper.directory))
        told.link.close()
        assert hello.pid == keeper.app
    finally:
        keeper.end()


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[socket.socket]:
    """A listener where a keeper's would be."""
    (tmp_path / "fake").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "fake" / "keeper.sock"))
        listener.listen()
        listener.setblocking(False)
        yield listener


HELLO = {
    "type": "hello",
    "protocol": 1,
    "run": "r",
    "pid": 1,
    "keeper_pid": 2,
    "started_ms": 3,
    "start": 4,
    "end": 5,
    "asked": "",
}


async def play(fake: socket.socket, directory: Path, answer: bytes) -> tuple[Told, socket.socket]:
    """Connect to a keeper that says ``answer`` to the hello."""
    told = Told()
    asked = asyncio.create_task(told.link.connect(str(directory / "fake")))
    connection, _ = await asyncio.get_running_loop().sock_accept(fake)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_sendall(connection, answer)
    try:
        await asked
    except BaseException:
        connection.close()
        raise
    return told, connection


def line(**message: object) -> bytes:
    """A message as it is sent."""
    return json.dumps(message).encode() + b"\n"


@pytest.mark.parametrize("version", [0, 1, 2, 99])
async def test_a_keeper_of_any_version_is_adopted(
    fake: socket.socket, tmp_path: Path, version: int
) -> None:
    """One that is newer, or older, than this daemon; what we don't know is passed over."""
    answer = line(**{**HELLO, "protocol": version, "colour": "red"}) + line(
        type="weather", is_="fine"
    )
    told, connection = await play(fake, tmp_path, answer + line(type="output", start=0, end=9))
    await until(lambda: len(told.ends) == 2)
    told.link.close()
    connection.close()

    assert told.ends == [5, 9]  # the hello first: it must not replace what came after it


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\n",
        b"[" * 60_000 + b"\n",
        line(type="hello"),
        line(type="output"),
        line(type="exit", run="r"),
        line(type="done"),
        b"",
    ],
)
async def test_a_keeper_that_talks_nonsense(
    fake: socket.socket, tmp_path: Path, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is an error with a sentence, within a time."""
    monkeypatch.setattr(client, "ANSWER_S", 0.2)
    with pytest.raises(KeeperError):
        await play(fake, tmp_path, answer)


async def test_a_keeper_that_does_not_answer(
    fake: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request ends in time; an answer that comes late or to nobody is harmless."""
    monkeypatch.setattr(client, "ANSWER_S", 0.1)
    told, connection = await play(fake, tmp_path, line(**HELLO))
    with pytest.raises(KeeperError, match="does not answer"):
        await told.link.request("stop")
    late = line(type="done", id=1) + line(type="done", id=77) + line(type="output", start=0, end=6)
    connection.sendall(late)
    await until(lambda: told.ends)
    told.link.close()
    connection.close()


async def test_a_keeper_that_dies_ends_all_requests(fake: socket.socket, tmp_path: Path) -> None:
    """At once, not at their deadlines."""
    told, connection = await play(fake, tmp_path, line(**HELLO))
    requests = [asyncio.create_task(told.link.request("stop")) for _ in range(3)]
    await until(lambda: len(told.link._answers) == 3)
    connection.close()
    done, _ = await asyncio.wait(requests, timeout=2)

    assert [type(task.exception()) for task in done] == [KeeperError] * 3
    assert told.lost == 1


async def test_nobody_listens(tmp_path: Path) -> None:
    """No directory, no socket, or one that nobody serves any more."""
    (tmp_path / "dead").mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead" / "keeper.sock"))
    for place in ("none", "", "dead"):
        with pytest.raises(KeeperError, match="can't be reached"):
            await Told().link.connect(str(tmp_path / place))


def test_orders_hold_all_that_a_keeper_needs(tmp_path: Path) -> None:
    """And name the run in the app's environment, whatever the config says."""
    spec = json.loads(orders(["x"], tmp_path, env={"OCTYNE_RUN": "forged"}).encode())

    assert spec["env"] == {"OCTYNE_RUN": "run-1"}
    assert spec["stop"] == {"signal": "SIGTERM", "command": "", "timeout": 10.0}
