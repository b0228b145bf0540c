"""The daemon's own log on stderr: plain for people, or one JSON object a line.

Whoever reads our stderr can stop reading without stopping us: lines that don't fit are counted.
"""

import contextlib
import json
import logging
import os
import time
from typing import Literal

from octyne.aio import Outbox

QUEUE_LINES = 2000  # waiting for a reader that has stopped
CLOSE_S = 1.0  # seconds that the last lines have at the end

# What a stranger can put in a message (an app's name, a path) must not move the cursor.
_HARMLESS = {code: f"\\x{code:02x}" for code in [*range(32), 127, *range(128, 160)]}
_HARMLESS |= {ord("\n"): "\n    ", ord("\t"): "\t"}


def configure(format: Literal["text", "json"], level: int | str) -> None:  # noqa: A002  # the flag's name
    """Send all loggers to stderr from now on. A second call replaces the first.

    ``level``: the least that is shown, as `logging` has it. Tracebacks are part of it.
    """
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, StderrHandler)]:
        root.removeHandler(old)
        old.close()
    handler = StderrHandler()
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root.addHandler(handler)
    root.setLevel(level)


class TextFormatter(logging.Formatter):
    """``2026-01-31 12:00:00 WARNING message``; further lines of it are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Render for people; nothing in a message can look like another line."""
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        trace = _trace(self, record)
        text = record.getMessage() + (f"\n{trace}" if trace else "")
        return f"{at} {record.levelname:<7} {text.translate(_HARMLESS)}"


class JsonFormatter(logging.Formatter):
    """One object a line: time (seconds), level, logger, message, and trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Render for programs."""
        fields: dict[str, str | float] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := _trace(self, record):
            fields["trace"] = trace
        return json.dumps(fields)


class StderrHandler(logging.Handler):
    """Hands lines to a thread of their own; a full queue drops and counts them."""

    def __init__(self, descriptor: int = 2) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._dropped = 0
        self._outbox: Outbox[bytes] = Outbox("stderr", self._write, QUEUE_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line; never waits."""
        lines = self._say(f"{self._dropped} lines of this log were lost") if self._dropped else ""
        try:
            lines += self.format(record) + "\n"
        except Exception:  # noqa: BLE001  # bulkhead: a bad log call must not break its caller
            lines += self._say(f"A log message could not be formatted: {record.msg!r}")
        if self._outbox.put(lines.encode("utf-8", "backslashreplace")):
            self._dropped = 0
        else:
            self._dropped += 1

    def flush(self) -> None:
        """Wait a little for the lines that are queued."""
        self._outbox.drain(CLOSE_S)

    def close(self) -> None:
        """Write the last lines, as far as a short time goes."""
        self._outbox.close(CLOSE_S)
        super().close()

    def _say(self, message: str) -> str:
        fields = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
        return self.format(logging.makeLogRecord({**fields, "msg": message})) + "\n"

    def _write(self, line: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody reads our stderr any more: go on without
            while line:
                line = line[os.write(self._descriptor, line) :]


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)
