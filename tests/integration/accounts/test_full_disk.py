"""A really full disk: a tiny tmpfs under users.json and the sessions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from octyne.errors import UnavailableError
from support.accounts import HOME, Site, hashed
from support.full_disk import fill, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    with small_disk(tmp_path / "disk", "256k") as disk:
        yield disk


async def test_a_full_disk(disk: Path) -> None:
    """Nothing is lost, everything is said, and all works again when there is room."""
    site = Site(disk, users={"alice": hashed("alice"), "bob": hashed("bob")})
    await site.auth.open()
    first, second = [await site.auth.login("alice", "alice", HOME) for _ in range(2)]
    before = site.read()
    ballast = fill(disk)

    with pytest.raises(UnavailableError, match="can't be written"):
        await site.auth.create_account("carol", "carol")
    with pytest.raises(UnavailableError, match="can't be written"):
        await site.auth.delete_account("bob")
    assert site.read() == before
    identity = await site.auth.identify(first)
    assert identity is not None
    await site.auth.logout(identity)
    await site.auth.close()
    site.auth = site.build()
    await site.auth.open()
    assert await site.auth.identify(first) is None, "a session ended on a full disk stays dead"
    assert await site.auth.identify(second) is not None

    full = False
    for _ in range(1000):
        try:
            await site.auth.login("alice", "alice", HOME)
        except UnavailableError as exc:
            full = "disk full" in str(exc)
            break
    assert full
    assert "can't be saved" in site.auth.problem
    assert await site.auth.identify(second) is not None
    ballast.unlink()
    await site.auth.create_account("carol", "carol")
    token = await site.auth.login("carol", "carol", HOME)
    assert await site.auth.identify(token) is not None
    assert site.auth.problem == ""
    await site.auth.close()
