"""Fixtures that start real keepers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.keeper import Keeper


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """A keeper, not started yet; it and its app are ended with the test."""
    made = Keeper(tmp_path / "app")
    yield made
    made.end()
