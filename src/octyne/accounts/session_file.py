"""The SQLite file behind `SqliteSessions`.

A rollback journal, not WAL: writes are few. It is kept between them (PERSIST), so that on a
full disk sessions can still be ended.
"""

import logging
import os
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from octyne.accounts.stores import Session

log = logging.getLogger(__name__)

VERSION = 2

_SCHEMA = f"""
    CREATE TABLE IF NOT EXISTS sessions (
        id TEXT PRIMARY KEY,
        token BLOB NOT NULL UNIQUE,
        username TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        created INTEGER NOT NULL,
        last_used INTEGER NOT NULL,
        address TEXT NOT NULL,
        user_agent TEXT NOT NULL DEFAULT ''
    );
    PRAGMA user_version = {VERSION};
"""
_FROM_1 = f"""
    BEGIN;
    ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
    PRAGMA user_version = {VERSION};
    COMMIT;
"""


@dataclass(slots=True)
class Entry:
    """A session with what is kept about it; times in seconds since 1970."""

    session: Session
    token: bytes
    created: int
    last_used: int
    address: str
    user_agent: str


class SessionFile:
    """The file. All methods block and run in one thread; each write is one transaction."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def load(self, oldest: int) -> list[Entry]:
        """The sessions last used since ``oldest``; older ones are deleted.

        A file that is broken is moved aside. One that can't be opened now (full disk, no rights)
        is left alone: sessions start empty, and writing is tried again each time.
        """
        try:
            try:
                return self._load(oldest)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as exc:
                self._move_aside(exc)
                return self._load(oldest)
        except (sqlite3.Error, OSError) as exc:
            log.warning("Can't open %s: %s; everybody has to log in again", self._path, exc)
            self.close()
            return []

    def insert(self, entry: Entry, dropped: Collection[str]) -> None:
        """Add a session and delete those that had to go for it."""
        session = entry.session
        row = (
            session.id,
            entry.token,
            session.username,
            session.fingerprint,
            entry.created,
            entry.last_used,
            entry.address,
            entry.user_agent,
        )
        with self._open() as connection:
            connection.executemany("DELETE FROM sessions WHERE id = ?", [(one,) for one in dropped])
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def touch(self, rows: list[tuple[int, str]]) -> None:
        """Set the last use of sessions: (time, id)."""
        with self._open() as connection:
            connection.executemany("UPDATE sessions SET last_used = ? WHERE id = ?", rows)

    def rebind(self, username: str, mark: bytes) -> None:
        """Set the fingerprint of an account's sessions."""
        with self._open() as connection:
            connection.execute(
                "UPDATE sessions SET fingerprint = ? WHERE username = ?", (mark, username)
            )

    def delete(self, ids: Collection[str]) -> None:
        """Delete sessions."""
        with self._open() as connection:
            connection.executemany("DELETE FROM sessions WHERE id = ?", [(one,) for one in ids])

    def close(self) -> None:
        """Close the file; it opens again by itself."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            _create_private(self._path)
            connection = sqlite3.connect(self._path)
            try:
                _prepare(connection)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _load(self, oldest: int) -> list[Entry]:
        connection = self._open()
        rows = connection.execute(
            "SELECT * FROM sessions WHERE last_used >= ? ORDER BY created", (oldest,)
        )
        with closing(rows):
            entries = [_entry(row) for row in rows]
        with suppress(sqlite3.OperationalError), connection:  # a full disk: they stay unused
            connection.execute("DELETE FROM sessions WHERE last_used < ?", (oldest,))
        return entries

    def _move_aside(self, error: sqlite3.Error) -> None:
        self.close()
        aside = f"{self._path}.broken"
        log.warning(
            "%s can't be used (%s); it is kept as %s, and everybody has to log in again",
            self._path,
            error,
            aside,
        )
        os.replace(self._path, aside)
        with suppress(FileNotFoundError):
            os.replace(f"{self._path}-journal", f"{aside}-journal")


def _prepare(connection: sqlite3.Connection) -> None:
    """Check a file that was just opened, and make the table in a new one."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_mode = PERSIST")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError(f"it is of version {version}, newer than this program")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
    if version == 0:
        connection.executescript(_SCHEMA)
    if version == 1:
        _extend(connection)


def _extend(connection: sqlite3.Connection) -> None:
    """Bring a file of version 1 up to date; on a full disk it can be read all the same."""
    try:
        connection.executescript(_FROM_1)
    except sqlite3.OperationalError as exc:
        log.warning("The file of the sessions can't be brought up to date: %s", exc)
        if connection.in_transaction:
            connection.rollback()


def _entry(row: Sequence[Any]) -> Entry:
    session_id, token, username, mark, created, last_used, address, *later = row
    agent = later[0] if later else ""  # not there before version 2
    return Entry(Session(session_id, username, mark), token, created, last_used, address, agent)


def _create_private(path: str) -> None:
    """Make the file with its mode before SQLite sees it; an existing one is made private."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
