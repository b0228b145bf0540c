"""Accounts in Redis: what the primary publishes, and what secondaries read."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from octyne.accounts.redis_store.link import CHUNK, USER, RedisLink
from octyne.accounts.roster import NO_MANAGING
from octyne.accounts.stores import Account, Edit, Outside
from octyne.accounts.users_file import UsersFile
from octyne.errors import DeniedError, UnavailableError

COMPARE_EVERY_S = 5.0  # whether Redis still holds what we published
SYNC_EVERY_S = 60.0  # whether it holds accounts that we don't have


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
        if self._copy is None:
            await self._publish()  # so that what differs afterwards is this change alone
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
        del edit
        raise DeniedError(NO_MANAGING)

    async def poll(self) -> Outside:
        """Nothing is kept here; `RedisSessions.maintain` finds sessions without an account."""
        return Outside()

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()
