"""Several nodes on one real Redis: who writes what, and what ends where."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from octyne.accounts.redis_store.sessions import REFRESH_EVERY_S
from octyne.accounts.rights import LOCAL
from octyne.accounts.sessions import LIFETIME_S, new_token
from octyne.errors import DeniedError
from support.accounts import HOME, hashed
from support.redis_nodes import Nodes, published
from support.redis_server import RedisServer

NO_LOGIN = "This node does not support authentication. Authenticate with the primary node!"
NO_MANAGING = (
    "This node does not support managing users. Perform user management on the primary node!"
)


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
    refused: dict[str, list[Any]] = {
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
