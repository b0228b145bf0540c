"""HTTP requests as fast as the daemon answers them, from another process.

With ``wrk`` where it is installed, else with ``python -m benchmarks.load`` (one process, raw
sockets on uvloop), which costs more CPU and so finds less on few cores.
"""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from typing import cast

import uvloop

CONNECTIONS = 16
SECONDS = 5


def requests_per_s(port: int, path: str, token: str) -> tuple[float, str]:
    """How many are answered per second, and what asked; all must be answered with 200."""
    wrk = shutil.which("wrk")
    if wrk is None:
        command = [sys.executable, "-m", "benchmarks.load", str(port), path, token]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=SECONDS + 10)
        return float(json.loads(done.stdout)), "benchmarks.load"
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Authorization: {token}"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"],
        stdout=subprocess.PIPE,
        check=True,
        timeout=SECONDS + 10,
    )
    if b"Non-2xx" in done.stdout or b"Socket errors" in done.stdout:
        raise RuntimeError(done.stdout.decode())
    found = re.search(rb"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None
    return float(found[1]), "wrk"


class Client(asyncio.Protocol):
    """One connection: a request, its whole answer, the next request."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._data = b""
        self._whole = 0
        self.answers = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Ask again when the answer is whole."""
        self._data += data
        if not self._whole:
            head, found, _ = self._data.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(head.decode())
            length = re.search(rb"(?i)content-length: (\d+)", head)
            assert length is not None
            self._whole = len(head) + 4 + int(length[1])
        if len(self._data) >= self._whole:
            self._data, self._whole = b"", 0
            self.answers += 1
            assert self.transport is not None
            self.transport.write(self._request)


async def run(port: int, path: str, token: str) -> float:
    """Ask on all connections for some seconds."""
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n\r\n".encode()
    clients = []
    begun = time.monotonic()
    for _ in range(CONNECTIONS):
        _, client = await loop.create_connection(lambda: Client(request), "127.0.0.1", port)
        clients.append(client)
    await asyncio.sleep(SECONDS)
    return sum(client.answers for client in clients) / (time.monotonic() - begun)


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(int(sys.argv[1]), sys.argv[2], sys.argv[3]))))
