"""The only module that knows status numbers: which family of errors gives which answer.

The same families give the close codes of the console's WebSocket: 4000 + status. Anything that is
no `DaemonError` is a bug: it is logged with its traceback under an id, and the answer carries that
id and nothing else.
"""

import logging
import secrets
from dataclasses import dataclass, field

from octyne.archives.errors import BrokenArchiveError, JobFailedError
from octyne.errors import (
    ConflictError,
    DaemonError,
    DamagedError,
    DeniedError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    RateLimitedError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)

log = logging.getLogger(__name__)

OK = 200
PARTIAL = 206
NOT_MODIFIED = 304
NO_SUCH_RANGE = 416
SWITCHING_PROTOCOLS = 101

# The contract's exact texts that more than one module needs (docs/api.md#errors).
INTERNAL = "Internal Server Error!"
NOT_AUTHENTICATED = "You are not authenticated to access this resource!"
NOT_ALLOWED = "You are not allowed to access this resource!"
NO_SUCH_ROUTE = "This resource does not exist!"
BODY_CUT_OFF = "Failed to read body!"
CONFIG_UNREADABLE = "An error occurred while reading config!"


class MethodNotAllowedError(DaemonError):
    """The route does not take this method.

    Attributes:
        allowed: the methods that it takes; "" where the table knows them.
    """

    code = "method-not-allowed"

    def __init__(self, message: str, allowed: str = "") -> None:
        super().__init__(message)
        self.allowed = allowed


class UpgradeRequiredError(DaemonError):
    """The route speaks WebSocket only."""

    code = "upgrade-required"


class HeadersTooLargeError(DaemonError):
    """The request line or the headers are over the limit."""

    code = "headers-too-large"


class BrokenBodyError(InvalidError):
    """The body ended before its end; the connection is of no more use."""


class InvalidConfigError(InvalidError):
    """A config that can't be used; its cause says why, in a sentence for whoever sent it."""


class ConfigUnreadableError(DaemonError):
    """The config file is missing or broken; the details are in the daemon's log.

    Attributes:
        reason: what is wrong in the file and where; "" when it couldn't be read at all, since
            that may speak of the machine.
    """

    code = "config-unreadable"

    def __init__(self, reason: str = "") -> None:
        super().__init__(CONFIG_UNREADABLE)
        self.reason = reason


STATUS: dict[type[Exception], int] = {
    InvalidError: 400,
    UnauthenticatedError: 401,
    DeniedError: 403,
    NotFoundError: 404,
    MethodNotAllowedError: 405,
    ConflictError: 409,
    PreconditionFailedError: 412,
    TooLargeError: 413,
    UpgradeRequiredError: 426,
    RateLimitedError: 429,
    HeadersTooLargeError: 431,
    DamagedError: 460,  # of tus
    BrokenArchiveError: 500,
    ConfigUnreadableError: 500,
    JobFailedError: 500,
    Exception: 500,
    UnavailableError: 503,
}
JOB_FAILED = 500  # whatever it failed of, so the contract says
CLOSE_CODE_BASE = 4000


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the client sees it.

    Attributes:
        closes: the connection can't serve another request.
        reason: more than the message's fixed text says.
    """

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)
    closes: bool = False
    reason: str = ""

    @property
    def close_code(self) -> int:
        """The WebSocket close code of the same problem."""
        return CLOSE_CODE_BASE + self.status


def close_code(family: type[Exception]) -> int:
    """The WebSocket close code of a family of errors."""
    return CLOSE_CODE_BASE + STATUS[family]


def status_of(error: Exception) -> int:
    """The status of the nearest family."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: Exception, what: str) -> Problem:
    """What to answer to ``error``, which came up during ``what`` (no secrets in it)."""
    if not isinstance(error, DaemonError):
        return bug(error, what)
    status = status_of(error)
    if status == STATUS[Exception]:
        return _our_fault(error, what)
    reason = str(error.__cause__) if isinstance(error, InvalidConfigError) else ""
    closes = isinstance(error, BrokenBodyError)
    return Problem(status, str(error), _headers(error), closes, reason)


def outside_of(size: int) -> Problem:
    """A range of bytes that a file of ``size`` bytes doesn't have."""
    message = f"The range is outside of the file, which has {size} bytes."
    return Problem(NO_SUCH_RANGE, message, {"Content-Range": f"bytes */{size}"})


def bug(error: BaseException, what: str) -> Problem:
    """Log an error that nobody expected; the answer names only the id under which it stands."""
    request_id = secrets.token_hex(8)
    log.error("%s failed (request id %s)", what, request_id, exc_info=error)
    return Problem(STATUS[Exception], INTERNAL, {"X-Request-Id": request_id})


def _our_fault(error: DaemonError, what: str) -> Problem:
    if isinstance(error, BrokenArchiveError):
        return Problem(STATUS[BrokenArchiveError], str(error), reason=error.reason)
    if isinstance(error, JobFailedError):  # stands in the log already
        return Problem(STATUS[JobFailedError], INTERNAL)
    if isinstance(error, ConfigUnreadableError):
        log.error("%s failed: %s", what, error.__cause__ or error)
        return Problem(STATUS[ConfigUnreadableError], str(error), reason=error.reason)
    return bug(error, what)


def _headers(error: DaemonError) -> dict[str, str]:
    match error:
        case UnauthenticatedError():
            return {"WWW-Authenticate": "Bearer"}
        case MethodNotAllowedError():
            return {"Allow": error.allowed}
        case RateLimitedError():
            return {"Retry-After": str(error.retry_after_s)}
        case UpgradeRequiredError():
            return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        case _:
            return {}
