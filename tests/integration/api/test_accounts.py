"""Accounts over HTTP."""

import pytest
from aiohttp import ClientSession

from support.api import Api


async def test_accounts_are_listed(api: Api, client: ClientSession) -> None:
    """Names only; an empty list is a list."""
    async with client.get("/accounts") as answer:
        assert (answer.status, await answer.json()) == (200, ["admin"])
    api.accounts.passwords.clear()
    async with client.get("/accounts") as answer:
        assert await answer.json() == []


async def test_accounts_are_created(api: Api, client: ClientSession) -> None:
    """And never a password in the action log."""
    new = {"username": "new", "password": "hidden"}
    async with client.post("/accounts", json=new) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.audit.actions == [
        {"action": "accounts.create", "user": "admin", "ip": "127.0.0.1", "newUser": "new"}
    ]
    async with client.post("/accounts", json=new) as answer:
        assert (answer.status, await answer.json()) == (409, {"error": "User already exists!"})


@pytest.mark.parametrize(
    "body", [{}, {"username": "x"}, {"password": "x"}, {"username": None, "password": "x"}]
)
async def test_new_accounts_need_both(client: ClientSession, body: dict[str, str | None]) -> None:
    """Null counts as missing."""
    async with client.post("/accounts", json=body) as answer:
        expected = (400, {"error": "Username or password not provided!"})
        assert (answer.status, await answer.json()) == expected


CHANGES = [
    ("?username=admin", {"username": "root"}, ("admin", "root", None), "root", False),
    ("?username=admin", {"password": "p"}, ("admin", None, "p"), "admin", True),
    ("?username=admin", {"username": "a", "password": "p"}, ("admin", "a", "p"), "a", True),
    (
        "?username=admin",
        {"username": "admin", "password": "p"},
        ("admin", None, "p"),
        "admin",
        True,
    ),
    ("", {"username": "admin", "password": "p"}, ("admin", None, "p"), "admin", True),
]


@pytest.mark.parametrize(("query", "body", "change", "updated", "with_password"), CHANGES)
async def test_accounts_are_changed(
    api: Api,
    client: ClientSession,
    query: str,
    body: dict[str, str],
    change: tuple[str, str | None, str | None],
    updated: str,
    *,
    with_password: bool,
) -> None:
    """The query names the account, else the body."""
    async with client.patch(f"/accounts{query}", json=body) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.accounts.updates == [(*change, "admin")]
    assert api.audit.actions[-1] == {
        "action": "accounts.update",
        "user": "admin",
        "ip": "127.0.0.1",
        "updatedUser": updated,
        "oldUsername": "admin",
        "changedPassword": with_password,
    }


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {"username": "admin"}),
        ("", {"password": "p"}),
        ("?username=", {"password": "p"}),
        ("?username=admin", {}),
        ("?username=admin", {"username": "admin"}),
        ("?username=admin", {"username": "", "password": ""}),
    ],
)
async def test_changes_that_change_nothing_are_400(
    client: ClientSession, query: str, body: dict[str, str]
) -> None:
    """The exact text."""
    async with client.patch(f"/accounts{query}", json=body) as answer:
        expected = (400, {"error": "Username or password not provided!"})
        assert (answer.status, await answer.json()) == expected


async def test_unknown_accounts_are_404(client: ClientSession) -> None:
    """For changes and for deletion."""
    expected = (404, {"error": "User does not exist!"})
    async with client.patch("/accounts?username=nobody", json={"password": "p"}) as answer:
        assert (answer.status, await answer.json()) == expected
    async with client.delete("/accounts?username=nobody") as answer:
        assert (answer.status, await answer.json()) == expected


async def test_accounts_are_deleted(api: Api, client: ClientSession) -> None:
    """By name."""
    async with client.delete("/accounts") as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "Username not provided!"})
    async with client.delete("/accounts?username=admin") as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
    assert api.audit.actions[-1]["deletedUser"] == "admin"


async def test_a_username_that_is_not_utf8_is_400(client: ClientSession, api: Api) -> None:
    """Not a bug of ours."""
    async with client.delete(f"{api.url('')}/accounts?username=%ff") as answer:
        assert answer.status in (400, 404)
