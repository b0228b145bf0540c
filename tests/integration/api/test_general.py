"""Section 1 of the contract: methods, errors, authentication, CORS, bodies."""

import asyncio
import json
import socket
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from octyne.api import server
from octyne.api.app import routes
from octyne.api.context import Listener
from octyne.api.table import Operation
from support.api import TOKEN, Api, FakeApp

NOT_AUTHENTICATED = {"error": "You are not authenticated to access this resource!"}
NOT_ALLOWED = {"error": "You are not allowed to access this resource!"}
UNKNOWN_APP = {"error": "This server does not exist!"}

TEXTS_405 = {
    "/": "Only GET and POST are allowed!",
    "/login": "Only GET and POST are allowed!",
    "/logout": "Only GET and POST are allowed!",
    "/ott": "Only GET and POST are allowed!",
    "/servers": "Only GET and POST are allowed!",
    "/config": "Only GET and PATCH are allowed!",
    "/config/reload": "Only GET and POST are allowed!",
    "/accounts": "Only GET, POST, PATCH and DELETE are allowed!",
    "/server/web": "Only GET and POST is allowed!",
    "/server/web/console": "Only GET is allowed!",
}


@pytest.mark.parametrize(("path", "text"), TEXTS_405.items())
async def test_other_methods_are_refused_with_the_exact_text(
    client: ClientSession, app: FakeApp, path: str, text: str
) -> None:
    """405, the route's own sentence, and what it does take."""
    async with client.put(path) as answer:
        assert (answer.status, await answer.json()) == (405, {"error": text})
        assert "GET, " in answer.headers["Allow"]
        assert "PUT" not in answer.headers["Allow"]


def only_with(operation: Operation) -> str:
    """The query without which a route doesn't have a method."""
    return f"?{operation.only_with}=x" if operation.only_with else ""


@pytest.mark.parametrize("path", ["/nope", "/server", "/server/", "/servers/", "/server/web/nope"])
async def test_unknown_paths_are_404_with_json(
    client: ClientSession, app: FakeApp, path: str
) -> None:
    """Whatever the method and the caller."""
    for method in ("GET", "POST", "DELETE"):
        async with client.request(method, path) as answer:
            assert answer.status == 404
            assert list(await answer.json()) == ["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, route.path.replace("{id}", "web") + only_with(operation))
        for route in routes()
        for method, operation in route.operations.items()
        if route.path not in ("/", "/healthz", "/openapi.json", "/login")
    ],
)
async def test_strangers_get_401_everywhere(
    stranger: ClientSession, app: FakeApp, method: str, path: str
) -> None:
    """Every route that isn't public, with its exact text; apps aren't betrayed."""
    for asked in (path, path.replace("web", "unknown")):
        async with stranger.request(method, asked) as answer:
            assert (answer.status, await answer.json()) == (401, NOT_AUTHENTICATED)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("rest", ["", "/usage", "/console", "/console/log"])
async def test_unknown_apps_are_404_after_authentication(client: ClientSession, rest: str) -> None:
    """The exact text on every route of an app."""
    async with client.get(f"/server/nope{rest}") as answer:
        assert (answer.status, await answer.json()) == (404, UNKNOWN_APP)


async def test_app_names_are_percent_decoded(api: Api, client: ClientSession) -> None:
    """Slashes, blanks and any Unicode in a name are part of the name."""
    name = "a/b c ü%"
    api.add_app(name)

    async with client.get(f"{api.url('')}/server/{quote(name, safe='')}") as answer:
        assert answer.status == 200


async def test_a_name_that_is_not_utf8_is_unknown(client: ClientSession, api: Api) -> None:
    """No crash."""
    answer = await api.raw(
        b"GET /server/%ff%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "
        + TOKEN.encode()
        + b"\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")


@pytest.mark.parametrize("path", ["/", "/healthz", "/openapi.json", "/servers", "/config"])
async def test_head_is_get_without_the_body(client: ClientSession, path: str) -> None:
    """Same status, same length."""
    async with client.get(path) as get, client.head(path) as head:
        assert head.status == get.status == 200
        assert head.headers["Content-Length"] == str(len(await get.read()))
        assert await head.read() == b""


@pytest.mark.parametrize(
    ("header", "is_known"),
    [
        (TOKEN, True),
        (f"Bearer {TOKEN}", True),
        (f"bearer {TOKEN}", True),
        (f"Basic {TOKEN}", False),
        ("wrong", False),
        ("", False),
    ],
)
async def test_tokens_come_in_the_authorization_header(
    api: Api, header: str, *, is_known: bool
) -> None:
    """Bare, or with the scheme Bearer."""
    async with api.client("").get("/servers", headers={"Authorization": header}) as answer:
        assert answer.status == (200 if is_known else 401)


async def test_tokens_that_are_no_text_are_unknown(api: Api) -> None:
    """Not a bug of ours."""
    api.accounts.bug = UnicodeError("never asked")
    for header in (b"Authorization: \xff", b"Cookie: X-Authentication=\xc3\xbc"):
        request = b"GET /servers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header
        assert (await api.raw(request + b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")


async def test_the_header_wins_over_the_cookie_even_when_wrong(stranger: ClientSession) -> None:
    """The cookie counts only without the header."""
    cookie = {"Cookie": f"other=1; X-Authentication={TOKEN}"}
    async with stranger.get("/servers", headers=cookie) as answer:
        assert answer.status == 200
    async with stranger.get("/servers", headers={**cookie, "Authorization": "wrong"}) as answer:
        assert answer.status == 401


async def test_bugs_are_500_and_tell_nothing(
    api: Api, client: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback under the id of the answer."""
    api.accounts.bug = RuntimeError("secret detail")
    async with client.get("/servers?ticket=secret") as answer:
        assert (answer.status, await answer.json()) == (500, {"error": "Internal Server Error!"})
        request_id = answer.headers["X-Request-Id"]

    assert request_id in caplog.text
    assert "GET /servers failed" in caplog.text
    assert "RuntimeError: secret detail" in caplog.text
    assert "ticket" not in caplog.text


async def test_cors_is_open_without_a_cookie_only(stranger: ClientSession) -> None:
    """ACAO: * on answers of every kind; never credentials."""
    origin = {"Origin": "https://elsewhere.example"}
    for path, status in (("/", 200), ("/servers", 401), ("/nope", 404)):
        async with stranger.get(path, headers=origin) as answer:
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in answer.headers
    async with stranger.get("/", headers={**origin, "Cookie": "a=b"}) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
    async with stranger.get("/") as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/accounts", "/server/nope/console", "/unknown"])
async def test_preflights_need_no_login(stranger: ClientSession, path: str) -> None:
    """All methods and headers of the contract."""
    headers = {"Origin": "https://x.example", "Access-Control-Request-Method": "PATCH"}
    async with stranger.options(path, headers=headers) as answer:
        assert answer.status == 200
        allowed = answer.headers["Access-Control-Allow-Methods"]
        assert allowed == "GET, POST, PUT, HEAD, OPTIONS, PATCH, DELETE"
        names = answer.headers["Access-Control-Allow-Headers"]
        assert names == "X-Requested-With, Content-Type, Authorization, Username, Password"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


CHANGES = [
    ("POST", "/server/web"),
    ("PATCH", "/config"),
    ("DELETE", "/accounts?username=x"),
    ("GET", "/config/reload"),
    ("GET", "/logout"),
    ("HEAD", "/logout"),
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_changes_by_cookie_from_elsewhere_are_refused(
    api: Api, stranger: ClientSession, app: FakeApp, method: str, path: str
) -> None:
    """403; by header the origin doesn't matter."""
    cookie = {"Cookie": f"X-Authentication={TOKEN}"}
    foreign = [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": api.url("").replace("127.0.0.1", "localhost")},
    ]
    for headers in foreign:
        async with stranger.request(method, path, headers={**cookie, **headers}) as answer:
            assert answer.status == 403
            assert method == "HEAD" or await answer.json() == NOT_ALLOWED
    assert app.calls == []
    assert TOKEN in api.accounts.sessions


async def test_changes_by_cookie_from_the_same_origin_pass(
    api: Api, stranger: ClientSession, app: FakeApp
) -> None:
    """And so do reads from elsewhere, which a page can't see."""
    cookie = {"Cookie": f"X-Authentication={TOKEN}"}
    own = {**cookie, "Origin": api.url(""), "Sec-Fetch-Site": "same-origin"}
    async with stranger.post("/server/web", data="START", headers=own) as answer:
        assert answer.status == 200
    foreign = {**cookie, "Origin": "https://elsewhere.example"}
    async with stranger.get("/servers", headers=foreign) as answer:
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_changes_by_header_from_elsewhere_pass(client: ClientSession, app: FakeApp) -> None:
    """Remote dashboards live on other origins."""
    origin = {"Origin": "https://elsewhere.example"}
    async with client.post("/server/web", data="START", headers=origin) as answer:
        assert answer.status == 200


FORWARDED = [
    ("203.0.113.9", "203.0.113.9"),
    ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
    ("203.0.113.9, 127.0.0.1", "203.0.113.9"),
    ("rubbish", "127.0.0.1"),
]


@pytest.mark.parametrize(("header", "expected"), FORWARDED)
async def test_trusted_proxies_name_the_client(
    api: Api, client: ClientSession, header: str, expected: str
) -> None:
    """The rightmost untrusted entry goes into the action log."""
    async with client.get("/config", headers={"X-Forwarded-For": header}) as answer:
        assert answer.status == 200

    assert api.audit.actions[-1]["ip"] == expected


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"x"', b"{", b'{"username":1}', b"{} {}", b"\xff", b"[" * 9999]
)
async def test_bad_json_is_400(client: ClientSession, body: bytes) -> None:
    """Always the same text."""
    for method in ("POST", "PATCH"):
        async with client.request(method, "/accounts", data=body) as answer:
            assert (answer.status, await answer.json()) == (400, {"error": "Invalid JSON body!"})


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "x/y", ""]
)
async def test_bodies_are_taken_whatever_their_type(
    api: Api, client: ClientSession, kind: str
) -> None:
    """Old clients send odd types."""
    body = b'{"username":"new","password":"p"}'
    async with client.post("/accounts", data=body, headers={"Content-Type": kind}) as answer:
        assert answer.status == 200
    assert api.accounts.passwords["new"] == "p"


async def test_keys_of_other_case_are_accepted(api: Api, client: ClientSession) -> None:
    """The exact key wins."""
    body = b'{"Username":"wrong","username":"right","PASSWORD":"p"}'
    async with client.post("/accounts", data=body) as answer:
        assert answer.status == 200
    assert api.accounts.passwords["right"] == "p"


async def test_a_body_that_is_cut_off_is_400(api: Api) -> None:
    """The client still reads, so it gets an answer."""
    head = f"POST /accounts HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n"
    for body in (b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n64\r\n{"):
        answer = await api.raw(head.encode() + body, half_close=True)
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert answer.endswith(b'\r\n\r\n{"error":"Failed to read body!"}')


async def test_a_client_that_closes_its_side_gets_its_answer(api: Api) -> None:
    """As `nc -N` does."""
    answer = await api.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", half_close=True)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["version"] == "1.4.2"


async def test_bodies_over_the_limit_are_413_before_they_are_read(api: Api) -> None:
    """By their length, or as soon as there is too much."""
    head = f"POST /accounts HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\nConnection: close\r\n"
    size = 1 << 20
    counted = f"{head}Content-Length: {size}\r\n\r\n".encode() + bytes(size)
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n".encode() + bytes(size)
    for data in (counted, chunked + b"\r\n0\r\n\r\n"):
        assert (await api.raw(data)).startswith(b"HTTP/1.1 413 ")


async def test_clients_that_wait_for_a_go_ahead_get_it(api: Api) -> None:
    """Expect: 100-continue, as curl sends it."""
    head = (
        f"POST /accounts HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\nExpect: 100-continue\r\n"
    )
    body = b'{"username":"n","password":"p"}'
    data = f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    assert (await api.raw(data)).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


BROKEN_REQUESTS = [
    (b"rubbish\r\n\r\n", b"400"),
    (b"GET / HTTP/9.x\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", b"400"),
    (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", b"431"),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
    (b"\x16\x03\x01\x02\x00\x01\x00", b"400"),
]


@pytest.mark.parametrize(("data", "status"), BROKEN_REQUESTS)
async def test_what_is_no_http_gets_json_too(api: Api, data: bytes, status: bytes) -> None:
    """And the connection is closed."""
    head, _, body = (await api.raw(data)).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == status
    assert b"application/json" in head
    assert list(json.loads(body)) == ["error"]


async def test_odd_hosts_and_missing_headers_are_served(api: Api, app: FakeApp) -> None:
    """Old local tools send a hex string with port 0 as Host, and little else."""
    for host in (b"2f746d702f6f63:0", b"", b"[", b"a b"):
        request = b"GET /servers HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
        answer = await api.raw(request, unix=True)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b'{"servers":{"web":0}}')
    assert (await api.raw(b"GET / HTTP/1.0\r\n\r\n", unix=True)).startswith(b"HTTP/1.1 200 OK")


async def test_several_requests_on_one_connection_are_answered_in_order(api: Api) -> None:
    """Pipelining."""
    one = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await api.raw(one * 50 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 50
    assert b"HTTP/1.1 404 Not Found" in answer


async def test_targets_with_a_host_are_understood(api: Api) -> None:
    """As proxies are asked."""
    answer = await api.raw(b"GET http://h/?a=b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("listener", list(Listener))
async def test_all_listeners_have_the_same_routes(
    api: Api, app: FakeApp, listener: Listener
) -> None:
    """At / or below /api."""
    client = api.client(unix=listener is Listener.UNIX_SOCKET)
    prefix = "" if listener is Listener.UNIX_SOCKET else api.url("", listener)
    async with client.get(f"{prefix}/servers") as answer:
        assert (answer.status, await answer.json()) == (200, {"servers": {"web": 0}})


async def test_answers_say_what_they_are(client: ClientSession) -> None:
    """Type, no caching, no guessing, and not what we are made of."""
    async with client.get("/servers") as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "Octyne"


async def test_a_client_that_takes_nothing_is_cut_off(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers, too, can ask for much and read none of it: that must not last for ever."""
    monkeypatch.setattr(server, "STUCK_S", 0.1)
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 5000

    async def ask_on(raw: socket.socket) -> None:
        while True:
            await asyncio.get_running_loop().sock_sendall(raw, asked)

    with socket.create_connection(("127.0.0.1", api.ports[Listener.API])) as raw:
        raw.setblocking(False)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ask_on(raw), 10)
