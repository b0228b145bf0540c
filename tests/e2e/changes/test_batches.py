"""Section 5 of the contract, batches: all or nothing, also when the daemon is killed."""

import json
import os
import random
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import MakeDaemon
from support.app_files import Client, app_config, cp, failed, fill, mv, rm, said, tree
from support.daemon import Answer, Daemon
from support.eventually import eventually

DONE = (200, "")
OUTSIDE = "it leads out of the app's directory."


@pytest.fixture
def own_home(tmp_path: Path) -> Path:
    """The directory of an app whose daemon a test kills."""
    fill(tmp_path / "app")
    return tmp_path / "app"


def state(daemon: Daemon) -> list[str]:
    """What is kept of changes that aren't over."""
    found = daemon.directory / ".octyne" / "files"
    return [str(path) for path in found.rglob("*") if path.is_file()]


def test_a_batch_is_done_in_order(client: Client, daemon: Daemon, home: Path) -> None:
    """Later operations build on earlier ones."""
    operations = [
        mv("a.txt", "docs/moved.txt"),
        cp("docs", "copy"),
        rm("docs/deep"),
        mv("copy/deep", "docs"),
        mv("docs/moved.txt", "a.txt"),
        rm("copy"),
        mv("a.txt", "copy"),
        cp("dead", "empty"),
        rm("dead"),
        {"operation": "chmod", "path": "copy", "mode": "0600"},
    ]

    assert said(client.batch(*operations)) == DONE
    assert tree(home) == {
        "copy": "a",
        "docs": "/",
        "docs/b.txt": "b",
        "docs/deep": "/",
        "docs/deep/c.txt": "c",
        "empty": "/",
        "empty/dead": "-> nowhere",
        "inside": "-> docs",
        "out": "-> ../../box",
    } | {"out": f"-> {home.parent}"}
    assert stat.S_IMODE((home / "copy").stat().st_mode) == 0o600
    assert state(daemon) == []


def test_the_empty_batch_is_done(client: Client) -> None:
    """There is nothing that could fail."""
    assert said(client.batch()) == DONE


WRONG: list[tuple[Any, str]] = [
    ({"operation": "ln"}, "Invalid operation! Operations available: mv,cp,rm"),
    ({}, "Invalid operation! Operations available: mv,cp,rm"),
    ({"operation": "mv", "src": "a"}, "mv operation requires two arguments!"),
    ({"operation": "rm"}, "rm operation requires a path!"),
    ({"operation": "rm", "path": None}, "rm operation requires a path!"),
    ({"operation": "rm", "path": 3}, "Invalid JSON body!"),
    ("rm", "Invalid JSON body!"),
    (mv("../x", "b"), f"Invalid source path: {OUTSIDE}"),
    (cp("a.txt", "../x"), f"Invalid destination path: {OUTSIDE}"),
    (rm("a/../../x"), f"Invalid file path: {OUTSIDE}"),
    (rm("a\0b"), "Invalid file path: it holds a NUL byte."),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_a_wrong_request_tries_nothing(
    client: Client, home: Path, wrong: Any, message: str
) -> None:
    """400, and all that is wrong in itself is told."""
    before = tree(home)
    answer = client.batch(rm("a.txt"), wrong, rm("no"), wrong)

    assert answer.status == 400
    assert answer.json == {
        "success": False,
        "errors": [{"index": 1, "message": message}, {"index": 3, "message": message}],
    }
    assert tree(home) == before


@pytest.mark.parametrize("body", ["", "{", "[]", '{"operations":{}}', "{}", '{"operations":null}'])
def test_what_is_no_batch_is_400(daemon: Daemon, body: str) -> None:
    """There is no operation to point at."""
    assert said(daemon.ask("PATCH", "/server/app/files", body)) == (400, "Invalid JSON body!")


def test_a_batch_has_a_bound(client: Client, daemon: Daemon, home: Path) -> None:
    """Of operations, and of bytes."""
    before = tree(home)

    assert client.batch(*[rm("a.txt")] * 10_001).status == 400
    assert daemon.ask("PATCH", "/server/app/files", b" " * (3 << 20)).status == 413
    assert tree(home) == before


FAILING = [
    (mv("no", "z"), 400, "The file specified in src does not exist!"),
    (cp("no", "z"), 400, "The file specified in src does not exist!"),
    (rm("no"), 400, "The file specified in path does not exist!"),
    (rm("docs/b.txt"), 400, "The file specified in path does not exist!"),
    (rm(""), 403, "This operation is dangerous and has been forbidden!"),
    (mv("a2", "docs/deep/c.txt"), 409, "This file already exists!"),
    (cp("a2", "no/z"), 400, "Destination parent folder does not exist!"),
    (mv("a2", "docs/deep/c.txt/z"), 400, "Destination parent is not a folder!"),
    (mv("docs", "docs/deep"), 400, "A folder can't be moved into itself!"),
    (cp("docs", "docs/deep/z"), 400, "A folder can't be copied into itself!"),
    (mv("out/secret.txt", "z"), 400, f"Invalid source path: {OUTSIDE}"),
    (cp("a2", "out"), 400, f"Invalid destination path: {OUTSIDE}"),
    (rm("out/none"), 400, f"Invalid file path: {OUTSIDE}"),
    (cp("empty/fifo", "z"), 400, "This is not a file that can be copied!"),
]


@pytest.mark.parametrize(("failing", "status", "message"), FAILING)
def test_a_failure_puts_everything_back(
    client: Client, daemon: Daemon, home: Path, failing: Any, status: int, message: str
) -> None:
    """The status is that of the first that failed; nothing hidden stays."""
    os.mkfifo(home / "empty" / "fifo")
    before = tree(home)
    first = [mv("a.txt", "a2"), rm("docs/b.txt"), cp("docs", "docs2"), rm("dead")]
    answer = client.batch(*first, failing, rm("also-missing"))

    assert failed(answer) == (status, 4, message)
    assert tree(home) == before
    assert state(daemon) == []


def test_symlinks_that_a_batch_changes(client: Client, home: Path) -> None:
    """Paths mean what they mean at their turn, however they lead."""
    (home / "way").symlink_to("inside/deep")
    before = tree(home)

    assert said(client.batch(mv("docs", "other"), mv("other", "docs"), rm("way/c.txt"))) == DONE
    (home / "docs" / "deep" / "c.txt").write_text("c")
    broken = client.batch(rm("inside"), rm("way/c.txt"))
    assert failed(broken) == (400, 1, "The file specified in path does not exist!")
    broken = client.batch(mv("docs", "other"), rm("way/c.txt"))
    assert failed(broken) == (400, 1, "The file specified in path does not exist!")
    assert tree(home) == before
    swapped = [mv("inside", "x"), mv("empty", "inside"), mv("a.txt", "inside")]
    assert said(client.batch(*swapped)) == DONE
    assert tree(home)["inside/a.txt"] == "a"


def big(home: Path) -> list[dict[str, str]]:
    """A batch of many kinds, and its files."""
    operations = []
    (home / "bulk").mkdir()
    for number in range(120):
        (home / "bulk" / f"f{number}").write_text(str(number))
        (home / "bulk" / f"d{number}").mkdir()
        (home / "bulk" / f"d{number}" / "x").write_text("x")
        operations += [mv(f"bulk/f{number}", f"bulk/d{number}/f")]
        if number % 3 == 0:
            operations += [rm(f"bulk/d{number}"), cp("docs", f"bulk/c{number}")]
    return [*operations, mv("bulk", "done"), rm("docs")]


@pytest.mark.timeout(120)
def test_a_kill_in_the_middle_leaves_all_or_nothing(
    make_daemon: MakeDaemon, own_home: Path
) -> None:
    """At many moments; the next start settles it, and leaves nothing behind."""
    operations = big(own_home)
    before = tree(own_home)
    body = json.dumps({"operations": operations})
    daemon = make_daemon(app_config(own_home))
    chance = random.Random(3)
    outcomes = set()
    for _ in range(4):
        daemon.start()
        sender = threading.Thread(target=_ask_and_lose, args=(daemon, body))
        sender.start()
        progress = chance.randrange(120)
        eventually(lambda: _is_at(own_home, progress), 20)  # noqa: B023  # called at once
        daemon.kill()
        sender.join()
        daemon.start()
        after = tree(own_home)
        daemon.kill()
        outcomes.add("docs" in after)
        if "docs" in after:
            assert after == before
        else:
            assert "bulk" not in after
            assert not [name for name in after if ".octyne" in name]
            break
        assert state(daemon) == []
    assert True in outcomes


def _is_at(home: Path, number: int) -> bool:
    return not (home / "bulk" / f"f{number}").exists()


def _ask_and_lose(daemon: Daemon, body: str) -> None:
    try:
        daemon.ask("PATCH", "/server/app/files", body)
    except OSError:
        pass
    except Exception as error:  # noqa: BLE001  # http.client has many ways to say that it is gone
        assert "Remote" in repr(error) or "Incomplete" in repr(error)  # noqa: PT017


def test_a_removal_that_is_killed_is_finished(make_daemon: MakeDaemon, own_home: Path) -> None:
    """A folder is gone at once, and stays gone."""
    for number in range(60):
        deep = own_home / "docs" / f"d{number}"
        deep.mkdir()
        for name in range(100):
            (deep / f"{name}").touch()
    daemon = make_daemon(app_config(own_home)).start()
    sender = threading.Thread(target=_lose, args=(daemon,))
    sender.start()
    eventually(lambda: not (own_home / "docs").exists(), 20)
    daemon.kill()
    sender.join()
    daemon.start()

    assert sorted(os.listdir(own_home)) == ["a.txt", "dead", "empty", "inside", "out"]
    assert state(daemon) == []


def _lose(daemon: Daemon) -> None:
    try:
        daemon.ask("DELETE", "/server/app/file?path=docs")
    except Exception as error:  # noqa: BLE001  # as above
        assert "Remote" in repr(error) or "reset" in repr(error)  # noqa: PT017


def test_batches_take_turns(client: Client, home: Path) -> None:
    """Two that exclude each other: one is done whole, the other not at all."""
    for number in range(50):
        (home / f"n{number}").touch()
    answers: list[Answer] = []

    def send(target: str) -> None:
        operations = [mv(f"n{number}", f"{target}{number}") for number in range(50)]
        answers.append(client.batch(*operations))

    threads = [threading.Thread(target=send, args=(f"to{each}-",)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]
    names = {name.split("-")[0] for name in os.listdir(home) if name.startswith("to")}
    assert len(names) == 1


def test_batches_beside_deletions(client: Client, daemon: Daemon, home: Path) -> None:
    """Whoever is first wins; nothing stays half done."""
    for number in range(10):
        (home / "box").mkdir()
        for name in range(20):
            (home / "box" / f"{name}").touch()
        answers = []
        operations = [mv(f"box/{name}", f"r{number}-{name}") for name in range(20)]
        batch = threading.Thread(
            target=lambda: answers.append(client.batch(*operations).status)  # noqa: B023
        )
        batch.start()
        assert client.delete("box").status == 200
        batch.join()
        moved = [name for name in os.listdir(home) if name.startswith(f"r{number}-")]
        assert len(moved) == (20 if answers == [200] else 0)
        assert not (home / "box").exists()
    assert state(daemon) == []
