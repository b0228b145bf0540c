"""The action log: who did what, one JSON line each (docs/api.md, section 7).

Recording never waits for the disk and never fails; what is lost is counted and written later.
"""

import errno
import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from octyne.aio import Outbox
from octyne.errors import DaemonError, InvalidError, UnavailableError
from octyne.events import Events
from octyne.system.rotated_file import RotatedFile

FILE_NAME = "octyne.log"
FILE_BYTES = 10 << 20
FILES_KEPT = 10  # older ones, beside the current
QUEUE_LINES = 1000  # waiting for the disk; more are dropped and counted
LINE_BYTES = 64 << 10  # a longer one is cut, so that the queue stays small
DEEPEST = 8  # lists and objects within each other
LONGEST_TEXT = 1024  # characters of a text in a line that was cut
LONGEST_LIST = 20  # entries of a list in a line that was cut
CLOSE_S = 2.0  # seconds that the last lines have at the end

SECRETS = frozenset({"password", "token", "ticket", "hash"})
_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EROFS}

Record = dict[str, Any]  # a line as JSON holds it


class AuditLog:
    """The action log. Until `configure` it writes nothing.

    Attributes:
        problem: a sentence while lines cannot be written, else "".
    """

    def __init__(
        self,
        events: Events,
        *,
        clock: Callable[[], float] = time.time,
        file_bytes: int = FILE_BYTES,
        files_kept: int = FILES_KEPT,
    ) -> None:
        self.problem = ""
        self._events = events
        self._clock = clock
        self._file_bytes = file_bytes
        self._files_kept = files_kept
        self._file: RotatedFile | None = None
        self._last_file: RotatedFile | None = None  # readable also while the log is off
        self._actions: dict[str, bool] = {}
        self._port: int | None = None
        self._announced = ""  # the file that has the first line of this run
        self._lost = 0
        self._counting = threading.Lock()  # guards _lost alone
        self._outbox: Outbox[bytes] = Outbox("audit", self._write, QUEUE_LINES)

    def configure(self, *, enabled: bool, directory: str, actions: dict[str, bool]) -> None:
        """Switch the log on or off, move it, choose its actions; lines queued keep their place.

        ``actions``: name to False for those that are not to be recorded. Blocks: call in a
        thread. Raises InvalidError or UnavailableError, and then nothing has changed.
        """
        before = self._file
        after = self._open(directory) if enabled else None
        self._actions = dict(actions)
        if before is not after:
            self._outbox.drain(CLOSE_S)
            self._file = after
            self._last_file = after or before
            self.problem = ""
            if before is not None:
                before.close()
            if after is not None and self._port is not None:
                self._announce(self._port)

    def started(self, port: int) -> None:
        """Write the first line of this run; a log that is moved later begins with it again."""
        self._port = port
        self._announced = ""
        self._announce(port)

    def record(self, action: str, *, user: str, ip: str, **fields: Any) -> None:  # noqa: ANN401  # JSON
        """Write one line, and tell those who watch the events. Call from the loop's thread.

        Never waits and never raises. Keys that name a secret are dropped, whoever gave them.
        An action that is switched off is neither written nor told.
        """
        if not self._actions.get(action, True):
            return
        data: Record = {"action": action, "ip": ip, "user": user}
        data |= {key: value for key, value in _safe(fields).items() if key not in data}
        line = self._line("info", "user performed action", data)
        if line is None or len(line) > LINE_BYTES:
            data = _cut(data) | {"truncated": True}
            line = self._line("info", "user performed action", data)
        app = data.get("server", "")
        self._events.publish("action", data, app=app if isinstance(app, str) else "")
        self._queue(line)

    def tail(
        self,
        limit: int,
        *,
        before: float | None = None,
        user: str | None = None,
        app: str | None = None,
        action: str | None = None,
    ) -> list[Record]:
        """Read the last ``limit`` lines that match, the newest first, over all files kept.

        ``before``: seconds since the epoch; only older lines, to page backwards. Blocks.
        """
        wanted = {"user": user, "server": app, "action": action}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        found: list[Record] = []
        file = self._last_file
        for line in file.lines_backwards() if file is not None and limit > 0 else ():
            record = _parse(line)
            if record is None or (before is not None and record["ts"] >= before):
                continue
            if all(record.get(key) == value for key, value in wanted.items()):
                found.append(record)
            if len(found) >= limit:
                break
        return found

    def flush(self) -> bool:
        """Wait a little until all lines are on disk; False when they are not. Blocks."""
        return self._outbox.drain(CLOSE_S)

    def close(self) -> None:
        """Write what is queued, as far as a short time goes, and end. Blocks."""
        self._outbox.close(CLOSE_S)
        if self._file is not None:
            self._file.close()

    def _open(self, directory: str) -> RotatedFile:
        path = os.path.abspath(os.path.join(directory, FILE_NAME))
        if self._file is not None and self._file.path == path:
            return self._file
        file = RotatedFile(path, limit_bytes=self._file_bytes, kept=self._files_kept)
        try:
            file.open()
        except (OSError, ValueError) as error:
            raise _explain(directory, error) from error
        return file

    def _announce(self, port: int) -> None:
        if self._file is not None and self._file.path != self._announced:
            self._announced = self._file.path
            self._queue(self._line("info", "started octyne", {"port": port}))

    def _line(self, level: str, message: str, data: Record) -> bytes | None:
        record = {"level": level, "ts": round(self._clock(), 6), "msg": message}
        record |= {key: value for key, value in data.items() if key not in record}
        try:
            text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        except ValueError:  # not a number, a number of too many digits
            return None
        # A lone surrogate (a file name that is no UTF-8) becomes \udcXX, which JSON reads back.
        return text.encode("utf-8", "backslashreplace") + b"\n"

    def _queue(self, line: bytes | None) -> None:
        if self._file is not None and (line is None or not self._outbox.put(line)):
            self._lose()

    def _lose(self) -> None:
        with self._counting:
            self._lost += 1

    def _write(self, line: bytes) -> None:
        """Write a line, after word of those that were lost before it. In the log's thread."""
        file = self._file
        if file is None:
            return
        with self._counting:
            lost = self._lost
        notice = self._line("warn", "lost records", {"count": lost}) if lost else None
        try:
            file.append((notice or b"") + line)
        except OSError as error:
            self.problem = f"The action log cannot be written: {_reason(error)}."
            self._lose()
            return
        self.problem = ""
        with self._counting:
            self._lost -= lost


def _safe(fields: Record, depth: int = 0) -> Record:
    return {
        key: _safe_value(value, depth)
        for key, value in fields.items()
        if key.casefold() not in SECRETS
    }


def _safe_value(value: Any, depth: int) -> Any:  # noqa: ANN401  # JSON
    """Make plain JSON of whatever it is; what is nested too deeply (or in a circle) ends."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict | list | tuple) and depth >= DEEPEST:
        return "..."
    if isinstance(value, dict):
        return _safe({str(key): each for key, each in value.items()}, depth + 1)
    if isinstance(value, list | tuple):
        return [_safe_value(each, depth + 1) for each in value]
    return str(value)


def _cut(data: Record) -> Record:
    return {key: _cut_value(value) for key, value in data.items()}


def _cut_value(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, list):
        return [_cut_value(each) for each in value[:LONGEST_LIST]]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)[:LONGEST_TEXT]


def _parse(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(record, dict) and isinstance(record.get("ts"), int | float)
    return record if whole else None


def _explain(directory: str, error: OSError | ValueError) -> DaemonError:
    name = os.path.basename(directory) or directory
    if isinstance(error, OSError) and error.errno in _ROOM:
        return UnavailableError(f"The action log cannot be written in {name!r}: {_reason(error)}.")
    reason = _reason(error) if isinstance(error, OSError) else "not a usable name"
    return InvalidError(f"The action log cannot be kept in {name!r}: {reason}.")


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
