"""Changes to the same files, one after another."""

import asyncio
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from octyne.aio import Workers
from octyne.errors import UnavailableError
from octyne.system.paths.folder import FileId, file_id
from octyne.system.paths.resolve import DIRECTORY

P = ParamSpec("P")
T = TypeVar("T")

WAIT_S = 60.0  # seconds that a change waits for its turn
THREADS = 4  # of different apps at once

Key = FileId | str  # the path of what can't be opened
Lineage = tuple[Key, ...]  # a directory, and all above it


class Turns:
    """Gives changes their turns, in the order in which they were asked for.

    Changes of one directory follow each other, whatever paths lead to it; so do those of
    directories of which one is in the other. All others don't wait for each other.

    What has a turn is the moment when a change becomes visible (a rename), or all of a batch.
    Long preparations, such as receiving an upload, come before it.
    """

    def __init__(self) -> None:
        self._queue: list[_Turn] = []  # those that have come, and those that wait
        self._workers = Workers("changes", THREADS)
        self._lookers = Workers("turns", THREADS)  # the others may be busy for long

    async def run(
        self, directory: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run blocking ``work`` when it is the turn of ``directory``, in a thread.

        Cancelling stops the waiting; work that has begun keeps its turn until it ends.

        Raises:
            UnavailableError: its turn doesn't come.
            Exception: whatever ``work`` raises.
        """
        try:
            async with asyncio.timeout(WAIT_S):
                turn = await self._wait(await self._lookers.run(lineage, directory))
        except TimeoutError as error:
            raise UnavailableError(
                "Another change to this app's files takes long. Try again later."
            ) from error
        work_done = self._workers.start(work, *args, **kwargs)

        def give_back(done: asyncio.Future[T]) -> None:
            self._leave(turn)
            if not done.cancelled():
                done.exception()  # looked at also when nobody waits for it any more

        work_done.add_done_callback(give_back)
        return await asyncio.shield(work_done)

    def close(self) -> None:
        """Forget what waits; work that has begun ends by itself."""
        self._workers.close()
        self._lookers.close()

    async def _wait(self, place: Lineage) -> "_Turn":
        turn = _Turn(place)
        self._queue.append(turn)
        self._call()
        try:
            await turn.come.wait()
        except BaseException:
            self._leave(turn)
            raise
        return turn

    def _leave(self, turn: "_Turn") -> None:
        self._queue.remove(turn)
        self._call()

    def _call(self) -> None:
        """Tell those whose turn has come: nobody before them is at the same files."""
        places, above = set[Key](), set[Key]()  # of those before
        for turn in self._queue:
            if turn.place not in above and places.isdisjoint(turn.lineage):
                turn.come.set()
            places.add(turn.place)
            above.update(turn.lineage)


class _Turn:
    """One change that waits, or is at work.

    Attributes:
        come: set when it may begin.
    """

    def __init__(self, found: Lineage) -> None:
        self.place = found[0]
        self.lineage = found
        self.come = asyncio.Event()


def lineage(directory: str) -> Lineage:
    """What a directory is known by, and all that it is in, up to the root. Blocks.

    One that can't be opened is known by its path: whoever wants to change it is told why.
    """
    found: list[Key] = []
    try:
        fd = os.open(directory, DIRECTORY)
    except OSError:
        return (os.path.abspath(directory),)
    try:
        while True:
            key = file_id(os.fstat(fd))
            if found and found[-1] == key:  # only the root is in itself
                return tuple(found)
            found.append(key)
            above = os.open("..", DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = above
    except OSError:  # what is above is closed to us: no app of ours can be there
        return tuple(found)
    finally:
        os.close(fd)
