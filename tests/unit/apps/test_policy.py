"""When crashed apps are started again."""

from hypothesis import given
from hypothesis import strategies as st

from octyne.apps.policy import DELAYS_S, STABLE_S, after_crash


def test_a_crash_loop_ends() -> None:
    """Three restarts in a row: at once, after one second, after two; then it stays down."""
    count, delays = 0, []
    for _ in range(5):
        count, delay = after_crash(count, ran_s=0.1)
        delays.append(delay)

    assert delays == [0.0, 1.0, 2.0, None, None]
    assert count == 3


def test_a_stable_run_clears_the_count() -> None:
    """A minute is stable, less is not."""
    assert after_crash(3, STABLE_S) == (1, 0.0)
    assert after_crash(3, STABLE_S - 0.001) == (3, None)


@given(st.integers(0, 10), st.floats(-1e6, 1e6))
def test_the_count_is_bounded(restarts: int, ran_s: float) -> None:
    """Whatever the clock says."""
    count, delay = after_crash(restarts, ran_s)

    assert 0 <= count <= max(restarts, len(DELAYS_S))
    assert delay is None or delay in DELAYS_S
