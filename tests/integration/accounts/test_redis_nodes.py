"""Several nodes on one real Redis: who writes what, and what happens while it is away."""

import hashlib
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from octyne.accounts.authenticator import Authenticator
from octyne.accounts.credentials import Credentials
from octyne.accounts.redis_store.accounts import PublishedAccounts, RedisAccounts
from octyne.accounts.redis_store.link import RedisLink
from octyne.accounts.redis_store.sessions import REFRESH_EVERY_S, RedisSessions
from octyne.accounts.rights import LOCAL, Identity
from octyne.accounts.sessions import LIFETIME_S, new_token
from octyne.accounts.users_file import UsersFile
from octyne.errors import DeniedError, InvalidError, UnavailableError
from octyne.events import Events
from support.accounts import CHEAP, HOME, FakeClock, Site, hashed
from support.redis_server import RedisServer, running_redis

NO_LOGIN = "This node does not support authentication. Authenticate with the primary node!"
NO_MANAGING = (
    "This node does not support managing users. Perform user management on the primary node!"
)


class Nodes:
    """A primary and a secondary."""

    def __init__(self, server: RedisServer, directory: Path) -> None:
        self.server = server
        self.site = Site(directory, users={"alice": hashed("alice"), "bob": hashed("bob")})
        self.clock = FakeClock()  # turned in each round
        self.ended: list[frozenset[str]] = []
        self.seen: list[frozenset[str]] = []
        self.primary = self.build_primary()
        link = RedisLink(server.url, clock=self.clock)
        self.secondary = Authenticator(
            RedisAccounts(link), RedisSessions(link, clock=self.clock), Events()
        )
        self.secondary.on_ended(self.seen.append)

    def build_primary(self) -> Authenticator:
        """Like after a restart."""
        link = RedisLink(self.server.url, clock=self.clock)
        primary = Authenticator(
            PublishedAccounts(UsersFile(str(self.site.path)), link, clock=self.clock),
            RedisSessions(link, clock=self.clock),
            Events(),
            credentials=Credentials(argon2=CHEAP),
            clock=self.clock,
        )
        primary.on_ended(self.ended.append)
        return primary

    async def login(self, name: str = "alice") -> tuple[str, Identity]:
        """A session that both nodes have seen."""
        token = await self.primary.login(name, name, HOME)
        identity = await self.primary.identify(token)
        assert identity is not None
        assert await self.secondary.identify(token) == identity
        return token, identity

    async def round(self) -> None:
        """What both do every now and then."""
        self.clock.move(61)
        await self.primary.refresh()
        await self.secondary.refresh()


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


def published(server: RedisServer) -> dict[str, str]:
    """The accounts in Redis."""
    return {
        key.removeprefix("octyne-user:"): value
        for key, value in server.everything().items()
        if key.startswith("octyne-user:")
    }


async def test_the_layout_that_go_nodes_share(nodes: Nodes) -> None:
    """Plain keys, nothing else beside them."""
    token, _ = await nodes.login()

    assert nodes.server.everything() == {
        f"octyne-token:{token}": "alice",
        "octyne-user:alice": nodes.site.read()["alice"],
        "octyne-user:bob": nodes.site.read()["bob"],
    }
    assert 0 < nodes.server.client.ttl(f"octyne-token:{token}") <= LIFETIME_S


async def test_a_token_made_by_a_go_node(nodes: Nodes) -> None:
    """It counts on both, and gets its lifetime with its first use."""
    token = new_token()
    nodes.server.client.set(f"octyne-token:{token}", "bob")

    for auth in (nodes.primary, nodes.secondary):
        identity = await auth.identify(token)
        assert identity is not None
        assert identity.username == "bob"
    assert nodes.server.client.ttl(f"octyne-token:{token}") == LIFETIME_S


async def test_use_refreshes_at_most_hourly(nodes: Nodes) -> None:
    """Not a write for each request."""
    token, _ = await nodes.login()
    key = f"octyne-token:{token}"
    nodes.server.client.expire(key, 1000)
    await nodes.primary.identify(token)
    assert nodes.server.client.ttl(key) <= 1000
    nodes.clock.move(REFRESH_EVERY_S)
    await nodes.primary.identify(token)

    assert nodes.server.client.ttl(key) == LIFETIME_S


async def test_a_secondary_refuses_to_manage(nodes: Nodes) -> None:
    """With the contract's texts."""
    secondary = nodes.secondary
    _, identity = await nodes.login()
    refused: dict[str, list[Coroutine[Any, Any, object]]] = {
        NO_LOGIN: [secondary.login("alice", "alice", HOME), secondary.logout(identity)],
        NO_MANAGING: [
            secondary.account_names(),
            secondary.create_account("carol", "x"),
            secondary.update_account("alice", password="x", by=identity),
            secondary.delete_account("alice"),
        ],
    }

    assert not secondary.can_manage
    for text, calls in refused.items():
        for call in calls:
            with pytest.raises(DeniedError) as caught:
                await call
            assert str(caught.value) == text


async def test_changes_are_published(nodes: Nodes) -> None:
    """Also those made by hand; accounts that are gone are removed, other keys are not."""
    nodes.server.client.set("octyne-userdata", "mine")
    await nodes.primary.create_account("carol", "carol")
    await nodes.primary.update_account("bob", new_name="bert", by=LOCAL)
    assert published(nodes.server) == nodes.site.read()
    await nodes.login("carol")

    nodes.site.write({"dave": "x"})
    await nodes.primary.refresh()
    assert published(nodes.server) == {"dave": "x"}
    assert nodes.server.client.get("octyne-userdata") == "mine"


async def test_a_start_puts_redis_right(server: RedisServer, tmp_path: Path) -> None:
    """Accounts that are gone go, with their tokens; so do tokens of another password."""
    tokens = {name: new_token() for name in ("alice", "bob", "ghost")}
    for name, token in tokens.items():
        server.client.set(f"octyne-token:{token}", name)
    nodes = Nodes(server, tmp_path)
    server.client.mset(
        {
            "octyne-user:alice": nodes.site.read()["alice"],
            "octyne-user:bob": "another hash",
            "octyne-user:ghost": "x",
        }
    )
    await nodes.primary.open()
    await nodes.primary.refresh()

    assert published(server) == nodes.site.read()
    assert [key for key in server.everything() if key.startswith("octyne-token:")] == [
        f"octyne-token:{tokens['alice']}"
    ]
    await nodes.primary.close()


async def test_a_broken_file_at_the_start_deletes_nobody(
    server: RedisServer, tmp_path: Path
) -> None:
    """What is published stays until the file is good."""
    nodes = Nodes(server, tmp_path)
    server.client.set("octyne-user:alice", "x")
    nodes.site.path.write_text("{")
    await nodes.primary.open()
    await nodes.primary.refresh()
    assert published(server) == {"alice": "x"}

    nodes.site.write({"bob": "y"})
    await nodes.primary.refresh()
    assert published(server) == {"bob": "y"}
    await nodes.primary.close()


async def test_lost_and_foreign_accounts_are_put_right(nodes: Nodes) -> None:
    """Within seconds for lost ones, within a minute for foreign ones."""
    nodes.server.client.flushall()
    nodes.clock.move(6)
    await nodes.primary.refresh()
    assert published(nodes.server) == nodes.site.read()

    nodes.server.client.set("octyne-user:intruder", hashed("x"))
    nodes.clock.move(61)
    await nodes.primary.refresh()
    assert published(nodes.server) == nodes.site.read()


@pytest.mark.parametrize("how", ["logout", "delete", "rename", "password"])
async def test_what_ends_here_ends_there(nodes: Nodes, how: str) -> None:
    """The other node refuses the token at once, and closes its consoles within seconds."""
    token, identity = await nodes.login()
    bobs, _ = await nodes.login("bob")
    match how:
        case "logout":
            await nodes.primary.logout(identity)
        case "delete":
            await nodes.primary.delete_account("alice")
        case "rename":
            await nodes.primary.update_account("alice", new_name="alicia", by=identity)
        case _:
            await nodes.primary.update_account("alice", password="new", by=LOCAL)

    assert await nodes.primary.identify(token) is None
    assert await nodes.secondary.identify(token) is None
    assert not await nodes.secondary.is_alive(identity)
    assert nodes.ended == [{identity.session_id}]
    await nodes.secondary.refresh()
    assert nodes.seen == [{identity.session_id}]
    assert await nodes.secondary.identify(bobs) is not None


async def test_a_session_never_seen_by_the_primary_ends_too(nodes: Nodes) -> None:
    """One opened by another node, or before a restart."""
    token, other = new_token(), new_token()
    nodes.server.client.set(f"octyne-token:{token}", "alice")
    nodes.server.client.set(f"octyne-token:{other}", "bob")
    identity = await nodes.secondary.identify(token)
    assert identity is not None
    await nodes.primary.logout(identity)

    assert await nodes.secondary.identify(token) is None
    assert await nodes.secondary.identify(other) is not None


async def test_a_token_whose_account_is_gone(nodes: Nodes) -> None:
    """Deleted by a Go primary, which leaves tokens behind."""
    token, identity = await nodes.login()
    nodes.server.client.delete("octyne-user:alice")

    assert await nodes.secondary.identify(token) is None
    await nodes.secondary.refresh()
    assert nodes.seen == [{identity.session_id}]


async def test_a_new_password_spares_the_session_that_set_it(nodes: Nodes) -> None:
    """Also in later rounds."""
    token, identity = await nodes.login()
    other, _ = await nodes.login()
    await nodes.primary.update_account("alice", password="new", by=identity)
    await nodes.round()

    assert await nodes.secondary.identify(token) == identity
    assert await nodes.secondary.identify(other) is None


async def test_old_hashes_are_replaced_and_published(nodes: Nodes) -> None:
    """The sessions live on."""
    nodes.site.write({"old": hashlib.sha256(b"old").hexdigest()})
    await nodes.primary.refresh()
    token, _ = await nodes.login("old")
    await nodes.round()

    assert published(nodes.server) == nodes.site.read()
    assert published(nodes.server)["old"].startswith("$argon2id$")
    assert await nodes.secondary.identify(token) is not None


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
