"""Section 1 of the contract, by the real daemon: pages of this origin and of others."""

import pytest

from support.doors import Door, RawAnswer, error

NOT_ALLOWED = error("You are not allowed to access this resource!")


def answer_to(door: Door, method: str, path: str, *headers: str) -> RawAnswer:
    """The answer to a request with exactly these headers, and the login."""
    return door.raw(door.head(method, path, "Host: x", "Connection: close", *headers))[0]


@pytest.mark.parametrize(
    "path", ["/", "/servers", "/nope", "/server/nope", "/config", "/server/app/console"]
)
def test_answers_are_open_to_pages_of_any_origin_without_a_cookie(door: Door, path: str) -> None:
    """Refusals too; credentials never."""
    answer = answer_to(door, "GET", path, "Origin: https://elsewhere.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer_to(door, "GET", path).headers
    with_cookie = answer_to(door, "GET", path, "Origin: https://e.example", "Cookie: a=b")
    assert "Access-Control-Allow-Origin" not in with_cookie.headers
    assert "Access-Control-Allow-Credentials" not in with_cookie.headers


def test_strangers_refusals_are_open_too(stranger: Door) -> None:
    """Else a page could not tell "not logged in" from "not there"."""
    answer = answer_to(stranger, "GET", "/servers", "Origin: https://elsewhere.example")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, "*")


@pytest.mark.parametrize("path", ["/", "/login", "/accounts", "/server/nope", "/nope"])
def test_preflights_need_no_login(stranger: Door, path: str) -> None:
    """200 with all methods and headers of the contract."""
    wish = ("Origin: https://e.example", "Access-Control-Request-Method: PATCH")
    answer = answer_to(stranger, "OPTIONS", path, *wish)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    methods = answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE"} <= set(methods)
    names = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"x-requested-with", "content-type", "authorization", "username", "password"} <= set(
        names
    )
    assert "Access-Control-Allow-Credentials" not in answer.headers


CHANGES = [
    ("POST", "/server/app"),
    ("PATCH", "/config"),
    ("POST", "/accounts"),
    ("PATCH", "/accounts?username=x"),
    ("DELETE", "/accounts?username=x"),
    ("GET", "/config/reload"),
    ("GET", "/logout"),
]
FOREIGN = [
    "Origin: https://elsewhere.example",
    "Origin: http://127.0.0.1:1",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("origin", FOREIGN)
def test_changes_by_cookie_from_a_foreign_origin_are_403(
    stranger: Door, token: str, method: str, path: str, origin: str
) -> None:
    """The exact text; the session lives on."""
    cookie = f"Cookie: X-Authentication={token}"
    answer = answer_to(stranger, method, path, cookie, origin)
    assert (answer.status, answer.json) == (403, NOT_ALLOWED)
    assert answer_to(stranger, "GET", "/servers", cookie).status == 200


def test_changes_by_cookie_from_our_own_origin_pass(stranger: Door, token: str) -> None:
    """And by header from anywhere: remote dashboards live on other origins."""
    cookie = f"Cookie: X-Authentication={token}"
    own = answer_to(stranger, "GET", "/config/reload", cookie, "Origin: http://x")
    assert own.status == 200
    foreign = ("Origin: https://e.example", f"Authorization: {token}")
    assert answer_to(stranger, "GET", "/config/reload", *foreign).status == 200


UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


@pytest.mark.parametrize("origin", FOREIGN)
def test_consoles_by_cookie_from_a_foreign_origin_are_403(
    stranger: Door, token: str, origin: str
) -> None:
    """No page elsewhere reads a console with somebody's cookie."""
    head = stranger.head(
        "GET",
        "/server/app/console",
        "Host: x",
        *UPGRADE,
        f"Cookie: X-Authentication={token}",
        origin,
    )
    with stranger.connect() as sock:
        sock.sendall(head)
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 403 ")
