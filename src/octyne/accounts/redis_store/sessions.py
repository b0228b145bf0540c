"""Sessions in Redis, shared by all nodes."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from octyne.accounts.redis_store.link import TOKEN, USER, RedisLink
from octyne.accounts.sessions import LIFETIME_S, MAX_PER_ACCOUNT, is_token, new_token
from octyne.accounts.stores import Account, NewSession, Session, SessionRecord
from octyne.errors import InvalidError, UnavailableError

REFRESH_EVERY_S = 3600.0  # a token in use gets its whole lifetime again at most this often
CHECK_EVERY_S = 2.0  # whether sessions ended on another node
MAX_WATCHED = 10_000  # sessions seen here, whose end is looked for


@dataclass(slots=True)
class _Watched:
    username: str
    token: str = field(repr=False)
    refreshed: float = 0.0


class RedisSessions:
    """Sessions shared by all nodes on one Redis.

    The layout has no room for ids, so a session's id is a digest of its token. To find sessions
    that end elsewhere, the last `MAX_WATCHED` seen here are looked up again and again.
    """

    def __init__(self, link: RedisLink, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock = clock
        self._watched: OrderedDict[str, _Watched] = OrderedDict()
        self._opened: dict[str, OrderedDict[str, None]] = {}  # by account: ids, oldest first
        self._check_at = 0.0

    @property
    def problem(self) -> str:
        """Whether Redis is away."""
        return self._link.problem

    async def open(self) -> None:
        """Nothing to load."""

    async def probe(self) -> None:
        """Raise `UnavailableError` when Redis is away."""
        await self._link.run("PING")

    async def create(self, account: Account, address: str, user_agent: str = "") -> NewSession:
        """Open a session; of those opened since the start, the oldest beyond the cap ends."""
        del address, user_agent  # the layout has no room for them
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

    def records(self) -> list[SessionRecord]:
        """The layout knows no more of a session than its account."""
        raise InvalidError("Sessions kept in Redis can't be listed.")

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
                self._opened.get(watched.username, OrderedDict()).pop(session_id, None)
        return ended


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]
