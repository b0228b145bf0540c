"""Apps that share files: one's directory is in the other's, or is the same by another name."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.app_files import empty, failed, mv, rm
from support.daemon import Answer, Daemon, running
from support.eventually import eventually

COUNT = 5000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """With the apps "outer", "inner" and "alias"."""
    directory = tmp_path_factory.mktemp("nested")
    (directory / "home/inner").mkdir(parents=True)
    (directory / "alias").symlink_to("home/inner")
    places = {"outer": "home", "inner": "home/inner", "alias": "alias"}
    apps = {
        name: {"directory": str(directory / place), "command": ["cat"], "enabled": False}
        for name, place in places.items()
    }
    with running(directory, apps) as daemon:
        yield daemon


@pytest.fixture
def inner(shared: Daemon) -> Path:
    """The inner app's directory, with many files in a folder."""
    inner = shared.directory / "home/inner"
    empty(inner)
    (inner / "box").mkdir()
    for number in range(COUNT):
        (inner / "box" / str(number)).touch()
    return inner


def batch(daemon: Daemon, app: str, *operations: dict[str, str]) -> Answer:
    """`PATCH files` of an app."""
    return daemon.ask("PATCH", f"/server/{app}/files", json.dumps({"operations": operations}))


@pytest.mark.parametrize(("app", "box"), [("outer", "inner/box"), ("alias", "box")])
def test_a_folder_is_renamed_while_its_files_are_put_back(
    shared: Daemon, inner: Path, app: str, box: str
) -> None:
    """All of them are there afterwards: the rename has waited."""
    answers: list[Answer] = []
    operations = [rm(f"box/{number}") for number in range(COUNT)]
    removing = threading.Thread(
        target=lambda: answers.append(batch(shared, "inner", *operations, rm("missing")))
    )
    removing.start()
    eventually(lambda: not (inner / "box/0").exists() or not removing.is_alive())
    renamed = batch(shared, app, mv(box, f"{box}2"))
    removing.join()

    assert renamed.status == 200
    assert failed(answers[0])[:2] == (400, COUNT)
    assert sorted(os.listdir(inner / "box2"), key=int) == [str(each) for each in range(COUNT)]
    assert os.listdir(inner) == ["box2"]
