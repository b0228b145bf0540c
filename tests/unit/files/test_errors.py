"""What the file system says, for users."""

import errno
import os

import pytest

from octyne.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from octyne.files.errors import missing, named
from octyne.system.paths.names import OutsideError, PathError


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (PathError("it is odd"), InvalidError, "^Invalid folder path: it is odd.$"),
        (OutsideError(), InvalidError, "Invalid folder path: it leads out of the app's directory."),
        (PermissionError(errno.EACCES, "/srv/secret"), DeniedError, "does not permit"),
        (OSError(errno.ENOSPC, "/srv/secret"), UnavailableError, "not enough free space"),
        (OSError(errno.EDQUOT, "/srv/secret"), UnavailableError, "not enough free space"),
        (OSError(errno.EROFS, "/srv/secret"), DeniedError, "read-only"),
        (OSError(errno.ENOTEMPTY, "/srv/secret"), ConflictError, "made in this folder"),
        (OSError(errno.EFBIG, "/srv/secret"), TooLargeError, "such a large file"),
        (OSError(errno.EIO, "/srv/secret"), UnavailableError, "The disk reports an error"),
        (OSError(errno.EXDEV, os.strerror(errno.EXDEV)), OSError, "nvalid cross-device"),
    ],
)
def test_refusals(error: Exception, kind: type[Exception], text: str) -> None:
    """Each has its family; no text holds a path of the machine."""
    with pytest.raises(kind, match=text), named("folder path"):
        raise error


def test_what_is_missing() -> None:
    """Also when it is beneath a file."""
    for error in (FileNotFoundError(), NotADirectoryError()):
        with pytest.raises(NotFoundError, match="gone"), missing("It is gone!"):
            raise error
