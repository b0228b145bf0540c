"""A daemon with an app to view."""

import pytest

from e2e.conftest import MakeDaemon
from support.consoles import SAYS
from support.daemon import Daemon


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """One with an app that says what it is told."""
    daemon = make_daemon({"app": SAYS, "off": {**SAYS, "enabled": False}}).start()
    daemon.until_line("app", "ready")
    return daemon
