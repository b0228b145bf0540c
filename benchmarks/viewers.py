"""Console viewers, as cheap as can be, in a process of their own.

Run as ``python -m benchmarks.viewers``: takes an `Orders` as JSON on stdin, prints one line of
JSON. They speak console-v2 on a raw socket, follow the frames' headers, and count marks in the
buffer that the kernel filled, so that the daemon is what is measured.
"""

import asyncio
import base64
import json
import os
import re
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

from benchmarks.daemon import cpu_s

MARK = b"|"  # stands once in each line
ROUND_S = 20.0
TAIL_BYTES = 120
STAMP = re.compile(rb"t=(\d+)\|")
NUMBER = re.compile(rb"(\d{10})\.(\d{3}) ")


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What the viewers do.

    Attributes:
        say: input that makes the app print ``lines`` lines, each with a mark.
        rounds: how often.
        stamped: lines hold the time when they were written: report the delays, in ms.
        numbered: lines are numbered: check the first and the last of each round.
        watch: processes by name, whose share of a core is reported.
    """

    port: int
    token: str
    app: str
    viewers: int
    say: str
    lines: int
    rounds: int = 1
    stamped: bool = False
    numbered: bool = False
    watch: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What they saw: seconds of each round, delays, and the shares of a core meanwhile."""

    seconds: list[float]
    delays_ms: list[float]
    shares: dict[str, float]


def watch(orders: Orders) -> Findings:
    """Run the viewers in another process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.viewers"],
        input=json.dumps(asdict(orders)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=ROUND_S * (orders.rounds + 1),
    )
    return Findings(**json.loads(done.stdout))


def ages_ms(data: bytes) -> list[float]:
    """How old the stamped lines in ``data`` are."""
    now = time.monotonic_ns()
    return [(now - int(stamp)) / 1e6 for stamp in STAMP.findall(data)]


class Viewer(asyncio.BufferedProtocol):
    """One viewer. All use one buffer: what comes is looked at before the next read."""

    buffer = bytearray(1 << 20)

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._head = b""
        self._left = -1  # bytes left of the frame under way; -1: the upgrade's answer
        self._message = b""
        self.frames = 0
        self.count = 0
        self.first = self.tail = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._crowd.request)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's name
        """Too early, unless all is done."""
        self._crowd.lost += 1

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002  # asyncio's name
        """Where the next bytes go."""
        return self.buffer

    def buffer_updated(self, size: int) -> None:
        """Follow the frames through the bytes that came."""
        place = 0
        while place < size:
            if self._left > 0:
                end = min(size, place + self._left)
                self._left -= end - place
                self._take(place, end)
                place = end
            elif self._left < 0:
                place = self._upgrade(size)
            else:
                place = self._header(place, size)

    def _upgrade(self, size: int) -> int:
        self._head += self.buffer[:size]
        answer, found, _ = self._head.partition(b"\r\n\r\n")
        if not found:
            return size
        if b" 101 " not in answer:
            raise RuntimeError(answer.decode())
        place = len(answer) + 4 - (len(self._head) - size)
        self._head, self._left = b"", 0
        return place

    def _header(self, place: int, size: int) -> int:
        while place < size:
            self._head += self.buffer[place : place + 1]
            place += 1
            head = self._head
            if len(head) < 2:
                continue
            length = head[1] & 0x7F
            if len(head) == {126: 4, 127: 10}.get(length, 2):
                if length > 125:
                    (length,) = struct.unpack("!H" if length == 126 else "!Q", head[2:])
                if head[0] != 0x81:
                    raise RuntimeError(f"A frame of another kind came: {head!r}")
                self._head, self._left, self._message = b"", length, b""
                break
        return place

    def _take(self, start: int, end: int) -> None:
        """Look at a piece of a message."""
        crowd = self._crowd
        if self._left == 0:
            self.frames += 1
        marks = self.buffer.count(MARK, start, end)
        if crowd.orders.stamped:
            self._message += self.buffer[start:end]
            if self._left == 0:
                crowd.take_stamps(self._message)
        if marks and not self.count:
            self.first = self.tail + self.buffer[start : start + 2 * TAIL_BYTES]
        self.tail = (self.tail + self.buffer[max(start, end - TAIL_BYTES) : end])[-TAIL_BYTES:]
        self.count += marks
        if self.count >= crowd.orders.lines or (self.frames == 2 and self._left == 0):
            crowd.progress.set()


class Crowd:
    """All viewers of one run."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.progress = asyncio.Event()
        self.lost = 0
        self.delays_ms: list[float] = []
        self._viewers: list[Viewer] = []
        key = base64.b64encode(os.urandom(16)).decode()
        self.request = (
            f"GET /server/{orders.app}/console HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: {orders.token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: console-v2\r\n\r\n"
        ).encode()

    def take_stamps(self, message: bytes) -> None:
        """Note how old the lines are."""
        self.delays_ms += ages_ms(message)

    async def run(self) -> Findings:
        """Connect all, have the rounds, and check what came."""
        loop = asyncio.get_running_loop()
        for _ in range(self.orders.viewers):
            _, viewer = await loop.create_connection(
                lambda: Viewer(self), "127.0.0.1", self.orders.port
            )
            self._viewers.append(viewer)
        await self._until(lambda viewer: viewer.frames >= 2)  # settings, scrollback
        before, begun = self._cpu(), time.monotonic()
        seconds = [await self._round() for _ in range(self.orders.rounds)]
        wall = time.monotonic() - begun
        used = {name: cpu - before[name] for name, cpu in self._cpu().items()}
        for viewer in self._viewers:
            assert viewer.transport is not None
            viewer.transport.abort()
        shares = {name: round(cpu / wall, 2) for name, cpu in used.items()}
        return Findings(seconds=seconds, delays_ms=self.delays_ms, shares=shares)

    async def _round(self) -> float:
        for viewer in self._viewers:
            viewer.count, viewer.tail = 0, b""
        begun = time.monotonic()
        self._say()
        await self._until(lambda viewer: viewer.count >= self.orders.lines)
        seconds = time.monotonic() - begun
        for viewer in self._viewers:
            self._check(viewer)
        return seconds

    async def _until(self, is_done: Callable[[Viewer], bool]) -> None:
        async with asyncio.timeout(ROUND_S):
            while not all(map(is_done, self._viewers)):
                if self.lost:
                    raise RuntimeError(f"{self.lost} viewers were disconnected.")
                self.progress.clear()
                await self.progress.wait()

    def _say(self) -> None:
        payload = json.dumps({"type": "input", "data": self.orders.say}).encode()
        transport = self._viewers[0].transport
        assert transport is not None
        transport.write(bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload)

    def _check(self, viewer: Viewer) -> None:
        if viewer.count != self.orders.lines:
            raise RuntimeError(f"{viewer.count} lines came, not {self.orders.lines}.")
        if not self.orders.numbered:
            return
        first, last = NUMBER.search(viewer.first), NUMBER.findall(viewer.tail)
        numbers = [int(b"".join(found)) for found in (first.groups() if first else (), last[-1])]
        if numbers != [0, self.orders.lines - 1]:
            raise RuntimeError(f"The lines {numbers} came as first and last.")

    def _cpu(self) -> dict[str, float]:
        mine = resource.getrusage(resource.RUSAGE_SELF)
        others = {name: cpu_s(pid) for name, pid in self.orders.watch.items()}
        return {"viewers": mine.ru_utime + mine.ru_stime, **others}


def main() -> None:
    """Do as stdin says."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    orders = Orders(**json.load(sys.stdin))

    async def run() -> Findings:
        return await Crowd(orders).run()

    print(json.dumps(asdict(uvloop.run(run()))))


if __name__ == "__main__":
    main()
