"""How far a job is, and whether it shall go on: written by its thread, read by others."""

import threading


class CancelledError(Exception):
    """The job was told to end."""


class Progress:
    """Numbers that only grow; reading them needs no lock.

    Attributes:
        bytes_done, bytes_total: of the files' contents; the total is 0 until it is known.
        entries_done, entries_total: files, folders and symlinks.
    """

    def __init__(self) -> None:
        self.bytes_done = self.bytes_total = 0
        self.entries_done = self.entries_total = 0
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Tell the job to end; `check` tells it."""
        self._cancelled.set()

    def check(self) -> None:
        """Call it between pieces of work, at most 1 MiB or 0.1 s apart.

        Raises:
            CancelledError: the job was told to end.
        """
        if self._cancelled.is_set():
            raise CancelledError

    def finish(self) -> None:
        """All is done: so that is the total, also where nobody counted or folders were implied."""
        self.bytes_total, self.entries_total = self.bytes_done, self.entries_done

    def advance(self, size: int, entries: int = 0) -> None:
        """Count what is done, from any of the job's threads; also a `check`."""
        with self._lock:
            self.bytes_done += size
            self.entries_done += entries
        self.check()
