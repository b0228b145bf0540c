"""Start, memory, and what a daemon with many apps costs while nothing happens."""

import statistics
import time
from typing import Any

from benchmarks.daemon import Daemon, cpu_s, directory, private_mib, rss_mib, running
from benchmarks.figures import Figure

IDLE_S = 8.0
STARTS = 7

SLEEPER: dict[str, Any] = {"command": ["sleep", "1000000"]}


def start() -> list[Figure]:
    """From the command to a port that listens; accounts exist, no apps."""
    with directory() as place:
        daemon = Daemon(place, {})
        try:
            daemon.start()  # the first makes the account; and all is in the page cache then
            times, used = [], []
            for _ in range(STARTS):
                daemon.stop()
                times.append(daemon.start() * 1000)
                used.append(cpu_s(daemon.pid) * 1000)
        finally:
            daemon.end()
    notes: dict[str, object] = {
        "min_ms": round(min(times)),
        "max_ms": round(max(times)),
        "cpu_ms": round(statistics.median(used)),
    }
    value = statistics.median(times)
    return [Figure(name="start to listening", value=value, unit="ms", goal=300, go=5,
                   at_most=True, notes=notes)]  # fmt: skip


def memory() -> list[Figure]:
    """Ten apps that run and say nothing."""
    with running({f"app{number}": SLEEPER for number in range(10)}) as (daemon, _):
        time.sleep(3)  # the first samples are taken
        rss = rss_mib(daemon.pid)
        keepers = [private_mib(pid) for pid in daemon.keepers()]
    return [
        Figure(name="idle with 10 apps, daemon RSS", value=rss, unit="MiB", goal=60, go=9,
               at_most=True, notes={}),
        Figure(name="idle with 10 apps, a keeper's private memory", value=max(keepers),
               unit="MiB", goal=6, at_most=True, notes={"keepers": len(keepers)}),
    ]  # fmt: skip


def many() -> list[Figure]:
    """1,000 apps configured, 100 of them running."""
    apps = {f"app{number:03}": {**SLEEPER, "enabled": number < 100} for number in range(1000)}
    with directory() as place:
        daemon = Daemon(place, apps)
        try:
            begun = time.monotonic()
            listening = daemon.start()
            daemon.until_running(100, daemon.token())
            running_s = time.monotonic() - begun
            daemon.stop()
            again = daemon.start()
            time.sleep(3)  # what follows a start is over
            used = -cpu_s(daemon.pid)
            time.sleep(IDLE_S)
            used += cpu_s(daemon.pid)
            rss = rss_mib(daemon.pid)
            keeper_count = len(daemon.keepers())
        finally:
            daemon.end()
    what = "1,000 apps, 100 running,"
    return [
        Figure(name=f"{what} idle CPU of a core", value=100 * used / IDLE_S, unit="%", goal=2,
               at_most=True, notes={"keepers": keeper_count}),
        Figure(name=f"{what} daemon RSS", value=rss, unit="MiB", notes={}),
        Figure(name=f"{what} first start to listening", value=listening, unit="s", notes={}),
        Figure(name=f"{what} until all 100 run", value=running_s, unit="s", notes={}),
        Figure(name=f"{what} adopted and listening again", value=again, unit="s", notes={}),
    ]  # fmt: skip
