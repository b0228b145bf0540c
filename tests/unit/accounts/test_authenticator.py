"""The facade, on files: texts, sessions that must end, changes at once."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

import pytest

from octyne import aio
from octyne.accounts import authenticator as module
from octyne.accounts.authenticator import Authenticator
from octyne.accounts.credentials import is_outdated
from octyne.accounts.rights import LOCAL, Identity
from octyne.accounts.sessions import LIFETIME_S, SqliteSessions
from octyne.accounts.stores import Account, NewSession
from octyne.errors import (
    ConflictError,
    DaemonError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from support.accounts import HOME, CountingArgon2, Site, hashed


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


async def login(auth: Authenticator, name: str = "alice", password: str = "") -> Identity:
    """Log in and see who it is."""
    identity = await auth.identify(await auth.login(name, password or name, HOME))
    assert identity is not None
    return identity


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
    while not site.auth._turn.locked():
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    change.cancel()
    with pytest.raises(asyncio.CancelledError):
        await change
    await site.auth.refresh()

    assert not await site.auth.is_alive(identity)
    assert site.ended == [{identity.session_id}]


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


async def _try_login(auth: Authenticator, name: str, password: str) -> str:
    try:
        return await auth.login(name, password, HOME)
    except (UnauthenticatedError, RateLimitedError):
        return ""


async def test_new_accounts_can_log_in_at_once(site: Site) -> None:
    """A hundred made in parallel, none is lost."""

    async def make(name: str) -> None:
        await site.auth.create_account(name, "pw")
        await login(site.auth, name, "pw")

    for start in range(0, 100, 25):
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + 25):
                group.create_task(make(f"user{number}"))

    assert len(await site.auth.account_names()) == 102
    assert len(site.read()) == 102


async def test_a_hundred_creates_at_once(site: Site) -> None:
    """Nobody is refused for the crowd, and exactly one wins each name."""

    async def make(name: str) -> bool:
        try:
            await site.auth.create_account(name, "pw")
        except ConflictError:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        made = [group.create_task(make(f"user{number % 50}")) for number in range(100)]

    assert sum(task.result() for task in made) == 50
    assert len(site.read()) == 52


CREATE = [
    ("", "x", InvalidError, "Username or password not provided!"),
    ("x", "", InvalidError, "Username or password not provided!"),
    ("alice", "x", ConflictError, "User already exists!"),
    ("@local", "x", InvalidError, "The username '@local' is reserved for local system users."),
    (
        "a b",
        "x",
        InvalidError,
        (
            "The username 'a b' is invalid. "
            "A valid username can contain only letters, numbers, -, _ or @."
        ),
    ),
    ("x", "x" * 5000, InvalidError, "The password is too long; 4096 bytes are possible."),
]


@pytest.mark.parametrize(("name", "password", "error", "text"), CREATE)
async def test_refused_accounts(
    auth: Authenticator, name: str, password: str, error: type[DaemonError], text: str
) -> None:
    """The contract's texts."""
    with pytest.raises(error) as caught:
        await auth.create_account(name, password)

    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("old", "new", "password", "error", "text"),
    [
        ("", "x", "x", InvalidError, "Username or password not provided!"),
        ("alice", None, None, InvalidError, "Username or password not provided!"),
        ("alice", "", "", InvalidError, "Username or password not provided!"),
        ("alice", "alice", None, InvalidError, "Username or password not provided!"),
        ("nobody", None, None, InvalidError, "Username or password not provided!"),
        ("nobody", None, "x", NotFoundError, "User does not exist!"),
        ("nobody", "alice", "x", NotFoundError, "User does not exist!"),
        ("alice", "bob", "x", ConflictError, "User already exists!"),
        (
            "alice",
            "@local",
            None,
            InvalidError,
            "The username '@local' is reserved for local system users.",
        ),
    ],
)
async def test_refused_updates(
    site: Site, old: str, new: str | None, password: str | None, error: type[DaemonError], text: str
) -> None:
    """The contract's texts, and nothing has changed."""
    before = site.path.read_text()
    with pytest.raises(error) as caught:
        await site.auth.update_account(old, new_name=new, password=password, by=LOCAL)

    assert str(caught.value) == text
    assert site.path.read_text() == before


@pytest.mark.parametrize(
    ("new", "password", "login_as"),
    [
        ("alicia", None, ("alicia", "alice")),
        ("alicia", "new", ("alicia", "new")),
        ("alice", "new", ("alice", "new")),
        (None, "new", ("alice", "new")),
    ],
)
async def test_updates(
    site: Site, new: str | None, password: str | None, login_as: tuple[str, str]
) -> None:
    """Rename keeps the hash; its own name with a password is a password change."""
    await site.auth.update_account("alice", new_name=new, password=password, by=LOCAL)

    await login(site.auth, *login_as)
    assert await site.auth.account_names() == [login_as[0], "bob"]
    with pytest.raises(UnauthenticatedError):
        await site.auth.login("alice", "wrong", HOME)


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("", InvalidError, "Username not provided!"),
        ("nobody", NotFoundError, "User does not exist!"),
    ],
)
async def test_refused_deletions(
    auth: Authenticator, name: str, error: type[DaemonError], text: str
) -> None:
    """The contract's texts."""
    with pytest.raises(error) as caught:
        await auth.delete_account(name)

    assert str(caught.value) == text


async def test_the_last_account_may_go(site: Site) -> None:
    """The Unix socket lets its owner in and make another; a restart makes no new admin."""
    await site.auth.delete_account("alice")
    await site.auth.delete_account("bob")
    assert await site.auth.account_names() == []
    await site.auth.close()
    site.auth = site.build()

    assert await site.auth.open() is None
    assert site.read() == {}


async def test_the_first_start_makes_an_admin(tmp_path: Path) -> None:
    """The password is told once and works."""
    site = Site(tmp_path)
    password = await site.auth.open()
    assert password is not None
    await login(site.auth, "admin", password)
    await site.auth.close()
    again = site.build()

    assert await again.open() is None
    assert list(site.read()) == ["admin"]
    await again.close()


async def test_a_first_start_that_cannot_write(tmp_path: Path) -> None:
    """The daemon lives, and says so."""
    site = Site(tmp_path / "missing")

    assert await site.auth.open() is None
    await site.auth.close()


async def test_changes_are_events(site: Site) -> None:
    """What watchers of the accounts need, without any secret."""
    position = site.events.next_id
    await site.auth.create_account("carol", "secret")
    await site.auth.update_account("carol", new_name="caroline", by=LOCAL)
    await site.auth.delete_account("caroline")
    site.write({"bob": hashed("bob")})
    await site.auth.refresh()
    events, _ = site.events.since(position)

    assert [event.kind for event in events] == ["accounts"] * 4
    assert [event.data for event in events] == [
        {"change": "created", "username": "carol"},
        {"change": "updated", "username": "caroline", "old": "carol"},
        {"change": "deleted", "username": "caroline"},
        {"change": "edited", "username": ""},
    ]


async def test_problems_are_told(site: Site) -> None:
    """For the health page."""
    assert site.auth.problem == ""
    site.path.write_text("null")
    await site.auth.refresh()

    assert "users.json is broken" in site.auth.problem
    await login(site.auth)


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
