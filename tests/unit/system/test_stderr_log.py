"""What people and programs read on stderr."""

import json
import logging
import os
import sys
from collections.abc import Iterator

import pytest

from octyne.system import stderr_log
from octyne.system.stderr_log import JsonFormatter, StderrHandler, TextFormatter


def make(message: str, *args: object, **fields: object) -> logging.LogRecord:
    """Make a record as a logger would."""
    return logging.makeLogRecord(
        {"name": "octyne.x", "levelname": "WARNING", "msg": message, "args": args, **fields}
    )


def failed() -> logging.LogRecord:
    """Make a record of an error with its traceback."""
    try:
        int("x")
    except ValueError:
        return make("a\nb", exc_info=sys.exc_info())
    raise AssertionError


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    logger = logging.getLogger()
    level = logger.level
    yield logger
    for handler in [each for each in logger.handlers if isinstance(each, StderrHandler)]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_text_has_time_level_and_message() -> None:
    """One line for people."""
    line = TextFormatter().format(make("port %d", 42069))

    assert line.endswith(" WARNING port 42069")
    assert len(line.split()[0]) == len("2026-01-31")


def test_a_message_cannot_look_like_another_line() -> None:
    """Names that strangers choose neither begin lines nor move the cursor."""
    line = TextFormatter().format(make("app %s", "a\nERROR b\x1b[2J\r"))

    assert line.splitlines()[1] == "    ERROR b\\x1b[2J\\x0d"


def test_json_is_one_object() -> None:
    """With the traceback in it, and no line of its own."""
    line = JsonFormatter().format(failed())
    read = json.loads(line)

    assert "\n" not in line
    assert (read["level"], read["logger"], read["message"]) == ("warning", "octyne.x", "a\nb")
    assert "ValueError: invalid literal" in read["trace"]


def test_text_shows_the_traceback_indented() -> None:
    """It is for the log, and whoever reads it needs it."""
    line = TextFormatter().format(failed())

    assert line.splitlines()[-1].startswith("    ValueError: invalid literal")


def test_configuring_twice_replaces(root: logging.Logger) -> None:
    """No line comes twice; the level is the last one."""
    stderr_log.configure("text", "INFO")
    stderr_log.configure("json", logging.WARNING)
    (ours,) = [each for each in root.handlers if isinstance(each, StderrHandler)]

    assert isinstance(ours.formatter, JsonFormatter)
    assert root.level == logging.WARNING


def test_a_reader_that_stops_does_not_stop_us() -> None:
    """Lines are dropped and counted; when it reads on, it is told how many."""
    reader, writer = os.pipe()
    handler = StderrHandler(writer)
    handler.setFormatter(JsonFormatter())
    for number in range(stderr_log.QUEUE_LINES + 3000):
        handler.emit(make("line %d %s", number, "x" * 200))
    with open(reader, encoding="utf-8") as lines:
        first = json.loads(lines.readline())
        for _ in range(stderr_log.QUEUE_LINES - 1):
            lines.readline()
        while handler._outbox._queue.full():
            lines.readline()
        handler.emit(make("last"))
        handler._outbox.put(b"end\n")
        rest = [json.loads(line) for line in iter(lines.readline, "end\n")]
        handler.close()
        os.close(writer)

    assert first["message"].startswith("line 0 ")
    assert rest[-1]["message"] == "last"
    assert rest[-2]["message"].endswith("lines of this log were lost")


def test_a_bad_log_call_harms_nobody() -> None:
    """The message is shown as it is."""
    reader, writer = os.pipe()
    handler = StderrHandler(writer)
    handler.setFormatter(TextFormatter())
    handler.emit(make("%d", "x"))
    handler.close()
    os.close(writer)
    with open(reader, encoding="utf-8") as lines:
        assert "could not be formatted: '%d'" in lines.read()


def test_a_closed_stderr_is_survived() -> None:
    """A terminal that went away ends nothing."""
    reader, writer = os.pipe()
    os.close(reader)
    handler = StderrHandler(writer)
    handler.setFormatter(TextFormatter())
    handler.emit(make("x"))
    handler.close()
    os.close(writer)
