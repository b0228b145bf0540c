"""An app's directory."""

from pathlib import Path

import pytest

from support.packing import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """An empty one."""
    return Yard(tmp_path)
