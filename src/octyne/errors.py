"""Families of domain errors with stable codes; no HTTP here.

    DaemonError
    +-- InvalidError            the request is wrong in itself
    +-- UnauthenticatedError    who are you?
    |   +-- (concrete ones stand beside the code that raises them)
    +-- DeniedError             you may not
    +-- NotFoundError           no such thing
    +-- ConflictError           there is one already, or it is in the way
    +-- TooLargeError           over a limit
    +-- PreconditionFailedError the thing isn't in the state that the caller counts on
    +-- DamagedError            what arrived is not what was sent
    +-- RateLimitedError        too often; carries when to try again
    +-- UnavailableError        something that we need is away

``str(error)`` is a sentence for the user: it says what to do and holds nothing secret.
`octyne.api.errors` alone knows which HTTP status a family has.
"""

from typing import ClassVar


class DaemonError(Exception):
    """Base of every error that a user may see."""

    code: ClassVar[str] = "error"


class InvalidError(DaemonError):
    """The request is wrong in itself; the same request will fail again."""

    code = "invalid"


class UnauthenticatedError(DaemonError):
    """The caller has not proven who it is."""

    code = "unauthenticated"


class DeniedError(DaemonError):
    """The caller is known and may not do this."""

    code = "denied"


class NotFoundError(DaemonError):
    """The thing named in the request does not exist."""

    code = "not-found"


class ConflictError(DaemonError):
    """The thing exists already, or its state does not allow the request."""

    code = "conflict"


class TooLargeError(DaemonError):
    """The request is over a documented limit."""

    code = "too-large"


class PreconditionFailedError(DaemonError):
    """The thing is not in the state that the caller counts on; nothing was done."""

    code = "precondition-failed"


class DamagedError(DaemonError):
    """What arrived is not what was sent: its checksum is another."""

    code = "damaged"


class RateLimitedError(DaemonError):
    """Too many requests of one kind.

    Attributes:
        retry_after_s: seconds until the next try can succeed, at least 1.
    """

    code = "rate-limited"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnavailableError(DaemonError):
    """Something that the request needs (Redis, a keeper, disk space) is away; try again."""

    code = "unavailable"
