"""The only place with raw tasks and threads: the thread hop, and task owners that fail alone."""

import asyncio
import logging
import os
import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar
from weakref import WeakValueDictionary

P = ParamSpec("P")
T = TypeVar("T")

CHECK_S = 0.1  # seconds between looks at whether a job shall go on
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


def share_of(most: int) -> int:
    """How much of what there is for all one account may have: half, so that others get theirs."""
    return (most + 1) // 2


class Workers:
    """A pool of its own for one kind of heavy blocking work, with a bound on threads.

    The work holds a thread each; callers bound how many wait.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"octyne-{name}")
        self._share = share_of(threads)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def run(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `in_thread`, in this pool."""
        return await self.start(func, *args, **kwargs)

    def start(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Queue blocking work now; shield the future to wait for it and not give it up."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._pool, lambda: func(*args, **kwargs))

    async def run_for(
        self, account: str, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Like `run`, in that account's share of the threads: others don't wait for it.

        Cancelling gives up what hasn't begun; what has begun keeps its thread until it ends.
        """
        share = self._shares.setdefault(account, asyncio.Semaphore(self._share))
        await share.acquire()
        loop = asyncio.get_running_loop()
        work = self._pool.submit(lambda: func(*args, **kwargs))

        def give_back(_: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(share.release)

        work.add_done_callback(give_back)
        return await asyncio.wrap_future(work)

    def close(self) -> None:
        """Forget queued work; running work ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Slots:
    """How much of one kind of work is taken on at once; more is refused, it doesn't wait.

    An account has its share (`share_of`) and no more, so nobody can keep all others out.
    """

    def __init__(self, most: int, refusal: Callable[[], Exception]) -> None:
        """``refusal`` makes the error that `taken` raises when there are enough."""
        self._most = most
        self._refusal = refusal
        self._taken: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many are taken."""
        return self._taken.total()

    @contextmanager
    def taken(self, account: str) -> Iterator[None]:
        """Have one of them for a ``with`` block, for that account. Call it in the loop."""
        if self.count >= self._most or self._taken[account] >= share_of(self._most):
            raise self._refusal()
        self._taken[account] += 1
        try:
            yield
        finally:
            self._taken[account] -= 1
            if not self._taken[account]:
                del self._taken[account]


class Helpers:
    """Threads that help one blocking job, and end with it: leaving the block waits for them.

    Work that hasn't begun by then is forgotten. ``check`` is called by who waits for results, ten
    times a second; what it raises ends the job.
    """

    def __init__(self, name: str, most: int, check: Callable[[], None] = lambda: None) -> None:
        self.threads = max(1, min(os.cpu_count() or 1, most))
        self._check = check
        self._over = threading.Event()
        self._queued: deque[Future[None]] = deque()
        self._pool = ThreadPoolExecutor(self.threads + 1, thread_name_prefix=f"octyne-{name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue work; the caller bounds how much waits."""
        return self._pool.submit(lambda: func(*args, **kwargs))

    def run(self, work: Callable[[], None]) -> None:
        """Queue work without a result; wait while enough is queued. Raises what failed before."""
        while len(self._queued) >= 2 * self.threads:
            self.result(self._queued.popleft())
        self._queued.append(self.start(work))

    def finish(self) -> None:
        """Wait for all that `run` was given. Raises what the first that failed has raised."""
        while self._queued:
            self.result(self._queued.popleft())

    @property
    def is_over(self) -> bool:
        """Whether the job has ended: long work looks at it."""
        return self._over.is_set()

    def result(self, work: Future[T]) -> T:
        """Wait for what was started. Raises what it raises, or ``check`` does."""
        while not wait([work], CHECK_S).done:
            self._check()
        return work.result()

    def start_later(
        self, seconds: float, func: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Do something beside, in a thread more, if the job lasts so long. Once for each."""

        def work() -> None:
            if not self._over.wait(seconds):
                func(*args, **kwargs)

        self._pool.submit(work)


class Pipe:
    """Bytes from one thread to the loop, bounded: the thread waits while the reader is slow."""

    def __init__(self, limit_bytes: int) -> None:
        """Call it in the loop."""
        self._limit = limit_bytes
        self._loop = asyncio.get_running_loop()
        self._change = threading.Condition()
        self._news = asyncio.Event()
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._is_ended = self._is_closed = False

    def put(self, data: bytes) -> None:
        """Hand bytes over; waits for room. Call it in the thread.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        with self._change:
            self._change.wait_for(lambda: self._is_closed or self._size < self._limit)
            if self._is_closed:
                raise BrokenPipeError
            self._queue.append(data)
            self._size += len(data)
        self._tell()

    def end(self) -> None:
        """Tell that nothing more comes. Call it in the thread."""
        with self._change:
            self._is_ended = True
        self._tell()

    async def get(self) -> bytes:
        """The next bytes, b"" at the end. Cancelling is safe."""
        while True:
            with self._change:  # held for moments only
                if self._queue:
                    data = self._queue.popleft()
                    self._size -= len(data)
                    self._change.notify()
                    return data
                if self._is_ended:
                    return b""
                self._news.clear()
            await self._news.wait()

    def close(self) -> None:
        """The reader goes: whoever puts is told so. Call it in the loop, as often as you like."""
        with self._change:
            self._is_closed = True
            self._change.notify()

    def _tell(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads
            self._loop.call_soon_threadsafe(self._news.set)


class Outbox(Generic[T]):
    """One thread that works off a bounded queue in order, for writers that must never wait.

    The thread starts with the first item and never holds up the end of the program.
    """

    def __init__(self, name: str, work: Callable[[T], None], size: int) -> None:
        self._work = work
        self._queue: queue.Queue[T | None] = queue.Queue(size)
        self._thread = threading.Thread(target=self._run, name=f"octyne-{name}", daemon=True)
        self._start = threading.Lock()

    def put(self, item: T) -> bool:
        """Queue an item, from any thread; False when the queue is full: the item is dropped."""
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            return False
        with self._start:
            if self._thread.ident is None:
                self._thread.start()
        return True

    def drain(self, seconds: float) -> bool:
        """Wait until everything queued is done; False when that takes longer. Blocks."""
        done = self._queue.all_tasks_done
        with done:
            return done.wait_for(lambda: self._queue.unfinished_tasks == 0, seconds)

    def close(self, seconds: float) -> None:
        """Finish what is queued, as far as ``seconds`` go, and end the thread. Blocks."""
        if self._thread.ident is None or not self.drain(seconds):
            return
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._work(item)
            except Exception:  # bulkhead: one bad item must not end the thread
                log.exception("Thread %s failed with an item", self._thread.name)
            finally:
                self._queue.task_done()
        self._queue.task_done()


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

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start ``work`` under ``name``; it is owned here until it ends."""
        self.start_task(name, work)  # type: ignore[unused-awaitable]  # awaited by `cancel`

    def start_task(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Like `start`, for callers that wait for the end or cancel this one task."""
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
