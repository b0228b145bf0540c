"""The last hour of usage."""

from octyne.apps.history import POINTS, STEP_MS, UsageHistory, UsagePoint
from octyne.system.usage import Usage


def test_samples_are_joined_in_steps() -> None:
    """The mean of the CPU, the most of the memory; the step that goes on is there, too."""
    history = UsageHistory()
    history.add(10_000, Usage(10.0, 100, 1))
    history.add(12_000, Usage(20.0, 300, 1))
    history.add(14_000, Usage(60.0, 200, 1))
    history.add(20_001, Usage(1.234, 5, 1))

    assert history.points() == [UsagePoint(10_000, 30.0, 300), UsagePoint(20_000, 1.23, 5)]


def test_an_hour_is_kept() -> None:
    """And no more, however long an app runs."""
    history = UsageHistory()
    for number in range(POINTS * 3):
        history.add(number * STEP_MS, Usage(1.0, number, 1))
    points = history.points()

    assert len(points) == POINTS + 1
    assert points[-1].time_ms - points[0].time_ms == 3_600_000
    assert [point.memory_bytes for point in points] == list(range(POINTS * 2 - 1, POINTS * 3))


def test_an_app_that_never_ran_has_none() -> None:
    """Nothing is made up."""
    assert UsageHistory().points() == []
