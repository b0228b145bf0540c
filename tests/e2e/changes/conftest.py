"""One daemon for the changes of a module, with an app's directory that is filled for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.app_files import Client, app_config, empty, fill
from support.daemon import Daemon, running


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of this module that don't kill it: each has its own files."""
    directory = tmp_path_factory.mktemp("d")
    (directory / "box").mkdir()
    with running(directory, app_config(directory / "box" / "app")) as daemon:
        yield daemon


@pytest.fixture
def home(daemon: Daemon) -> Path:
    """The app's directory, filled anew."""
    home = daemon.directory / "box" / "app"
    empty(home.parent)
    fill(home)
    (home.parent / "secret.txt").write_text("secret")
    return home


@pytest.fixture
def client(daemon: Daemon, home: Path) -> Client:
    """Speaks to the daemon; the app's directory is filled."""
    return Client(daemon)
