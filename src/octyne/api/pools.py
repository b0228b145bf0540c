"""Threads for looking at what is large, each kind apart: one doesn't wait for another."""

from octyne.aio import Slots, Workers
from octyne.errors import RateLimitedError

# Three threads are two for one account, and one for the others.
LIST_THREADS, MAX_LISTS = 3, 200
MAX_LARGE_LISTS = 8  # that are sent: a folder of a million files is more than 100 MB
WALK_THREADS, MAX_WALKS = 3, 16  # they take turns of a tenth of a second
SEARCH_THREADS, MAX_SEARCHES = 3, 32  # most of them wait
MAX_DOWNLOADS = 8  # each has a thread that waits for its client, and about 16 MiB
RETRY_S = 10  # seconds


class Pool(Workers):
    """The threads for one kind of request, and how many such requests there may be.

    Attributes:
        slots: one for each request; who gets none is told so (RateLimitedError).
    """

    def __init__(self, name: str, threads: int, most: int, refusal: str) -> None:
        """``refusal`` is what somebody reads who gets no slot."""
        super().__init__(name, threads)
        self.slots = Slots(most, lambda: RateLimitedError(refusal, retry_after_s=RETRY_S))


class Pools:
    """All of them; one object for the daemon.

    Attributes:
        lists: of folders, and of what shall be packed.
        large_lists: those that are sent and are large; they wait in memory for their clients.
        walks: searches among files, and sizes of trees.
        searches: in console logs.
        downloads: archives that are sent while they are made.
        actions: the action log, read back; a search may go through all its files.
    """

    def __init__(self) -> None:
        again = "Too many at once! Try again."
        self.lists = Pool("lists", LIST_THREADS, MAX_LISTS, again)
        self.large_lists = Slots(
            MAX_LARGE_LISTS, lambda: RateLimitedError(again, retry_after_s=RETRY_S)
        )
        self.walks = Pool("walks", WALK_THREADS, MAX_WALKS, again)
        self.searches = Pool(
            "search", SEARCH_THREADS, MAX_SEARCHES, "Too many searches at once! Try again."
        )
        self.downloads = Pool(
            "download", MAX_DOWNLOADS, MAX_DOWNLOADS, "Too many downloads at once! Try again."
        )
        self.actions = Workers("action log", 1)

    def close(self) -> None:
        """Forget what waits; what runs ends by itself."""
        for each in (self.lists, self.walks, self.searches, self.downloads, self.actions):
            each.close()
