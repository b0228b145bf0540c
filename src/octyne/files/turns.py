"""Changes to the same files, one after another."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from octyne.aio import Slots, Workers, share_of
from octyne.errors import UnavailableError
from octyne.system.paths.folder import FileId, file_id
from octyne.system.paths.resolve import DIRECTORY

P = ParamSpec("P")
T = TypeVar("T")

WAIT_S = 60.0  # seconds that a change waits for its turn
THREADS = 8  # of different apps at once; four of one account: a batch may take minutes
LOOKERS = 4  # threads that find out which files a change is at
MAX_TURNS = 256  # that there are, or that somebody waits for; half of them of one account

Key = FileId | str  # the path of what can't be opened
Lineage = tuple[Key, ...]  # a directory, and all above it


class Turns:
    """Gives changes their turns, in the order in which they were asked for.

    Changes of one directory follow each other, whatever paths lead to it; so do those of
    directories of which one is in the other. All others don't wait for each other, as long as there
    are threads; an account has its share of those (`octyne.aio.share_of`), and of the queue.

    What has a turn is the moment when a change becomes visible (a rename), or all of a batch.
    Long preparations, such as receiving an upload, come before it.
    """

    def __init__(self) -> None:
        self._queue: list[_Turn] = []  # those that have come, and those that wait
        self._slots = Slots(MAX_TURNS, _too_many)
        self._workers = Workers("changes", THREADS)
        self._lookers = Workers("turns", LOOKERS)  # the others may be busy for long

    async def run(
        self, account: str, directory: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run blocking ``work`` of that account when it is the turn of ``directory``, in a thread.

        Cancelling stops the waiting; work that has begun keeps its turn until it ends.

        Raises:
            UnavailableError: its turn doesn't come, or too many wait already.
            Exception: whatever ``work`` raises.
        """
        with self._slots.taken(account):
            return await self._run(account, directory, lambda: work(*args, **kwargs))

    async def _run(self, account: str, directory: str, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(WAIT_S):
                place = await self._lookers.run(lineage, directory)
                turn = await self._wait(_Turn(account, place))
        except TimeoutError as error:
            raise UnavailableError(
                "Another change to this app's files takes long. Try again later."
            ) from error
        work_done = self._workers.start(work)

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

    async def _wait(self, turn: "_Turn") -> "_Turn":
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
        """Tell those whose turn has come: nobody before is at the same files, a thread is free."""
        at_work = Counter(turn.account for turn in self._queue if turn.come.is_set())
        places, above = set[Key](), set[Key]()  # of those before
        for turn in self._queue:
            has_thread = at_work.total() < THREADS and at_work[turn.account] < share_of(THREADS)
            is_first = turn.place not in above and places.isdisjoint(turn.lineage)
            if has_thread and is_first and not turn.come.is_set():
                turn.come.set()
                at_work[turn.account] += 1
            places.add(turn.place)
            above.update(turn.lineage)


class _Turn:
    """One change that waits, or is at work.

    Attributes:
        come: set when it may begin.
    """

    def __init__(self, account: str, found: Lineage) -> None:
        self.account = account
        self.place = found[0]
        self.lineage = found
        self.come = asyncio.Event()


def _too_many() -> UnavailableError:
    return UnavailableError("Too many changes wait for their turn. Try again later.")


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
