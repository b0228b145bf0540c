"""The facade, on files: logins, sessions, tickets."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from octyne import aio
from octyne.accounts import authenticator as module
from octyne.accounts.authenticator import Authenticator
from octyne.accounts.credentials import is_outdated
from octyne.accounts.rights import LOCAL
from octyne.errors import (
    DaemonError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
)
from support.accounts import HOME, CountingArgon2, Site, hashed, login


async def test_login_and_logout(site: Site) -> None:
    """A token is good until it is given back."""
    token = await site.auth.login("alice", "alice", HOME)
    identity = await site.auth.identify(token)

    assert len(token) == 128
    assert identity is not None
    assert identity.username == "alice"
    assert identity.session_id not in {"", token}
    await site.auth.logout(identity)
    assert await site.auth.identify(token) is None
    assert site.ended == [{identity.session_id}]


@pytest.mark.parametrize(
    ("name", "password", "error", "text"),
    [
        ("", "x", InvalidError, "Username or password not provided!"),
        ("alice", "", InvalidError, "Username or password not provided!"),
        ("alice", "bob", UnauthenticatedError, "Invalid username or password!"),
        ("nobody", "bob", UnauthenticatedError, "Invalid username or password!"),
        ("@local", "x", UnauthenticatedError, "Invalid username or password!"),
        ("Alice", "alice", UnauthenticatedError, "Invalid username or password!"),
        ("alice\0", "alice", UnauthenticatedError, "Invalid username or password!"),
        ("\ud800", "\ud800", UnauthenticatedError, "Invalid username or password!"),
        ("x" * 100_000, "x", UnauthenticatedError, "Invalid username or password!"),
    ],
)
async def test_refused_logins(
    auth: Authenticator, name: str, password: str, error: type[DaemonError], text: str
) -> None:
    """One text for all that is wrong."""
    with pytest.raises(error) as caught:
        await auth.login(name, password, HOME)

    assert str(caught.value) == text


async def test_sessions_are_listed_and_ended(site: Site) -> None:
    """One's own, or all, the last used first; ending one is reported."""
    site.clock.move(0.5)
    await site.auth.login("alice", "alice", HOME, "curl/8")
    site.clock.move(10)
    token = await site.auth.login("alice", "alice", "192.0.2.9")
    await site.auth.login("bob", "bob", HOME)
    second, first = await site.auth.list_sessions("alice")

    assert (second.created, second.last_used, second.address) == (1_000_010, 1_000_010, "192.0.2.9")
    assert (first.created, first.user_agent) == (1_000_000, "curl/8")
    assert len(await site.auth.list_sessions(None)) == 3
    assert await site.auth.list_sessions("nobody") == []
    with pytest.raises(NotFoundError):
        await site.auth.end_session(second.session.id, username="bob")
    assert await site.auth.end_session(second.session.id, username="alice") == "alice"
    assert site.ended == [{second.session.id}]
    assert await site.auth.identify(token) is None
    with pytest.raises(NotFoundError):
        await site.auth.end_session(second.session.id, username=None)


async def test_all_other_sessions_of_an_account_end(site: Site) -> None:
    """This one stays, and so do those of others."""
    mine, _, other = await login(site.auth), await login(site.auth), await login(site.auth, "bob")
    await site.auth.end_others(mine)

    assert [one.session.id for one in await site.auth.list_sessions("alice")] == [mine.session_id]
    assert [one.session.id for one in await site.auth.list_sessions("bob")] == [other.session_id]


async def test_sessions_of_an_old_password_are_not_listed(site: Site) -> None:
    """It was changed by hand while no daemon ran: they open nothing."""
    await login(site.auth)
    await site.auth.close()
    site.write({"alice": hashed("new"), "bob": hashed("bob")})
    auth = site.build()
    await auth.open()

    assert await auth.list_sessions(None) == []
    await auth.close()


async def test_the_reserved_name_in_the_file_is_nobody(site: Site) -> None:
    """A hand-made '@local' must not become the Unix socket's user."""
    site.write({"@local": hashed("x")})
    await site.auth.refresh()

    with pytest.raises(UnauthenticatedError):
        await site.auth.login("@local", "x", HOME)


@pytest.mark.parametrize("name", ["alice", "nobody", "old", "empty", "garbage"])
async def test_a_refused_login_costs_one_argon2(tmp_path: Path, name: str) -> None:
    """Whoever it is for: the time tells nothing."""
    users = {"alice": hashed("x"), "old": "a" * 64, "empty": "", "garbage": "x$y"}
    argon2 = CountingArgon2()
    site = Site(tmp_path, users=users, argon2=argon2)
    await site.auth.open()
    with pytest.raises(UnauthenticatedError):
        await site.auth.login(name, "wrong", HOME)
    await site.auth.close()

    assert (len(argon2.verified), argon2.hashed) == (1, 0)


async def test_guessing_is_limited(site: Site) -> None:
    """Ten times; then even the right password has to wait, and costs nothing."""
    for _ in range(10):
        with pytest.raises(UnauthenticatedError):
            await site.auth.login("alice", "wrong", HOME)
    with pytest.raises(RateLimitedError):
        await site.auth.login("alice", "alice", HOME)

    site.clock.move(30)
    await site.auth.login("alice", "alice", HOME)


async def test_guessing_in_parallel_is_limited_all_the_same(tmp_path: Path) -> None:
    """Attempts that wait their turn meet the failures before them."""
    argon2 = CountingArgon2()
    site = Site(tmp_path, users={"alice": hashed("alice")}, argon2=argon2)
    await site.auth.open()

    async def guess() -> None:
        with pytest.raises((UnauthenticatedError, RateLimitedError)):
            await site.auth.login("alice", "wrong", HOME)

    async with asyncio.TaskGroup() as group:
        for _ in range(60):
            group.create_task(guess())
    await site.auth.close()

    assert len(argon2.verified) <= 11


async def test_many_good_logins_at_once(auth: Authenticator) -> None:
    """Nobody is taken for a guesser."""
    async with asyncio.TaskGroup() as group:
        logins = [group.create_task(auth.login("alice", "alice", HOME)) for _ in range(60)]

    assert len({task.result() for task in logins}) == 60


@pytest.mark.parametrize("stored", [hashlib.sha256(b"secret").hexdigest()])
async def test_an_old_hash_is_replaced_at_login(tmp_path: Path, stored: str) -> None:
    """Once, also when several log in at once; older sessions live on, also over a restart."""
    site = Site(tmp_path, users={"old": stored, "other": stored})
    await site.auth.open()
    async with asyncio.TaskGroup() as group:
        logins = [group.create_task(site.auth.login("old", "secret", HOME)) for _ in range(6)]
    tokens = [task.result() for task in logins]
    await site.auth.refresh()
    await site.auth.close()
    site.auth = site.build()
    await site.auth.open()

    assert site.read()["old"].startswith("$argon2id$v=19$")
    assert is_outdated(site.read()["other"])
    assert all([await site.auth.identify(token) for token in tokens])
    assert site.ended == []
    await site.auth.close()


async def test_an_old_hash_stays_when_it_cannot_be_replaced(site: Site) -> None:
    """The login works all the same."""
    site.write({"old": hashlib.sha256(b"secret").hexdigest()})
    await site.auth.refresh()
    site.path.write_text("{")

    await site.auth.login("old", "secret", HOME)


async def test_a_failing_round_is_not_the_last(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in one round must not end the looking after."""
    rounds = 0
    enough = asyncio.Event()

    async def refresh() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            enough.set()
        raise ValueError("bug")

    monkeypatch.setattr(module, "POLL_S", 0)
    monkeypatch.setattr(site.auth, "refresh", refresh)
    async with aio.Tasks() as tasks, asyncio.timeout(5):
        tasks.start("accounts", site.auth.run())
        await enough.wait()

    assert "Looking after the accounts failed" in caplog.text


async def test_problems_are_told(site: Site) -> None:
    """For the health page."""
    assert site.auth.problem == ""
    site.path.write_text("null")
    await site.auth.refresh()

    assert "users.json is broken" in site.auth.problem
    await login(site.auth)


async def test_it_looks_after_itself(site: Site) -> None:
    """Run by the daemon: a hand edit is taken over within two seconds."""
    token = await site.auth.login("alice", "alice", HOME)
    edited = asyncio.Event()
    site.auth.on_ended(lambda _: edited.set())
    async with aio.Tasks() as tasks:
        tasks.start("accounts", site.auth.run())
        site.write({"bob": hashed("bob")})
        async with asyncio.timeout(2):
            await edited.wait()

    assert await site.auth.identify(token) is None


async def test_tickets(site: Site) -> None:
    """From the session to the console."""
    identity = await login(site.auth)
    ticket = site.auth.issue_ticket(identity, HOME)

    assert site.auth.redeem_ticket(ticket, HOME) == identity
    assert site.auth.redeem_ticket(ticket, HOME) is None
    assert await site.auth.is_alive(LOCAL)


async def test_no_secret_is_shown(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in logs nor in what debuggers print."""
    caplog.set_level(0)
    token = await site.auth.login("alice", "alice", HOME)
    await site.auth.create_account("carol", "hunter22")
    await site.auth.delete_account("carol")

    assert token not in caplog.text
    assert "hunter22" not in caplog.text
    assert "argon2id" not in caplog.text
    assert json.dumps(site.read()) not in caplog.text
