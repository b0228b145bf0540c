"""CPU and memory of whole process trees, all apps in one pass over ``/proc``.

Knows roots and numbers, nothing of apps' states. Where there is no ``/proc``, all is zero.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from octyne.system.process import PARENT, START, STAT_LIMIT_BYTES, below, is_dead, pids, stat_fields

# Fields of /proc/PID/stat counted after the name; the rest stand in `process`.
OWN_USER, OWN_SYSTEM, REAPED_USER, REAPED_SYSTEM, RESIDENT = 11, 12, 13, 14, 21
SHORTEST_S = 0.1  # the kernel counts in steps of 10 ms: a shorter interval says nothing

Fields = list[bytes]
Key = tuple[int, int]  # pid and start, so that a pid that came back is somebody new
Times = tuple[int, int]  # ticks of its own, and ticks of the children that it has reaped


@dataclass(frozen=True, slots=True)
class Usage:
    """What one tree uses.

    Attributes:
        cpu_percent: since the previous sample; 100 is one core kept busy.
        memory_bytes: sum of the resident sets; pages shared between processes count in each.
        processes: how many run, zombies left out.
    """

    cpu_percent: float
    memory_bytes: int
    processes: int


NOTHING = Usage(0.0, 0, 0)


@dataclass(slots=True)
class _Baseline:
    """What a tree looked like at the sample that CPU use is counted from."""

    time_s: float
    ticks: int
    times: dict[Key, Times] = field(default_factory=dict)
    percent: float = 0.0


class ProcessTable:
    """Samples trees and remembers the previous sample. Not for several threads at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._per_second = os.sysconf("SC_CLK_TCK")
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._most_percent = 100.0 * (os.cpu_count() or 1)
        self._before: dict[str, _Baseline] = {}

    def sample(self, roots: dict[str, int]) -> dict[str, Usage]:
        """Measure everything below each root; the root itself (the keeper) does not count.

        ``roots``: app to its keeper's pid. The first sample of an app has no CPU use, as it has
        nothing to count from; a keeper that is gone yields zeros. An app left out is forgotten.
        Blocks for about 15 us per process of the machine; call in a thread.
        """
        ticks = _ticks_since_boot(self._per_second)  # before the scan: see `ticks_used`
        now = self._clock()
        stats, children = _scan()
        self._before = {app: was for app, was in self._before.items() if app in roots}
        return {
            app: self._measure(app, below(root, children), root, stats, (now, ticks))
            for app, root in roots.items()
        }

    def _measure(
        self,
        app: str,
        members: list[int],
        root: int,
        stats: dict[int, Fields],
        moment: tuple[float, int],
    ) -> Usage:
        if root not in stats:
            self._before.pop(app, None)
            return NOTHING
        living = [stats[pid] for pid in members if not is_dead(stats[pid])]
        return Usage(
            self._percent(app, _times(root, members, stats), *moment),
            self._page_bytes * sum(int(fields[RESIDENT]) for fields in living),
            len(living),
        )

    def _percent(self, app: str, times: dict[Key, Times], now: float, ticks: int) -> float:
        before = self._before.setdefault(app, _Baseline(now, ticks, times))
        elapsed = now - before.time_s
        if elapsed < SHORTEST_S:
            return before.percent
        used = ticks_used(before.times, times, before.ticks)
        percent = min(100.0 * used / self._per_second / elapsed, self._most_percent)
        self._before[app] = _Baseline(now, ticks, times, percent)
        return percent


def ticks_used(before: dict[Key, Times], after: dict[Key, Times], since: int) -> int:
    """Count the CPU ticks that a tree used between two samples; never negative.

    A process that has ended took its own count along, but whoever reaped it has it in the count
    of its children, with all that the process had used before: that part is taken off again.
    A parent that ignores its children's end gets nothing; their last ticks are lost, and no
    more than theirs. Of a newcomer all counts if it started after ``since`` (ticks since boot,
    taken before the earlier scan, which may just have missed it), else nothing.
    """
    own = reaped = 0
    for key, (mine, theirs) in after.items():
        old = before.get(key)
        if old is None:
            old = (0, 0) if key[1] >= since else (mine, theirs)
        own += max(0, mine - old[0])
        reaped += max(0, theirs - old[1])
    ended = sum(mine + theirs for key, (mine, theirs) in before.items() if key not in after)
    return own + max(0, reaped - ended)


def total_memory() -> int:
    """Return the machine's physical memory in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _scan() -> tuple[dict[int, Fields], dict[int, list[int]]]:
    """Read all processes once: their stat fields, and who is whose child."""
    stats: dict[int, Fields] = {}
    children: dict[int, list[int]] = {}
    try:
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return stats, children
    try:
        for pid in pids():
            fields = _read(pid, proc)
            if fields is not None:
                stats[pid] = fields
                children.setdefault(int(fields[PARENT]), []).append(pid)
    finally:
        os.close(proc)
    return stats, children


def _read(pid: int, proc: int) -> Fields | None:
    try:
        descriptor = os.open(f"{pid}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return None  # gone since the listing
    try:
        return stat_fields(os.read(descriptor, STAT_LIMIT_BYTES), RESIDENT + 1)
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)


def _times(root: int, members: list[int], stats: dict[int, Fields]) -> dict[Key, Times]:
    """CPU times of all members, and what the root has reaped: orphans of the app end there."""
    times = {(root, int(stats[root][START])): (0, _reaped(stats[root]))}
    for pid in members:
        fields = stats[pid]
        own = int(fields[OWN_USER]) + int(fields[OWN_SYSTEM])
        times[pid, int(fields[START])] = (own, _reaped(fields))
    return times


def _reaped(fields: Fields) -> int:
    return int(fields[REAPED_USER]) + int(fields[REAPED_SYSTEM])


def _ticks_since_boot(per_second: int) -> int:
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return int(time.clock_gettime(clock) * per_second)
