"""What small requests wait for while the daemon has heavy work: its own loop, or the processor."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from subprocess import run
from typing import Any

from benchmarks.archives import make_tree
from benchmarks.daemon import Daemon, directory, program, running
from benchmarks.figures import Figure

MIB = 1 << 20
ENTRIES = 100_000
UPLOAD = 512 * MIB
ARCHIVE_ROUNDS = LIST_ROUNDS = UPLOAD_ROUNDS = 3
PROBE_S = 0.002
NS = 1e6  # of a millisecond


@dataclass
class Wait:
    """How long an answer took, and how much of that the daemon's loop, or we, had no processor."""

    ms: float
    unscheduled_ms: float


def waits() -> list[Figure]:
    """Small requests beside a zip, a tar.zst, an unzip, a list of 100,000 files, and uploads."""
    with directory() as home:
        make_tree(home / "tree")
        (home / "many").mkdir()
        for number in range(ENTRIES):
            (home / "many" / f"file-{number:06}.txt").write_text(f"line {number}\n")
        app: dict[str, Any] = {"directory": str(home), "command": ["cat"], "enabled": False}
        with running({"app": app}) as (daemon, token):
            works: dict[str, tuple[Callable[[int], object], int]] = {
                "a zip of 120 MB": (
                    lambda n: _post(daemon, token, f"compress?path={n}.zip", json.dumps(["tree"])),
                    ARCHIVE_ROUNDS,
                ),
                "a tar.zst of 120 MB": (
                    lambda n: _post(
                        daemon,
                        token,
                        f"compress?path={n}.tar.zst&archiveType=tar&compress=zstd",
                        json.dumps(["tree"]),
                    ),
                    ARCHIVE_ROUNDS,
                ),
                "unpacking the zip": (
                    lambda n: _post(daemon, token, "decompress?path=0.zip", f"out{n}"),
                    ARCHIVE_ROUNDS,
                ),
                f"a list of {ENTRIES:,} files": (
                    lambda _: _ask(daemon, token, "GET", "files?path=many"),
                    LIST_ROUNDS,
                ),
                "an upload of 512 MiB": (lambda _: _upload(daemon, token), UPLOAD_ROUNDS),
            }
            return [_figure(name, daemon, work, rounds) for name, (work, rounds) in works.items()]


def _figure(name: str, daemon: Daemon, work: Callable[[int], object], rounds: int) -> Figure:
    with _probe(daemon) as found:
        for number in range(rounds):
            work(number)
    longest = max(found, key=lambda each: each.ms)
    ordered = sorted(each.ms for each in found)
    notes: dict[str, object] = {
        "requests": len(found),
        "p99_ms": round(ordered[len(ordered) * 99 // 100], 1),
        "longest_ms": round(longest.ms, 1),
        "of_it_without_processor_ms": round(longest.unscheduled_ms, 1),
    }
    return Figure(
        name=f"longest wait beside {name}, with a processor",
        value=max(each.ms - each.unscheduled_ms for each in found),
        unit="ms",
        goal=50,
        at_most=True,
        notes=notes,
    )


@contextmanager
def _probe(daemon: Daemon) -> Iterator[list[Wait]]:
    """Small requests one after another on one connection, while the block runs."""
    over, found = threading.Event(), []

    def ask() -> None:
        loop = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/schedstat")
        own = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        with socket.create_connection(("127.0.0.1", daemon.port)) as sock:
            while not over.wait(PROBE_S):
                before = _queued_ms(loop) + _queued_ms(own)
                begun = time.perf_counter()
                sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                sock.recv(4096)
                took = (time.perf_counter() - begun) * 1000
                queued = _queued_ms(loop) + _queued_ms(own) - before
                found.append(Wait(took, min(took, queued)))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield found
    finally:
        over.set()
        asking.join()


def _queued_ms(schedstat: Path) -> float:
    """How long a thread was ready to run and had no processor, ever."""
    return int(schedstat.read_text().split()[1]) / NS


def _post(daemon: Daemon, token: str, what: str, body: str) -> None:
    _ask(daemon, token, "POST", what, body)


def _ask(daemon: Daemon, token: str, method: str, what: str, body: str | None = None) -> None:
    """The answer isn't taken apart: that would hold up the one who measures."""
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=120)
    connection.request(method, f"/server/app/{what}", body, {"Authorization": token})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{what}: {answer.status} {text!r}")


def _upload(daemon: Daemon, token: str) -> None:
    arguments = [str(daemon.port), token, "/server/app/file?path=/", str(UPLOAD), "form"]
    run([*program("send_file.py"), *arguments], check=True, capture_output=True)
