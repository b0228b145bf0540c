"""Section 8 of the contract, by real daemons and a real redis-server."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from octyne.accounts.credentials import Argon2
from support.daemon import Daemon
from support.doors import DOORS, Door, error, problems
from support.eventually import eventually
from support.redis_server import RedisServer, running_redis

from .conftest import MakeDaemon

NO_LOGIN = error("This node does not support authentication. Authenticate with the primary node!")
NO_MANAGING = error(
    "This node does not support managing users. Perform user management on the primary node!"
)
USER, TOKEN = "octyne-user:", "octyne-token:"
MONTHS_3_S = 8_035_200


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of its own for each test."""
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def primary(redis: RedisServer, make_daemon: MakeDaemon) -> Daemon:
    """The node that manages the accounts."""
    return make_daemon({}, redis=section(redis, "primary")).start()


@pytest.fixture
def secondary(primary: Daemon, redis: RedisServer, make_daemon: MakeDaemon) -> Daemon:
    """Another node on the same Redis."""
    return make_daemon({}, redis=section(redis, "secondary")).start()


def section(redis: RedisServer, role: str) -> dict[str, object]:
    """The config of a node."""
    return {"enabled": True, "url": redis.url, "role": role}


def is_known(daemon: Daemon, token: str) -> bool:
    """Whether the token opens this node's API."""
    return daemon.api("GET", "/servers", Authorization=token).status == 200


def accounts(redis: RedisServer) -> dict[str, str]:
    """The accounts in Redis."""
    found = redis.everything()
    return {key.removeprefix(USER): found[key] for key in found if key.startswith(USER)}


def test_the_primary_publishes_its_accounts_and_tokens(redis: RedisServer, primary: Daemon) -> None:
    """Under exactly Go's keys; the plain token, for three months."""
    users = json.loads((primary.directory / "users.json").read_text())
    token = primary.token()
    assert redis.everything() == {f"{USER}admin": users["admin"], f"{TOKEN}{token}": "admin"}
    assert MONTHS_3_S - 60 < int(str(redis.client.ttl(TOKEN + token))) <= MONTHS_3_S
    assert redis.client.ttl(f"{USER}admin") == -1


def test_the_primary_removes_accounts_that_are_gone(redis: RedisServer, primary: Daemon) -> None:
    """Of its own, and at its start those that an earlier one has left."""
    primary.ask("POST", "/accounts", '{"username":"a","password":"p"}')
    assert set(accounts(redis)) == {"admin", "a"}
    primary.ask("PATCH", "/accounts?username=a", '{"username":"b"}')
    assert set(accounts(redis)) == {"admin", "b"}
    primary.ask("DELETE", "/accounts?username=b")
    assert set(accounts(redis)) == {"admin"}
    primary.stop()
    redis.client.set(f"{USER}left", "x" * 64)
    primary.start()
    eventually(lambda: set(accounts(redis)) == {"admin"}, 10)


def test_a_session_of_the_primary_counts_on_the_secondary(
    primary: Daemon, secondary: Daemon
) -> None:
    """In the header and in the cookie; its logout ends it everywhere."""
    token = primary.token()
    assert is_known(secondary, token)
    cookie = secondary.web("GET", "/api/servers", Cookie=f"X-Authentication={token}")
    assert cookie.status == 200
    assert secondary.api("GET", "/ott", Authorization=token).status == 200
    assert primary.api("GET", "/logout", Authorization=token).status == 200
    assert not is_known(secondary, token)
    assert not is_known(primary, token)


@pytest.mark.parametrize("name", DOORS)
def test_a_secondary_neither_logs_in_nor_manages(
    primary: Daemon, secondary: Daemon, name: str
) -> None:
    """403 with the exact texts; on the Unix socket the login's own text comes first."""
    door = Door(secondary, name)
    door.token = "" if name == "unix" else primary.token()
    for path in ("/login", "/logout"):
        answer = door.ask("GET", path, Username="admin", Password=primary.first_password())
        if name == "unix":
            assert answer.status == 400
        else:
            assert (answer.status, answer.json) == (403, NO_LOGIN)
    body = '{"username":"a","password":"p"}'
    for method in ("GET", "POST", "PATCH", "DELETE"):
        answer = door.ask(method, "/accounts?username=admin", body)
        assert (answer.status, answer.json) == (403, NO_MANAGING)
    assert not (secondary.directory / "users.json").exists()


def test_what_a_go_node_wrote_counts(
    redis: RedisServer, primary: Daemon, secondary: Daemon
) -> None:
    """A token that a Go primary has put there by hand, without an end."""
    token = "Go+/" * 32
    redis.client.set(TOKEN + token, "admin")
    assert is_known(secondary, token)
    assert is_known(primary, token)
    redis.client.delete(TOKEN + token)
    assert not is_known(secondary, token)


@pytest.mark.parametrize("kind", ["sha256", "argon2id"])
def test_a_secondary_of_a_go_primary(
    redis: RedisServer, make_daemon: MakeDaemon, kind: str
) -> None:
    """Accounts and tokens as Go lays them out; it only reads, whatever it finds."""
    stored = hashlib.sha256(b"p").hexdigest() if kind == "sha256" else Argon2().hash(b"p")
    token = "Abc/" * 32
    before = {f"{USER}goer": stored, f"{TOKEN}{token}": "goer", f"{TOKEN}x": "nobody", "else": "1"}
    redis.client.mset(before)
    daemon = make_daemon({}, redis=section(redis, "secondary")).start()
    assert is_known(daemon, token)
    assert not is_known(daemon, "x")
    ticket = daemon.api("GET", "/ott", Authorization=token)
    assert ticket.status == 200
    assert redis.everything() == before
    redis.client.delete(f"{USER}goer")
    assert not is_known(daemon, token)


def use(daemon: Daemon, token: str) -> None:
    """All that a secondary is there for."""
    assert is_known(daemon, token)
    assert not is_known(daemon, "x" * 128)
    assert daemon.api("GET", "/ott", Authorization=token).status == 200
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert daemon.api(method, "/accounts", "{}", Authorization=token).status == 403
    assert daemon.api("GET", "/login", Username="goer", Password="p").status == 403


def test_a_secondary_only_reads(redis: RedisServer, make_daemon: MakeDaemon) -> None:
    """Of what could write it uses EXPIRE alone: a token's three months begin anew with its use."""
    token = "Abc/" * 32
    redis.client.mset({f"{USER}goer": "hash", f"{TOKEN}{token}": "goer"})
    redis.client.config_resetstat()
    daemon = make_daemon({}, redis=section(redis, "secondary")).start()
    use(daemon, token)
    daemon.stop()
    asked = {key.removeprefix("cmdstat_") for key in redis.client.info("commandstats")}
    reading = set(redis.client.acl_cat("read"))
    talking = set(redis.client.acl_cat("connection")) | {"client", "info", "config"}
    asked = {command.partition("|")[0] for command in asked}
    assert asked - reading - talking <= {"expire"}


def test_a_secondary_needs_no_more_than_to_read(
    redis: RedisServer, make_daemon: MakeDaemon
) -> None:
    """An account of Redis that may write nothing is enough, and nothing is wrong with it."""
    token = "Abc/" * 32
    before = {f"{USER}goer": "hash", f"{TOKEN}{token}": "goer"}
    redis.client.mset(before)
    redis.client.acl_setuser(
        "reader", enabled=True, passwords=["+p"], keys=["*"], categories=["+@read", "+@connection"]
    )
    entry = {"enabled": True, "url": redis.url.replace("//", "//reader:p@"), "role": "secondary"}
    daemon = make_daemon({}, redis=entry).start()
    use(daemon, token)
    assert redis.everything() == before
    assert not problems(daemon)


def test_a_deleted_account_is_out_on_all_nodes(primary: Daemon, secondary: Daemon) -> None:
    """At once, without its token being touched on the secondary."""
    primary.ask("POST", "/accounts", '{"username":"a","password":"p"}')
    token = primary.token("a", "p")
    assert is_known(secondary, token)
    primary.ask("DELETE", "/accounts?username=a")
    assert not is_known(secondary, token)
    primary.ask("POST", "/accounts", '{"username":"a","password":"p"}')
    assert not is_known(secondary, token)


def test_redis_goes_away_and_comes_back_empty(
    redis: RedisServer, primary: Daemon, secondary: Daemon
) -> None:
    """Meanwhile 503 and a sentence; afterwards the accounts are there again by themselves."""
    token = primary.token()
    before = accounts(redis)
    redis.kill()
    for daemon in (primary, secondary):
        answer = daemon.api("GET", "/servers", Authorization=token)
        assert answer.status == 503
        assert list(answer.json) == ["error"]
        assert "127.0.0.1" not in answer.json["error"]
        assert daemon.get("/servers") == {"servers": {}}
        assert "Redis" in problems(daemon)
        assert daemon.api("GET", "/").status == 200
    login = primary.api("GET", "/login", Username="admin", Password=primary.first_password())
    assert login.status == 503
    assert primary.ask("POST", "/accounts", '{"username":"a","password":"p"}').status == 200
    redis.start()
    eventually(lambda: set(accounts(redis)) == {"admin", "a"}, 20)
    assert accounts(redis)["admin"] == before["admin"]
    fresh = eventually(lambda: primary.token("a", "p"), 10)
    eventually(lambda: is_known(secondary, fresh), 10)
    eventually(lambda: not problems(primary) and not problems(secondary), 10)


def test_a_frozen_redis_holds_nobody_up(
    redis: RedisServer, primary: Daemon, secondary: Daemon
) -> None:
    """It takes connections and never answers: 503 within the deadline, and the socket serves."""
    token = primary.token()
    assert is_known(secondary, token)
    redis.freeze()
    assert secondary.api("GET", "/servers", Authorization=token).status == 503
    assert secondary.get("/servers") == {"servers": {}}
    redis.thaw()
    eventually(lambda: is_known(secondary, token), 10)


def test_nodes_start_without_redis(redis: RedisServer, make_daemon: MakeDaemon) -> None:
    """Apps and the Unix socket are there; logins work when it comes."""
    redis.kill()
    daemon = make_daemon(
        {"app": {"command": ["sleep", "1000"]}}, redis=section(redis, "primary")
    ).start()
    daemon.until("app", 1)
    assert "Redis" in problems(daemon)
    redis.start()
    eventually(lambda: set(accounts(redis)) == {"admin"}, 20)
    assert is_known(daemon, daemon.token())
    eventually(lambda: not problems(daemon), 10)


def test_redis_is_switched_on_and_off_over_the_api(
    redis: RedisServer, make_daemon: MakeDaemon
) -> None:
    """The accounts stay; sessions of the other store end; off again, the published copy stays."""
    daemon = make_daemon({}).start()
    local = daemon.token()
    daemon.patch(redis=section(redis, "primary"))
    assert set(accounts(redis)) == {"admin"}
    assert not is_known(daemon, local)
    shared = daemon.token()
    assert is_known(daemon, shared)
    assert f"{TOKEN}{shared}" in redis.everything()
    daemon.patch(redis=section(redis, "secondary"))
    assert is_known(daemon, shared)
    assert daemon.ask("GET", "/accounts").status == 403
    daemon.patch(redis={"enabled": False})
    assert daemon.get("/accounts") == ["admin"]
    assert not is_known(daemon, shared)
    assert is_known(daemon, daemon.token())


def test_a_redis_that_is_away_is_not_changed_over_to(
    redis: RedisServer, make_daemon: MakeDaemon
) -> None:
    """The old stores stay in force and health says so; a reload tries again."""
    daemon = make_daemon({}).start()
    token = daemon.token()
    redis.kill()
    daemon.patch(redis=section(redis, "primary"))
    assert "redis settings could not be applied" in problems(daemon)
    assert is_known(daemon, token)
    redis.start()
    assert daemon.get("/config/reload") == {"success": True}
    assert not problems(daemon)
    assert set(accounts(redis)) == {"admin"}


def test_the_address_of_redis_is_never_told(redis: RedisServer, make_daemon: MakeDaemon) -> None:
    """It may hold a password."""
    redis.kill()
    url = f"redis://:hidden-word@127.0.0.1:{redis.port}"
    entry = {"enabled": True, "url": url, "role": "secondary"}
    daemon = make_daemon({}, redis=entry).start()
    answer = daemon.api("GET", "/servers", Authorization="t" * 128)
    assert answer.status == 503
    assert b"hidden-word" not in answer.body
    assert "hidden-word" not in problems(daemon) + daemon.log
