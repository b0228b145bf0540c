"""A daemon with two apps to configure."""

import pytest

from e2e.conftest import MakeDaemon
from support.apps import SLEEP
from support.daemon import Daemon


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A daemon with one running app and one that is switched off."""
    daemon = make_daemon({"on": SLEEP, "off": {**SLEEP, "enabled": False}}).start()
    daemon.until("on", 1)
    return daemon
