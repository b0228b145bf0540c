"""One daemon for the uploads in pieces of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.app_files import empty
from support.daemon import Daemon, running
from support.resumable import MIB


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of this module: with two apps, which don't run."""
    directory = tmp_path_factory.mktemp("d")
    (directory / "files").mkdir()
    app = {"directory": "files", "command": ["cat"], "enabled": False}
    with running(directory, {"web": app, "other": app}, files={"maxUpload": 64 * MIB}) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def files(daemon: Daemon) -> Iterator[Path]:
    """The apps' directory, with an empty folder."""
    directory = daemon.directory / "files"
    empty(directory)
    (directory / "folder").mkdir()
    yield directory
    assert "Traceback" not in daemon.log
