"""Sessions in SQLite: they outlive a restart, and the file gives no token away.

A token is kept only as its SHA-256 (it has 768 random bits, so nothing slower is needed). All
living sessions are also in memory: finding one is a dictionary lookup, and one that ends is
dead at once whatever the disk says.
"""

import hashlib
import logging
import secrets
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable
from typing import ParamSpec

from octyne import aio
from octyne.accounts.credentials import fingerprint
from octyne.accounts.session_file import Entry, SessionFile
from octyne.accounts.stores import Account, NewSession, Session, SessionRecord
from octyne.errors import UnavailableError

P = ParamSpec("P")
log = logging.getLogger(__name__)

TOKEN_BYTES = 96
TOKEN_LENGTH = 128  # characters of base64
LIFETIME_S = 8_035_200  # 3 months without use; the cookie's Max-Age is the same
MAX_PER_ACCOUNT = 1000
FLUSH_EVERY_S = 60.0


def new_token() -> str:
    """A token as the contract has it."""
    return b64encode(secrets.token_bytes(TOKEN_BYTES)).decode("ascii")


def is_token(text: str) -> bool:
    """Whether ``text`` can be a token at all; spares the stores odd input."""
    return len(text) == TOKEN_LENGTH and text.isascii()


def token_digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("ascii")).digest()


class SqliteSessions:
    """The sessions of this node, in one file."""

    def __init__(self, path: str, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._file = SessionFile(path)
        self._workers: aio.Workers | None = None
        self._by_token: dict[bytes, Entry] = {}
        self._by_id: dict[str, Entry] = {}
        self._by_account: dict[str, dict[str, Entry]] = {}
        self._used: set[str] = set()  # ids whose last use is not written yet
        self._undeleted: set[str] = set()  # ids that ended and are still in the file
        self._flushed = 0.0
        self.problem = ""

    async def open(self) -> None:
        """Load the sessions. A file that can't be used is moved aside and starts anew."""
        self._workers = aio.Workers("sessions", 1)  # the connection's only thread
        self._by_token, self._by_id, self._by_account = {}, {}, {}
        self._flushed = self._clock()
        oldest = int(self._flushed) - LIFETIME_S
        for entry in await self._workers.run(self._file.load, oldest):
            self._add(entry)

    async def probe(self) -> None:
        """A file is always there, or fails when it is written."""

    async def create(self, account: Account, address: str, user_agent: str = "") -> NewSession:
        """Open a session, durably; beyond `MAX_PER_ACCOUNT` the longest unused one ends.

        Cancelling is safe: at worst a session stays that nobody has the token of.
        """
        token, now = new_token(), int(self._clock())
        session = Session(secrets.token_hex(16), account.name, fingerprint(account.hash))
        entry = Entry(session, token_digest(token), now, now, address, user_agent)
        dropped = self._surplus(account.name)
        if not await self._written("open", self._file.insert, entry, dropped):
            raise UnavailableError("The session can't be saved (is the disk full?); try again.")
        self._add(entry)
        self._forget(dropped)
        return NewSession(session, token, dropped)

    async def find(self, token: str) -> Session | None:
        """The session of ``token``; only memory is looked at."""
        if not is_token(token):
            return None
        entry = self._by_token.get(token_digest(token))
        if entry is None:
            return None
        now = int(self._clock())
        if now - entry.last_used > LIFETIME_S:
            return None
        if entry.last_used != now:
            entry.last_used = now
            self._used.add(entry.session.id)
        return entry.session

    async def is_alive(self, session_id: str) -> bool:
        """Whether the session is in memory; what has ended is not."""
        return session_id in self._by_id

    async def end(self, session_ids: Collection[str]) -> frozenset[str]:
        """End sessions: in memory at once, in the file now or (disk full) as soon as it works."""
        ended = self._forget(session_ids)
        self._undeleted |= ended
        await self._delete_ended()
        return ended

    async def end_accounts(self, names: Collection[str], *, keep: str = "") -> frozenset[str]:
        """End the sessions of these accounts, except ``keep``."""
        return await self.end(self.known(names) - {keep})

    async def rebind(self, account: Account) -> None:
        """Tie the account's living sessions to its new hash.

        When that can't be written they live on here and end with the next restart.
        """
        mark = fingerprint(account.hash)
        for entry in self._by_account.get(account.name, {}).values():
            entry.session = Session(entry.session.id, account.name, mark)
        await self._written("update", self._file.rebind, account.name, mark)

    async def maintain(self) -> frozenset[str]:
        """Every minute: write last uses, end what is too old, repeat failed deletions."""
        now = self._clock()
        if abs(now - self._flushed) < FLUSH_EVERY_S:
            return frozenset()
        self._flushed = now
        await self._flush()
        oldest = int(now) - LIFETIME_S
        expired = [one for one, entry in self._by_id.items() if entry.last_used < oldest]
        ended = await self.end(expired)
        await self._delete_ended()
        return ended

    def records(self) -> list[SessionRecord]:
        """All living sessions, in no order."""
        oldest = int(self._clock()) - LIFETIME_S
        return [
            SessionRecord(one.session, one.created, one.last_used, one.address, one.user_agent)
            for one in self._by_id.values()
            if one.last_used >= oldest
        ]

    def known(self, names: Collection[str] | None = None) -> frozenset[str]:
        """All living sessions (of these accounts)."""
        if names is None:
            return frozenset(self._by_id)
        return frozenset(one for name in names for one in self._by_account.get(name, ()))

    async def close(self) -> None:
        """Write last uses and close the file."""
        if self._workers is None:
            return
        await self._flush()
        await self._delete_ended()
        await self._workers.run(self._file.close)
        self._workers.close()
        self._workers = None

    def _add(self, entry: Entry) -> None:
        session = entry.session
        self._by_token[entry.token] = self._by_id[session.id] = entry
        self._by_account.setdefault(session.username, {})[session.id] = entry

    def _forget(self, session_ids: Iterable[str]) -> frozenset[str]:
        known = frozenset(one for one in session_ids if one in self._by_id)
        for session_id in known:
            entry = self._by_id.pop(session_id)
            del self._by_token[entry.token]
            mine = self._by_account[entry.session.username]
            del mine[session_id]
            if not mine:
                del self._by_account[entry.session.username]
            self._used.discard(session_id)
        return known

    def _surplus(self, username: str) -> frozenset[str]:
        mine = self._by_account.get(username, {})
        count = len(mine) - MAX_PER_ACCOUNT + 1
        if count <= 0:
            return frozenset()
        return frozenset(sorted(mine, key=lambda one: mine[one].last_used)[:count])

    async def _flush(self) -> None:
        used, self._used = self._used, set()
        rows = [(self._by_id[one].last_used, one) for one in used]
        if rows and not await self._written("note the use of", self._file.touch, rows):
            self._used |= used & self._by_id.keys()

    async def _delete_ended(self) -> None:
        ended = tuple(self._undeleted)
        if ended and await self._written("delete ended", self._file.delete, ended):
            self._undeleted.difference_update(ended)

    async def _written(
        self, what: str, func: Callable[P, None], *args: P.args, **kwargs: P.kwargs
    ) -> bool:
        """Run ``func`` in the connection's thread; False when the file could not be written."""
        if self._workers is None:
            return False
        try:
            await self._workers.run(func, *args, **kwargs)
        except (sqlite3.Error, OSError) as exc:
            log.warning("Can't %s sessions: %s", what, exc)
            self.problem = "Sessions can't be saved; nobody can log in now."
            await self._workers.run(self._file.close)  # the next try starts clean
            return False
        self.problem = ""
        return True
