"""The action log: its lines, its switches, its limits, and what happens when the disk is full."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from octyne.audit import LINE_BYTES, QUEUE_LINES, AuditLog
from octyne.errors import DaemonError, InvalidError
from octyne.events import Events
from support.full_disk import files_of_at_most


class Clock:
    """A clock that goes on by one second each time it is asked."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        self.now += 1
        return self.now


@pytest.fixture
def events() -> Events:
    """The ring that watchers read."""
    return Events()


@pytest.fixture
def log(events: Events, tmp_path: Path) -> Iterator[AuditLog]:
    """A log in ``logs``, switched on."""
    made = AuditLog(events, clock=Clock())
    made.configure(enabled=True, directory=str(tmp_path / "logs"), actions={})
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it writes."""
    return tmp_path / "logs" / "octyne.log"


def lines(log: AuditLog, file: Path) -> list[dict[str, Any]]:
    """Read what is on disk."""
    assert log.flush()
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def record(log: AuditLog, action: str = "server.start", **fields: Any) -> None:
    """Record something by ann."""
    log.record(action, user="ann", ip="192.0.2.1", **fields)


def test_lines_are_as_the_contract_says(log: AuditLog, file: Path) -> None:
    """First the start of the run, then the actions with their fields."""
    log.started(42069)
    record(log, server="web")

    assert lines(log, file) == [
        {"level": "info", "ts": 1001.0, "msg": "started octyne", "port": 42069},
        {
            "level": "info",
            "ts": 1002.0,
            "msg": "user performed action",
            "action": "server.start",
            "ip": "192.0.2.1",
            "user": "ann",
            "server": "web",
        },
    ]
    assert isinstance(lines(log, file)[0]["ts"], float)


def test_nobody_else_may_read_it(log: AuditLog, file: Path) -> None:
    """Directory and file are the daemon's alone from the first moment."""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_watchers_are_told(log: AuditLog, events: Events) -> None:
    """The same fields, and the app by name."""
    record(log, server="web")
    (event,), _ = events.since(events.first_id)

    assert (event.kind, event.app, event.data["action"]) == ("action", "web", "server.start")


def test_a_switched_off_action_is_not_recorded(log: AuditLog, events: Events, file: Path) -> None:
    """Neither in the file nor among the events; the others go on."""
    log.configure(enabled=True, directory=str(file.parent), actions={"auth.login": False})
    record(log, "auth.login")
    record(log, "auth.logout")

    assert [line["action"] for line in lines(log, file)] == ["auth.logout"]
    assert len(events.since(events.first_id)[0]) == 1


def test_a_switched_off_log_writes_nothing(log: AuditLog, events: Events, file: Path) -> None:
    """Watchers are still told; what was written stays readable."""
    record(log)
    log.configure(enabled=False, directory=str(file.parent), actions={})
    record(log)

    assert len(lines(log, file)) == 1
    assert len(log.tail(10)) == 1
    assert len(events.since(events.first_id)[0]) == 2


@pytest.mark.parametrize("key", ["password", "Token", "TICKET", "hash"])
def test_secrets_never_get_in(log: AuditLog, events: Events, file: Path, key: str) -> None:
    """Whoever hands them over, at any depth."""
    fields: dict[str, Any] = {key: "S3CRET", "operations": [{key: "S3CRET", "src": 1}]}
    record(log, changedPassword=True, **fields)

    assert lines(log, file)[0]["operations"] == [{"src": 1}]
    assert lines(log, file)[0]["changedPassword"] is True
    assert "S3CRET" not in file.read_text() + str(events.since(0))


def test_fields_cannot_change_who_it_was(log: AuditLog, file: Path) -> None:
    """The line's own keys win."""
    record(log, ts=1, msg="x", level="error")

    assert lines(log, file)[0]["msg"] == "user performed action"


@pytest.mark.parametrize(
    "value", ["a\nb", "\udcff", "\0", "\u2028", {"a": {1: object}}, float("nan"), b"x", "é"]
)
def test_any_value_is_one_line(log: AuditLog, file: Path, value: Any) -> None:
    """Input of strangers makes neither a second line nor an error."""
    record(log, input=value)
    record(log)

    assert [line["action"] for line in lines(log, file)] == ["server.start"] * 2
    assert file.read_bytes().count(b"\n") == 2


def test_a_line_too_long_or_too_deep_is_cut(log: AuditLog, file: Path) -> None:
    """It says so, and the numbers stay."""
    circle: list[Any] = []
    circle.append(circle)
    record(log, files=["x" * 5000] * 5000, input="y" * 200_000, count=3)
    record(log, input={("a", "b"): circle})
    first, second = lines(log, file)

    assert first["truncated"] is True
    assert first["count"] == 3
    assert len(json.dumps(first)) < LINE_BYTES
    assert "..." in str(second["input"])


def test_files_are_rotated_and_read_back(events: Events, tmp_path: Path) -> None:
    """Newest first over all files; the oldest are gone; no file is over its limit."""
    log = AuditLog(events, clock=Clock(), file_bytes=1000, files_kept=3)
    log.configure(enabled=True, directory=str(tmp_path), actions={})
    for number in range(100):
        record(log, number=number)
    log.flush()
    read = [line["number"] for line in log.tail(1000)]
    log.close()

    assert sorted(os.listdir(tmp_path)) == [f"octyne.log{end}" for end in ("", ".1", ".2", ".3")]
    assert read == list(range(99, 99 - len(read), -1))
    assert len(read) > 20
    assert all(each.stat().st_size <= 1000 for each in tmp_path.iterdir())


def test_reading_back_filters_and_pages(log: AuditLog) -> None:
    """By user, app, action and time; broken lines are skipped."""
    for number in range(6):
        record(log, "server.stop" if number % 2 else "server.start", server=f"app{number % 3}")
    log.flush()
    page = log.tail(2)

    assert [line["ts"] for line in page] == [1006.0, 1005.0]
    assert [line["ts"] for line in log.tail(2, before=page[-1]["ts"])] == [1004.0, 1003.0]
    assert len(log.tail(9, action="server.stop")) == 3
    assert len(log.tail(9, app="app1")) == 2
    assert log.tail(9, user="bob") == []
    assert log.tail(0) == []


def test_broken_lines_are_skipped_and_not_continued(
    log: AuditLog, events: Events, file: Path
) -> None:
    """Half a line of a crash stays by itself."""
    log.close()
    file.write_bytes(b'{"ts": 1}\n[]\n{"level": "in')
    again = AuditLog(events, clock=Clock())
    again.configure(enabled=True, directory=str(file.parent), actions={})
    record(again)
    again.flush()
    read = again.tail(9)
    again.close()

    assert [line["ts"] for line in read] == [1001.0, 1.0]


def test_a_moved_file_is_made_anew(log: AuditLog, file: Path) -> None:
    """Other programs' rotation is no trap."""
    record(log)
    log.flush()
    file.rename(file.with_suffix(".old"))
    record(log)

    assert len(lines(log, file)) == 1


def test_a_failed_change_keeps_the_old_log(log: AuditLog, file: Path, tmp_path: Path) -> None:
    """With a sentence, and without the server's paths in it."""
    (tmp_path / "taken").write_text("x")
    with pytest.raises(InvalidError, match="'taken'") as caught:
        log.configure(
            enabled=True, directory=str(tmp_path / "taken"), actions={"server.start": False}
        )
    record(log)

    assert str(tmp_path) not in str(caught.value)
    assert len(lines(log, file)) == 1


def test_a_thousand_changes_leak_nothing(log: AuditLog, tmp_path: Path) -> None:
    """One open file, whatever was configured before."""
    record(log)
    log.flush()
    before = len(os.listdir("/dev/fd"))
    for number in range(1000):
        log.configure(enabled=number % 3 > 0, directory=str(tmp_path / str(number % 2)), actions={})
        record(log)
    log.configure(enabled=True, directory=str(tmp_path / "logs"), actions={})
    log.flush()

    assert len(os.listdir("/dev/fd")) == before


def test_a_moved_log_begins_with_the_start(log: AuditLog, tmp_path: Path) -> None:
    """Once per file, also when it is switched off and on."""
    log.started(1)
    log.flush()
    elsewhere = str(tmp_path / "other")
    for enabled in (True, False, True):
        log.configure(enabled=enabled, directory=elsewhere, actions={})
    record(log)

    assert [line["msg"] for line in lines(log, tmp_path / "other" / "octyne.log")] == [
        "started octyne",
        "user performed action",
    ]


def test_a_full_disk_is_survived(log: AuditLog, file: Path) -> None:
    """Said while it lasts; then the lost are counted, and no line is torn."""
    record(log, number=0)
    log.flush()
    with files_of_at_most(file.stat().st_size + 50):
        record(log, number=1)
        record(log, number=2)
        log.flush()
        problem = log.problem
    record(log, number=3)
    read = lines(log, file)

    assert problem.startswith("The action log cannot be written: ")
    assert log.problem == ""
    assert [line.get("number", line["msg"]) for line in read] == [0, "lost records", 3]
    assert read[1]["count"] == 2


def test_a_disk_that_hangs_delays_nobody(log: AuditLog, file: Path) -> None:
    """What does not fit in the queue is counted and said afterwards."""
    engine = log._file
    assert engine is not None
    extra = 50
    with engine._lock:
        for _ in range(QUEUE_LINES + 1 + extra):
            record(log)
    record(log)
    read = lines(log, file)
    lost = sum(line.get("count", 0) for line in read)

    assert extra <= lost <= extra + 2
    assert len(read) + lost == QUEUE_LINES + extra + 2 + sum("count" in line for line in read)


def test_unusable_names_are_refused(events: Events, tmp_path: Path) -> None:
    """Also those that the system does not even try."""
    log = AuditLog(events)
    (tmp_path / "octyne.log").mkdir()
    for directory in ("a\0b", str(tmp_path)):
        with pytest.raises(DaemonError):
            log.configure(enabled=True, directory=directory, actions={})
    log.close()
