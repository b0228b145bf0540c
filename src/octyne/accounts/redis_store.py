"""Accounts and sessions in Redis, where several nodes (also Go's) share them.

``octyne-user:NAME`` holds a password hash, ``octyne-token:TOKEN`` the name of its account. The
primary owns the accounts (its users.json) and publishes them; secondaries read. Whatever is
missed while Redis is away is made up for by comparing, not by remembering.
"""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from octyne.accounts.sessions import LIFETIME_S, MAX_PER_ACCOUNT, is_token, new_token
from octyne.accounts.stores import Account, Edit, NewSession, Outside, Session
from octyne.accounts.users_file import UsersFile
from octyne.errors import DeniedError, InvalidError, UnavailableError

log = logging.getLogger(__name__)

USER = "octyne-user:"
TOKEN = "octyne-token:"  # noqa: S105  # a key's prefix
DEADLINE_S = 1.0  # for one command
PAUSE_S = 0.5  # after a failure: commands fail at once instead of waiting for the deadline each
MAX_CONNECTIONS = 32
CHUNK = 500  # keys in one command
SCAN_COUNT = 1000

REFRESH_EVERY_S = 3600.0  # a token in use gets its whole lifetime again at most this often
CHECK_EVERY_S = 2.0  # whether sessions ended on another node
COMPARE_EVERY_S = 5.0  # whether Redis still holds what we published
SYNC_EVERY_S = 60.0  # whether it holds accounts that we don't have
MAX_WATCHED = 10_000  # sessions seen here, whose end is looked for

NO_MANAGING = (
    "This node does not support managing users. Perform user management on the primary node!"
)


class RedisLink:
    """The connection to one Redis: deadlines, errors in our words, recovery by itself."""

    def __init__(self, url: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._paused_until = 0.0
        self.problem = ""
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=MAX_CONNECTIONS,
                timeout=deadline_s,
                socket_timeout=deadline_s,
                socket_connect_timeout=deadline_s,
                # One more try at once: Redis was restarted, and the pooled connection is dead.
                retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
                decode_responses=True,
                encoding_errors="replace",
                protocol=2,  # servers before 6 know no other
            )
        except ValueError as exc:
            raise InvalidError("The Redis URL is invalid; use redis://host:port.") from exc
        self._client = Redis(connection_pool=pool)

    async def run(self, *command: str | int) -> Any:  # noqa: ANN401  # Redis answers anything
        """Run one command. Cancelling is safe; its connection is thrown away.

        Raises:
            UnavailableError: Redis is away or refuses; the caller may try again.
        """
        if time.monotonic() < self._paused_until:
            raise UnavailableError(self.problem)
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._client.execute_command(*command)
        except (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError) as exc:
            self._paused_until = time.monotonic() + PAUSE_S
            raise self._failed("Redis can't be reached; try again in a moment.", exc) from exc
        except RedisError as exc:
            raise self._failed("Redis refuses to work; try again later.", exc) from exc
        if self.problem:
            log.warning("Redis is back")
            self.problem = ""
        return answer

    async def get_all(self, keys: Sequence[str]) -> dict[str, str]:
        """The values of those of ``keys`` that exist."""
        found: dict[str, str] = {}
        for start in range(0, len(keys), CHUNK):
            some = keys[start : start + CHUNK]
            values = await self.run("MGET", *some)
            found.update(
                (key, value) for key, value in zip(some, values, strict=True) if value is not None
            )
        return found

    async def read_prefix(self, prefix: str) -> AsyncIterator[dict[str, str]]:
        """All keys and values under ``prefix``, in batches; some may come twice."""
        cursor = 0
        while True:
            cursor, keys = await self.run(
                "SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", SCAN_COUNT
            )
            yield await self.get_all(keys)
            if int(cursor) == 0:
                return

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete keys, whether they exist or not."""
        for start in range(0, len(keys), CHUNK):
            await self.run("DEL", *keys[start : start + CHUNK])

    async def close(self) -> None:
        """Close the connections; the next command opens new ones."""
        with suppress(RedisError, OSError):
            await self._client.connection_pool.disconnect()

    def _failed(self, problem: str, error: Exception) -> UnavailableError:
        if problem != self.problem:
            log.warning("%s (%s)", problem, type(error).__name__)  # texts may hold the URL
            self.problem = problem
        return UnavailableError(problem)


class PublishedAccounts:
    """The primary's accounts: a `UsersFile`, and its copy in Redis."""

    can_manage = True

    def __init__(
        self, users: UsersFile, link: RedisLink, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._users = users
        self._link = link
        self._clock = clock
        self._copy: Mapping[str, str] | None = None  # what Redis holds; None when not sure
        self._compare_at = self._sync_at = 0.0
        self._turn = asyncio.Lock()  # one writer of the copy at a time
        self._ended: frozenset[str] = frozenset()

    @property
    def problem(self) -> str:
        """What is wrong with the file or with Redis."""
        return " ".join(filter(None, (self._users.problem, self._link.problem)))

    async def open(self) -> bool:
        """Read the file and publish it, now or when Redis is there."""
        missing = await self._users.open()
        await self._publish()
        return missing

    async def get(self, name: str) -> Account | None:
        """From the file: it is the truth."""
        return await self._users.get(name)

    async def names(self) -> list[str]:
        """From the file."""
        return await self._users.names()

    async def change(self, edit: Edit) -> None:
        """Change the file, then the copy. Redis being away does not stop a change."""
        await self._users.change(edit)
        await self._publish()

    async def poll(self) -> Outside:
        """Take over hand edits, and put the copy right when Redis lost or gained something."""
        outside = await self._users.poll()
        await self._compare()
        await self._publish()
        ended, self._ended = self._ended, frozenset()
        return Outside(outside.changed, outside.ended | ended)

    async def close(self) -> None:
        """Close the connection; the copy stays in Redis for the other nodes."""
        await self._users.close()
        await self._link.close()

    async def _compare(self) -> None:
        now = self._clock()
        if now >= self._sync_at:
            self._copy = None
        if self._copy is None or now < self._compare_at:
            return
        self._compare_at = now + COMPARE_EVERY_S
        copy = {USER + name: hashed for name, hashed in self._copy.items()}
        with suppress(UnavailableError):
            if await self._link.get_all(list(copy)) != copy:
                self._copy = None

    async def _publish(self) -> None:
        """Make Redis hold what the file holds; when it is away, the next `poll` tries again."""
        if not self._users.loaded:
            return  # a broken file at the start says nothing about accounts: delete nobody
        try:
            async with self._turn:
                await self._write_copy()
        except UnavailableError:
            self._copy = None

    async def _write_copy(self) -> None:
        wanted = self._users.users
        if self._copy is None:
            copy = await self._read_copy()
            # Changed while we were not looking: nobody else ended the sessions of these.
            self._ended |= {name for name, kept in copy.items() if wanted.get(name) != kept}
            self._sync_at = self._clock() + SYNC_EVERY_S
            self._compare_at = self._clock() + COMPARE_EVERY_S
        else:
            copy = dict(self._copy)
        self._copy = None  # until both commands went through
        fresh = [name for name, hashed in wanted.items() if copy.get(name) != hashed]
        for start in range(0, len(fresh), CHUNK):
            some = fresh[start : start + CHUNK]
            await self._link.run("MSET", *(x for name in some for x in (USER + name, wanted[name])))
        await self._link.delete([USER + name for name in copy if name not in wanted])
        self._copy = wanted

    async def _read_copy(self) -> dict[str, str]:
        copy: dict[str, str] = {}
        async for some in self._link.read_prefix(USER):
            copy.update((key.removeprefix(USER), hashed) for key, hashed in some.items())
        return copy


class RedisAccounts:
    """A secondary's accounts: those that the primary publishes, read each time."""

    can_manage = False

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    @property
    def problem(self) -> str:
        """Whether Redis is away."""
        return self._link.problem

    async def open(self) -> bool:
        """Nothing to load; the first account is the primary's business."""
        return False

    async def get(self, name: str) -> Account | None:
        """Ask Redis."""
        hashed = await self._link.run("GET", USER + name)
        return None if hashed is None else Account(name, hashed)

    async def names(self) -> list[str]:
        """Refused."""
        raise DeniedError(NO_MANAGING)

    async def change(self, edit: Edit) -> None:
        """Refused."""
        raise DeniedError(NO_MANAGING)

    async def poll(self) -> Outside:
        """Nothing is kept here; `RedisSessions.maintain` finds sessions without an account."""
        return Outside()

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()


@dataclass(slots=True)
class _Watched:
    username: str
    token: str = field(repr=False)
    refreshed: float = 0.0


class RedisSessions:
    """Sessions shared by all nodes on one Redis.

    The layout has no room for ids, so a session's id is a digest of its token. To find sessions
    that end elsewhere, those seen here lately are looked up again and again.
    """

    def __init__(self, link: RedisLink, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock = clock
        self._watched: OrderedDict[str, _Watched] = OrderedDict()
        self._opened: dict[str, OrderedDict[str, None]] = {}  # by account: ids, oldest first
        self._check_at = 0.0

    async def open(self) -> None:
        """Nothing to load."""

    async def probe(self) -> None:
        """Raise `UnavailableError` when Redis is away."""
        await self._link.run("PING")

    async def create(self, account: Account, address: str) -> NewSession:
        """Open a session; of those opened since the start, the oldest beyond the cap ends."""
        del address  # the layout has no room for it
        token = new_token()
        await self._link.run("SET", TOKEN + token, account.name, "EX", LIFETIME_S)
        session = Session(_session_id(token), account.name)
        self._watch(session, token)
        mine = self._opened.setdefault(account.name, OrderedDict())
        mine[session.id] = None
        dropped = frozenset[str]()
        if len(mine) > MAX_PER_ACCOUNT:
            oldest, _ = mine.popitem(last=False)
            with suppress(UnavailableError):
                dropped = await self.end({oldest})
        return NewSession(session, token, dropped)

    async def find(self, token: str) -> Session | None:
        """Ask Redis, and give the token its whole lifetime again at most every hour."""
        if not is_token(token):
            return None
        username = await self._link.run("GET", TOKEN + token)
        session_id = _session_id(token)
        if username is None:
            return None
        session = Session(session_id, username)
        watched = self._watched.get(session_id)
        if watched is None or self._clock() - watched.refreshed >= REFRESH_EVERY_S:
            with suppress(UnavailableError):  # a secondary may be kept from writing
                await self._link.run("EXPIRE", TOKEN + token, LIFETIME_S)
            self._watch(session, token)
        else:
            self._watched.move_to_end(session_id)
        return session

    async def is_alive(self, session_id: str) -> bool:
        """Ask Redis."""
        watched = self._watched.get(session_id)
        if watched is None:
            return False
        return bool(await self._link.run("GET", TOKEN + watched.token) == watched.username)

    async def end(self, session_ids: Collection[str]) -> frozenset[str]:
        """Delete their tokens. Raises `UnavailableError`; then they live on."""
        known = {one for one in session_ids if one in self._watched}
        keys = [TOKEN + self._watched[one].token for one in known]
        if unknown := set(session_ids) - known:
            async for some in self._link.read_prefix(TOKEN):
                keys += [key for key in some if _session_id(key.removeprefix(TOKEN)) in unknown]
        await self._link.delete(keys)
        return self._forget(_session_id(key.removeprefix(TOKEN)) for key in keys)

    async def end_accounts(self, names: Collection[str], *, keep: str = "") -> frozenset[str]:
        """Delete all tokens of these accounts but one, wherever they were opened.

        Raises `UnavailableError`; then some may live on.
        """
        if not names:
            return frozenset()
        ended: set[str] = set()
        async for some in self._link.read_prefix(TOKEN):
            ids = {
                key: _session_id(key.removeprefix(TOKEN))
                for key, username in some.items()
                if username in names
            }
            keys = [key for key, session_id in ids.items() if session_id != keep]
            await self._link.delete(keys)
            ended.update(ids[key] for key in keys)
        return self._forget(ended | (self.known(names) - {keep}))

    async def rebind(self, account: Account) -> None:
        """The layout ties tokens to names only."""

    async def maintain(self) -> frozenset[str]:
        """Every 2 seconds: find the sessions seen here whose token or account is gone."""
        now = self._clock()
        if now < self._check_at or not self._watched:
            return frozenset()
        self._check_at = now + CHECK_EVERY_S
        watched = dict(self._watched)
        try:
            tokens = await self._link.get_all([TOKEN + one.token for one in watched.values()])
            names = {one.username for one in watched.values()}
            accounts = await self._link.get_all([USER + name for name in names])
        except UnavailableError:
            return frozenset()  # nobody is thrown out because Redis is away
        return self._forget(
            session_id
            for session_id, one in watched.items()
            if tokens.get(TOKEN + one.token) != one.username or USER + one.username not in accounts
        )

    def known(self, names: Collection[str] | None = None) -> frozenset[str]:
        """Sessions seen here lately."""
        return frozenset(
            one
            for one, watched in self._watched.items()
            if names is None or watched.username in names
        )

    async def close(self) -> None:
        """Close the connection; the sessions stay."""
        self._watched.clear()
        self._opened.clear()
        await self._link.close()

    def _watch(self, session: Session, token: str) -> None:
        self._watched[session.id] = _Watched(session.username, token, self._clock())
        self._watched.move_to_end(session.id)
        if len(self._watched) > MAX_WATCHED:
            self._watched.popitem(last=False)

    def _forget(self, session_ids: Iterable[str]) -> frozenset[str]:
        ended = frozenset(session_ids)
        for session_id in ended:
            watched = self._watched.pop(session_id, None)
            if watched is not None:
                self._opened.get(watched.username, {}).pop(session_id, None)
        return ended


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]
