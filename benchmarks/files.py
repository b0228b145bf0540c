"""Lists of large folders, and downloads beside nginx."""

import contextlib
import shutil
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.daemon import Daemon, cpu_s, directory, rss_mib, running
from benchmarks.figures import Figure

MIB = 1 << 20
LISTS = 15
DOWNLOADS = 5
SETTLED_S = 2.2  # seconds; types of files younger than two are not remembered
PROBE_S = 0.002
NGINX_START_S = 10.0


def list_10k() -> list[Figure]:
    """A folder of 10,000 text files: first, and again."""
    return _lists(10_000, goal=40, go=79)


def list_100k() -> list[Figure]:
    """A folder of 100,000 text files: first, and again; how long others wait meanwhile."""
    return _lists(100_000)


def download() -> list[Figure]:
    """1 GiB that is in memory, beside nginx where it is installed; in turns."""
    with directory() as files, _app(files) as (daemon, token):
        size = 1024 * MIB
        with (files / "big").open("wb") as file:
            for number in range(1024):
                file.write(number.to_bytes(4, "big") * (MIB // 4))
        path, header = "/server/app/file?path=big", f"Authorization: {token}\r\n"
        ours, theirs = [], []
        before = rss_mib(daemon.pid)
        most = before
        with _nginx(files) as port:
            _fetch(daemon.port, path, header)  # the first reads what isn't in memory
            for _ in range(DOWNLOADS):
                ours.append(size / MIB / _fetch(daemon.port, path, header)[0])
                most = max(most, rss_mib(daemon.pid))
                if port:
                    theirs.append(size / MIB / _fetch(port, "/big", "")[0])
        wait = _worst_wait(daemon, lambda: _fetch(daemon.port, path, header))
    rate, nginx = statistics.median(ours), statistics.median(theirs) if theirs else None
    notes: dict[str, object] = {"nginx": nginx and round(nginx), "best": round(max(ours))}
    return [
        Figure(name="download of 1 GiB", value=rate, unit="MiB/s", goal=nginx and nginx * 0.9,
               go=3_340, notes=notes),
        Figure(name="download, memory of the daemon", value=most - before, unit="MiB more",
               goal=10, at_most=True, notes={}),
        Figure(name="download, longest wait of others", value=wait, unit="ms", goal=50,
               at_most=True, notes={}),
    ]  # fmt: skip


def _lists(count: int, *, goal: float | None = None, go: float | None = None) -> list[Figure]:
    with directory() as files, _app(files) as (daemon, token):
        for number in range(count):
            (files / f"file-{number:06}.txt").write_text(f"line {number}\n" * 20)
        time.sleep(SETTLED_S)
        path, header = "/server/app/files", f"Authorization: {token}\r\n"

        def ask() -> float:
            return _fetch(daemon.port, path, header)[0] * 1000

        first = ask()
        used = -cpu_s(daemon.pid)
        times = [ask() for _ in range(LISTS)]
        used += cpu_s(daemon.pid)
        wait = _worst_wait(daemon, ask)
        rss = rss_mib(daemon.pid)
    what = f"list of {count:,} files,"
    notes: dict[str, object] = {
        "min_ms": round(min(times), 1),
        "daemon_cpu_ms": round(1000 * used / LISTS, 1),
        "daemon_rss_mib": round(rss),
    }
    return [
        Figure(name=f"{what} the first time", value=first, unit="ms", notes={}),
        Figure(name=f"{what} again", value=statistics.median(times), unit="ms", goal=goal, go=go,
               at_most=True, notes=notes),
        Figure(name=f"{what} longest wait of others", value=wait, unit="ms", goal=50,
               at_most=True, notes={}),
    ]  # fmt: skip


@contextlib.contextmanager
def _app(files: Path) -> Iterator[tuple[Daemon, str]]:
    app: dict[str, Any] = {"directory": str(files), "command": ["cat"], "enabled": False}
    with running({"app": app}) as found:
        yield found


def _fetch(port: int, path: str, header: str) -> tuple[float, int]:
    """Seconds and bytes of one answer; the body goes into one buffer, again and again."""
    buffer = bytearray(MIB)
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\n{header}Connection: close\r\n\r\n".encode()
        )
        size = sock.recv_into(buffer)
        if not buffer.startswith((b"HTTP/1.1 200 ",)):
            raise RuntimeError(f"GET {path}: {bytes(buffer[:300])!r}")
        while count := sock.recv_into(buffer):
            size += count
    return time.perf_counter() - begun, size


def _worst_wait(daemon: Daemon, work: Any) -> float:  # noqa: ANN401  # called for its effect
    """How many ms the slowest of many small requests took while ``work`` was done three times."""
    done = threading.Event()

    def run() -> None:
        for _ in range(3):
            work()
        done.set()

    thread = threading.Thread(target=run)
    worst = 0.0
    with socket.create_connection(("127.0.0.1", daemon.port)) as sock:
        thread.start()
        while not done.is_set():
            begun = time.perf_counter()
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            sock.recv(4096)
            worst = max(worst, time.perf_counter() - begun)
            time.sleep(PROBE_S)
    thread.join()
    return worst * 1000


@contextlib.contextmanager
def _nginx(files: Path) -> Iterator[int]:
    """An nginx with one worker that serves ``files``; 0 for its port where there is none."""
    program = shutil.which("nginx")
    if program is None:
        yield 0
        return
    with directory() as place, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        (place / "conf").write_text(
            f"daemon off; master_process off; pid {place}/pid; error_log {place}/err;\n"
            "events {}\n"
            "http { access_log off; sendfile on; tcp_nopush on;\n"
            f"  server {{ listen 127.0.0.1:{port}; root {files}; }} }}\n"
        )
        with subprocess.Popen(
            [program, "-c", str(place / "conf")], stderr=subprocess.DEVNULL
        ) as it:
            deadline = time.monotonic() + NGINX_START_S
            while True:
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if time.monotonic() > deadline:
                    raise RuntimeError("nginx does not start")
                time.sleep(0.01)
            try:
                yield port
            finally:
                it.terminate()
