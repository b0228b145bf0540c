"""Too much: long lines, floods, viewers that never read, many viewers, a full disk."""

import asyncio
import json
import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.typing import Subprotocol

from support.daemon import Daemon, program
from support.eventually import eventually
from support.full_disk import fill, small_disk

from .conftest import MakeDaemon

MIB = 1 << 20
OFF = {"enabled": False}
UPGRADE = (
    b"GET /server/app/console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: console-v2\r\n\r\n"
)


def memory(daemon: Daemon) -> int:
    """Resident bytes of the daemon; "Rss" of the kernel's own sum, without shared pages."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


class Watch:
    """Looks on from a thread: the most memory, and the longest wait for `GET /servers`."""

    def __init__(self, daemon: Daemon) -> None:
        self.begin = self.most = memory(daemon)
        self.longest_s = 0.0
        self.answers = 0
        self._daemon = daemon
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def growth(self) -> int:
        """Bytes."""
        return self.most - self.begin

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(0.05):
            began = time.monotonic()
            self._daemon.get("/servers")
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            self.answers += 1
            self.most = max(self.most, memory(self._daemon))


def stuck_viewer(daemon: Daemon) -> socket.socket:
    """One that reads nothing, not even the answer to its upgrade."""
    raw = socket.socket(socket.AF_UNIX)
    raw.connect(str(daemon.socket_path))
    raw.sendall(UPGRADE)
    return raw


async def open_viewer(daemon: Daemon, query: str = "") -> ClientConnection:
    """A v2 viewer that has its settings."""
    viewer = await unix_connect(
        str(daemon.socket_path),
        f"ws://localhost/server/app/console{query}",
        subprotocols=[Subprotocol("console-v2")],
        compression=None,
        max_size=None,
        ping_interval=None,
        open_timeout=30,
    )
    assert json.loads(await viewer.recv())["type"] == "settings"
    return viewer


async def follow(viewer: ClientConnection, last: str = "done") -> list[dict[str, Any]]:
    """The outputs up to the one that ends in ``last``."""
    outputs: list[dict[str, Any]] = []
    while not outputs or not outputs[-1]["data"].endswith(last):
        message = await viewer.recv()
        assert len(message) < MIB
        outputs.append(json.loads(message))
        assert outputs[-1]["type"] == "output"
    return outputs


def joined(outputs: list[dict[str, Any]], log: bytes) -> str:
    """All the text; each output must say exactly which bytes of the log it stands for."""
    text = ""
    for before, after in zip([None, *outputs], outputs, strict=False):
        assert before is None or before["next"] == after["offset"]
        ended = log[after["offset"] : after["next"]].endswith(b"\n")
        text += after["data"] + ("\n" if ended else "")
    return text


# -- long lines ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "text", "pieces"),
    [
        (1_000_000, "x", 1),
        (3_500_000, "x", 4),
        (700_000, "\u20ac", 3),
        (300_000, "\x01", 2),
        (400_000, "\U0001f600", 2),
    ],
)
async def test_long_lines(make_daemon: MakeDaemon, count: int, text: str, pieces: int) -> None:
    """A line is in one message while it fits; else it is cut between characters, never in one."""
    command = program("flood.py", "line", count, text)
    daemon = make_daemon({"app": {"command": command, **OFF}}).start()
    viewer = await open_viewer(daemon)
    daemon.post("app", "START")
    outputs = await follow(viewer)
    await viewer.close()
    late = await open_viewer(daemon, "?since=0")
    again = await follow(late)
    await late.close()
    log = daemon.ask("GET", "/server/app/console/log?download=true").body

    expected = f"[Octyne] Started server app\n{text * count}\ndone\n"
    assert log == expected.encode()
    assert joined(outputs, log) == expected
    assert joined(again, log) == expected
    long = [output for output in again if text * 1000 in output["data"]]
    assert pieces <= len(long) <= pieces + 2


def test_the_scrollback_of_a_line_that_is_too_long(make_daemon: MakeDaemon) -> None:
    """The old protocol too gets messages under 1 MiB each, and all of it."""
    daemon = make_daemon({"app": {"command": program("flood.py", "line", 2_500_000)}}).start()
    daemon.until_line("app", "done")
    headers = {"Authorization": daemon.token()}
    with daemon.tcp_console("app", additional_headers=headers) as console:
        text = ""
        while not text.endswith("done"):
            message = console.recv(timeout=10)
            assert isinstance(message, str)
            assert len(message) < MIB
            text += message
    assert text.count("x") == 2_500_000


# -- floods --------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_flood_passes(make_daemon: MakeDaemon) -> None:
    """Half a gigabyte at full speed: the daemon answers, stays small, and the end arrives."""
    size = 512 * MIB
    daemon = make_daemon({"app": {"command": program("flood.py", "bytes", size), **OFF}}).start()
    viewer = await open_viewer(daemon)
    with stuck_viewer(daemon), Watch(daemon) as watch:
        daemon.post("app", "START")
        async with asyncio.timeout(50):
            last = ""
            while not last.endswith("done"):
                last = json.loads(await viewer.recv())["data"]
    await viewer.close()
    page = daemon.get("/server/app/console/log?limit=1")

    assert page["end"] == len("[Octyne] Started server app\n") + size + len("done\n")
    assert page["end"] - page["start"] < 140 * MIB
    assert watch.growth < 48 * MIB
    assert watch.longest_s < 1.0
    assert watch.answers > 10


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_fifty_viewers_get_each_line_and_one_never_reads(make_daemon: MakeDaemon) -> None:
    """It delays nobody and costs next to nothing; each of the others has each line, in order."""
    lines = 1_000_000
    daemon = make_daemon({"app": {"command": program("numbers.py", lines), **OFF}}).start()
    viewers = [await open_viewer(daemon) for _ in range(50)]
    for viewer in viewers:
        assert json.loads(await viewer.recv())["data"] == ""
    body = "".join(f"line {n}\n" for n in range(lines))
    expected = f"[Octyne] Started server app\n{body}done\n"

    async def check(viewer: ClientConnection) -> int:
        position = 0
        while position < len(expected):
            message = json.loads(await viewer.recv())
            assert message["offset"] == position
            position = message["next"]
            assert expected[message["offset"] : position] == message["data"] + "\n"
        return position

    with stuck_viewer(daemon), Watch(daemon) as watch:
        daemon.post("app", "START")
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            checks = [group.create_task(check(viewer)) for viewer in viewers]
    for viewer in viewers:
        await viewer.close()

    assert [task.result() for task in checks] == [len(expected)] * 50
    assert watch.growth < 64 * MIB
    assert watch.longest_s < 2.0


@pytest.mark.slow
async def test_a_thousand_idle_viewers(make_daemon: MakeDaemon) -> None:
    """All get the next line; the daemon stays small and quick."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        pytest.skip("too few open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    daemon = make_daemon({"app": {"command": "cat"}}).start()
    daemon.until("app", 1)
    async with AsyncExitStack() as stack:
        begin = memory(daemon)
        viewers = []
        for _ in range(1000):
            viewers.append(await open_viewer(daemon))
            stack.push_async_callback(viewers[-1].close)
            await viewers[-1].recv()
        growth = memory(daemon) - begin
        with Watch(daemon) as watch:
            await viewers[0].send('{"type":"input","data":"hello"}')
            async with asyncio.timeout(10):
                heard = [json.loads(await viewer.recv())["data"] for viewer in viewers]
    assert heard == ["hello"] * 1000
    assert growth < 60 * MIB
    assert watch.longest_s < 1.5


async def test_a_line_that_never_ends_costs_little(make_daemon: MakeDaemon) -> None:
    """A progress bar that only ever returns: what is looked at again and again stays bounded."""
    code = "import os\nfor n in range(4000): os.write(1, b'%200d\\r' % n)\nos.write(1, b'end\\n')"
    daemon = make_daemon({"app": {"command": ["python3", "-c", code + "\ninput()"], **OFF}}).start()
    viewers = [await open_viewer(daemon) for _ in range(20)]
    for viewer in viewers:
        await viewer.recv()
    before = _cpu_s(daemon)
    daemon.post("app", "START")
    for viewer in viewers:
        outputs = await follow(viewer, "end")
        assert "".join(o["data"] for o in outputs).count("\r") == 4000
        await viewer.close()
    assert _cpu_s(daemon) - before < 6


def _cpu_s(daemon: Daemon) -> float:
    fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- a full disk ---------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB. Ask for it before daemons: they end before it goes."""
    with small_disk(tmp_path / "disk", "2m") as disk:
        yield disk


def problems(daemon: Daemon) -> list[str]:
    """What the daemon says is wrong, to those who may know."""
    answer = daemon.ask("GET", "/healthz")
    assert answer.status == 200
    found = list(answer.json.get("problems", []))
    assert (answer.json["status"] == "degraded") is bool(found)
    return found


@pytest.mark.parametrize("mode", ["drop", "block"])
def test_a_full_disk_under_the_console(disk: Path, make_daemon: MakeDaemon, mode: str) -> None:
    """The app goes on or waits; the daemon serves on and says what is wrong; then all is well."""
    entry = {"command": program("flood.py", "drip", 0.01), "console": {"onFull": mode}}
    daemon = make_daemon({"app": entry})
    daemon.homes.append(disk)
    daemon.start(f"--state={disk}")
    daemon.until_line("app", "line 3")
    ballast = fill(disk)
    eventually(lambda: any("output of app 'app'" in each for each in problems(daemon)), 20)
    eventually(lambda: sum("disk is full" in p for p in problems(daemon)), 5)
    pid = daemon.get("/server/app")["pid"]
    assert daemon.status("app") == 1
    wrote = _written(pid)
    if mode == "drop":
        eventually(lambda: _written(pid) > wrote + 100_000, 20, "the app waits for a full disk")
    ballast.unlink()
    eventually(lambda: not problems(daemon), 20)
    end = daemon.get("/server/app/console/log")["end"]
    eventually(lambda: daemon.get("/server/app/console/log")["end"] > end + 10_000, 10)

    lines = [line for line in daemon.lines("app") if line.startswith("line ")]
    numbers = [int(line.split()[1]) for line in lines]
    marks = [line for line in daemon.lines("app") if "The disk was full" in line]
    assert daemon.get("/server/app")["pid"] == pid
    assert numbers == sorted(set(numbers))
    if mode == "block":
        assert numbers == list(range(len(numbers)))
        assert not marks
    else:
        assert numbers != list(range(len(numbers)))
        assert marks


def _written(pid: int) -> int:
    """Bytes that a process has written so far."""
    text = Path(f"/proc/{pid}/io").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("wchar")))


def test_a_full_disk_under_everything(disk: Path, make_daemon: MakeDaemon) -> None:
    """Apps can be stopped, their ends are known; accounts stay whole; all recovers."""
    daemon = make_daemon({"app": {"command": program("flood.py", "drip", 0.01)}})
    daemon.homes.append(disk)
    daemon.start(f"--state={disk}", f"--users={disk / 'users.json'}")
    daemon.until_line("app", "line 3")
    users = (disk / "users.json").read_bytes()
    ballast = fill(disk)
    eventually(lambda: problems(daemon), 20)
    daemon.post("app", "TERM")
    daemon.until("app", 0, 10)
    body = json.dumps({"username": "bob", "password": "secret"})
    refused = daemon.ask("POST", "/accounts", body)
    assert refused.status == 503
    assert daemon.get("/accounts") == ["admin"]
    assert (disk / "users.json").read_bytes() == users
    assert any("app" in problem for problem in problems(daemon))
    ballast.unlink()
    eventually(lambda: not problems(daemon), 30)
    assert daemon.ask("POST", "/accounts", body).status == 200
    assert daemon.post("app", "START") == {"success": True}
    daemon.until("app", 1)
    daemon.kill()
    daemon.start(f"--state={disk}", f"--users={disk / 'users.json'}")
    assert daemon.status("app") == 1
    daemon.post("app", "KILL")
    daemon.until("app", 0)
