"""Console: lines a second to many viewers, and the delay of a line."""

import statistics
from contextlib import AbstractContextManager

from benchmarks.daemon import Daemon, children, program, rss_mib, running
from benchmarks.figures import Figure
from benchmarks.viewers import Findings, Orders, watch

PACE = 1000  # lines a second, for the delay


def lines_to_1() -> list[Figure]:
    """An app at full speed, one viewer."""
    return [_lines(1, 4_000_000, goal=860_000, go=4_300)]


def lines_to_50() -> list[Figure]:
    """An app at full speed, 50 viewers; line deliveries a second."""
    return [_lines(50, 400_000, goal=4_850_000, go=97_000)]


def lines_to_200() -> list[Figure]:
    """An app at full speed, 200 viewers; line deliveries a second."""
    return [_lines(200, 100_000)]


def delay() -> list[Figure]:
    """From the app's write to the viewer's frame, at a thousand lines a second."""
    with _app("steady.py") as (daemon, token):
        found = _watch(daemon, token, say=f"{5 * PACE} {PACE}", lines=5 * PACE, stamped=True)
    delays = sorted(found.delays_ms)
    notes: dict[str, object] = {"max_ms": round(delays[-1], 2), "shares": found.shares}
    p50, p99 = statistics.median(delays), delays[len(delays) * 99 // 100]
    name = "console delay at 1,000 lines/s,"
    return [
        Figure(name=f"{name} p50", value=p50, unit="ms", goal=0.3, go=0.12, at_most=True, notes={}),
        Figure(name=f"{name} p99", value=p99, unit="ms", goal=1, go=1.1, at_most=True, notes=notes),
    ]


def viewers_1000() -> list[Figure]:
    """A thousand viewers of an app that says nothing; then all get its line."""
    with _app("steady.py") as (daemon, token):
        before = rss_mib(daemon.pid)
        found = _watch(daemon, token, viewers=1000, say="1 1", lines=1, rounds=2)
        after = rss_mib(daemon.pid)
    return [
        Figure(name="1,000 idle viewers, daemon RSS", value=after, unit="MiB",
               notes={"before_mib": round(before, 1)}),
        Figure(name="1,000 viewers, until all have a line", value=min(found.seconds) * 1000,
               unit="ms", notes={}),
    ]  # fmt: skip


def _app(name: str) -> AbstractContextManager[tuple[Daemon, str]]:
    return running({"app": {"command": program(name), "console": {"limit": 1 << 30}}})


def _lines(viewers: int, lines: int, goal: float | None = None, go: float | None = None) -> Figure:
    with _app("flood.py") as (daemon, token):
        found = _watch(
            daemon, token, viewers=viewers, say=str(lines), lines=lines, rounds=3, numbered=True
        )
    rates = [viewers * lines / seconds for seconds in found.seconds]
    per_cpu_s = statistics.mean(rates) / found.shares["daemon"]
    return Figure(
        name=f"console, line deliveries/s to {viewers} viewer{'s' * (viewers > 1)}",
        value=statistics.median(rates),
        unit="lines/s",
        goal=goal,
        go=go,
        notes={
            "rounds": [round(rate) for rate in rates],
            "per_daemon_cpu_s": round(per_cpu_s),
            "shares": found.shares,
        },
    )


def _watch(daemon: Daemon, token: str, *, viewers: int = 1, say: str, **options: int) -> Findings:
    (keeper,) = daemon.keepers()
    (app,) = children(keeper)
    watched = {"daemon": daemon.pid, "keeper": keeper, "app": app}
    return watch(
        Orders(port=daemon.port, token=token, app="app", viewers=viewers, say=say, watch=watched,
               lines=options.pop("lines"), **options)  # type: ignore[arg-type]
    )  # fmt: skip
