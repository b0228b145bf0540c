"""Section 3 of the contract, by the real daemon: the accounts and their file."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.daemon import Answer, Daemon
from support.doors import DOORS, Door, error, problems
from support.eventually import eventually

from .conftest import MakeDaemon

PHC = re.compile(
    r"\$argon2id\$v=19\$m=51200,t=1,p=4\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}"
)  # unpadded base64
NOT_GIVEN = error("Username or password not provided!")
NO_NAME = error("Username not provided!")
TAKEN = error("User already exists!")
UNKNOWN = error("User does not exist!")
RESERVED = error("The username '@local' is reserved for local system users.")
DONE = {"success": True}


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """A new daemon, with `admin` alone."""
    return make_daemon({}).start()


@pytest.fixture(params=DOORS)
def door(daemon: Daemon, request: pytest.FixtureRequest) -> Door:
    """Each of the three, logged in."""
    door = Door(daemon, request.param)
    door.token = "" if request.param == "unix" else daemon.token()
    return door


def accounts(door: Door, method: str, query: str = "", **body: Any) -> Answer:
    """A request to /accounts with a JSON body."""
    return door.ask(method, f"/accounts{query}", json.dumps(body) if body else b"")


def done(answer: Answer) -> bool:
    """Whether it is the one answer to all changes that were made."""
    return answer.status == 200 and answer.json == DONE


def users(daemon: Daemon) -> dict[str, str]:
    """What users.json holds."""
    found: dict[str, str] = json.loads((daemon.directory / "users.json").read_text())
    return found


def can_log_in(daemon: Daemon, name: str, password: str) -> bool:
    """Whether these open a session."""
    status = daemon.api("GET", "/login", Username=name, Password=password).status
    assert status in {200, 401}
    return status == 200


def test_the_first_account_is_shown_once(make_daemon: MakeDaemon) -> None:
    """`admin` with a random password, another one each time; the file is the owner's alone."""
    shown = []
    for daemon in (make_daemon({}), make_daemon({})):
        daemon.start()
        password = daemon.first_password()
        assert can_log_in(daemon, "admin", password)
        assert daemon.output.count(password) == 1
        assert password not in daemon.log
        path = daemon.directory / "users.json"
        assert path.stat().st_mode & 0o777 == 0o600
        assert password not in path.read_text()
        daemon.stop()
        daemon.start()
        assert daemon.output.count("password:") == 1
        assert can_log_in(daemon, "admin", password)
        shown.append(password)
    assert shown[0] != shown[1]
    assert min(map(len, shown)) >= 16


def test_accounts_are_a_list_of_names(door: Door) -> None:
    """Names only, and `[]` when there is none."""
    answer = door.ask("GET", "/accounts")
    assert (answer.status, answer.body) == (200, b'["admin"]')
    assert done(accounts(door, "POST", username="second", password="p"))
    assert door.ask("GET", "/accounts").json == ["admin", "second"]
    local = Door(door.daemon, "unix")
    for name in ("admin", "second"):
        assert done(accounts(local, "DELETE", f"?username={name}"))
    assert local.ask("GET", "/accounts").body == b"[]"
    assert users(door.daemon) == {}


def test_a_new_account_can_log_in_as_soon_as_it_is_there(door: Door) -> None:
    """Its hash is the contract's; the password may be any text."""
    for index, password in enumerate(["p", "pässwörd→", "a b", '"\\', "x" * 1000]):
        name = f"user-{index}_@x"
        assert done(accounts(door, "POST", username=name, password=password))
        assert door.daemon.api(
            "GET", "/login", Username=name, Password=password.encode().decode("latin-1")
        ).status == 200  # fmt: skip
        assert PHC.fullmatch(users(door.daemon)[name])
    text = (door.daemon.directory / "users.json").read_text()
    assert text.startswith('{\n  "admin": "')


BAD_NEW: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"username": "a"}, NOT_GIVEN),
    ({"password": "p"}, NOT_GIVEN),
    ({"username": "", "password": "p"}, NOT_GIVEN),
    ({"username": "a", "password": ""}, NOT_GIVEN),
    ({"username": None, "password": None}, NOT_GIVEN),
    ({"username": "@local", "password": "p"}, RESERVED),
]  # fmt: skip


def test_new_accounts_need_a_good_name_and_a_password(door: Door) -> None:
    """With the exact texts; the file stays as it is."""
    before = users(door.daemon)
    for body, refusal in BAD_NEW:
        answer = accounts(door, "POST", **body)
        assert (answer.status, answer.json) == (400, refusal), body
    for name in ("a b", "a/b", "ü", "a\n", "a:b", "a.b", " a", "a'b", "\u0000"):
        answer = accounts(door, "POST", username=name, password="p")
        text = (
            f"The username '{name}' is invalid. "
            "A valid username can contain only letters, numbers, -, _ or @."
        )
        assert (answer.status, answer.json) == (400, error(text)), name
        answer = accounts(door, "PATCH", "?username=admin", username=name)
        assert (answer.status, answer.json) == (400, error(text)), name
    answer = accounts(door, "PATCH", "?username=admin", username="@local")
    assert (answer.status, answer.json) == (400, RESERVED)
    answer = accounts(door, "POST", username="admin", password="p")
    assert (answer.status, answer.json) == (409, TAKEN)
    assert users(door.daemon) == before


def test_a_password_is_changed_in_both_ways(door: Door) -> None:
    """By the query's name, or by the body's; its own name with a password is no rename."""
    door.daemon.ask("POST", "/accounts", '{"username":"a","password":"0"}')
    changes: list[tuple[str, dict[str, str]]] = [
        ("?username=a", {"password": "1"}),
        ("?username=a", {"username": "a", "password": "2"}),
        ("?username=a", {"username": "", "password": "3"}),
        ("", {"username": "a", "password": "4"}),
        ("?username=", {"username": "a", "password": "5"}),
    ]
    for query, body in changes:
        assert done(accounts(door, "PATCH", query, **body)), body
        assert can_log_in(door.daemon, "a", body["password"])
    assert not can_log_in(door.daemon, "a", "0")
    assert list(users(door.daemon)) == ["admin", "a"]


def test_an_account_is_renamed_with_or_without_a_new_password(door: Door) -> None:
    """The old name is free at once; the old password goes along."""
    door.daemon.ask("POST", "/accounts", '{"username":"a","password":"p"}')
    assert done(accounts(door, "PATCH", "?username=a", username="b"))
    assert can_log_in(door.daemon, "b", "p")
    assert not can_log_in(door.daemon, "a", "p")
    assert done(accounts(door, "PATCH", "?username=b", username="c", password="q"))
    assert can_log_in(door.daemon, "c", "q")
    assert done(accounts(door, "POST", username="a", password="p"))


BAD_CHANGES: list[tuple[str, dict[str, Any], int, dict[str, str]]] = [
    ("", {"username": "admin"}, 400, NOT_GIVEN),
    ("", {"password": "p"}, 400, NOT_GIVEN),
    ("?username=admin", {"x": 1}, 400, NOT_GIVEN),
    ("?username=admin", {"username": "", "password": ""}, 400, NOT_GIVEN),
    ("?username=admin", {"username": "admin"}, 400, NOT_GIVEN),
    ("?username=nobody", {"password": "p"}, 404, UNKNOWN),
    ("?username=nobody", {"username": "n", "password": "p"}, 404, UNKNOWN),
    ("", {"username": "nobody", "password": "p"}, 404, UNKNOWN),
    ("?username=admin", {"username": "other"}, 409, TAKEN),
    ("?username=admin", {"username": "other", "password": "p"}, 409, TAKEN),
]


def test_changes_that_make_no_sense_are_refused(door: Door) -> None:
    """With the exact texts; nothing changes."""
    door.daemon.ask("POST", "/accounts", '{"username":"other","password":"p"}')
    before = users(door.daemon)
    for query, body, status, text in BAD_CHANGES:
        answer = accounts(door, "PATCH", query, **body)
        assert (answer.status, answer.json) == (status, text), (query, body)
    assert users(door.daemon) == before


def test_accounts_are_deleted_by_the_query_only(door: Door) -> None:
    """Missing, empty and unknown names have their texts."""
    for query in ("", "?username=", "?Username=admin"):
        answer = accounts(door, "DELETE", query, username="admin")
        assert (answer.status, answer.json) == (400, NO_NAME)
    answer = accounts(door, "DELETE", "?username=nobody")
    assert (answer.status, answer.json) == (404, UNKNOWN)
    assert door.ask("GET", "/accounts").json == ["admin"]
    door.daemon.ask("POST", "/accounts", '{"username":"a@b","password":"p"}')
    assert done(accounts(door, "DELETE", "?username=a%40b"))
    assert not can_log_in(door.daemon, "a@b", "p")


def test_of_many_changes_at_once_none_is_lost(daemon: Daemon) -> None:
    """Of all doors at the same time."""
    token = daemon.token()

    def create(number: int) -> int:
        door = Door(daemon, DOORS[number % 3])
        door.token = "" if door.name == "unix" else token
        return accounts(door, "POST", username=f"u{number}", password="p").status

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(create, range(30))) == {200}
        statuses = sorted(pool.map(create, [1] * 6 + [99] * 6))
    expected = {"admin", "u99", *(f"u{number}" for number in range(30))}
    assert statuses == [200] + [409] * 11
    assert set(users(daemon)) == set(daemon.get("/accounts")) == expected


# -- the file, edited by hand --------------------------------------------------------------------


def edit(daemon: Daemon, change: Callable[[dict[str, str]], None], *, aside: bool) -> None:
    """Change users.json as an editor does: in place, or by a new file over the old one."""
    found = users(daemon)
    change(found)
    path = daemon.directory / "users.json"
    target = Path(f"{path}~") if aside else path
    target.write_text(json.dumps(found))
    target.rename(path)


@pytest.mark.parametrize("aside", [False, True])
def test_edits_by_hand_count_within_seconds(daemon: Daemon, *, aside: bool) -> None:
    """Added, removed and changed accounts; sessions of those that changed end."""
    token = daemon.token()
    daemon.ask("POST", "/accounts", '{"username":"a","password":"p"}')
    theirs = daemon.token("a", "p")
    edit(daemon, lambda found: found.update(b=found.pop("a")), aside=aside)
    eventually(lambda: daemon.get("/accounts") == ["admin", "b"], 5)
    assert can_log_in(daemon, "b", "p")
    eventually(lambda: daemon.api("GET", "/servers", Authorization=theirs).status == 401, 5)
    assert daemon.api("GET", "/servers", Authorization=token).status == 200


@pytest.mark.parametrize("broken", ["{", "[]", '{"a": 1}', "", "\x00", None])
def test_a_broken_file_keeps_the_last_good_accounts(daemon: Daemon, broken: str | None) -> None:
    """It says so, changes are refused and the file isn't touched; repaired, all is well."""
    path = daemon.directory / "users.json"
    good = path.read_text()
    token = daemon.token()
    path.unlink()
    if broken is not None:
        path.write_text(broken)
    eventually(lambda: "users.json" in problems(daemon), 5)
    eventually(lambda: "users.json" in daemon.log, 5)
    assert daemon.api("GET", "/servers", Authorization=token).status == 200
    assert daemon.token() != token
    if broken is not None:
        answer = accounts(Door(daemon, "unix"), "POST", username="n", password="p")
        assert answer.status == 503
        assert path.read_text() == broken
        path.write_text(good)
    else:
        assert done(accounts(Door(daemon, "unix"), "POST", username="n", password="p"))
        assert list(users(daemon)) == ["admin", "n"]
    eventually(lambda: not problems(daemon), 5)
    assert daemon.token() != token


def test_a_daemon_starts_beside_a_broken_file(daemon: Daemon) -> None:
    """Nobody gets in and the file isn't touched, until it is repaired."""
    path = daemon.directory / "users.json"
    good = path.read_text()
    daemon.stop()
    path.write_text("{broken")
    daemon.start()
    assert not can_log_in(daemon, "admin", daemon.first_password())
    assert path.read_text() == "{broken"
    path.write_text(good)
    eventually(lambda: not problems(daemon), 5)
    assert can_log_in(daemon, "admin", daemon.first_password())
