"""Archives of a tree of 120 MB, made by the daemon, and by other programs in the same run."""

import contextlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.daemon import Daemon, cpu_s, directory, rss_mib, running
from benchmarks.figures import Figure

SIZE = 120_000_000
MEMORY = Path("/dev/shm")  # a file system without a disk
SHARES = {"*.py": 45_000_000, "*.so*": 40_000_000}  # the rest are logs
ROUNDS = 5
FASTER_THAN_ZSTD = (
    1.3  # than the program in the same run; its rate for the Go one was another tree's
)
LOG_LINE = "[2026-11-%02d %02d:%02d:%02d] [Server thread/%s]: player%d %s (%.4f)\n"
WORDS = ["joined the game", "left the game", "issued server command: /home", "moved too quickly!"]


@dataclass(frozen=True)
class Took:
    """What one run took; the CPU time with all that it started."""

    seconds: float
    cpu_s: float


def zip_tree() -> list[Figure]:
    """Zip, deflated; beside Info-ZIP."""
    return _measure("zip", "archiveType=zip", ["zip", "-qr", "OUT", "tree"], goal=204, go=68)


def tar_gz() -> list[Figure]:
    """Tar with gzip; beside `tar czf`."""
    return _measure(
        "tar.gz", "archiveType=tar&compress=gzip", ["tar", "czf", "OUT", "tree"], goal=153, go=51
    )


def tar_zst() -> list[Figure]:
    """Tar with zstd; beside the program with two threads and a long window."""
    command = ["tar", "-I", "zstd -T2 --long=27", "-cf", "OUT", "tree"]
    return _measure("tar.zst", "archiveType=tar&compress=zstd", command, goal=None, go=280)


def unzip() -> list[Figure]:
    """A zip unpacked into a new folder, on a disk and in memory; beside Info-ZIP."""
    command = ["unzip", "-qo", "0.zip", "-d", "OUT"]
    figures = _measure_unpacking("zip", command, goal=207, go=138)
    if MEMORY.is_dir():
        figures += _measure_unpacking("zip", command, goal=207, go=138, at=MEMORY)
    return figures


def untar_gz() -> list[Figure]:
    """The same with a tar.gz; beside `tar xzf`."""
    command = ["tar", "xzf", "0.tar.gz", "--one-top-level=OUT"]
    return _measure_unpacking("tar.gz", command)


def _measure_unpacking(
    kind: str,
    command: list[str],
    goal: float | None = None,
    go: float | None = None,
    at: Path | None = None,
) -> list[Figure]:
    with directory(at) as home, running(_apps(home)) as (daemon, token):
        count, size = make_tree(home / "tree")
        packing = "archiveType=zip" if kind == "zip" else "archiveType=tar&compress=gzip"
        _compress(daemon, token, f"0.{kind}", packing)
        delays, ours, theirs = _in_turns(
            daemon,
            token,
            lambda n: _unpack(daemon, token, f"0.{kind}", f"ours{n}"),
            lambda n: _timed(command, home, f"theirs{n}"),
        )
        same = subprocess.run(["diff", "-r", "tree", "ours0/tree"], cwd=home, check=False)
        is_there = (home / "theirs0").exists()
    notes: dict[str, object] = {
        "files": count,
        "same": same.returncode == 0,
        **_comparison(size, command[0], ours, theirs if is_there else []),
        "longest_answer_ms": round(max(delays, default=0) * 1000, 1),
    }
    where = "" if at is None else ", in memory"
    return [Figure(name=f"un{kind} of a 120 MB tree{where}", value=_rate(size, ours), unit="MB/s",
                   goal=goal, go=go, notes=notes)]  # fmt: skip


def _in_turns(
    daemon: Daemon, token: str, ours: Callable[[int], float], theirs: Callable[[int], Took]
) -> tuple[list[float], list[Took], list[Took]]:
    """Each as often, in turns, from a disk that has nothing left to write; and answers' delays."""
    found: tuple[list[Took], list[Took]] = ([], [])
    for number in range(ROUNDS):
        os.sync()
        used = -cpu_s(daemon.pid)
        seconds = ours(number)
        found[0].append(Took(seconds, used + cpu_s(daemon.pid)))
        os.sync()
        found[1].append(theirs(number))
    with _probe(daemon, token) as delays:  # answering costs as much as packing: not in the rounds
        ours(ROUNDS)
    return delays, *found


def _rate(size: int, took: list[Took]) -> float:
    return size / statistics.median(each.seconds for each in took) / 1e6


def _comparison(size: int, name: str, ours: list[Took], theirs: list[Took]) -> dict[str, object]:
    """Medians; by CPU time too, which neighbours change little."""
    notes: dict[str, object] = {
        "cpu_s": round(statistics.median(each.cpu_s for each in ours), 2),
        "beside": name,
    }
    if theirs:
        notes["beside_mb_s"] = round(_rate(size, theirs))
        notes["beside_cpu_s"] = round(statistics.median(each.cpu_s for each in theirs), 2)
    return notes


def _unpack(daemon: Daemon, token: str, name: str, to: str) -> float:
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=120)
    begun = time.monotonic()
    path = f"/server/app/decompress?path={name}"
    connection.request("POST", path, to, {"Authorization": token})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"decompress: {answer.status} {body!r}")
    return time.monotonic() - begun


def _measure(
    kind: str, query: str, command: list[str], *, goal: float | None, go: float
) -> list[Figure]:
    with directory() as home, running(_apps(home)) as (daemon, token):
        count, size = make_tree(home / "tree")
        before = rss_mib(daemon.pid)
        delays, ours, theirs = _in_turns(
            daemon,
            token,
            lambda n: _compress(daemon, token, f"{n}.{kind}", query),
            lambda n: _timed(command, home, f"theirs{n}.{kind}"),
        )
        grown = _peak_mib(daemon.pid) - before
        ratio = (home / f"0.{kind}").stat().st_size / size
        other = home / f"theirs0.{kind}"
        other_ratio = other.stat().st_size / size if other.exists() else None
    name = command[0] if kind != "tar.zst" else "zstd -T2 --long=27"
    notes: dict[str, object] = {
        "files": count,
        "ratio": round(ratio, 4),
        **_comparison(size, name, ours, theirs if other_ratio else []),
        "beside_ratio": round(other_ratio, 4) if other_ratio else None,
        "peak_memory_mib": round(grown, 1),
        "longest_answer_ms": round(max(delays, default=0) * 1000, 1),
    }
    if goal is None and other_ratio:
        goal = FASTER_THAN_ZSTD * _rate(size, theirs)
    return [Figure(name=f"{kind} of a 120 MB tree", value=_rate(size, ours), unit="MB/s",
                   goal=goal, go=go, notes=notes)]  # fmt: skip


def make_tree(top: Path) -> tuple[int, int]:
    """A tree of sources, libraries and logs; how many files and bytes."""
    dice = random.Random(1)
    source = Path(sysconfig.get_paths()["stdlib"])
    count = size = 0
    for pattern, most in SHARES.items():
        taken = 0
        places = (source, Path("/usr/lib")) if pattern != "*.py" else (source,)
        for path in sorted(each for place in places for each in place.rglob(pattern)):
            if path.is_symlink() or not path.is_file() or path.stat().st_size > 5_000_000:
                continue
            if taken + path.stat().st_size > most:
                continue
            to = top / path.relative_to("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
            taken += path.stat().st_size
            count += 1
        size += taken
    (top / "logs").mkdir(parents=True)
    while size < SIZE:
        text = "".join(_log_line(dice) for _ in range(40_000))
        (top / "logs" / f"{count}.log").write_text(text)
        size += len(text)
        count += 1
    return count, size


def _log_line(dice: random.Random) -> str:
    level = dice.choice(["INFO", "WARN", "ERROR"])
    clock = (dice.randint(1, 28), dice.randrange(24), dice.randrange(60), dice.randrange(60))
    return LOG_LINE % (*clock, level, dice.randrange(500), dice.choice(WORDS), dice.random())


def _compress(daemon: Daemon, token: str, name: str, query: str) -> float:
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=120)
    begun = time.monotonic()
    connection.request(
        "POST",
        f"/server/app/compress?path={name}&{query}",
        json.dumps(["tree"]),
        {"Authorization": token},
    )
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"compress: {answer.status} {body!r}")
    return time.monotonic() - begun


def _timed(command: list[str], home: Path, name: str) -> Took:
    begun, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with contextlib.suppress(FileNotFoundError):
        subprocess.run([name if word == "OUT" else word for word in command], cwd=home, check=True)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return Took(time.monotonic() - begun, cpu)


@contextlib.contextmanager
def _probe(daemon: Daemon, token: str) -> Iterator[list[float]]:
    """How long small requests take meanwhile: what the event loop is held up by."""
    over, delays = threading.Event(), []

    def ask() -> None:
        while not over.wait(0.005):
            begun = time.monotonic()
            daemon.get("/server/app", Authorization=token)
            delays.append(time.monotonic() - begun)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield delays
    finally:
        over.set()
        asking.join()


def _apps(home: Path) -> dict[str, Any]:
    return {"app": {"directory": str(home), "command": ["cat"], "enabled": False}}


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
