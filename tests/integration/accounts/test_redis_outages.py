"""Nodes while Redis is away, when it comes back, and when they change over to it."""

import time
from pathlib import Path

import pytest

from octyne.accounts.redis_store.accounts import PublishedAccounts, RedisAccounts
from octyne.accounts.redis_store.link import RedisLink
from octyne.accounts.redis_store.sessions import RedisSessions
from octyne.accounts.rights import LOCAL
from octyne.accounts.users_file import UsersFile
from octyne.errors import InvalidError, UnavailableError
from support.accounts import HOME, Site, hashed
from support.redis_nodes import Nodes, published
from support.redis_server import RedisServer


async def test_a_killed_redis(dead_server: RedisServer, tmp_path: Path) -> None:
    """Clear errors at once; accounts can still be changed; all heals when it is back."""
    nodes = Nodes(dead_server, tmp_path)
    await nodes.primary.open()
    await nodes.secondary.open()
    token, identity = await nodes.login()
    dead_server.kill()
    began = time.monotonic()
    for auth in (nodes.primary, nodes.secondary):
        with pytest.raises(UnavailableError, match="Redis can't be reached"):
            await auth.identify(token)
        assert "Redis" in auth.problem
    with pytest.raises(UnavailableError):
        await nodes.primary.login("bob", "bob", HOME)
    await nodes.round()
    assert (nodes.ended, nodes.seen) == ([], []), "nobody is thrown out because Redis is away"
    await nodes.primary.create_account("carol", "carol")
    await nodes.primary.delete_account("alice")
    assert nodes.ended == [{identity.session_id}]
    assert time.monotonic() - began < 5

    dead_server.start()
    await nodes.round()

    assert published(dead_server) == nodes.site.read()
    assert nodes.primary.problem == ""
    await nodes.login("carol")
    assert await nodes.secondary.identify(token) is None
    await nodes.primary.close()
    await nodes.secondary.close()


async def test_tokens_end_when_redis_is_back(dead_server: RedisServer, tmp_path: Path) -> None:
    """A password changed while Redis hung: its old tokens never count again."""
    nodes = Nodes(dead_server, tmp_path)
    await nodes.primary.open()
    token, identity = await nodes.login()
    dead_server.freeze()
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        await nodes.primary.identify(token)
    assert time.monotonic() - began < 2
    await nodes.primary.update_account("alice", password="new", by=LOCAL)
    assert nodes.ended == [{identity.session_id}]

    dead_server.thaw()
    await nodes.round()
    assert await nodes.primary.identify(token) is None
    assert await nodes.secondary.identify(token) is None
    assert await nodes.primary.login("alice", "new", HOME)
    await nodes.primary.close()
    await nodes.secondary.close()


async def test_the_first_change_after_an_outage(dead_server: RedisServer, tmp_path: Path) -> None:
    """What was missed is not mistaken for a change from outside: the changer stays logged in."""
    nodes = Nodes(dead_server, tmp_path)
    await nodes.primary.open()
    token, identity = await nodes.login()
    dead_server.freeze()
    await nodes.primary.create_account("carol", "carol")
    dead_server.thaw()
    nodes.clock.move(1)
    await nodes.primary.update_account("alice", password="new", by=identity)
    await nodes.round()

    assert published(dead_server) == nodes.site.read()
    assert await nodes.primary.identify(token) == identity
    await nodes.primary.close()
    await nodes.secondary.close()


async def test_starting_without_redis(dead_server: RedisServer, tmp_path: Path) -> None:
    """The daemon starts; accounts are published when it is there."""
    dead_server.kill()
    nodes = Nodes(dead_server, tmp_path)
    await nodes.primary.open()
    await nodes.secondary.open()
    assert "Redis" in nodes.primary.problem

    dead_server.start()
    await nodes.round()
    await nodes.login()
    await nodes.primary.close()
    await nodes.secondary.close()


async def test_changing_over_to_redis_and_back(server: RedisServer, tmp_path: Path) -> None:
    """By a change of the config: the other store's sessions end here, and are kept for later."""
    site = Site(tmp_path, users={"alice": hashed("alice")})
    await site.auth.open()
    token = await site.auth.login("alice", "alice", HOME)
    old_accounts, old_sessions = site.auth._accounts, site.auth._sessions
    assert isinstance(old_accounts, UsersFile)
    link = RedisLink(server.url)
    await site.auth.use(PublishedAccounts(old_accounts, link), RedisSessions(link))

    assert len(site.ended) == 1
    assert await site.auth.identify(token) is None
    new = await site.auth.login("alice", "alice", HOME)
    await site.auth.use(old_accounts, old_sessions)
    assert await site.auth.identify(token) is not None
    assert await site.auth.identify(new) is None
    await site.auth.close()


async def test_changing_over_fails_when_redis_is_away(
    dead_server: RedisServer, tmp_path: Path
) -> None:
    """The old stores stay in use."""
    dead_server.kill()
    site = Site(tmp_path, users={"alice": hashed("alice")})
    await site.auth.open()
    token = await site.auth.login("alice", "alice", HOME)
    link = RedisLink(dead_server.url)
    with pytest.raises(UnavailableError):
        await site.auth.use(RedisAccounts(link), RedisSessions(link))

    assert site.auth.can_manage
    assert await site.auth.identify(token) is not None
    await site.auth.close()


@pytest.mark.parametrize("url", ["", "localhost", "http://localhost", "redis://h:port"])
def test_wrong_urls(url: str) -> None:
    """Said when the config is read; a URL may hold a password and isn't repeated."""
    with pytest.raises(InvalidError, match="The Redis URL is invalid"):
        RedisLink(url)


async def test_the_url_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """It may hold a password."""
    link = RedisLink("redis://user:hunter22@127.0.0.1:1/0")
    with pytest.raises(UnavailableError) as caught:
        await link.run("PING")
    await link.close()

    assert "hunter22" not in caplog.text + str(caught.value) + link.problem


async def test_refusals_are_not_outages(server: RedisServer) -> None:
    """A key of another type concerns that key only."""
    server.client.lpush("octyne-user:list", "x")
    link = RedisLink(server.url)
    with pytest.raises(UnavailableError, match="refuses"):
        await link.run("GET", "octyne-user:list")

    assert await link.run("PING")
    assert link.problem == ""
    await link.close()
