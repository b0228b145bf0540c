"""What all file work of the daemon shares: turns, hidden names, journals, limits."""

import os
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from octyne.aio import Slots, Workers
from octyne.errors import UnavailableError
from octyne.files import journal
from octyne.files.browse import Lister
from octyne.files.leftovers import Leftovers
from octyne.files.resumable import Resumable
from octyne.files.turns import Turns
from octyne.files.upload import Uploads
from octyne.files.upload_records import UploadRecords

P = ParamSpec("P")
T = TypeVar("T")

HIDDEN_DIRECTORY = "hidden"
LONG_THREADS = 3  # copies and removals of trees at once; two of one account
MAX_LONG = 64  # copies that run or wait
MAX_REMOVALS = 128  # deletions and batches that do; each has folders open
START_S = 1.0  # seconds of the start in which leftovers are removed; more goes on beside
CLEAN_UP_S = 3.0  # seconds of the shutdown in which hidden files are removed
UPLOADS_DIRECTORY = "uploads"


class Files:
    """One for the daemon; ``directory`` is its part of the state directory.

    Attributes:
        stopping: set when the daemon ends; long work looks at it.
        removals: taken by what may end with a removal, before anything is done; nobody is refused
            any more when it is half done.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.stopping = threading.Event()
        self.turns = Turns()
        self.leftovers = Leftovers(os.path.join(directory, HIDDEN_DIRECTORY))
        self.lister = Lister(self.leftovers.is_hidden)
        self.uploads = Uploads(self.turns, self.leftovers)
        records = UploadRecords(os.path.join(directory, UPLOADS_DIRECTORY))
        self.resumable = Resumable(records, self.uploads, self.turns, self.leftovers)
        self._long = Workers("trees", LONG_THREADS)
        self._long_slots = Slots(MAX_LONG, _too_many)
        self.removals = Slots(MAX_REMOVALS, _too_many)

    async def run_long(
        self, account: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run blocking work that may take minutes, such as copying a tree, outside any turn.

        Raises:
            UnavailableError: too many wait already, of this account or in all.
            Exception: whatever ``work`` raises.
        """
        with self._long_slots.taken(account):
            return await self._long.run_for(account, work, *args, **kwargs)

    async def run_cleanup(self, account: str, work: Callable[[], None]) -> None:
        """Like `run_long`, never refused: it ends what was begun."""
        await self._long.run_for(account, work)

    def recover(self) -> None:
        """Settle what a killed daemon left. Blocks; call it before anything else is done.

        What is only to be removed, and takes long, is left to `run`.
        """
        for directory in (self.directory, os.path.join(self.directory, HIDDEN_DIRECTORY)):
            os.makedirs(directory, mode=0o700, exist_ok=True)
        self.leftovers.hurry.set_in(START_S)
        journal.recover(self)
        self.leftovers.sweep(keep=self.resumable.load())
        self.leftovers.hurry.clear()

    async def run(self) -> None:
        """Remove what `recover` had no time for. Cancelling is safe; `stop` ends its thread."""
        await self._long.run(self.leftovers.sweep_rest, self.stopping)

    def stop(self) -> None:
        """End long work, as the first step of a shutdown; it has a moment to clean up."""
        if not self.stopping.is_set():
            self.stopping.set()
            self.leftovers.hurry.set_in(CLEAN_UP_S)

    def close(self) -> None:
        """Stop what can be stopped."""
        self.stop()
        self.uploads.close()
        self._long.close()
        self.turns.close()


def _too_many() -> UnavailableError:
    return UnavailableError("Too many files are being copied or removed. Try again later.")
