"""From what the file system says to what users read: the contract's texts, section 5."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from octyne.errors import (
    ConflictError,
    DaemonError,
    DeniedError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from octyne.system.paths.names import PathError

NO_FOLDER = "This folder does not exist!"
NOT_A_FOLDER = "This is not a folder!"
NO_FILE = "This file does not exist!"
NOT_A_FILE = "This is not a file!"
TAKEN = "This file already exists!"
FOLDER_TAKEN = "This folder already exists!"
NO_SOURCE = "The file specified in src does not exist!"
NO_PATH = "The file specified in path does not exist!"
NO_PARENT = "Destination parent folder does not exist!"
PARENT_NOT_A_FOLDER = "Destination parent is not a folder!"
NO_FOLDER_PARENT = "The parent folder does not exist!"
FOLDER_PARENT_NOT_A_FOLDER = "The parent is not a folder!"
DANGEROUS = "This operation is dangerous and has been forbidden!"
NO_PERMISSION = "Insufficient permissions to delete the file/folder!"
IN_USE = "The operating system uses this file or folder, such as for a mount."
NO_DIRECTORY = "The app's directory does not exist!"
IS_A_FOLDER = "This is a folder!"
INVALID_FORM = "Invalid form sent!"
NO_ROOM = "There is not enough free space on the disk."
DISK_FAILS = "The disk reports an error; the daemon's log has more."
NOT_EMPTY = "Something was made in this folder meanwhile! Try again."
TOO_LARGE = "This disk can't hold such a large file."

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger(__name__)


@contextmanager
def named(what: str) -> Iterator[None]:
    """Refused paths become "Invalid {what}: why", such as "Invalid folder path: ...".

    Raises:
        InvalidError: the block raised a PathError, or the file system can't have such a name.
        DeniedError: the operating system doesn't let us.
        ConflictError: it is a mount point, or isn't empty any more.
        UnavailableError: there is no room on the disk, or it is broken.
        TooLargeError: no file there can be so large.
    """
    try:
        yield
    except PathError as error:
        raise InvalidError(f"Invalid {what}: {error}.") from error
    except PermissionError as error:
        raise DeniedError("The operating system does not permit this.") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InvalidError(f"Invalid {what}: it is too long.") from error
        if (told := _of_disk(error)) is None:
            raise
        raise told from error


def _of_disk(error: OSError) -> DaemonError | None:
    """What users are told of a disk that can't; None when it is no fault of the disk."""
    if error.errno in NO_SPACE:
        return UnavailableError(NO_ROOM)
    if error.errno == errno.EIO:
        log.error("A disk reports an error", exc_info=error)
        return UnavailableError(DISK_FAILS)
    faults = {
        errno.EFBIG: TooLargeError(TOO_LARGE),
        errno.EROFS: DeniedError("The disk is read-only."),
        errno.EBUSY: ConflictError(IN_USE),
        errno.ENOTEMPTY: ConflictError(NOT_EMPTY),
    }
    return faults.get(error.errno or 0)


@contextmanager
def missing(text: str) -> Iterator[None]:
    """Whatever is missing on the way becomes a NotFoundError with ``text``."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(text) from error


@contextmanager
def absent(text: str) -> Iterator[None]:
    """Like `missing`, for what a request only mentions: it becomes an InvalidError."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InvalidError(text) from error
