"""One daemon for the uploads of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.app_files import empty
from support.daemon import Daemon, running
from support.uploads import MIB


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of this module: with the app "web", and small uploads."""
    directory = tmp_path_factory.mktemp("d")
    (directory / "files").mkdir()
    app = {"directory": "files", "command": ["cat"], "enabled": False}
    with running(directory, {"web": app}, files={"maxUpload": 8 * MIB}) as daemon:
        yield daemon
        assert "Traceback" not in daemon.log


@pytest.fixture(autouse=True)
def files(daemon: Daemon) -> Path:
    """The app's directory, empty."""
    directory = daemon.directory / "files"
    empty(directory)
    return directory
