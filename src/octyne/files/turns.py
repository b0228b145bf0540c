"""Changes to one app's files, one after another."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from octyne.aio import Workers
from octyne.errors import UnavailableError

P = ParamSpec("P")
T = TypeVar("T")

WAIT_S = 60.0  # seconds that a change waits for its turn
THREADS = 4  # of different apps at once


class Turns:
    """Gives each app's changes their turns; changes of different apps don't wait for each other.

    What has a turn is the moment when a change becomes visible (a rename), or all of a batch.
    Long preparations, such as receiving an upload, come before it.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._workers = Workers("changes", THREADS)

    async def run(
        self, directory: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run blocking ``work`` when it is the turn of ``directory``, in a thread.

        Cancelling stops the waiting; work that has begun keeps its turn until it ends.

        Raises:
            UnavailableError: its turn doesn't come.
            Exception: whatever ``work`` raises.
        """
        lock = self._locks.setdefault(directory, asyncio.Lock())
        try:
            async with asyncio.timeout(WAIT_S):
                await lock.acquire()
        except TimeoutError as error:
            raise UnavailableError(
                "Another change to this app's files takes long. Try again later."
            ) from error
        work_done = self._workers.start(work, *args, **kwargs)

        def give_back(done: asyncio.Future[T]) -> None:
            lock.release()
            if not done.cancelled():
                done.exception()  # looked at also when nobody waits for it any more

        work_done.add_done_callback(give_back)
        return await asyncio.shield(work_done)

    def close(self) -> None:
        """Forget what waits; work that has begun ends by itself."""
        self._workers.close()
