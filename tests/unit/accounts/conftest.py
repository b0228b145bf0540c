"""An authenticator on files, with two accounts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from octyne.accounts.authenticator import Authenticator
from support.accounts import Site, hashed


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Two accounts; each one's password is its name."""
    site = Site(tmp_path, users={"alice": hashed("alice"), "bob": hashed("bob")})
    await site.auth.open()
    yield site
    await site.auth.close()


@pytest.fixture
def auth(site: Site) -> Authenticator:
    """The site's authenticator."""
    return site.auth
