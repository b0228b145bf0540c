"""Fixtures that start the real daemon."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.app_files import app_config
from support.daemon import Daemon, running

MakeDaemon = Callable[..., Daemon]


@pytest.fixture
def make_daemon(tmp_path: Path) -> Iterator[MakeDaemon]:
    """Make daemons, not started yet; all are ended with the test, and their apps with them."""
    made: list[Daemon] = []

    def make(apps: dict[str, Any], **config: Any) -> Daemon:
        directory = tmp_path / f"d{len(made)}"
        directory.mkdir()
        made.append(Daemon(directory, apps, **config))
        return made[-1]

    yield make
    for daemon in made:
        daemon.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of a module that don't end it: with the app "app", which doesn't run."""
    directory = tmp_path_factory.mktemp("shared")
    with running(directory, app_config(directory / "app")) as daemon:
        yield daemon
