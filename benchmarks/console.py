"""Console: lines a second to many viewers, and the delay of a line."""

import contextlib
import os
import statistics
import subprocess
from contextlib import AbstractContextManager
from typing import IO

from benchmarks.daemon import Daemon, children, program, rss_mib, running
from benchmarks.figures import Figure
from benchmarks.viewers import Findings, Orders, ages_ms, watch

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
    noise = _noise_ms()
    notes: dict[str, object] = {
        "max_ms": round(delays[-1], 2),
        "bare_pipes_p99_ms": round(_p99(noise), 2),
        "shares": found.shares,
    }
    p50, p99 = statistics.median(delays), _p99(delays)
    name = "console delay at 1,000 lines/s,"
    return [
        Figure(name=f"{name} p50", value=p50, unit="ms", goal=0.3, go=0.12, at_most=True, notes={}),
        Figure(name=f"{name} p99", value=p99, unit="ms", goal=1, go=1.1, at_most=True, notes=notes),
    ]


def _noise_ms() -> list[float]:
    """The delay of the same lines through two bare pipes: what the machine itself adds now."""
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(_piped(program("steady.py"), subprocess.PIPE))
        cat = stack.enter_context(_piped(["cat"], app.stdout))
        assert app.stdin is not None
        assert app.stdout is not None
        assert cat.stdout is not None
        app.stdout.close()
        app.stdin.write(f"{2 * PACE} {PACE}\n".encode())
        app.stdin.close()
        delays: list[float] = []
        while data := os.read(cat.stdout.fileno(), 65536):
            delays += ages_ms(data)
    return sorted(delays)


def _piped(command: list[str], source: IO[bytes] | int | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE)


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


def _p99(ordered: list[float]) -> float:
    return ordered[len(ordered) * 99 // 100]


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
