"""One daemon at all three doors, logged in and as a stranger."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.daemon import Daemon, program, running
from support.doors import DOORS, ODD_NAMES, TCP_DOORS, Door


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all tests here; none of them changes it."""
    apps: dict[str, dict[str, Any]] = {"app": {"command": program("prompt.py")}}
    apps |= {name: {"command": "true", "enabled": False} for name in ODD_NAMES}
    with running(tmp_path_factory.mktemp("general"), apps) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def token(daemon: Daemon) -> str:
    """A session for all tests."""
    return daemon.token()


@pytest.fixture(params=DOORS)
def door(daemon: Daemon, token: str, request: pytest.FixtureRequest) -> Door:
    """Each of the three, logged in."""
    door = Door(daemon, request.param)
    door.token = "" if request.param == "unix" else token
    return door


@pytest.fixture(params=TCP_DOORS)
def stranger(daemon: Daemon, request: pytest.FixtureRequest) -> Door:
    """The two that ask for a login, without one."""
    return Door(daemon, request.param)
