"""The arithmetic of CPU time over trees that change between two samples."""

from hypothesis import given
from hypothesis import strategies as st

from octyne.system.usage import ProcessTable, Usage, ticks_used, total_memory

KEEPER, APP, CHILD = (1, 10), (2, 20), (3, 30)


def test_growth_is_counted() -> None:
    """A process that goes on counts what it added."""
    assert ticks_used({APP: (100, 0)}, {APP: (130, 0)}, 500) == 30


def test_a_newcomer_counts_whole_and_a_stranger_not() -> None:
    """Started since the last sample: all its time. Older, but new here: nothing yet."""
    before = {APP: (100, 0)}

    assert ticks_used(before, {**before, (9, 500): (7, 2)}, 500) == 9
    assert ticks_used(before, {**before, (9, 499): (7, 2)}, 500) == 0


def test_a_reaped_child_counts_only_what_it_added() -> None:
    """Its parent gets all of its time at once; what was counted before is taken off."""
    before = {APP: (10, 0), CHILD: (1000, 50)}

    assert ticks_used(before, {APP: (12, 1053)}, 500) == 5


def test_an_orphan_is_found_again_at_the_keeper() -> None:
    """The keeper's own time never counts, but what it reaped does."""
    before = {KEEPER: (0, 5), CHILD: (1000, 0)}

    assert ticks_used(before, {KEEPER: (0, 1015)}, 500) == 10


def test_a_child_that_nobody_reaps_hides_nothing() -> None:
    """With SIGCHLD ignored its time is lost, and the others' still counts."""
    before = {APP: (10, 0), CHILD: (1000, 0)}

    assert ticks_used(before, {APP: (40, 0)}, 500) == 30


_times = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))
_trees = st.dictionaries(st.tuples(st.integers(1, 5), st.integers(0, 3)), _times)


@given(_trees, _trees, st.integers(0, 3))
def test_never_negative(
    before: dict[tuple[int, int], tuple[int, int]],
    after: dict[tuple[int, int], tuple[int, int]],
    since: int,
) -> None:
    """Whatever happened between two samples."""
    assert ticks_used(before, after, since) >= 0


def test_a_keeper_that_is_gone_uses_nothing() -> None:
    """No error for an app whose keeper died a moment ago."""
    assert ProcessTable().sample({"a": 2**30}) == {"a": Usage(0.0, 0, 0)}


def test_the_machine_has_memory() -> None:
    """More than 64 MiB, in bytes."""
    assert total_memory() > 64 << 20
