"""From what the file system says to what users read: the contract's texts, section 5."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from octyne.errors import DeniedError, InvalidError, NotFoundError, UnavailableError
from octyne.system.paths.names import PathError

NO_FOLDER = "This folder does not exist!"
NOT_A_FOLDER = "This is not a folder!"
NO_FILE = "This file does not exist!"
NOT_A_FILE = "This is not a file!"

NO_ROOM = "There is not enough free space on the disk."

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def named(what: str) -> Iterator[None]:
    """Refused paths become "Invalid {what}: why", such as "Invalid folder path: ...".

    Raises:
        InvalidError: the block raised a PathError.
        DeniedError: the operating system doesn't let us.
        UnavailableError: there is no room on the disk.
    """
    try:
        yield
    except PathError as error:
        raise InvalidError(f"Invalid {what}: {error}.") from error
    except PermissionError as error:
        raise DeniedError("The operating system does not permit this.") from error
    except OSError as error:
        if error.errno in NO_SPACE:
            raise UnavailableError(NO_ROOM) from error
        if error.errno == errno.EROFS:
            raise DeniedError("The disk is read-only.") from error
        raise


@contextmanager
def missing(text: str) -> Iterator[None]:
    """Whatever is missing on the way becomes a NotFoundError with ``text``."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(text) from error
