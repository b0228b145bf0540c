"""One daemon for all of a module that only look at files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.app_files import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One daemon for all that only look."""
    with Home.running(tmp_path_factory.mktemp("d")) as home:
        yield home


@pytest.fixture
def place(home: Home, request: pytest.FixtureRequest) -> Path:
    """A folder of its own for a test, in the app's directory; its name is the path."""
    return home.folder(str(request.node.name).partition("[")[0])
