"""Section 1 of the contract, by the real daemon: answers, refusals and names at every door."""

import json
from urllib.parse import quote

import pytest

from support.daemon import Daemon
from support.doors import ODD_NAMES, Door, error, holds_null

NOT_AUTHENTICATED = error("You are not authenticated to access this resource!")


UNKNOWN_APP = error("This server does not exist!")


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


ACCOUNT = '{"username":"answers","password":"p"}'


def test_success_of_what_changes_something_is_200_with_json(door: Door) -> None:
    """The same of it: never 201, 202 or 204, and never an empty body."""
    config = door.ask("GET", "/config").body
    for method, path, body in (
        ("PATCH", "/config", config),
        ("POST", "/accounts", ACCOUNT),
        ("PATCH", "/accounts?username=answers", '{"password":"q"}'),
        ("DELETE", "/accounts?username=answers", ""),
    ):
        answer = door.ask(method, path, body)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert list(answer.json) == ["success"]
        assert answer.json["success"] is True


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_logins_logouts_and_tickets_take_three_methods(stranger: Door, method: str) -> None:
    """Each does its work and answers 200 with JSON; HEAD leaves out the body alone."""
    password = stranger.daemon.first_password()
    stranger.token = stranger.daemon.token()
    for path, key in (("/ott", "ticket"), ("/login", "token"), ("/logout", "success")):
        answer = stranger.ask(method, path, Username="admin", Password=password)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert int(answer.headers["Content-Length"]) > len(f'{{"{key}":}}')
        assert list(answer.json if answer.body else {}) == ([] if method == "HEAD" else [key])
    assert stranger.ask("GET", "/servers").status == 401


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (400, "POST", "/server/app", "DANCE"),
        (400, "POST", "/accounts", "{"),
        (403, "GET", "/config/reload", ""),
        (404, "GET", "/server/nope", ""),
        (404, "DELETE", "/accounts?username=nobody", ""),
        (405, "PUT", "/servers", ""),
        (409, "POST", "/accounts", '{"username":"admin","password":"p"}'),
        (413, "POST", "/server/app", "x" * 100_000),
        (426, "GET", "/server/app/console", ""),
    ],
)
def test_refusals_are_json_with_an_error(
    stranger: Door, token: str, status: int, method: str, path: str, body: str
) -> None:
    """One key, one sentence; 401, 429 and 500 have tests of their own."""
    headers = {"Cookie": f"X-Authentication={token}"}
    headers |= {"Origin": "https://elsewhere.example"} if status == 403 else {}
    answer = stranger.ask(method, path, body, **headers)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
    assert list(answer.json) == ["error"]
    assert isinstance(answer.json["error"], str)


def test_statuses_are_whole_numbers_and_marks_are_booleans(door: Door) -> None:
    """Neither 1.0 for a status nor 0 for a mark, whatever a lax client would take for the same."""
    plain = door.ask("GET", "/servers").json["servers"]
    extra = door.ask("GET", "/servers?extrainfo=true").json["servers"]
    assert {type(status) for status in plain.values()} == {int}
    assert {(type(app["status"]), type(app["toDelete"])) for app in extra.values()} == {(int, bool)}
    assert plain.keys() == extra.keys()


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


@pytest.mark.parametrize("name", ODD_NAMES)
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


def test_the_dashboard_port_has_a_page_beside_the_api(daemon: Daemon) -> None:
    """HTML at the root, the API below /api only, and no framing."""
    page = daemon.web("GET", "/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert daemon.web("GET", "/servers").headers["Content-Type"] == "text/html; charset=utf-8"
    assert daemon.web("GET", "/api").json["version"] == "1.4.2"
    assert daemon.api("GET", "/api/servers").status == 404
