"""From the bytes of a config file to the model: what is wrong, where, and what is odd about it.

Pure: reads no file. Errors and warnings name the key and its line and column, never a value.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from octyne.config import jsonc
from octyne.config.checks import problems
from octyne.config.jsonc import Document, JsoncError, Path
from octyne.config.model import Config, LogBytes, Port, Seconds, Section, wire_fields
from octyne.errors import DaemonError, InvalidError

S = TypeVar("S", bound=Section)

MAX_WARNINGS = 100  # further ones are left out

_WANTED: dict[object, str] = {
    bool: "true or false",
    str: "a text",
    Port: "a whole number from 0 to 65535",
    Seconds: "a number of seconds from 0 to 86400",
    LogBytes: "a whole number of bytes, at least 65536",
    list[str]: "a list of texts",
    str | list[str]: "a text or a list of texts",
}


class ConfigError(DaemonError):
    """The config can't be used; the sentence says why and where.

    Attributes:
        line: counted from 1; None when the trouble is not at one place in the file.
        column: counted from 1, in characters.
    """

    code = "config"

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Reading:
    """A config that is right, and sentences about what is odd in it."""

    config: Config
    warnings: list[str]


def read(raw: bytes, name: str) -> Reading:
    """Parse and check the bytes of a config file; ``name`` is for messages.

    Raises:
        ConfigError: it can't be used.
    """
    try:
        document = jsonc.parse(_decode(raw))
        return _Reader(document, name).read()
    except (JsoncError, _WrongError) as error:
        raise ConfigError(
            f"{name}, line {error.line}, column {error.column}: {error.message}.",
            line=error.line,
            column=error.column,
        ) from error


def dotted(path: Path) -> str:
    """A path as people write it: ``servers.web.stop.signal``, ``servers["my app"].env``."""
    text = ""
    for step in path:
        if isinstance(step, str) and step.replace("_", "a").replace("-", "a").isalnum():
            text += f".{step}"
        else:
            text += f"[{msgspec.json.encode(step).decode()}]"
    return text.removeprefix(".")


class _WrongError(Exception):
    """One thing that is wrong, with its place."""

    def __init__(self, message: str, place: tuple[int, int]) -> None:
        super().__init__(message)
        self.message = message
        self.line, self.column = place


def _decode(raw: bytes) -> str:
    """UTF-8 to text, without the byte order mark that some editors write."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        place = jsonc.position(before, len(before))
        raise _WrongError("this is not UTF-8", place) from error


@dataclass(slots=True)
class _Reader:
    """Walks the parsed JSON beside the model."""

    document: Document
    name: str
    warnings: list[str] = field(default_factory=list)

    def read(self) -> Reading:
        config = self._section(Config, self.document.value, ())
        for name, app in config.servers.items():
            try:
                app.argv()
            except InvalidError as error:
                self._warn(("servers", name, "command"), f"{error} It can't be started")
        if config.unix_socket.permissions & 0o002:
            self._warn(
                ("unixSocket", "mode"),
                "unixSocket.mode lets any user here do everything",
            )
        return Reading(config, self.warnings)

    def _section(self, kind: type[S], value: object, path: Path) -> S:
        """An object of the file as a section of the model."""
        if not isinstance(value, dict):
            raise self._wrong(path, "must be an object")
        types = wire_fields(kind)
        values = {
            known: self._value(types[known], value[key], (*path, key))
            for key, known in self._known_keys(types, value, path).items()
        }
        names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
        section = kind(**{names[known]: item for known, item in values.items()})
        for where, problem in problems(section):
            raise self._wrong((*path, *where), problem)
        return section

    def _known_keys(
        self, types: dict[str, Any], value: dict[str, Any], path: Path
    ) -> dict[str, str]:
        """Which key of the model each key of the file is; unknown ones are warned about."""
        lowered = {known.lower(): known for known in types}
        found: dict[str, str] = {}
        for key in value:
            known = key if key in types else lowered.get(key.lower())
            if known is None:
                self._warn((*path, key), f"{dotted((*path, key))} is no key that Octyne knows")
            elif known == key:
                found[key] = known
            elif known in value or known in found.values():
                self._warn((*path, key), f"{dotted((*path, key))} is ignored: {known} is there too")
            else:
                self._warn((*path, key), f"{dotted((*path, key))} is taken for {known}")
                found[key] = known
        return found

    def _value(self, kind: object, value: object, path: Path) -> object:
        if isinstance(kind, type) and issubclass(kind, Section):
            return self._section(kind, value, path)
        if get_origin(kind) is dict:
            if not isinstance(value, dict):
                raise self._wrong(path, "must be an object")
            item_kind = get_args(kind)[1]
            return {key: self._value(item_kind, item, (*path, key)) for key, item in value.items()}
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise self._wrong(path, f"must be {_wanted(kind)}") from error

    def _wrong(self, path: Path, problem: str) -> _WrongError:
        subject = dotted(path) or "the config"
        return _WrongError(f"{subject} {problem}", self.document.locate(path))

    def _warn(self, path: Path, message: str) -> None:
        if len(self.warnings) >= MAX_WARNINGS:  # each costs a look through the whole text
            return
        line, column = self.document.locate(path)
        self.warnings.append(f"{self.name}, line {line}, column {column}: {message}.")


def _wanted(kind: object) -> str:
    """What a value of a type looks like, in words."""
    if get_origin(kind) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind) if choice)
    return _WANTED[kind]
