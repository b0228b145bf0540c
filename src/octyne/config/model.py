"""What a config says, typed, with the defaults and units of the contract.

Knows nothing of files: `octyne.config.reader` builds these from JSON, `store` reads and writes.
Every key is described in docs/config.md (a test compares).
"""

import os
import shlex
from signal import Signals
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from octyne.errors import InvalidError

DEFAULT_PORT = 42069
DEFAULT_WEB_PORT = 7877
MAX_STOP_S = 86_400  # seconds, a day

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(ge=0, le=MAX_STOP_S)]
Bytes = Annotated[int, Meta(ge=0, le=1 << 50)]
LogBytes = Annotated[int, Meta(ge=65_536, le=1 << 40)]


class Section(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Base of all parts of the config: immutable, compared by value, camel case on the wire."""


class StopConfig(Section, frozen=True):
    """How an app is asked to stop, before SIGKILL takes what is left of it.

    Attributes:
        signal: name of the signal that asks it, when there is no command.
        command: a line written to its input instead of the signal; "" means none.
        timeout: seconds until SIGKILL.
    """

    signal: str = "SIGTERM"
    command: str = ""
    timeout: Seconds = 30.0

    def number(self) -> Signals:
        """The signal itself."""
        name = self.signal.upper()
        return Signals[name if name.startswith("SIG") else f"SIG{name}"]


class ConsoleConfig(Section, frozen=True):
    """How much of an app's output is kept.

    Attributes:
        limit: bytes of the log on disk.
        on_full: when the disk is full, lose output ("drop") or make the app wait ("block").
    """

    limit: LogBytes = 134_217_728
    on_full: Literal["drop", "block"] = "drop"


class AppConfig(Section, frozen=True):
    """One app.

    Attributes:
        enabled: start it with the daemon.
        directory: where it runs; relative to the daemon's own working directory.
        command: POSIX shell words (no shell runs them), or the list of arguments.
        env: added to the daemon's environment.
        terminal: give it a pseudo-terminal instead of pipes.
    """

    enabled: bool = True
    directory: str = ""
    command: str | list[str] = ""
    env: dict[str, str] = {}
    stop: StopConfig = StopConfig()
    console: ConsoleConfig = ConsoleConfig()
    terminal: bool = False

    def argv(self) -> list[str]:
        """The program and its arguments.

        Raises:
            InvalidError: there is no command, or a quote in it is never closed.
        """
        if isinstance(self.command, list):
            words = list(self.command)
        else:
            try:
                words = shlex.split(self.command)
            except ValueError as error:
                reason = "ends in a backslash" if "escaped" in str(error) else "has an open quote"
                raise InvalidError(f"The command of this app {reason}.") from error
        if not words or not words[0]:
            raise InvalidError("The command of this app is empty.")
        return words

    def _brief(self) -> str:
        return f"AppConfig(enabled={self.enabled}, directory={self.directory!r}, ...)"

    __repr__ = _brief  # the environment and the arguments hold secrets


class WebUIConfig(Section, frozen=True):
    """The dashboard's listener."""

    enabled: bool = True
    port: Port = DEFAULT_WEB_PORT

    def __post_init__(self) -> None:
        if self.port == 0:
            msgspec.structs.force_setattr(self, "port", DEFAULT_WEB_PORT)


class UnixSocketConfig(Section, frozen=True):
    """The listener for local tools, which asks for no login.

    Attributes:
        location: path; "" means TMPDIR/octyne.sock.PORT.
        owner: user name or number that owns the socket; "" means the daemon's user.
        group: group name or number that may connect; "" means none.
        mode: octal permissions; "" means 0600, or 0660 with a group.
    """

    enabled: bool = True
    location: str = ""
    group: str = ""
    owner: str = ""
    mode: str = ""

    @property
    def permissions(self) -> int:
        """The mode as a number."""
        if self.mode:
            return int(self.mode, 8)
        return 0o660 if self.group else 0o600


class HttpsConfig(Section, frozen=True):
    """TLS; ``cert`` and ``key`` are paths of PEM files."""

    enabled: bool = False
    cert: str = ""
    key: str = ""


class RedisConfig(Section, frozen=True):
    """Accounts and sessions shared by several nodes."""

    enabled: bool = False
    url: str = "redis://localhost"
    role: Literal["", "primary", "secondary"] = ""

    def _brief(self) -> str:
        return f"RedisConfig(enabled={self.enabled}, role={self.role!r}, ...)"

    __repr__ = _brief  # the URL may hold a password


class FilesConfig(Section, frozen=True):
    """What the file managers of all apps may do.

    Attributes:
        max_upload: bytes of one uploaded file.
    """

    max_upload: Bytes = 5 << 30


class ArchivesConfig(Section, frozen=True):
    """What an archive may hold to be unpacked.

    Attributes:
        max_members: files and folders.
        max_bytes: of all files together, unpacked.
        max_ratio: unpacked bytes for each packed one; small archives may have more.
        max_depth: folders within each other.
    """

    max_members: Annotated[int, Meta(ge=1)] = 500_000
    max_bytes: Bytes = 256 << 30
    max_ratio: Annotated[int, Meta(ge=1)] = 1_000
    max_depth: Annotated[int, Meta(ge=1, le=1_000)] = 100


class LoggingConfig(Section, frozen=True):
    """The action log; ``actions`` switches single actions off by name."""

    enabled: bool = True
    path: str = "logs"
    actions: dict[str, bool] = {}


class Config(Section, frozen=True):
    """The whole config file.

    Attributes:
        port: of the API; never 0 here.
        trusted_proxies: networks whose X-Forwarded-For counts.
        servers: the apps by name, in the file's order.
    """

    port: Port = DEFAULT_PORT
    web_ui: WebUIConfig = msgspec.field(name="webUI", default_factory=WebUIConfig)
    unix_socket: UnixSocketConfig = UnixSocketConfig()
    https: HttpsConfig = HttpsConfig()
    redis: RedisConfig = RedisConfig()
    logging: LoggingConfig = LoggingConfig()
    files: FilesConfig = FilesConfig()
    archives: ArchivesConfig = ArchivesConfig()
    trusted_proxies: list[str] = msgspec.field(default_factory=lambda: ["127.0.0.0/8", "::1"])
    servers: dict[str, AppConfig] = {}

    def __post_init__(self) -> None:
        if self.port == 0:
            msgspec.structs.force_setattr(self, "port", DEFAULT_PORT)

    def socket_path(self) -> str:
        """Where the Unix socket is, as clients of the Go Octyne look for it."""
        temp = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108  # the contract's default
        return self.unix_socket.location or os.path.join(temp, f"octyne.sock.{self.port}")


def wire_fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The types of a section's keys, by their names in the file."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
