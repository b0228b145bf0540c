"""A real Redis, and two nodes on it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.redis_nodes import Nodes
from support.redis_server import RedisServer, running_redis


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for this module."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(module_server: RedisServer) -> RedisServer:
    """The server, running and empty."""
    module_server.client.flushall()
    return module_server


@pytest.fixture
async def nodes(server: RedisServer, tmp_path: Path) -> AsyncIterator[Nodes]:
    """Both nodes, open."""
    nodes = Nodes(server, tmp_path)
    await nodes.primary.open()
    await nodes.secondary.open()
    yield nodes
    await nodes.primary.close()
    await nodes.secondary.close()


@pytest.fixture
def dead_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of one's own, to kill."""
    with running_redis(tmp_path) as server:
        yield server
