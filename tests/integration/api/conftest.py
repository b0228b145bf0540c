"""The served API with one app."""

import tempfile
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from support.api import Api, FakeApp, serving


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """All listeners, one account, no apps."""
    with tempfile.TemporaryDirectory(prefix="oct") as directory:  # short: Unix sockets need it
        async with serving(directory) as served:
            yield served


@pytest.fixture
def app(api: Api) -> FakeApp:
    """The app "web"."""
    return api.add_app("web")


@pytest.fixture
async def client(api: Api) -> ClientSession:
    """Logged in, at the API port."""
    return api.client()


@pytest.fixture
async def stranger(api: Api) -> ClientSession:
    """Not logged in, at the API port."""
    return api.client("")
