"""One suite for both session stores: what the authenticator relies on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from octyne.accounts.redis_store import sessions as redis_module
from octyne.accounts.redis_store.link import USER, RedisLink
from octyne.accounts.redis_store.sessions import RedisSessions
from octyne.accounts.sessions import SqliteSessions
from octyne.accounts.stores import Account, SessionStore
from support.accounts import HOME, FakeClock
from support.redis_server import RedisServer, running_redis

ALICE, BOB = Account("alice", "1"), Account("bob", "2")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for all tests; each starts with it empty."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["sqlite", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SessionStore]:
    """Both stores, open and empty."""
    store: SessionStore
    if request.param == "sqlite":
        store = SqliteSessions(str(tmp_path / "sessions.db"), clock=FakeClock())
    else:
        server: RedisServer = request.getfixturevalue("server")
        server.client.flushall()
        for account in (ALICE, BOB):
            server.client.set(USER + account.name, account.hash)
        store = RedisSessions(RedisLink(server.url), clock=FakeClock())
    await store.open()
    yield store
    await store.close()


async def test_a_session_is_found_by_its_token_only(store: SessionStore) -> None:
    """Its id is public and opens nothing."""
    opened = await store.create(ALICE, HOME)

    assert await store.find(opened.token) == opened.session
    assert opened.session.username == "alice"
    assert len(opened.token) == 128
    assert opened.token not in repr(opened)
    assert await store.find(opened.session.id) is None
    assert await store.find(opened.token[:-1] + "!") is None
    assert await store.is_alive(opened.session.id)
    assert not await store.is_alive("unknown")


async def test_an_ended_session_is_gone(store: SessionStore) -> None:
    """Ending it again finds nothing; others live on."""
    opened, other = await store.create(ALICE, HOME), await store.create(ALICE, HOME)

    assert await store.end({opened.session.id}) == {opened.session.id}
    assert await store.end({opened.session.id}) == frozenset()
    assert await store.find(opened.token) is None
    assert not await store.is_alive(opened.session.id)
    assert await store.find(other.token) is not None


async def test_all_sessions_of_accounts_end_but_one(store: SessionStore) -> None:
    """Accounts with a similar name are not touched."""
    kept, gone = await store.create(ALICE, HOME), await store.create(ALICE, HOME)
    bob, alicia = await store.create(BOB, HOME), await store.create(Account("alice2", "3"), HOME)
    ended = await store.end_accounts({"alice", "bob"}, keep=kept.session.id)

    assert ended == {gone.session.id, bob.session.id}
    assert await store.find(kept.token) is not None
    assert await store.find(gone.token) is None
    assert await store.find(alicia.token) is not None


async def test_no_accounts_no_end(store: SessionStore) -> None:
    """An empty set of names is not everybody."""
    opened = await store.create(ALICE, HOME)

    assert await store.end_accounts(()) == frozenset()
    assert await store.find(opened.token) is not None


async def test_known_sessions(store: SessionStore) -> None:
    """All, or some accounts'."""
    alice, bob = await store.create(ALICE, HOME), await store.create(BOB, HOME)

    assert store.known() == {alice.session.id, bob.session.id}
    assert store.known({"bob", "nobody"}) == {bob.session.id}


async def test_a_new_hash_ends_no_session(store: SessionStore) -> None:
    """When the password is the same."""
    opened = await store.create(ALICE, HOME)
    await store.rebind(Account("alice", "new"))
    found = await store.find(opened.token)

    assert found is not None
    assert found.id == opened.session.id


async def test_a_cap_per_account(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login in a loop doesn't grow for ever."""
    monkeypatch.setattr("octyne.accounts.sessions.MAX_PER_ACCOUNT", 3)
    monkeypatch.setattr(redis_module, "MAX_PER_ACCOUNT", 3)
    opened = [await store.create(ALICE, HOME) for _ in range(5)]
    alive = [await store.find(one.token) for one in opened]

    assert [one is not None for one in alive] == [False, False, True, True, True]
    assert frozenset().union(*(one.dropped for one in opened)) == {
        one.session.id for one in opened[:2]
    }


async def test_maintaining_ends_nobody_who_is_well(store: SessionStore) -> None:
    """However often."""
    opened = await store.create(ALICE, HOME)

    assert [await store.maintain() for _ in range(3)] == [frozenset()] * 3
    assert await store.find(opened.token) is not None


async def test_a_store_opens_again(store: SessionStore) -> None:
    """After a change of the config and back; the sessions are still there."""
    opened = await store.create(ALICE, HOME)
    await store.close()
    await store.open()
    await store.probe()

    assert await store.find(opened.token) == opened.session
