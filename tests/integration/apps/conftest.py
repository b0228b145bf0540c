"""Fixtures with fleets and real keepers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.fleet import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world without apps; nothing of it is left with the test."""
    made = World(tmp_path / "apps")
    try:
        yield made
    finally:
        await made.fleet.close()
        made.end()
