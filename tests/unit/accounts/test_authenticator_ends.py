"""The facade, on files: sessions that must end."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import pytest

from octyne.accounts.authenticator import Authenticator
from octyne.accounts.rights import LOCAL
from octyne.accounts.sessions import LIFETIME_S, SqliteSessions
from octyne.accounts.stores import Account, NewSession
from octyne.errors import RateLimitedError, UnauthenticatedError, UnavailableError
from support.accounts import HOME, Site, hashed, login


@pytest.mark.parametrize("mode", ["password", "rename", "delete", "edit", "edit-delete"])
async def test_what_ends_sessions(site: Site, mode: str) -> None:
    """All of the account's, nobody else's; reported at once; tickets die with them."""
    token, other = await site.auth.login("alice", "alice", HOME), await login(site.auth, "bob")
    alice = await site.auth.identify(token)
    assert alice is not None
    ticket = site.auth.issue_ticket(alice, HOME)
    users = site.read()
    match mode:
        case "password":
            await site.auth.update_account("alice", password="new", by=LOCAL)
        case "rename":
            await site.auth.update_account("alice", new_name="alicia", by=alice)
        case "delete":
            await site.auth.delete_account("alice")
        case "edit":
            site.write({**users, "alice": hashed("new")})
            await site.auth.refresh()
        case _:
            site.write({"bob": users["bob"]})
            await site.auth.refresh()

    assert await site.auth.identify(token) is None
    assert not await site.auth.is_alive(alice)
    assert site.ended == [{alice.session_id}]
    assert site.auth.redeem_ticket(ticket, HOME) is None
    assert await site.auth.is_alive(other)


async def test_a_new_password_spares_the_session_that_set_it(site: Site) -> None:
    """The others end; the spared one also outlives a restart."""
    mine, other = [await site.auth.login("alice", "alice", HOME) for _ in range(2)]
    me = await site.auth.identify(mine)
    assert me is not None
    await site.auth.update_account("alice", password="new", by=me)

    assert await site.auth.identify(mine) == me
    assert await site.auth.identify(other) is None
    await site.auth.close()
    site.auth = site.build()
    await site.auth.open()
    assert await site.auth.identify(mine) == me
    await login(site.auth, "alice", "new")


async def test_an_admin_changing_a_password_keeps_no_session_of_it(site: Site) -> None:
    """The spared session must be the account's own; the admin's own is not touched."""
    token = await site.auth.login("alice", "alice", HOME)
    bob = await login(site.auth, "bob")
    await site.auth.update_account("alice", password="new", by=bob)

    assert await site.auth.identify(token) is None
    assert await site.auth.is_alive(bob)


async def test_a_password_changed_by_hand_while_the_daemon_was_away(site: Site) -> None:
    """The session is tied to the hash that it was opened with."""
    token = await site.auth.login("alice", "alice", HOME)
    await site.auth.close()
    site.write({"alice": hashed("new")})
    site.auth = site.build()
    await site.auth.open()

    assert await site.auth.identify(token) is None
    await site.auth.close()


async def test_a_name_used_again_is_somebody_else(site: Site) -> None:
    """No session of the former owner comes back to life."""
    token = await site.auth.login("alice", "alice", HOME)
    await site.auth.delete_account("alice")
    await site.auth.create_account("alice", "alice")

    assert await site.auth.identify(token) is None


async def test_sessions_expire(site: Site) -> None:
    """After three months without use."""
    token = await site.auth.login("alice", "alice", HOME)
    site.clock.move(LIFETIME_S + 61)

    assert await site.auth.identify(token) is None
    await site.auth.refresh()
    assert len(site.ended) == 1


async def test_a_login_that_races_with_a_change_of_the_password(site: Site) -> None:
    """Whatever the order, no session of the old password is left afterwards."""
    for round_ in range(10):
        old, new = f"p{round_}", f"p{round_ + 1}"
        await site.auth.update_account("alice", password=old, by=LOCAL)
        async with asyncio.TaskGroup() as group:
            logins = [group.create_task(_try_login(site.auth, "alice", old)) for _ in range(5)]
            group.create_task(site.auth.update_account("alice", password=new, by=LOCAL))
        for task in logins:
            if token := task.result():
                assert await site.auth.identify(token) is None
        site.clock.move(300)


class RacingSessions(SqliteSessions):
    """Something happens while a session is opened; ending sessions may fail."""

    race: Callable[[], Coroutine[Any, Any, None]] | None = None
    broken = False

    async def create(self, account: Account, address: str, user_agent: str = "") -> NewSession:
        """Open it, then let the race happen once."""
        opened = await super().create(account, address, user_agent)
        race, self.race = self.race, None
        if race is not None:
            await race()
        return opened

    async def end_accounts(self, names: Collection[str], *, keep: str = "") -> frozenset[str]:
        """Fail while `broken`."""
        if self.broken:
            raise UnavailableError("away")
        return await super().end_accounts(names, keep=keep)


@pytest.fixture
async def racing(site: Site) -> RacingSessions:
    """The site on sessions that race."""
    sessions = RacingSessions(str(site.directory / "racing.db"), clock=site.clock)
    await site.auth.use(site.auth._accounts, sessions)
    return sessions


@pytest.mark.parametrize("how", ["delete", "password"])
async def test_a_login_that_comes_too_late(site: Site, racing: RacingSessions, how: str) -> None:
    """The account was deleted or changed after its password was checked: no session is left."""

    async def change() -> None:
        if how == "delete":
            await site.auth.delete_account("alice")
        else:
            await site.auth.update_account("alice", password="new", by=LOCAL)

    racing.race = change
    with pytest.raises(UnauthenticatedError):
        await site.auth.login("alice", "alice", HOME)

    assert racing.known() == frozenset()


async def test_an_end_that_fails_is_repeated(site: Site, racing: RacingSessions) -> None:
    """Meanwhile the sessions don't count, and nobody gets the name."""
    token = await site.auth.login("alice", "alice", HOME)
    racing.broken = True
    await site.auth.update_account("alice", password="new", by=LOCAL)
    assert len(site.ended) == 1
    assert await site.auth.identify(token) is None
    await site.auth.delete_account("alice")
    with pytest.raises(UnavailableError, match="old sessions"):
        await site.auth.create_account("alice", "alice")
    assert "alice" not in site.read()

    racing.broken = False
    await site.auth.refresh()
    assert racing.known() == frozenset()
    await site.auth.create_account("alice", "alice")
    await login(site.auth)


async def test_a_cancelled_change_ends_sessions_all_the_same(site: Site) -> None:
    """Its thread finishes the change; the next round does the rest."""
    identity = await login(site.auth)
    change = asyncio.create_task(site.auth.delete_account("alice"))
    async with asyncio.timeout(10):
        while not site.auth._turn.locked():
            await asyncio.sleep(0)  # no later than that: it must be cancelled in its midst
    await asyncio.sleep(0)
    change.cancel()
    with pytest.raises(asyncio.CancelledError):
        await change
    await site.auth.refresh()

    assert not await site.auth.is_alive(identity)
    assert site.ended == [{identity.session_id}]


async def _try_login(auth: Authenticator, name: str, password: str) -> str:
    try:
        return await auth.login(name, password, HOME)
    except (UnauthenticatedError, RateLimitedError):
        return ""


async def test_a_failing_callback_does_not_spare_the_others(site: Site) -> None:
    """Every connection is somebody's."""
    seen: list[frozenset[str]] = []

    def broken(ended: frozenset[str]) -> None:
        raise ValueError("bug")

    site.auth.on_ended(broken)
    site.auth.on_ended(seen.append)
    identity = await login(site.auth)
    await site.auth.logout(identity)

    assert seen == [{identity.session_id}]
