"""Fixtures for archives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.archives import Box
from support.packing import Yard


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A directory to unpack in."""
    made = Box(tmp_path)
    yield made
    made.close()


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """An app's directory to pack."""
    return Yard(tmp_path)
