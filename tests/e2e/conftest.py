"""Fixtures that start the real daemon."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.daemon import Daemon

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
