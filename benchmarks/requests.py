"""Requests a second for what dashboards and scripts ask most."""

from benchmarks.daemon import cpu_s, running
from benchmarks.figures import Figure
from benchmarks.load import SECONDS, requests_per_s

APPS = {f"app{number}": {"command": ["sleep", "1000000"]} for number in range(10)}


def servers() -> list[Figure]:
    """`GET /servers` with ten apps that run."""
    return [_measure("/servers", "GET /servers (10 apps)", goal=20_000, go=61_000)]


def server() -> list[Figure]:
    """`GET /server/{id}` of an app that runs."""
    return [_measure("/server/app5", "GET /server/{id}", goal=9_900, go=990)]


def _measure(path: str, name: str, *, goal: float, go: float) -> Figure:
    with running(APPS) as (daemon, token):
        before = cpu_s(daemon.pid)
        rate, by = requests_per_s(daemon.port, path, token)
        share = (cpu_s(daemon.pid) - before) / SECONDS
    notes: dict[str, object] = {
        "by": by,
        "per_daemon_cpu_s": round(rate / share),
        "shares": {"daemon": round(share, 2)},
    }
    return Figure(name=name, value=rate, unit="requests/s", goal=goal, go=go, notes=notes)
