"""Uploads: how fast, how much memory of the daemon, and what others wait meanwhile."""

import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.daemon import Daemon, cpu_s, program, running
from benchmarks.figures import Figure

MIB = 1 << 20
GIB = 1 << 30
ROUNDS = 5
PROBE_S = 0.002  # seconds between the probe's requests

APPS: dict[str, Any] = {"files": {"command": "sleep 1", "enabled": False, "directory": "."}}


@dataclass
class Sent:
    """What one upload took."""

    seconds: float
    cpu_s: float
    memory_mib: float
    waits_ms: list[float]


def upload() -> list[Figure]:
    """512 MiB as a form, and as they are; the medians of five rounds."""
    figures = []
    with running(APPS) as (daemon, token):
        _send(daemon, token, MIB, "form")
        for kind, goal in (("form", 500), ("raw", None)):
            sent = [_send(daemon, token, 512 * MIB, kind) for _ in range(ROUNDS)]
            speeds = [512 * MIB / each.seconds / 1e6 for each in sent]
            figures.append(
                Figure(
                    name=f"upload 512 MiB, {'multipart' if kind == 'form' else 'PUT'}",
                    value=statistics.median(speeds),
                    unit="MB/s",
                    goal=goal,
                    go=250 if kind == "form" else None,
                    notes={
                        "min": round(min(speeds)),
                        "max": round(max(speeds)),
                        "per_daemon_cpu_s": round(
                            512 * MIB / 1e6 / statistics.median(each.cpu_s for each in sent)
                        ),
                        "memory_mib": round(max(each.memory_mib for each in sent), 1),
                    },
                )
            )
    return figures


def upload_large() -> list[Figure]:
    """5 GiB less a little as a form: the daemon's memory, and the waits of another client."""
    with running(APPS) as (daemon, token):
        _send(daemon, token, MIB, "form")
        sent = _send(daemon, token, 5 * GIB - MIB, "form")
    waits = sorted(sent.waits_ms)
    notes: dict[str, object] = {"mb_per_s": round((5 * GIB - MIB) / sent.seconds / 1e6)}
    return [
        Figure(name="upload 5 GiB, memory of the daemon +", value=sent.memory_mib, unit="MiB",
               goal=10, go=2042, at_most=True, notes=notes),
        Figure(name="upload 5 GiB, GET / beside it, p99", value=waits[len(waits) * 99 // 100],
               unit="ms", at_most=True, notes={"requests": len(waits)}),
        Figure(name="upload 5 GiB, GET / beside it, longest", value=waits[-1], unit="ms", goal=50,
               at_most=True, notes={}),
    ]  # fmt: skip


def _send(daemon: Daemon, token: str, size: int, kind: str) -> Sent:
    name = "big"
    path = "/server/files/file?path=/" + ("" if kind == "form" else name)
    Path(f"/proc/{daemon.pid}/clear_refs").write_text("5")  # the peak starts again
    before, used = _memory_mib(daemon.pid, "VmRSS"), cpu_s(daemon.pid)
    command = [*program("send_file.py"), str(daemon.port), token, path, str(size), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        waits = _probe(daemon, sender)
        assert sender.stdout is not None
        seconds = sender.stdout.read()
    peak = _memory_mib(daemon.pid, "VmHWM")
    (daemon.directory / name).unlink()
    return Sent(float(seconds), cpu_s(daemon.pid) - used, peak - before, waits)


def _probe(daemon: Daemon, sender: "subprocess.Popen[str]") -> list[float]:
    """How long another client waits for its answers, until the sender has ended."""
    waits = []
    pause = threading.Event()
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=20)
    while sender.poll() is None:
        begun = time.monotonic()
        connection.request("GET", "/")
        connection.getresponse().read()
        waits.append((time.monotonic() - begun) * 1000)
        pause.wait(PROBE_S)
    connection.close()
    return waits


def _memory_mib(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024
