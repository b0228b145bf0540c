"""Section 2 of the contract: login, logout, tickets, the Unix socket."""

import asyncio
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from octyne.api.context import Listener
from support.api import TOKEN, Api, FakeApp

SECONDARY = "This node does not support authentication. Authenticate with the primary node!"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_login_gives_a_token(api: Api, stranger: ClientSession, method: str) -> None:
    """And stands in the action log."""
    headers = {"Username": "admin", "Password": "secret"}
    async with stranger.request(method, "/login", headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"token": TOKEN})
        assert "Set-Cookie" not in answer.headers

    assert api.audit.actions == [{"action": "auth.login", "user": "admin", "ip": "127.0.0.1"}]


async def test_login_can_set_a_cookie(stranger: ClientSession) -> None:
    """With the attributes of the contract; Secure only over TLS."""
    headers = {"Username": "admin", "Password": "secret"}
    async with stranger.get("/login?cookie=true", headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
        parts = answer.headers["Set-Cookie"].split("; ")
    assert parts[0] == f"X-Authentication={TOKEN}"
    assert set(parts[1:]) == {"Path=/", "Max-Age=8035200", "HttpOnly", "SameSite=Strict"}


async def test_the_cookie_is_secure_behind_a_proxy_with_tls(stranger: ClientSession) -> None:
    """A trusted one says so."""
    headers = {"Username": "admin", "Password": "secret", "X-Forwarded-Proto": "https"}
    async with stranger.get("/login?cookie=true", headers=headers) as answer:
        assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "headers", [{}, {"Username": "admin"}, {"Password": "x"}, {"Username": "", "Password": "x"}]
)
async def test_login_needs_both(stranger: ClientSession, headers: dict[str, str]) -> None:
    """400."""
    async with stranger.get("/login", headers=headers) as answer:
        expected = (400, {"error": "Username or password not provided!"})
        assert (answer.status, await answer.json()) == expected


async def test_wrong_logins_are_401(api: Api, stranger: ClientSession) -> None:
    """And aren't in the action log."""
    async with stranger.get("/login", headers={"Username": "a", "Password": "b"}) as answer:
        expected = (401, {"error": "Invalid username or password!"})
        assert (answer.status, await answer.json()) == expected
    assert api.audit.actions == []


async def test_too_many_failures_are_429(api: Api, stranger: ClientSession) -> None:
    """With the time to wait."""
    api.accounts.is_limited = True
    async with stranger.get("/login", headers={"Username": "a", "Password": "b"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_login_headers_may_be_utf8_or_latin1(api: Api, encoding: str) -> None:
    """Programs send the one, browsers the other."""
    api.accounts.passwords["Jürgen"] = "Schloß"
    await api.raw(
        b"GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + "Username: Jürgen\r\nPassword: Schloß\r\n\r\n".encode(encoding)
    )
    assert api.accounts.logins == [("Jürgen", "Schloß", "127.0.0.1")]


async def test_secondaries_refuse_logins(api: Api, client: ClientSession) -> None:
    """And logouts, and managing accounts."""
    api.accounts.can_manage = False
    for path in ("/login", "/logout"):
        async with client.get(path) as answer:
            assert (answer.status, await answer.json()) == (403, {"error": SECONDARY})
    managing = (
        "This node does not support managing users. Perform user management on the primary node!"
    )
    for method in ("GET", "POST", "PATCH", "DELETE"):
        async with client.request(method, "/accounts") as answer:
            assert (answer.status, await answer.json()) == (403, {"error": managing})


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_logout_ends_the_session(api: Api, client: ClientSession, method: str) -> None:
    """The cookie is cleared."""
    async with client.request(method, "/logout") as answer:
        assert (answer.status, await answer.json()) == (200, {"success": True})
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("X-Authentication=; ")
    assert "Max-Age=0" in cookie
    assert api.audit.actions == [{"action": "auth.logout", "user": "admin", "ip": "127.0.0.1"}]
    async with client.get("/servers") as answer:
        assert answer.status == 401


async def test_tickets_are_for_the_console_only(
    api: Api, client: ClientSession, stranger: ClientSession, app: FakeApp
) -> None:
    """Elsewhere they aren't looked at, and stay good."""
    async with client.get("/ott") as answer:
        assert answer.status == 200
        ticket = (await answer.json())["ticket"]
    for path in ("/servers", "/server/web", "/server/web/console/log"):
        async with stranger.get(path, params={"ticket": ticket}) as answer:
            assert answer.status == 401
    async with stranger.head("/server/web/console", params={"ticket": ticket}) as answer:
        assert answer.status == 401
    assert ticket in api.accounts.tickets


@pytest.mark.parametrize("is_encoded", [True, False])
async def test_tickets_open_the_console_once(
    api: Api, stranger: ClientSession, app: FakeApp, *, is_encoded: bool
) -> None:
    """Base64's plus sign may come bare. 426: it is a WebSocket, and the caller was let in."""
    ticket = api.accounts.issue_ticket(api.accounts.sessions[TOKEN], "127.0.0.1")
    sent = quote(ticket, safe="") if is_encoded else ticket
    async with stranger.get(f"/server/web/console?ticket={sent}") as answer:
        assert answer.status == 426
    async with stranger.get(f"/server/web/console?ticket={sent}") as answer:
        assert answer.status == 401


async def test_a_ticket_is_used_up_by_any_attempt(
    api: Api, client: ClientSession, stranger: ClientSession, app: FakeApp
) -> None:
    """Wrong address, unknown app, or a token beside it."""
    identity = api.accounts.sessions[TOKEN]
    ticket = api.accounts.issue_ticket(identity, "192.0.2.7")
    async with stranger.get("/server/web/console", params={"ticket": ticket}) as answer:
        assert answer.status == 401
    assert api.accounts.tickets == {}
    ticket = api.accounts.issue_ticket(identity, "127.0.0.1")
    async with client.get("/server/nope/console", params={"ticket": ticket}) as answer:
        assert answer.status == 404
    assert api.accounts.tickets == {}


async def test_a_ticket_of_a_dead_session_is_dead(
    api: Api, stranger: ClientSession, app: FakeApp
) -> None:
    """Also when it ended elsewhere."""
    identity = api.accounts.sessions[TOKEN]
    ticket = api.accounts.issue_ticket(identity, "127.0.0.1")
    api.accounts.sessions.clear()
    async with stranger.get("/server/web/console", params={"ticket": ticket}) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("path", ["/login", "/logout", "/ott"])
async def test_the_unix_socket_has_no_logins(api: Api, path: str) -> None:
    """The exact text."""
    async with api.client("", unix=True).get(path) as answer:
        expected = (400, {"error": "Auth endpoints cannot be called over Unix socket!"})
        assert (answer.status, await answer.json()) == expected


async def test_the_unix_socket_acts_as_local(api: Api, app: FakeApp) -> None:
    """With every right, whatever token comes along."""
    async with api.client("wrong", unix=True).post("/server/web", data="KILL") as answer:
        assert answer.status == 200

    assert app.calls == [("kill", "@local")]
    assert api.audit.actions[0]["user"] == "@local"


async def test_the_dashboard_port_takes_logins_below_api(api: Api, stranger: ClientSession) -> None:
    """And has nothing of it at /, but a page."""
    headers = {"Username": "admin", "Password": "secret"}
    async with stranger.get(api.url("/login", Listener.DASHBOARD), headers=headers) as answer:
        assert answer.status == 200
    at_root = api.url("", Listener.DASHBOARD).removesuffix("/api") + "/login"
    async with stranger.get(at_root, headers=headers) as answer:
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "Set-Cookie" not in answer.headers


async def test_live_connections_end_with_their_session(
    api: Api, client: ClientSession, app: FakeApp
) -> None:
    """An event stream, idle as it is, closes at once."""
    async with client.get("/events") as stream, asyncio.timeout(5):
        await stream.content.readuntil(b"\n\n")
        async with api.client().get("/logout"):
            pass
        assert await stream.content.read() == b""
