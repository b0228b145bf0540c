"""Sets of paths: what is above and beneath them."""

import tracemalloc

import pytest

from octyne.files.path_set import PathSet
from octyne.system.paths.names import Parts, parse


@pytest.fixture
def paths() -> PathSet:
    """Two."""
    found = PathSet()
    for text in ("a/b/c", "d"):
        found.add(parse(text))
    return found


@pytest.mark.parametrize(
    ("text", "covered", "above"),
    [
        ("", False, True),
        ("a", False, True),
        ("a/b", False, True),
        ("a/b/c", True, False),
        ("a/b/c/d/e", True, False),
        ("a/b/cc", False, False),
        ("a/x", False, False),
        ("d", True, False),
        ("d/a", True, False),
        ("e", False, False),
    ],
)
def test_what_is_above_and_beneath(
    paths: PathSet, text: str, *, covered: bool, above: bool
) -> None:
    """The paths themselves are covered, and above nothing."""
    path = parse(text)
    assert (paths.covers(path), paths.is_above(path)) == (covered, above)
    paths.clear()
    assert (paths.covers(path), paths.is_above(path)) == (False, False)


def test_the_root_covers_all() -> None:
    """And nothing is above it."""
    paths = PathSet()
    paths.add(())
    assert paths.covers(("a",))
    assert not paths.is_above(())


def test_deep_paths_cost_what_they_are_long() -> None:
    """Not the square of it."""
    deep: list[Parts] = [(str(number), *["x"] * 1500) for number in range(20)]
    tracemalloc.start()
    paths = PathSet()
    for path in deep:
        paths.add(path)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert all(paths.covers(path) for path in deep)
    assert size < 20 * 1500 * 1000
