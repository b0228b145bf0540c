"""The last hour of an app's usage, in memory. Pure."""

from collections import deque
from dataclasses import dataclass

from octyne.system.usage import Usage

STEP_MS = 10_000
POINTS = 360  # an hour


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """One step: mean CPU (100 is one core), largest memory in bytes."""

    time_ms: int
    cpu_percent: float
    memory_bytes: int


@dataclass(slots=True)
class _Step:
    time_ms: int
    count: int
    cpu_percent: float
    memory_bytes: int


class UsageHistory:
    """The points of one app."""

    def __init__(self) -> None:
        self._done: deque[UsagePoint] = deque(maxlen=POINTS)
        self._step: _Step | None = None

    def add(self, time_ms: int, usage: Usage) -> None:
        """Take a sample into the step that it belongs to."""
        begin = time_ms - time_ms % STEP_MS
        step = self._step
        if step is None or step.time_ms != begin:
            if step is not None:
                self._done.append(_point(step))
            self._step = _Step(begin, 1, usage.cpu_percent, usage.memory_bytes)
            return
        step.count += 1
        step.cpu_percent += (usage.cpu_percent - step.cpu_percent) / step.count
        step.memory_bytes = max(step.memory_bytes, usage.memory_bytes)

    def points(self) -> list[UsagePoint]:
        """The last hour, oldest first, the unfinished step included."""
        return [*self._done, *([_point(self._step)] if self._step else [])]


def _point(step: _Step) -> UsagePoint:
    return UsagePoint(step.time_ms, round(step.cpu_percent, 2), step.memory_bytes)
