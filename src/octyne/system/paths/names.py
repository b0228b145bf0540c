"""What a client calls a file: text to parts, before any file system is asked. Pure."""

MAX_PARTS = 1000
MAX_NAME_BYTES = 255  # of all file systems in use
MAX_PATH_BYTES = 64 * 1024

Parts = tuple[str, ...]


class Trail:
    """The way down to a folder, for walks that keep many: each adds no more than its own name.

    Parts of their own for all folders in one that is wide and deep down would take gigabytes.
    """

    __slots__ = ("_above", "_name")

    def __init__(self, above: "Trail | None" = None, name: str = "") -> None:
        """``name`` in the folder ``above``; without both, the folder where the walk begins."""
        self._above = above
        self._name = name

    def parts(self) -> Parts:
        """The names on it, from the folder where the walk begins."""
        names = []
        here = self
        while here._above is not None:
            names.append(here._name)
            here = here._above
        return tuple(reversed(names))


class PathError(Exception):
    """A path that is refused; ``str(error)`` says why, in half a sentence for users.

    Says nothing of what is outside. Callers tell which path of a request it was.
    """


class OutsideError(PathError):
    """The path leads out of the app's directory."""

    def __init__(self) -> None:
        super().__init__("it leads out of the app's directory")


def parse(path: str) -> Parts:
    """The parts of a client's path; () is the app's directory itself.

    As the contract (section 5) has it: ``.`` and doubled slashes are nothing; ``..`` takes the part
    before it away; at the top it stays there when the path begins with a slash.

    Raises:
        PathError: it goes beyond the top, or isn't the name of anything.
    """
    check_text(path)
    parts: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        elif not path.startswith("/"):
            raise OutsideError
    if len(parts) > MAX_PARTS:
        raise PathError("it is too deep")
    return tuple(parts)


def check_name(name: str) -> str:
    """A name for one file in a folder.

    Raises:
        PathError: it is none.
    """
    check_text(name)
    if name in ("", ".", "..") or "/" in name:
        raise PathError("it is not the name of a file")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise PathError("it is too long")
    return name


def check_text(text: str) -> None:
    """Refuse what no path can hold.

    Raises:
        PathError: a NUL byte, bytes that weren't UTF-8, too much of it.
    """
    if "\0" in text:
        raise PathError("it holds a NUL byte")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise PathError("it is not valid UTF-8") from error
    if size > MAX_PATH_BYTES:
        raise PathError("it is too long")


def join(parts: Parts) -> str:
    """The parts as one path, relative to the app's directory."""
    return "/".join(parts)
