"""The connection to one Redis: deadlines, errors in our words, recovery by itself."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from octyne.errors import InvalidError, UnavailableError

log = logging.getLogger(__name__)

USER = "octyne-user:"
TOKEN = "octyne-token:"  # noqa: S105  # a key's prefix
DEADLINE_S = 1.0  # for one command
PAUSE_S = 0.5  # after a failure: commands fail at once instead of waiting for the deadline each
MAX_CONNECTIONS = 32
CHUNK = 500  # keys in one command
SCAN_COUNT = 1000


class RedisLink:
    """One Redis server, by URL. Safe to share between stores."""

    def __init__(
        self,
        url: str,
        *,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deadline_s = deadline_s
        self._clock = clock
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
        # Its many typed commands come in sync-or-async unions; one untyped door is clearer.
        self._execute: Callable[..., Awaitable[Any]] = Redis(connection_pool=pool).execute_command
        self._pool = pool

    async def run(self, *command: str | int) -> Any:  # noqa: ANN401  # Redis answers anything
        """Run one command. Cancelling is safe; its connection is thrown away.

        Raises:
            UnavailableError: Redis is away or refuses; the caller may try again.
        """
        if self._clock() < self._paused_until:
            raise UnavailableError(self.problem)
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await self._execute(*command)
        except (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError) as exc:
            self._paused_until = self._clock() + PAUSE_S
            raise self._failed("Redis can't be reached; try again in a moment.", exc) from exc
        except RedisError as exc:
            raise self._failed("Redis refuses to work; try again later.", exc) from exc
        if self.problem:
            log.warning("Redis is back")
            self.problem, self._paused_until = "", 0.0
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
            await self._pool.disconnect()

    def _failed(self, problem: str, error: Exception) -> UnavailableError:
        if problem != self.problem:
            log.warning("%s (%s)", problem, type(error).__name__)  # texts may hold the URL
            self.problem = problem
        return UnavailableError(problem)
