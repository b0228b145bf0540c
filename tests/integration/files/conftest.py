"""An app's directory, and what the daemon has of files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from octyne.files.service import Files
from octyne.system.paths.folder import Root


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The app's directory, empty."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Files]:
    """What all file work shares."""
    files = Files(str(tmp_path / "shared"))
    files.recover()
    yield files
    files.close()


@pytest.fixture
def opened(home: Path) -> Iterator[Root]:
    """The app's directory, open."""
    with Root.open(str(home)) as root:
        yield root
