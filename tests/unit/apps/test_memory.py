"""What is remembered of apps: names on disk, state files whole and broken, saves that pile up."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.apps.lifecycle import Exit, State
from octyne.apps.memory import Desired, Memory, StateFile, directory_name, load, names_in
from octyne.keeper import protocol

names = st.text(alphabet="aA./%~é😀\0", max_size=10) | st.sampled_from(
    ["a", "A", ".", "..", "...", "a/b", "a%2Fb", "~", "%7E", "é", "e\u0301", "x" * 300, "\0"]
)


@given(st.lists(names, unique=True, max_size=8))
def test_directory_names_never_meet(apps: list[str]) -> None:
    """Different apps have different directories."""
    assert len({directory_name(app) for app in apps}) == len(apps)


@given(names)
def test_directory_names_never_lead_elsewhere(app: str) -> None:
    """One plain part of a path, ASCII, of a bounded length."""
    name = directory_name(app)

    assert name not in {".", ".."}
    assert "/" not in name
    assert name.isascii()
    assert name.isprintable()
    assert len(name) <= 255


def test_a_long_name_cannot_be_forged() -> None:
    """An app that is called like the directory of another has one of its own."""
    long = "x" * 500

    assert directory_name(directory_name(long)) != directory_name(long)
    assert directory_name("a~b") != "a~b"


def test_a_name_that_is_no_unicode_has_a_directory() -> None:
    """JSON can spell half a character."""
    assert directory_name("\ud800") != directory_name("\ud801")


FULL = Memory(
    "app",
    Desired(True, "admin", 5),
    State.BACKOFF,
    "Exited with code 1.",
    "run-9",
    2,
    Exit("run-9", 1, None, "", "", 7),
    "boot",
    known=True,
)


def write(directory: Path, record: Any) -> None:
    """Leave a state file."""
    (directory / "state.json").write_text(json.dumps(record))


def test_all_is_remembered(tmp_path: Path) -> None:
    """What was encoded comes back."""
    write(tmp_path, FULL.encode())

    assert load(str(tmp_path), "app", running=False) == FULL


@pytest.mark.parametrize("running", [True, False])
def test_a_new_app_is_as_the_config_says(tmp_path: Path, *, running: bool) -> None:
    """Without a file, in a directory or without one."""
    fresh = Memory("app", Desired(running, "config", 0))

    assert load(str(tmp_path), "app", running=running) == fresh
    assert load(str(tmp_path / "none"), "app", running=running) == fresh


BROKEN: list[Any] = [
    {},
    [],
    None,
    5,
    {**FULL.encode(), "state": "dancing"},
    {**FULL.encode(), "desired": None},
    {**FULL.encode(), "desired": {"running": True}},
    {**FULL.encode(), "exit": {"run": "x"}},
    {**FULL.encode(), "exit": 7},
    {**FULL.encode(), "restarts": "many"},
]


@pytest.mark.parametrize("record", BROKEN)
def test_a_broken_record_is_a_fresh_start(tmp_path: Path, record: Any) -> None:
    """And is said so in the log; nothing fails."""
    write(tmp_path, record)

    assert load(str(tmp_path), "app", running=True) == Memory("app", Desired(True, "config", 0))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"\0" * 100, b"[" * 100_000])
def test_a_broken_file_is_a_fresh_start(tmp_path: Path, content: bytes) -> None:
    """As a crash of the machine may leave one; other apps' names are still found."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "state.json").write_bytes(content)
    (tmp_path / "fine").mkdir()
    write(tmp_path / "fine", {"app": "fine"})

    assert not load(str(tmp_path / "app"), "app", running=True).known
    assert names_in(str(tmp_path)) == ["fine"]


def test_names_are_found_where_they_belong(tmp_path: Path) -> None:
    """A directory that was copied, and anything else that lies there, is no app."""
    for directory, app in [("a%2Fb", "a/b"), ("copy", "a/b"), ("five", 5), ("none", None)]:
        (tmp_path / directory).mkdir()
        write(tmp_path / directory, {"app": app})
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()

    assert names_in(str(tmp_path)) == ["a/b"]


async def test_saves_that_pile_up_are_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest word wins, and everybody waits until it is durable."""
    file, kept = StateFile(str(tmp_path)), Memory("app", Desired(True, "x", 0))
    written: list[int] = []
    write_record = protocol.write_record

    def count(name: str, record: dict[str, Any], anchor: int | None) -> None:
        written.append(record["restarts"])
        write_record(name, record, anchor)

    monkeypatch.setattr(protocol, "write_record", count)
    saves = []
    for number in range(1, 51):
        kept.restarts = number
        saves.append(asyncio.create_task(file.save(kept)))
        await asyncio.sleep(0)
    done, _ = await asyncio.wait(saves)

    assert all(task.result() for task in done)
    assert len(written) <= 3
    assert json.loads((tmp_path / "state.json").read_text())["restarts"] == 50
    assert os.listdir(tmp_path) == ["state.json"]


async def test_a_disk_that_refuses(tmp_path: Path) -> None:
    """The problem is told, the old file stays, and the next save mends it."""
    file, kept = StateFile(str(tmp_path)), Memory("app", Desired(True, "x", 0))
    assert await file.save(kept)
    (tmp_path / f".state.json.{os.getpid()}.tmp").mkdir()
    kept.restarts = 3
    assert not await file.save(kept)
    assert (file.is_behind, "can't be saved" in file.problem) == (True, True)
    assert load(str(tmp_path), "app", running=False).restarts == 0
    (tmp_path / f".state.json.{os.getpid()}.tmp").rmdir()
    assert await file.save(kept)

    assert (file.is_behind, file.problem) == (False, "")
    assert load(str(tmp_path), "app", running=False).restarts == 3
