"""What clients can have done to files, as values. Pure."""

import re
from dataclasses import dataclass

from octyne.errors import InvalidError
from octyne.system.paths.names import Parts

_MODE = re.compile("0?[0-7]{3,4}")


@dataclass(frozen=True, slots=True)
class Move:
    """Something gets another name; a folder as target means into it."""

    source: Parts
    target: Parts


@dataclass(frozen=True, slots=True)
class Copy:
    """Like `Move`; the source stays."""

    source: Parts
    target: Parts


@dataclass(frozen=True, slots=True)
class Remove:
    """A file, a folder with all that is in it, or a symlink itself."""

    path: Parts


@dataclass(frozen=True, slots=True)
class ChangeMode:
    """A file or folder gets another mode."""

    path: Parts
    mode: int


Operation = Move | Copy | Remove | ChangeMode


def parse_mode(text: str) -> int:
    """The mode that three or four octal digits stand for.

    Raises:
        InvalidError: it is none, or has setuid, setgid or the sticky bit.
    """
    if not _MODE.fullmatch(text):
        raise InvalidError('Invalid mode: it must be octal digits, such as "0644".')
    mode = int(text, 8)
    if mode & ~0o777:
        raise InvalidError("Invalid mode: setuid, setgid and the sticky bit can't be set.")
    return mode
