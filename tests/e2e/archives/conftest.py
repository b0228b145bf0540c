"""One daemon for the archives of a module."""

from collections.abc import Iterator

import pytest

from support.app_files import app_config
from support.daemon import Daemon, running


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of this module, with two apps that have the same directory."""
    directory = tmp_path_factory.mktemp("d")
    app = app_config(directory / "home")["app"]
    with running(directory, {"app": app, "other": app}) as daemon:
        yield daemon
