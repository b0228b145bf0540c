"""One daemon for many attacks: each worker of the tests starts it once."""

from collections.abc import Iterator

import pytest

from support.daemon import Daemon
from support.outside import CANARY, Http, World


@pytest.fixture(scope="session")
def session_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Daemon]]:
    """The world, and a daemon whose environment and directory are secrets, too."""
    base = tmp_path_factory.mktemp("attacks").resolve()
    (base / "daemon").mkdir()
    world = World(base)
    app = {"directory": str(world.home), "command": ["cat"], "enabled": False}
    daemon = Daemon(base / "daemon", {"app": app, "other": app})
    daemon.environment["CANARY"] = CANARY
    try:
        yield world, daemon.start()
    finally:
        daemon.end()
        world.close()


@pytest.fixture
def daemon(session_world: tuple[World, Daemon]) -> Iterator[Daemon]:
    """It must live on, and have no bug in its log."""
    daemon = session_world[1]
    seen = len(daemon.log)
    yield daemon
    assert not daemon.exited
    assert daemon.ask("GET", "/").status == 200
    assert "Traceback" not in daemon.log[seen:], daemon.log[seen:][-4000:]


@pytest.fixture
def world(session_world: tuple[World, Daemon]) -> Iterator[World]:
    """Empty but for the usual; nothing may have happened outside of it."""
    world = session_world[0]
    world.reset()
    world.note()
    yield world
    world.check()


@pytest.fixture
def http(daemon: Daemon) -> Iterator[Http]:
    """Requests as @local."""
    http = Http(daemon)
    yield http
    http.close()
