"""What an archive claims to hold: members, and which names and links they may have. Pure."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from octyne.archives.errors import BrokenArchiveError
from octyne.system.paths.names import MAX_NAME_BYTES, Parts

PERMISSIONS = 0o777  # never set-uid, set-gid or sticky
FILE_MODE = 0o644  # where the archive says nothing
FOLDER_MODE = 0o755
MAX_TARGET_BYTES = 4095  # of a symlink, as Linux
MAX_SHOWN = 200  # characters of a name in a reason
EARLIEST_S, LATEST_S = -(1 << 31), 1 << 34  # what file systems can keep

_DRIVE = re.compile("[A-Za-z]:")
_ORDINARY = re.compile("[A-Za-z0-9_.-][A-Za-z0-9_./-]*")  # nothing of these can be wrong


class MemberKind(Enum):
    """The kinds that are unpacked."""

    FILE = auto()
    FOLDER = auto()
    SYMLINK = auto()
    HARD_LINK = auto()


@dataclass(frozen=True, slots=True)
class Member:
    """One of them, its name checked already.

    Attributes:
        name: as the archive has it, for reasons.
        parts: where it goes, beneath the destination; () is the destination itself.
        mtime_ns: None: now.
        target: of a link, as the archive has it.
        size: bytes that the archive claims; to be checked while they are written.
    """

    name: str
    parts: Parts
    kind: MemberKind
    mode: int
    mtime_ns: int | None = None
    target: str = ""
    size: int = 0


def shown(name: str) -> str:
    """A name as it stands in a reason."""
    text = name if len(name) <= MAX_SHOWN else f"{name[:MAX_SHOWN]}..."
    return text.encode("utf-8", "backslashreplace").decode()


def refused(name: str, why: str) -> BrokenArchiveError:
    """The error that names a member: ``why`` goes on from "The member X "."""
    return BrokenArchiveError(f'The member "{shown(name)}" {why}.')


def member_parts(name: str) -> Parts:
    """The parts of a member's name; () is the destination itself.

    Raises:
        BrokenArchiveError: the name leads somewhere else, or is one for no file.
    """
    why = _fault(name)
    if why:
        raise refused(name, why)
    parts = tuple([part for part in name.split("/") if part not in ("", ".")])
    if ".." in parts:
        raise refused(name, "has a name that leads out of its folder")
    is_long = len(name.encode()) > MAX_NAME_BYTES  # most are not: this runs for each member
    if is_long and any(len(part.encode()) > MAX_NAME_BYTES for part in parts):
        raise refused(name, "has a name that is too long")
    return parts


def _fault(name: str) -> str:
    if _ORDINARY.fullmatch(name):  # most are, and this runs for each member
        return ""
    faults = {
        "has no name": not name,
        "has a NUL byte in its name": "\0" in name,
        "has a backslash in its name": "\\" in name,
        "has an absolute name": name.startswith("/"),
        "has a name that begins with a drive letter": _DRIVE.match(name),
        "has a name that is not valid UTF-8": not is_utf8(name),
    }
    return next((why for why, is_so in faults.items() if is_so), "")


def is_utf8(text: str) -> bool:
    """Whether a text came from valid UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_target(member: Member, place: Parts, origins: tuple[str, ...]) -> None:
    """Let a symlink only point to where the app's directory is still around it.

    Judged by the text alone, from the link's final place. ``..`` may stand at its beginning only:
    behind a name it could be the parent of something else than that name's folder.

    Args:
        member: the symlink.
        place: the folder that it will be in, from the app's directory; without symlinks.
        origins: absolute paths of the app's directory.

    Raises:
        BrokenArchiveError: it points out, or to nothing that a path can name.
    """
    target = member.target
    is_path = bool(target) and "\0" not in target and is_utf8(target)
    if not is_path or len(target.encode()) > MAX_TARGET_BYTES:
        raise refused(member.name, "is a symlink to something that is no path")
    depth = len(place)
    if target.startswith("/"):
        origin = next((each for each in origins if _is_beneath(target, each)), None)
        if origin is None:
            raise refused(member.name, "is a symlink that leads out of the app's directory")
        target, depth = target[len(origin) :], 0
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    if ups > depth or ".." in parts[ups:]:
        raise refused(member.name, "is a symlink that leads out of the app's directory")


def _is_beneath(path: str, origin: str) -> bool:
    return path == origin or path.startswith(origin.rstrip("/") + "/")


def clamped_ns(seconds: float) -> int:
    """A time that file systems can keep, in nanoseconds."""
    if seconds != seconds:  # noqa: PLR0124  # not a number
        return 0
    return int(min(max(seconds, EARLIEST_S), LATEST_S) * 1_000_000_000)
