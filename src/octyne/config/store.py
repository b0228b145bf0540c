"""The config file: read, replace in one step, and what a change means for the running daemon."""

import errno
import os
import stat
import threading
from dataclasses import dataclass

from octyne.config.model import Config, wire_fields
from octyne.config.reader import ConfigError, Reading, read
from octyne.errors import InvalidError, UnavailableError
from octyne.system.replaced_file import replace_file

__all__ = ["ConfigChange", "ConfigError", "ConfigFile", "diff"]

_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """What differs between two configs.

    Attributes:
        added: names of apps; so are removed and changed.
        settings: the file's top-level keys, besides ``servers``, whose values differ.
    """

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.settings)


def diff(old: Config, new: Config) -> ConfigChange:
    """What is different in ``new``."""
    before, after = old.servers, new.servers
    names = {field: name for field, name in _field_names().items() if name != "servers"}
    return ConfigChange(
        added=frozenset(after.keys() - before.keys()),
        removed=frozenset(before.keys() - after.keys()),
        changed=frozenset(
            name for name in before.keys() & after.keys() if before[name] != after[name]
        ),
        settings=frozenset(
            name for field, name in names.items() if getattr(old, field) != getattr(new, field)
        ),
    )


class ConfigFile:
    """One config file and the last good config that was read from it.

    All methods block and may be called from any thread; they take turns.

    Attributes:
        current: the last good config; defaults until the first `load`.
        warnings: sentences about what is odd in it (unknown keys...).
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.current = Config()
        self.warnings: list[str] = []
        self._name = os.path.basename(path)
        self._lock = threading.Lock()

    def load(self) -> ConfigChange:
        """Read the file and make it current.

        Raises:
            ConfigError: it is missing, unreadable or wrong; ``current`` stays as it was.
        """
        with self._lock:
            return self._accept(read(self.read_bytes(), self._name))

    def read_bytes(self) -> bytes:
        """The file as it is.

        Raises:
            ConfigError: it is missing or unreadable.
        """
        try:
            # Without O_NONBLOCK, a FIFO in the file's place would hold this thread for ever.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise ConfigError(f"{self._name} is not a file.")
                return file.read()
        except FileNotFoundError as error:
            raise ConfigError(
                f"There is no config file {self._name} here. {{}} is enough for a first one (every"
                " key has a default); or name yours with --config=PATH."
            ) from error
        except OSError as error:
            raise ConfigError(f"{self._name} can't be read: {_reason(error)}.") from error

    def replace(self, body: bytes) -> ConfigChange:
        """Check ``body``, put it in the file's place and make it current.

        At any instant the file is the old one or the new one, whole. Its mode and, where
        permitted, its owner stay; a symlink stays a symlink.

        Raises:
            InvalidError: the body can't be used; its cause is the `ConfigError` that says why.
            UnavailableError: the file can't be written; the old one stays, and stays current.
        """
        content = body.removeprefix(_BOM).strip(_BLANKS) + b"\n"
        try:
            reading = read(content, self._name)
        except ConfigError as error:
            raise InvalidError("Invalid JSON body!") from error
        with self._lock:
            try:
                replace_file(self.path, content)
            except OSError as error:
                raise UnavailableError(_not_written(self._name, error)) from error
            return self._accept(reading)

    def _accept(self, reading: Reading) -> ConfigChange:
        change = diff(self.current, reading.config)
        self.current = reading.config
        self.warnings = reading.warnings
        return change


def _field_names() -> dict[str, str]:
    """The attributes of `Config` and what the file calls them."""
    return dict(zip(Config.__struct_fields__, wire_fields(Config), strict=True))


def _reason(error: OSError) -> str:
    """The system's words, without the path."""
    return error.strerror or "unknown error"


def _not_written(name: str, error: OSError) -> str:
    """A sentence about a failed write, with what helps where we know it."""
    sentence = f"{name} could not be written, and stays as it was: {_reason(error)}."
    if error.errno == errno.EBUSY:  # a container that mounts the file alone
        sentence += " It seems to be a mount of its own; mount its directory instead."
    return sentence
