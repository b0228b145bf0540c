"""What types alone can't say is wrong with a section of the config. Pure; never names a value."""

import ipaddress
from collections.abc import Iterator

from octyne.config.jsonc import Path
from octyne.config.model import (
    AppConfig,
    Config,
    HttpsConfig,
    RedisConfig,
    Section,
    StopConfig,
    UnixSocketConfig,
)

MAX_NAME_BYTES = 200  # of an app's name in UTF-8; it is escaped where it becomes a file name

Problem = tuple[Path, str]  # where in the section, and the rest of a sentence about it

_NUL = "holds a NUL character"
_NO_ROLE = (
    'is missing: say "primary" on the node that manages the accounts, "secondary" on all others'
)


def problems(section: Section) -> Iterator[Problem]:
    """What is wrong with a section by itself; its inner sections were asked before."""
    match section:
        case Config():
            yield from _in_config(section)
        case AppConfig():
            yield from _in_app(section)
        case StopConfig():
            yield from _in_stop(section)
        case UnixSocketConfig():
            yield from _in_unix_socket(section)
        case RedisConfig() | HttpsConfig() if section.enabled:
            yield from _in_enabled(section)
        case _:
            pass


def _in_config(config: Config) -> Iterator[Problem]:
    if config.web_ui.enabled and config.web_ui.port == config.port:
        yield ("webUI", "port"), "is the API's port too; each needs its own"
    for index, network in enumerate(config.trusted_proxies):
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            where = ("trustedProxies", index)
            yield where, "is neither an address nor a network such as 10.0.0.0/8"
    for name in config.servers:
        if wrong := _wrong_name(name):
            yield ("servers", name), wrong


def _wrong_name(name: str) -> str:
    """Why ``name`` can't be an app's; "" when it can."""
    if not name:
        return "is empty; an app needs a name"
    if "\0" in name:
        return "can't be the name of an app: it holds a NUL character"
    if name in {".", ".."}:
        return "can't be the name of an app: URLs can't carry it"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"can't be the name of an app: it is longer than {MAX_NAME_BYTES} bytes"
    return ""


def _in_app(app: AppConfig) -> Iterator[Problem]:
    if "\0" in app.directory:
        yield ("directory",), _NUL
    words = app.command if isinstance(app.command, list) else [app.command]
    if any("\0" in word for word in words):
        yield ("command",), _NUL
    for name, value in app.env.items():
        if not name or "=" in name or "\0" in name:
            yield ("env", name), "can't be the name of an environment variable"
        elif "\0" in value:
            yield ("env", name), _NUL


def _in_stop(stop: StopConfig) -> Iterator[Problem]:
    try:
        stop.number()
    except KeyError:
        yield ("signal",), "is not the name of a signal, such as SIGTERM or SIGINT"


def _in_unix_socket(socket: UnixSocketConfig) -> Iterator[Problem]:
    if "\0" in socket.location:
        yield ("location",), _NUL
    digits = socket.mode.removeprefix("0o")
    if socket.mode and not (digits and set(digits) <= set("01234567") and int(digits, 8) <= 0o777):
        yield ("mode",), 'is not an octal mode such as "0660"'


def _in_enabled(section: RedisConfig | HttpsConfig) -> Iterator[Problem]:
    """What only matters when the section is switched on."""
    if isinstance(section, RedisConfig):
        if not section.role:
            yield ("role",), _NO_ROLE
        if not section.url.startswith(("redis://", "rediss://", "unix://")):
            yield ("url",), "must start with redis://, rediss:// or unix://"
        return
    for name in ("cert", "key"):
        if not getattr(section, name):
            yield (name,), "is missing, and https.enabled needs it"
