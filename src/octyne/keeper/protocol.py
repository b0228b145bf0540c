"""What daemon and keeper say to each other, and the files that they leave for each other.

Standard library only, and little of it: the keeper imports this module.

The socket carries JSON objects, one a line, each with a ``type``. A keeper outlives the daemon
that started it, so both sides ignore keys that they don't know, and a keeper answers a type that
it doesn't know with an ``error`` instead of closing. `VERSION` grows when a message changes its
meaning; a daemon goes on speaking to all earlier ones. The orders that a keeper reads from
stdin follow the same rule: an upgrade can put a newer keeper under a running older daemon, so a
key that comes later needs a default.

Daemon to keeper (``id`` comes back in the ``done`` or ``error`` that answers it):

========  =============================================================================
hello     ``protocol``; answered by hello (see `octyne.keeper.client.Hello`)
input     ``id data``: text for the app's stdin, as it is
notice    ``id text``: a line of the daemon's own for the console log
stop      ``id signal command timeout``: ask the app to end, SIGKILL to all after ``timeout`` s;
          what isn't said is as it was when the app was started
kill      ``id``: SIGKILL to all at once
resize    ``id columns rows``: of the app's terminal, when it has one
release   ``id``: the exit is known; don't wait for the disk to record it
========  =============================================================================

Keeper to daemon: ``output`` (``start``, ``end``: which bytes of the log are kept), ``exit`` (the
exit record, already durable), ``done`` and ``error`` (``id``, ``message``), ``disk`` (``full``:
whether output is lost or waits because the disk takes no more).
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

VERSION = 1

MESSAGE_LIMIT = 8 * 1024 * 1024  # bytes; an input of 1 MiB can grow sixfold as JSON
INPUT_LIMIT = 4 * 1024 * 1024  # bytes that wait for an app that doesn't read its stdin

RUN_VARIABLE = "OCTYNE_RUN"  # in the app's environment: finds its processes if the keeper dies

SOCKET_FILE = "keeper.sock"
LOCK_FILE = "keeper.lock"
RUN_FILE = "run.json"
EXIT_FILE = "exit.json"
KEEPER_LOG_FILE = "keeper.log"
CONSOLE_DIRECTORY = "console"


class ProtocolError(Exception):
    """The other side sent what is not a message."""


def encode(message: Message) -> bytes:
    """One message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Decoder:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes.

        Raises:
            ProtocolError: a line is no JSON object, or longer than `MESSAGE_LIMIT`.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MESSAGE_LIMIT:
            raise ProtocolError("a message is longer than the limit")
        return [_message(line) for line in lines]


def _message(line: bytes) -> Message:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a line is not JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("a line is not a message")
    return message


def write_record(name: str, record: Message, directory_fd: int | None = None) -> None:
    """Write a JSON file durably: temp file, fsync, rename, fsync of the directory.

    Blocks. ``name`` is relative to ``directory_fd``, or to the working directory.

    Raises:
        OSError: the disk is full or broken; the old file stays whole.
    """
    temp = f".{name}.{os.getpid()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        fd = os.open(temp, flags, 0o600, dir_fd=directory_fd)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(encode(record))
                file.flush()
                os.fsync(fd)
        except BaseException:
            os.unlink(temp, dir_fd=directory_fd)
            raise
        os.rename(temp, name, src_dir_fd=directory_fd, dst_dir_fd=directory_fd)
    finally:
        _sync_directory(directory_fd)


def read_record(name: str, directory_fd: int | None = None) -> Message | None:
    """The record of that name, or None when there is none or it isn't one. Blocks."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory_fd)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as file:
        try:
            record = json.loads(file.read())
        except (ValueError, RecursionError):
            return None
    return record if isinstance(record, dict) else None


def _sync_directory(directory_fd: int | None) -> None:
    fd = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory_fd)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
