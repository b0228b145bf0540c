"""Sessions in SQLite: what only this store does. The common part is in the integration tests."""

import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from octyne.accounts import sessions as module
from octyne.accounts.sessions import LIFETIME_S, SqliteSessions
from octyne.accounts.stores import Account
from octyne.errors import UnavailableError
from support.accounts import HOME, FakeClock
from support.full_disk import files_of_at_most

ALICE = Account("alice", "hash")
VERSION_1 = """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY, token BLOB NOT NULL UNIQUE, username TEXT NOT NULL,
        fingerprint BLOB NOT NULL, created INTEGER NOT NULL, last_used INTEGER NOT NULL,
        address TEXT NOT NULL
    );
    PRAGMA user_version = 1;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "sessions.db"


@pytest.fixture
def clock() -> FakeClock:
    """Turned by hand."""
    return FakeClock()


@pytest.fixture
async def store(path: Path, clock: FakeClock) -> AsyncIterator[SqliteSessions]:
    """An open, empty store."""
    store = SqliteSessions(str(path), clock=clock)
    await store.open()
    yield store
    await store.close()


async def reopened(store: SqliteSessions, path: Path, clock: FakeClock) -> SqliteSessions:
    """What the next run of the daemon finds."""
    await store.close()
    await store.open()
    return store


async def test_the_file_is_private_and_holds_no_token(store: SqliteSessions, path: Path) -> None:
    """Also its journal, and also under a loose umask."""
    opened = await store.create(ALICE, HOME)

    for name in os.listdir(path.parent):
        file = path.parent / name
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert opened.token.encode() not in file.read_bytes()


async def test_a_loose_file_is_made_private(path: Path, clock: FakeClock) -> None:
    """Somebody copied it about."""
    path.touch(0o666)
    path.chmod(0o666)
    store = SqliteSessions(str(path), clock=clock)
    await store.open()
    await store.close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_sessions_outlive_a_restart(
    store: SqliteSessions, path: Path, clock: FakeClock
) -> None:
    """With their ids; those that ended stay dead."""
    kept, ended = await store.create(ALICE, HOME), await store.create(ALICE, HOME)
    await store.end({ended.session.id})
    await reopened(store, path, clock)

    assert await store.find(kept.token) == kept.session
    assert await store.find(ended.token) is None


async def test_use_counts_over_a_restart(
    store: SqliteSessions, path: Path, clock: FakeClock
) -> None:
    """Three months after the last use, not after the login."""
    used, unused = await store.create(ALICE, HOME), await store.create(ALICE, HOME)
    clock.move(LIFETIME_S - 10)
    await store.find(used.token)
    clock.move(20)
    await reopened(store, path, clock)

    assert await store.find(used.token) is not None
    assert await store.find(unused.token) is None
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


async def test_use_is_written_every_minute(
    store: SqliteSessions, path: Path, clock: FakeClock
) -> None:
    """Not at each request; a killed daemon loses a minute at most."""
    opened = await store.create(ALICE, HOME)
    clock.move(61)
    await store.find(opened.token)
    await store.maintain()

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT last_used FROM sessions").fetchone() == (int(clock()),)


async def test_too_old_sessions_are_reported(store: SqliteSessions, clock: FakeClock) -> None:
    """Their consoles must be closed."""
    opened = await store.create(ALICE, HOME)
    clock.move(LIFETIME_S + 1)

    assert await store.find(opened.token) is None
    assert await store.maintain() == {opened.session.id}
    assert not await store.is_alive(opened.session.id)


async def test_a_cap_per_account(
    store: SqliteSessions, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those unused for longest go; other accounts keep theirs."""
    monkeypatch.setattr(module, "MAX_PER_ACCOUNT", 3)
    bob = await store.create(Account("bob", "x"), HOME)
    first = await store.create(ALICE, HOME)
    clock.move(1)
    second = await store.create(ALICE, HOME)
    clock.move(1)
    await store.create(ALICE, HOME)
    await store.find(first.token)
    fourth = await store.create(ALICE, HOME)

    assert fourth.dropped == {second.session.id}
    assert await store.find(first.token) is not None
    assert await store.find(second.token) is None
    assert await store.find(bob.token) is not None


async def test_fingerprints_follow_the_account(
    store: SqliteSessions, path: Path, clock: FakeClock
) -> None:
    """A new hash of the same password, also after a restart."""
    opened = await store.create(ALICE, HOME)
    other = await store.create(Account("bob", "hash"), HOME)
    await store.rebind(Account("alice", "new"))
    marks = [await store.find(opened.token), await store.find(other.token)]
    await reopened(store, path, clock)

    assert marks[0] != opened.session
    assert marks[1] == other.session
    assert await store.find(opened.token) == marks[0]


@pytest.mark.parametrize("body", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_corrupt_file_is_moved_aside(
    path: Path, clock: FakeClock, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Everybody logs in again; the daemon starts."""
    path.write_bytes(body)
    store = SqliteSessions(str(path), clock=clock)
    await store.open()
    opened = await store.create(ALICE, HOME)
    await reopened(store, path, clock)

    assert await store.find(opened.token) is not None
    assert path.with_name("sessions.db.broken").read_bytes() == body
    assert "log in again" in caplog.text
    await store.close()


async def test_damage_inside_is_found(store: SqliteSessions, path: Path, clock: FakeClock) -> None:
    """Not only in the file's header."""
    for _ in range(50):
        await store.create(ALICE, HOME)
    await store.close()
    body = bytearray(path.read_bytes())
    body[4096:] = b"\xa5" * (len(body) - 4096)
    path.write_bytes(body)
    await store.open()

    assert store.known() == frozenset()
    assert path.with_name("sessions.db.broken").exists()


async def test_a_file_of_a_newer_version_is_not_touched(path: Path, clock: FakeClock) -> None:
    """It is kept beside, for the way back."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    store = SqliteSessions(str(path), clock=clock)
    await store.open()
    await store.close()

    assert path.with_name("sessions.db.broken").exists()


@pytest.mark.parametrize("is_full", [False, True], ids=["room", "full"])
async def test_a_file_of_version_1_is_brought_up_to_date(
    path: Path, clock: FakeClock, *, is_full: bool
) -> None:
    """Its sessions live on; on a full disk as well, and it is done when there is room."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(VERSION_1)
        row = ("one", b"x", "alice", b"mark", 1_000, int(clock()), HOME)
        database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    store = SqliteSessions(str(path), clock=clock)
    with files_of_at_most(1024) if is_full else nullcontext():
        await store.open()
        assert store.known() == {"one"}
    if is_full:
        with pytest.raises(UnavailableError):  # the next try brings it up to date
            await store.create(ALICE, HOME)
    await store.create(ALICE, HOME, "curl/8")
    await reopened(store, path, clock)

    found = {one.user_agent: one for one in store.records()}
    assert (found[""].session.id, found[""].created, found[""].address) == ("one", 1_000, HOME)
    assert found["curl/8"].session.username == "alice"
    assert not path.with_name("sessions.db.broken").exists()
    await store.close()


async def test_a_full_disk_at_login(
    store: SqliteSessions, path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Clear words, old sessions go on, and it heals by itself."""
    old = await store.create(ALICE, HOME)
    with files_of_at_most(1024):
        with pytest.raises(UnavailableError, match="disk full"):
            await store.create(ALICE, HOME)
        assert "can't be saved" in store.problem
        assert await store.find(old.token) is not None
    new = await store.create(ALICE, HOME)

    assert store.problem == ""
    assert len(store.known()) == 2
    assert await store.find(new.token) is not None


async def test_an_end_that_cannot_be_written_is_repeated(
    store: SqliteSessions, path: Path, clock: FakeClock
) -> None:
    """It is dead here at once, and on disk as soon as that works."""
    opened = await store.create(ALICE, HOME)
    with files_of_at_most(1024):
        assert await store.end({opened.session.id}) == {opened.session.id}
        assert await store.find(opened.token) is None
    clock.move(61)
    await store.maintain()
    await reopened(store, path, clock)

    assert await store.find(opened.token) is None


async def test_no_directory_yet(tmp_path: Path, clock: FakeClock) -> None:
    """The start doesn't fail, and logins work once it is there."""
    store = SqliteSessions(str(tmp_path / "state" / "sessions.db"), clock=clock)
    await store.open()
    with pytest.raises(UnavailableError):
        await store.create(ALICE, HOME)
    (tmp_path / "state").mkdir()
    opened = await store.create(ALICE, HOME)

    assert await store.find(opened.token) is not None
    await store.close()


@pytest.mark.parametrize("token", ["", "x", "é" * 128, "A" * 127, "A" * 129, "\ud800" * 128])
async def test_odd_tokens(store: SqliteSessions, token: str) -> None:
    """They are nobody's."""
    assert await store.find(token) is None
