"""Section 2 of the contract, by the real daemon: logging in and out, tokens, cookies, tickets."""

import base64
import json
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from support.daemon import Answer, Daemon, program, running
from support.doors import TCP_DOORS, Door, error
from support.eventually import eventually

from .conftest import MakeDaemon

WRONG = error("Invalid username or password!")
NOT_GIVEN = error("Username or password not provided!")
NOT_AUTHENTICATED = error("You are not authenticated to access this resource!")
NOT_ON_SOCKET = error("Auth endpoints cannot be called over Unix socket!")
UMLAUTS = "Schloß→ü"
LATIN = "Schloß ü"
COOKIE_AGE_S = 8_035_200
TRUSTED = "X_Forwarded_For"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for most tests here; each leaves the account `admin` as it is."""
    directory = tmp_path_factory.mktemp("authentication")
    with running(directory, {"app": {"command": program("prompt.py")}}) as daemon:
        for name, password in (("utf", UMLAUTS), ("latin", LATIN)):
            body = json.dumps({"username": name, "password": password})
            assert daemon.ask("POST", "/accounts", body).status == 200
        yield daemon


@pytest.fixture(params=TCP_DOORS)
def door(daemon: Daemon, request: pytest.FixtureRequest) -> Door:
    """The two doors that have a login, not logged in."""
    return Door(daemon, request.param)


def log_in(door: Door, path: str = "/login", **headers: str) -> Answer:
    """As admin."""
    return door.ask("GET", path, Username="admin", Password=door.daemon.first_password(), **headers)


def token_of(door: Door, **headers: str) -> str:
    """A new session's token."""
    answer = log_in(door, **headers)
    assert answer.status == 200, answer
    return str(answer.json["token"])


def is_known(door: Door, **headers: str) -> bool:
    """Whether a request with these headers is somebody's."""
    answer = door.ask("GET", "/servers", **headers)
    assert answer.status == 200 or (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
    return answer.status == 200


# -- login ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_login_gives_a_token_of_96_bytes(door: Door, method: str) -> None:
    """128 characters of standard base64 under its only key, each time another."""
    headers = {"Username": "admin", "Password": door.daemon.first_password()}
    answers = [door.ask(method, "/login", **headers) for _ in range(2)]
    tokens = set()
    for answer in answers:
        assert answer.status == 200
        assert answer.headers["Set-Cookie"] is None
        assert list(answer.json) == ["token"]
        tokens.add(answer.json["token"])
    assert {(len(token), len(base64.b64decode(token, validate=True))) for token in tokens} == {
        (128, 96)
    }
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("spelling", "encoding", "account", "password"),
    [
        ("Password", "utf-8", "utf", UMLAUTS),
        ("password", "utf-8", "latin", LATIN),
        ("PASSWORD", "latin-1", "latin", LATIN),
    ],
)
def test_passwords_may_be_utf8_or_latin1(
    door: Door, spelling: str, encoding: str, account: str, password: str
) -> None:
    """Programs send the one, browsers the other; header names are of any case."""
    head = f"GET {door.prefix}/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n".encode()
    head += f"username: {account}\r\n{spelling}: {password}\r\n\r\n".encode(encoding)
    answer = door.raw(head)[0]
    assert (answer.status, list(answer.json)) == (200, ["token"])


@pytest.mark.parametrize(
    "headers",
    [{}, {"Username": "admin"}, {"Password": "x"}, {"Username": "", "Password": "x"},
     {"Username": "admin", "Password": ""}],
)  # fmt: skip
def test_login_needs_name_and_password(door: Door, headers: dict[str, str]) -> None:
    """Missing or empty: 400."""
    answer = door.ask("GET", "/login", **headers)
    assert (answer.status, answer.json) == (400, NOT_GIVEN)


@pytest.mark.parametrize(
    ("name", "password"),
    [("admin", "wrong"), ("nobody", "wrong"), ("@local", "x"), ("Admin", "x"), ("a" * 5000, "x")],
)
def test_wrong_logins_are_401(door: Door, name: str, password: str) -> None:
    """One text, whatever is wrong."""
    headers = {"Username": name, "Password": password, TRUSTED: "203.0.113.1"}
    answer = door.ask("GET", "/login", **headers)
    assert (answer.status, answer.json) == (401, WRONG)


def test_unknown_accounts_take_as_long_as_wrong_passwords(daemon: Daemon) -> None:
    """The time tells nobody which accounts there are."""
    door = Door(daemon, "api")
    times: dict[str, list[float]] = {"admin": [], "nobody": []}
    for index in range(8):
        for name, taken in times.items():
            headers = {"Username": name, "Password": "x", TRUSTED: f"203.0.113.{50 + index}"}
            began = time.perf_counter()
            assert door.ask("GET", "/login", **headers).status == 401
            taken.append(time.perf_counter() - began)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.4 < known / unknown < 2.5, times


def test_the_cookie_has_the_contracts_attributes(door: Door) -> None:
    """And the body says success instead of the token."""
    answer = log_in(door, "/login?cookie=true")
    assert (answer.status, answer.json) == (200, {"success": True})
    (header,) = answer.headers.get_all("Set-Cookie", [])
    first, *attributes = header.split("; ")
    name, _, token = first.partition("=")
    assert (name, len(token)) == ("X-Authentication", 128)
    assert set(attributes) == {"Path=/", f"Max-Age={COOKIE_AGE_S}", "HttpOnly", "SameSite=Strict"}
    assert is_known(door, Cookie=first)


@pytest.mark.parametrize("query", ["?cookie=false", "?cookie=", "?cookie=1", "?Cookie=true"])
def test_only_true_asks_for_a_cookie(door: Door, query: str) -> None:
    """All else gives the token."""
    answer = log_in(door, f"/login{query}")
    assert list(answer.json) == ["token"]
    assert answer.headers["Set-Cookie"] is None


def test_too_many_failures_are_429_with_the_time_to_wait(door: Door) -> None:
    """For this account at this address; the right password has to wait too, others don't."""
    here = {TRUSTED: "203.0.113.77" if door.name == "api" else "203.0.113.78"}
    for _ in range(10):
        assert door.ask("GET", "/login", Username="admin", Password="x", **here).status == 401
    refused = log_in(door, **here)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert "error" in refused.json
    assert door.ask("GET", "/login", Username="utf", Password="x", **here).status == 401
    assert log_in(door, **{TRUSTED: "203.0.113.79"}).status == 200


def test_one_address_cannot_try_all_accounts(make_daemon: MakeDaemon) -> None:
    """A hundred failures of whatever accounts, and then 429; the owner elsewhere passes."""
    daemon = make_daemon({}).start()
    door = Door(daemon, "api")
    answers: list[Answer] = []
    while not answers or (answers[-1].status != 429 and len(answers) < 200):
        # One more is allowed every 3 seconds.
        headers = {"Username": f"u{len(answers)}", "Password": "x", TRUSTED: "203.0.113.9"}
        answers.append(door.ask("GET", "/login", **headers))
    assert [answer.status for answer in answers[:100]] == [401] * 100
    assert answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert log_in(door).status == 200


def test_many_addresses_cannot_try_one_account(make_daemon: MakeDaemon) -> None:
    """A few failures from each of them, and then 429; the owner passes where he was before."""
    daemon = make_daemon({})
    daemon.but_for("octyne.accounts.limits", ACCOUNT="x.Limit(5)").start()
    door = Door(daemon, "api")
    at_home = {TRUSTED: "203.0.113.1"}
    assert log_in(door, **at_home).status == 200
    answers = [
        door.ask("GET", "/login", Username="admin", Password="x", **{TRUSTED: f"198.51.100.{n}"})
        for n in range(6)
    ]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert log_in(door, **at_home).status == 200
    assert door.ask("GET", "/login", Username="other", Password="x").status == 401


# -- tokens --------------------------------------------------------------------------------------


def test_tokens_come_bare_as_bearer_or_in_the_cookie(door: Door) -> None:
    """At both doors, whichever gave it; header names of any case."""
    token = token_of(door)
    for other in (Door(door.daemon, name) for name in TCP_DOORS):
        assert is_known(other, Authorization=token)
        assert is_known(other, authorization=f"Bearer {token}")
        assert is_known(other, Cookie=f"X-Authentication={token}")
        assert is_known(other, cookie=f"a=b; X-Authentication={token}; c=d")


def test_the_header_wins_even_when_it_is_wrong(door: Door) -> None:
    """A cookie counts only without a header."""
    cookie = f"X-Authentication={token_of(door)}"
    assert not is_known(door, Authorization="wrong", Cookie=cookie)
    assert not is_known(door, Authorization="", Cookie=cookie)
    assert is_known(door, Authorization=cookie.partition("=")[2], Cookie="X-Authentication=wrong")


@pytest.mark.parametrize("change", [str.swapcase, lambda t: t[:-1], lambda t: t + "A", str.lower])
def test_tokens_count_only_whole_and_exact(door: Door, change: object) -> None:
    """Nothing near to one is one."""
    assert callable(change)
    assert not is_known(door, Authorization=change(token_of(door)))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logout_ends_the_session_and_clears_the_cookie(door: Door, method: str) -> None:
    """Of this token alone; the second time it is 401."""
    mine, other = token_of(door), token_of(door)
    answer = door.ask(method, "/logout", Authorization=mine)
    assert (answer.status, answer.json) == (200, {"success": True})
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["X-Authentication"]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/")
    assert not is_known(door, Authorization=mine)
    assert is_known(door, Authorization=other)
    again = door.ask(method, "/logout", Authorization=mine)
    assert (again.status, again.json) == (401, NOT_AUTHENTICATED)


def test_logout_works_by_cookie(door: Door) -> None:
    """As the dashboard does it."""
    cookie = log_in(door, "/login?cookie=true").headers["Set-Cookie"].partition(";")[0]
    assert door.ask("GET", "/logout", Cookie=cookie).status == 200
    assert not is_known(door, Cookie=cookie)


def test_a_password_change_ends_all_sessions_but_its_own(make_daemon: MakeDaemon) -> None:
    """A rename ends all of them, a deletion too; a new account of that name starts from nothing."""
    daemon = make_daemon({}).start()
    door = Door(daemon, "web")
    mine, other = token_of(door), token_of(door)
    changed = door.ask("PATCH", "/accounts?username=admin", '{"password":"p"}', Authorization=mine)
    assert changed.status == 200
    assert [is_known(door, Authorization=each) for each in (mine, other)] == [True, False]

    renamed = door.ask("PATCH", "/accounts?username=admin", '{"username":"n"}', Authorization=mine)
    assert renamed.status == 200
    assert not is_known(door, Authorization=mine)

    door.token = daemon.token("n", "p")
    assert door.ask("DELETE", "/accounts?username=n").status == 200
    assert daemon.ask("POST", "/accounts", '{"username":"n","password":"p"}').status == 200
    assert not is_known(door)


def test_sessions_outlive_a_restart_and_end_after_three_months(make_daemon: MakeDaemon) -> None:
    """Three months without use, to the second or so; the file holds no token."""
    daemon = make_daemon({}).start()
    door = Door(daemon, "api")
    young, old = token_of(door), token_of(door)
    assert daemon.stop() == 0
    file = daemon.directory / ".octyne/sessions.db"
    assert young.encode() not in file.read_bytes()
    with closing(sqlite3.connect(file)) as connection, connection:
        for rowid, age_s in ((1, COOKIE_AGE_S - 3600), (2, COOKIE_AGE_S + 3600)):
            connection.execute(
                "UPDATE sessions SET last_used = last_used - ? WHERE rowid = ?", (age_s, rowid)
            )
    daemon.start()
    assert [is_known(door, Authorization=each) for each in (young, old)] == [True, False]


def age(daemon: Daemon, seconds: int) -> None:
    """Stop it, make all sessions' last use that much longer ago, and start it."""
    assert daemon.stop() == 0
    file = daemon.directory / ".octyne/sessions.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE sessions SET last_used = last_used - ?", (seconds,))
    daemon.start()


def test_use_keeps_a_session_alive(make_daemon: MakeDaemon) -> None:
    """The three months begin anew with each use, by header or by cookie."""
    daemon = make_daemon({}).start()
    door = Door(daemon, "web")
    by_header, by_cookie, unused = token_of(door), token_of(door), token_of(door)
    age(daemon, COOKIE_AGE_S - 3600)
    assert is_known(door, Authorization=by_header)
    assert is_known(door, Cookie=f"X-Authentication={by_cookie}")
    age(daemon, 2 * 3600)
    alive = [is_known(door, Authorization=each) for each in (by_header, by_cookie, unused)]
    assert alive == [True, True, False]


# -- tickets -------------------------------------------------------------------------------------


def ticket_of(door: Door, token: str, **headers: str) -> str:
    """A new ticket."""
    answer = door.ask("GET", "/ott", Authorization=token, **headers)
    assert (answer.status, list(answer.json)) == (200, ["ticket"])
    return str(answer.json["ticket"])


def by_ticket(door: Door, ticket: str, **headers: str) -> ClientConnection:
    """A console by ticket, in the old protocol: its refusals are plain HTTP."""
    port = door.daemon.port if door.name == "api" else door.daemon.web_port
    return connect(
        f"ws://127.0.0.1:{port}{door.prefix}/server/app/console?ticket={ticket}",
        additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
        ping_interval=None,
    )


def opens(door: Door, ticket: str, **headers: str) -> bool:
    """Whether the ticket opens a console."""
    try:
        with by_ticket(door, ticket, **headers) as console:
            console.recv(timeout=10)
            return True
    except InvalidStatus as refused:
        answer = refused.response
    assert answer.status_code == 401
    assert json.loads(answer.body or b"") == NOT_AUTHENTICATED
    return False


def test_a_ticket_opens_one_console(door: Door) -> None:
    """Standard base64 of at least 128 bits, URL-encoded or not, and once."""
    token = token_of(door)
    for encode in (lambda text: quote(text, safe=""), str):
        ticket = ticket_of(door, token)
        assert len(base64.b64decode(ticket, validate=True)) >= 16
        assert opens(door, encode(ticket))
        assert not opens(door, encode(ticket))


def test_a_ticket_is_used_up_by_a_wrong_address(door: Door) -> None:
    """The right one comes too late then."""
    ticket = quote(ticket_of(door, token_of(door), **{TRUSTED: "203.0.113.5"}), safe="")
    assert not opens(door, ticket, **{TRUSTED: "203.0.113.6"})
    assert not opens(door, ticket, **{TRUSTED: "203.0.113.5"})
    again = quote(ticket_of(door, token_of(door), **{TRUSTED: "203.0.113.5"}), safe="")
    assert opens(door, again, **{TRUSTED: "203.0.113.5"})


def test_a_ticket_is_used_up_even_when_the_token_opened_the_door(door: Door) -> None:
    """Any attempt on the console counts, also one that has no need of it."""
    token = token_of(door)
    ticket = quote(ticket_of(door, token), safe="")
    assert opens(door, ticket, Authorization=token)
    assert not opens(door, ticket)


def test_tickets_are_not_looked_at_elsewhere(door: Door) -> None:
    """Neither accepted nor used up."""
    ticket = quote(ticket_of(door, token_of(door)), safe="")
    for path in ("/servers", "/config", "/accounts", "/server/app", "/server/app/console/log"):
        assert door.ask("GET", f"{path}?ticket={ticket}").status == 401
    assert opens(door, ticket)


def test_a_ticket_dies_with_its_session(door: Door) -> None:
    """Logged out between the two."""
    token = token_of(door)
    ticket = quote(ticket_of(door, token), safe="")
    assert door.ask("GET", "/logout", Authorization=token).status == 200
    assert not opens(door, ticket)


@pytest.mark.parametrize("path", ["/server/nope/console", "/server/app/console"])
@pytest.mark.parametrize("where", ["api", "web", "unix"])
def test_a_ticket_is_used_up_by_any_attempt(door: Door, where: str, path: str) -> None:
    """Also one for an app that isn't there, one that is no WebSocket, and one at another door."""
    ticket = quote(ticket_of(door, token_of(door)), safe="")
    tried = Door(door.daemon, where).ask("GET", f"{path}?ticket={ticket}")
    assert tried.status == (404 if "nope" in path else 426)
    assert not opens(door, ticket)


def test_a_ticket_is_for_its_own_account(door: Door) -> None:
    """What is done by it is done by the account that asked for it."""
    answer = door.ask("GET", "/login", Username="latin", Password=LATIN)
    ticket = quote(ticket_of(door, answer.json["token"]), safe="")
    assert opens(door, ticket)
    log = door.daemon.directory / "logs/octyne.log"
    access = '"action": "server.console.access", "ip": "127.0.0.1", "user": "latin"'
    eventually(lambda: access in log.read_text())


def test_a_ticket_expires(make_daemon: MakeDaemon) -> None:
    """After its time, though nobody has tried it."""
    daemon = make_daemon({"app": {"command": program("prompt.py")}})
    daemon.but_for("octyne.accounts.tickets", LIFETIME_S="1.0").start()
    door = Door(daemon, "api")
    token = token_of(door)
    early, late = ticket_of(door, token), ticket_of(door, token)
    issued = time.monotonic()

    assert opens(door, quote(early, safe=""))
    eventually(lambda: time.monotonic() > issued + 1.5)
    assert not opens(door, quote(late, safe=""))


def test_the_time_of_a_ticket_is_thirty_seconds() -> None:
    """The contract's number."""
    from octyne.accounts import tickets  # noqa: PLC0415  # the one look inside

    assert tickets.LIFETIME_S == 30.0


# -- the Unix socket -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/login", "/logout", "/ott", "/login?cookie=true"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_unix_socket_has_no_login(daemon: Daemon, method: str, path: str) -> None:
    """400 with the exact text, also with a token or a password."""
    password = daemon.first_password()
    answer = daemon.ask(method, path, Username="admin", Password=password, Authorization="x")
    assert (answer.status, answer.json) == (400, NOT_ON_SOCKET)


def test_whoever_opens_the_unix_socket_has_every_right(daemon: Daemon) -> None:
    """A wrong token takes nothing away; the socket is the owner's alone."""
    for path in ("/servers", "/config", "/accounts", "/server/app"):
        assert daemon.ask("GET", path, Authorization="wrong").status == 200
    assert daemon.socket_path.stat().st_mode & 0o777 == 0o600
