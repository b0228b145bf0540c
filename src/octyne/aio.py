"""The only place with raw tasks and threads: the thread hop, and task owners that fail alone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

FILE_THREADS = 8  # enough to keep a disk busy; more only adds memory

_file_pool = ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="octyne-io")
log = logging.getLogger(__name__)


async def in_thread(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work in the shared, bounded pool and return its result.

    Cancelling stops the waiting, not the work: long work takes a `threading.Event` and
    looks at it. Raises whatever ``func`` raises.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_file_pool, lambda: func(*args, **kwargs))


class Workers:
    """A pool of its own for one kind of heavy blocking work, with a bound on threads.

    The work holds a thread each; callers bound how many wait.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"octyne-{name}")

    async def run(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `in_thread`, in this pool."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: func(*args, **kwargs))

    def close(self) -> None:
        """Forget queued work; running work ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Tasks:
    """Owns the tasks of one thing (an app, a listener); one that fails does not end the others.

    Leaving the ``async with`` block cancels what still runs and waits for it. A task that
    raises is logged with its name and traceback: a failure is a bug, but not everybody's.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cancel()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start ``work`` under ``name``; it is owned here until it ends."""
        task = asyncio.create_task(self._guarded(name, work), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # A task that is cancelled before its first step never touches its work.
        task.add_done_callback(lambda _: work.close())
        return task

    async def cancel(self) -> None:
        """Cancel all tasks and wait until the last has ended (itself excepted)."""
        tasks = [task for task in self._running if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @staticmethod
    async def _guarded(name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:  # bulkhead: one task's bug must not take the daemon down
            log.exception("Task %s failed", name)
