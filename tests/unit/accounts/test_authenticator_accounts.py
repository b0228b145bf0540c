"""The facade, on files: accounts are made, changed and deleted."""

import asyncio
from pathlib import Path

import pytest

from octyne.accounts.authenticator import Authenticator
from octyne.accounts.rights import LOCAL
from octyne.errors import (
    ConflictError,
    DaemonError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from support.accounts import HOME, Site, hashed, login


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
