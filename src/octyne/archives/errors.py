"""What can go wrong with archives, beyond the families that everything has."""

from octyne.errors import DaemonError

UNPACK_FAILED = "An error occurred while decompressing archive!"


class BrokenArchiveError(DaemonError):
    """An archive that can't be unpacked, or must not be.

    Attributes:
        reason: a sentence for users that names the member, where it is one member's fault.
    """

    code = "broken-archive"

    def __init__(self, reason: str) -> None:
        super().__init__(UNPACK_FAILED)
        self.reason = reason


class JobFailedError(DaemonError):
    """A bug of ours ended a job; the log has the details already."""

    code = "job-failed"
