"""Section 1 of the contract, by the real daemon: what holds on every route and at every door."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.daemon import Daemon, program, running
from support.doors import DOORS, TCP_DOORS, Door, RawAnswer, error, holds_null, parse

NOT_AUTHENTICATED = error("You are not authenticated to access this resource!")
NOT_ALLOWED = error("You are not allowed to access this resource!")
UNKNOWN_APP = error("This server does not exist!")
BAD_JSON = error("Invalid JSON body!")

GET_POST = "Only GET and POST are allowed!"
TEXTS_405 = {
    "/": GET_POST,
    "/login": GET_POST,
    "/logout": GET_POST,
    "/ott": GET_POST,
    "/servers": GET_POST,
    "/config": "Only GET and PATCH are allowed!",
    "/config/reload": GET_POST,
    "/accounts": "Only GET, POST, PATCH and DELETE are allowed!",
    "/server/app": "Only GET and POST is allowed!",
}
NAMES = [
    "a/b",
    "what?",
    "#1",
    "100%",
    "%41",
    "my app",
    "ünï→😀",
    "a+b",
    "semi;colon&amp=",
    "back\\slash",
    'quo"te',
    "..a",
    "new\nline",
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for all tests here; none of them changes it."""
    apps: dict[str, dict[str, Any]] = {"app": {"command": program("prompt.py")}}
    apps |= {name: {"command": "true", "enabled": False} for name in NAMES}
    with running(tmp_path_factory.mktemp("general"), apps) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def token(daemon: Daemon) -> str:
    """A session for all tests."""
    return daemon.token()


@pytest.fixture(params=DOORS)
def door(daemon: Daemon, token: str, request: pytest.FixtureRequest) -> Door:
    """Each of the three, logged in."""
    door = Door(daemon, request.param)
    door.token = "" if request.param == "unix" else token
    return door


@pytest.fixture(params=TCP_DOORS)
def stranger(daemon: Daemon, request: pytest.FixtureRequest) -> Door:
    """The two that ask for a login, without one."""
    return Door(daemon, request.param)


# -- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/", ""),
        ("POST", "/", ""),
        ("GET", "/config/reload", ""),
        ("POST", "/config/reload", ""),
        ("GET", "/accounts", ""),
        ("GET", "/servers", ""),
        ("POST", "/servers", ""),
        ("GET", "/servers?extrainfo=true", ""),
        ("GET", "/server/app", ""),
        ("POST", "/server/app", "START"),
    ],
)
def test_success_is_200_with_json_and_never_null(
    door: Door, method: str, path: str, body: str
) -> None:
    """On every route; the type is application/json, without a charset."""
    answer = door.ask(method, path, body)
    assert answer.status == 200
    assert answer.headers.get_all("Content-Type") == ["application/json"]
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert not holds_null(answer.json)


def test_whole_numbers_have_neither_point_nor_exponent(door: Door) -> None:
    """Strict clients read them into integers."""
    whole = {"status", "memoryUsage", "totalMemory", "uptime"}
    seen = door.ask("GET", "/server/app").body
    numbers: dict[str, str] = {}

    def note(pairs: list[tuple[str, object]]) -> None:
        numbers.update((key, value) for key, value in pairs if isinstance(value, str))

    json.loads(seen, object_pairs_hook=note, parse_float=str, parse_int=str)
    assert whole <= numbers.keys()
    assert all(numbers[key].isdigit() for key in whole), numbers


@pytest.mark.parametrize(("path", "text"), TEXTS_405.items())
@pytest.mark.parametrize("method", ["PUT", "TRACE", "LINK", "X-OWN"])
def test_other_methods_are_405_with_the_exact_text_and_allow(
    door: Door, path: str, text: str, method: str
) -> None:
    """Also unusual and unknown methods; `Allow` has what the text names."""
    answer = door.ask(method, path)
    assert (answer.status, answer.json) == (405, error(text))
    allowed = answer.headers["Allow"].split(", ")
    named = {each for each in ("GET", "POST", "PATCH", "DELETE") if each in text}
    assert named <= set(allowed)
    assert method not in allowed


@pytest.mark.parametrize("path", ["/", "/servers", "/config/reload", "/config", "/accounts"])
def test_head_is_get_without_its_body(door: Door, path: str) -> None:
    """Same status and length; on one connection the next answer follows at once."""
    last = door.head("GET", path, "Host: x", "Connection: close")
    with door.connect() as sock:
        sock.sendall(door.head("HEAD", path, "Host: x") + last)
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    first, _, rest = received.partition(b"\r\n\r\n")
    second, _, body = rest.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert second.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"\r\nContent-Length: {len(body)}\r\n".encode() in first + b"\r\n"


@pytest.mark.parametrize(
    "path", ["/nope", "/server", "/server/", "/servers/", "/server/app/nope", "//", "/Servers"]
)
def test_unknown_paths_are_404_with_a_json_error(door: Door, path: str) -> None:
    """Whatever the method."""
    for method in ("GET", "POST", "DELETE"):
        answer = door.ask(method, path)
        assert answer.status == 404
        assert answer.headers["Content-Type"] == "application/json"
        assert list(answer.json) == ["error"]


def test_unknown_apps_are_404_after_the_login(door: Door) -> None:
    """On every route of an app."""
    for rest in ("", "/usage", "/console", "/console/log"):
        answer = door.ask("GET", f"/server/nope{rest}")
        assert (answer.status, answer.json) == (404, UNKNOWN_APP)
    answer = door.ask("POST", "/server/nope", "START")
    assert (answer.status, answer.json) == (404, UNKNOWN_APP)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/logout"),
        ("GET", "/ott"),
        ("GET", "/config"),
        ("PATCH", "/config"),
        ("GET", "/config/reload"),
        ("GET", "/accounts"),
        ("POST", "/accounts"),
        ("PATCH", "/accounts"),
        ("DELETE", "/accounts"),
        ("GET", "/servers"),
        ("GET", "/server/app"),
        ("POST", "/server/app"),
        ("GET", "/server/app/console"),
        ("GET", "/server/app/console/log"),
        ("GET", "/server/app/usage"),
        ("GET", "/server/nope"),
        ("GET", "/events"),
    ],
)
def test_strangers_are_401_with_the_exact_text(stranger: Door, method: str, path: str) -> None:
    """Before anything else is looked at: they don't learn which apps there are."""
    answer = stranger.ask(method, path, "{")
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


# -- names of apps -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_names_of_apps_are_percent_decoded(door: Door, name: str) -> None:
    """Once, whatever they hold."""
    answer = door.ask("GET", f"/server/{quote(name, safe='')}")
    assert (answer.status, answer.json["status"]) == (200, 0)
    assert door.ask("GET", "/servers").json["servers"][name] == 0


@pytest.mark.parametrize("name", ["ünï→😀", "100%", "a+b", "back\\slash", "semi;colon&amp=", "#1"])
def test_names_that_old_clients_send_as_they_are_are_found(door: Door, name: str) -> None:
    """Whatever a request line can hold and a URL's path can mean."""
    first = door.head("GET", f"/server/{name}", "Host: x")
    last = door.head("GET", f"/server/{name}", "Host: x", "Connection: close")
    with door.connect() as sock:
        sock.sendall(first)
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 200 OK\r\n")
        sock.sendall(last)
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_name_with_a_blank_sent_as_it_is_is_no_http(door: Door) -> None:
    """A clean refusal, and the connection closes."""
    answers = door.raw(door.head("GET", "/server/my app", "Host: x"))
    assert [each.status for each in answers] == [400]


@pytest.mark.parametrize("name", ["%ff", "%00", "%", "%zz", "%C3", "app%00"])
def test_broken_percent_codes_are_unknown_apps(door: Door, name: str) -> None:
    """No crash, no other app."""
    answer = door.raw(door.head("GET", f"/server/{name}", "Host: x", "Connection: close"))[0]
    assert (answer.status, answer.json) == (404, UNKNOWN_APP)


# -- bodies --------------------------------------------------------------------------------------

BROKEN_JSON = [
    b"",
    b"null",
    b"[]",
    b'["username"]',
    b'"x"',
    b"1",
    b"{",
    b"{'username':'a'}",
    b'{"username":1,"password":"x"}',
    b'{"username":"a","password":["x"]}',
    b'{"username":"a","password":"x"} x',
    b'{"username":"a","password":"x"}{}',
    b'{"username":"a","password":"x",}',
    b'{"username":"\xff","password":"x"}',
    b"\x1f\x8b\x08\x00",
]


@pytest.mark.parametrize("body", BROKEN_JSON)
def test_bodies_that_are_no_json_object_are_400(door: Door, body: bytes) -> None:
    """With the exact text, for creating and for changing."""
    for method, path in (("POST", "/accounts"), ("PATCH", "/accounts?username=admin")):
        answer = door.ask(method, path, body)
        assert (answer.status, answer.json) == (400, BAD_JSON)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Content-Type: text/plain",),
        ("Content-Type: application/x-www-form-urlencoded",),
        ("Content-Type: multipart/form-data; boundary=x",),
        ("Content-Type: ;;",),
        ("content-type: APPLICATION/JSON",),
    ],
)
def test_bodies_are_taken_for_what_they_are(door: Door, headers: tuple[str, ...]) -> None:
    """Whatever their type, or without one, and without a User-Agent."""
    head = door.head("POST", "/server/app", "Host: x", *headers, "Connection: close", *size(5))
    answer = door.raw(head + b"start")[0]
    assert (answer.status, answer.json) == (200, {"success": True})


def size(length: int) -> tuple[str]:
    """The header that says how long a body is."""
    return (f"Content-Length: {length}",)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x"])
def test_bodies_are_never_decoded(door: Door, encoding: str) -> None:
    """`Content-Encoding` of a request means nothing here, so a plain body passes."""
    headers = ("Host: x", f"Content-Encoding: {encoding}", "Connection: close", *size(5))
    answer = door.raw(door.head("POST", "/server/app", *headers) + b"START")[0]
    assert (answer.status, answer.json) == (200, {"success": True})


@pytest.mark.parametrize(
    "chunks",
    [
        b"5\r\nSTART\r\n0\r\n\r\n",
        b"1\r\nS\r\n4\r\nTART\r\n0\r\n\r\n",
        b"5;extension=1\r\nSTART\r\n0\r\nTrailer: x\r\n\r\n",
        b"0005\r\nSTART\r\n000\r\n\r\n",
    ],
)
def test_chunked_bodies_are_read(door: Door, chunks: bytes) -> None:
    """In however many chunks, with extensions and trailers."""
    headers = ("Host: x", "Transfer-Encoding: chunked", "Connection: close")
    answer = door.raw(door.head("POST", "/server/app", *headers) + chunks)[0]
    assert (answer.status, answer.json) == (200, {"success": True})


@pytest.mark.parametrize("path", ["/accounts", "/server/app", "/config"])
@pytest.mark.parametrize(
    ("header", "start"),
    [
        ("Content-Length: 100", b'{"user'),
        ("Content-Length: 100", b""),
        ("Transfer-Encoding: chunked", b"64\r\n{"),
        ("Transfer-Encoding: chunked", b"5\r\nSTART\r\n"),
    ],
)
def test_a_body_that_is_cut_off_is_400(door: Door, path: str, header: str, start: bytes) -> None:
    """The client still reads, so it gets the exact text, and nothing is done."""
    method = "PATCH" if path == "/config" else "POST"
    answers = door.raw(door.head(method, path, "Host: x", header) + start, half_close=True)
    assert [(each.status, each.json) for each in answers] == [(400, error("Failed to read body!"))]


def test_a_body_with_a_broken_chunk_is_400(door: Door) -> None:
    """And the connection closes: nobody knows where the next request would begin."""
    head = door.head("POST", "/server/app", "Host: x", "Transfer-Encoding: chunked")
    answers = door.raw(head + b"zz\r\nSTART\r\n")
    assert [each.status for each in answers] == [400]
    assert "error" in answers[0].json


def test_a_body_that_nobody_asked_for_disturbs_nothing(door: Door) -> None:
    """A GET with a body; the next request of the connection is found."""
    first = door.head("GET", "/servers", "Host: x", *size(7)) + b"ignored"
    second = door.head("GET", "/", "Host: x", "Connection: close")
    assert [each.status for each in door.raw(first + second)] == [200, 200]


def test_clients_that_wait_for_the_go_ahead_get_it(door: Door) -> None:
    """`Expect: 100-continue`: the body comes only after it."""
    headers = ("Host: x", "Expect: 100-continue", "Connection: close", *size(5))
    with door.connect() as sock:
        sock.sendall(door.head("POST", "/server/app", *headers))
        assert sock.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"START")
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_refused_client_is_not_asked_for_its_body(stranger: Door) -> None:
    """Who waits for the go-ahead gets the refusal instead."""
    headers = ("Host: x", "Expect: 100-continue", "Connection: close", *size(5))
    with stranger.connect() as sock:
        sock.sendall(stranger.head("POST", "/server/app", *headers))
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 401 ")


def test_bodies_over_the_limit_are_413_and_not_read(door: Door) -> None:
    """A terabyte that is only announced is refused at once."""
    head = door.head("POST", "/accounts", "Host: x", "Connection: close", *size(1 << 40))
    with door.connect() as sock:
        sock.sendall(head + b"x")
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 413 ")


# -- requests, byte by byte ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: 2f746d702f6f6374796e652e736f636b:0",),
        ("Host: ",),
        ("Host: [",),
        ("Host: a b",),
        ("HOST: x", "ACCEPT: */*"),
        ("host: x", "accept-encoding: gzip, br"),
    ],
)
def test_odd_and_missing_hosts_are_served(door: Door, headers: tuple[str, ...]) -> None:
    """As the local tools send them; without a User-Agent, and never compressed."""
    answer = door.raw(door.head("GET", "/servers", *headers, "Connection: close"))[0]
    assert answer.status == 200
    assert answer.json["servers"]["app"] in {0, 1}
    assert "Content-Encoding" not in answer.headers


def test_http_1_0_is_served_and_closed(door: Door) -> None:
    """No chunks, no keep-alive unless asked for."""
    head = door.head("GET", "/servers").replace(b"HTTP/1.1", b"HTTP/1.0")
    answers = door.raw(head)
    assert [each.status for each in answers] == [200]
    assert answers[0].headers["Connection"] == "close"


def test_a_connection_serves_many_requests_in_order(door: Door) -> None:
    """Pipelined ones too, refusals and changes of state among them."""
    one = door.head("GET", "/servers", "Host: x")
    bad = door.head("GET", "/nope", "Host: x")
    start = door.head("POST", "/server/app", "Host: x", *size(5)) + b"START"
    last = door.head("GET", "/", "Host: x", "Connection: close")
    answers = door.raw((one + bad + start) * 20 + last)
    assert [each.status for each in answers] == [200, 404, 200] * 20 + [200]
    assert "version" in answers[-1].json


def test_a_client_that_closes_its_side_gets_its_answer(door: Door) -> None:
    """As `nc -N` does."""
    answers = door.raw(door.head("GET", "/servers", "Host: x"), half_close=True)
    assert [each.status for each in answers] == [200]


def test_a_request_in_many_small_pieces_is_served(door: Door) -> None:
    """A byte at a time."""
    data = door.head("POST", "/server/app", "Host: x", "Connection: close", *size(5)) + b"START"
    with door.connect() as sock:
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(data)):
            sock.sendall(data[index : index + 1])
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


NO_HTTP = [
    (b"rubbish\r\n\r\n", 400),
    (b"GET / HTTP/9.x\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 1000 + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
]


@pytest.mark.parametrize(("data", "status"), NO_HTTP, ids=range(len(NO_HTTP)))
def test_what_is_no_http_is_refused_in_json(door: Door, data: bytes, status: int) -> None:
    """Then the connection closes; the next one is served."""
    answers = door.raw(data)
    assert [each.status for each in answers] == [status]
    assert answers[0].headers["Content-Type"] == "application/json"
    assert list(answers[0].json) == ["error"]
    assert door.ask("GET", "/").status == 200


def test_headers_of_7_kb_pass(door: Door) -> None:
    """Cookies of other programs on the same host, say."""
    other = f"Cookie: other={'x' * 7000}"
    answer = door.raw(door.head("GET", "/servers", "Host: x", other, "Connection: close"))[0]
    assert answer.status == 200


@pytest.mark.parametrize("authorized", [True, False])
def test_a_body_that_looks_like_a_request_stays_a_body(door: Door, *, authorized: bool) -> None:
    """Not a byte of it is changed, so that the next request is found where it begins."""
    if not authorized:
        door.token = ""
    body = "GET /ü HTTP/1.1\r\nHost: x\r\n\r\nBREW / HTTP/1.1\r\n\r\n".encode()
    head = door.head("POST", "/accounts", "Host: x", *size(len(body)))
    last = door.head("GET", "/", "Host: x", "Connection: close")
    with door.connect() as sock:
        sock.sendall(head)
        if door.name != "unix" and not authorized:  # refused before the body is there
            assert sock.recv(1 << 16).startswith(b"HTTP/1.1 401 ")
            statuses = [200]
        else:
            statuses = [400, 200]
        sock.sendall(body)
        sock.sendall(last)
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    assert [each.status for each in parse(received)] == statuses


def test_targets_with_a_host_and_empty_queries_are_understood(door: Door) -> None:
    """As a proxy is asked; and a bare question mark."""
    absolute = door.head("GET", "/servers?", "Host: h", "Connection: close")
    absolute = absolute.replace(b"GET /", b"GET http://h:80/", 1)
    assert door.raw(absolute)[0].status == 200


# -- browsers ------------------------------------------------------------------------------------


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


def test_the_dashboard_port_has_a_page_beside_the_api(daemon: Daemon) -> None:
    """HTML at the root, the API below /api only, and no framing."""
    page = daemon.web("GET", "/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert daemon.web("GET", "/servers").headers["Content-Type"] == "text/html; charset=utf-8"
    assert daemon.web("GET", "/api").json["version"] == "1.4.2"
    assert daemon.api("GET", "/api/servers").status == 404


def test_nothing_was_a_bug(daemon: Daemon) -> None:
    """After all of the above the daemon's log holds no traceback."""
    assert "Traceback" not in daemon.log, daemon.log
    assert Path(f"/proc/{daemon.pid}").exists()
