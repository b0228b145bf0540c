"""Several changes to the same files at once: what docs/api.md says of each pair."""

import json
import os
import random
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.app_files import Client, cp, empty, mv, remains, rm
from support.daemon import Answer, Daemon
from support.eventually import eventually
from support.half_sent import KINDS
from support.kill_work import digests, make_tree, tar_of

SIZE = 300_000
DONE = (200, 201, 204)


@pytest.fixture
def daemon(shared: Daemon) -> Iterator[Daemon]:
    """With an empty app; nothing of ours is left afterwards."""
    empty(shared.directory / "app")
    yield shared
    eventually(lambda: not remains(shared), 5, f"left: {remains(shared)}")
    assert "Traceback" not in shared.log, shared.log


@pytest.fixture
def home(daemon: Daemon) -> Path:
    """The app's directory."""
    return daemon.directory / "app"


@pytest.fixture
def client(daemon: Daemon) -> Client:
    """Speaks to the daemon."""
    return Client(daemon)


def at_once(*works: Callable[[], Answer]) -> list[Answer]:
    """Their answers, in this order."""
    answers: dict[int, Answer] = {}

    def run(number: int) -> None:
        answers[number] = works[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(works))]


# -- uploads and uploads ---------------------------------------------------------------------


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_of_two_uploads_the_last_wins(daemon: Daemon, home: Path, first: str, second: str) -> None:
    """Of whatever kinds; both are whole when they are there."""
    slow = KINDS[first](daemon, "", "a", b"1" * SIZE)
    assert KINDS[second](daemon, "", "a", b"2" * SIZE).finish() in DONE
    between = (home / "a").read_bytes()
    assert slow.finish() in DONE

    assert between == b"2" * SIZE
    assert (home / "a").read_bytes() == b"1" * SIZE


def test_of_two_edits_of_one_state_one_wins(daemon: Daemon, home: Path) -> None:
    """The other one is 412, in whatever order they come."""
    path = "/server/app/file?path=a"
    for number in range(15):
        tag = str(daemon.ask("PUT", path, b"old").headers["ETag"])
        bodies = [f"{number} {each}" * 5000 for each in range(3)]
        answers = at_once(
            *[lambda body=body: daemon.ask("PUT", path, body, If_Match=tag) for body in bodies]  # noqa: B023
        )
        assert sorted(answer.status for answer in answers) == [200, 412, 412]
        winner = next(
            body for body, answer in zip(bodies, answers, strict=True) if answer.status == 200
        )
        assert (home / "a").read_text() == winner


# -- uploads and batches ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_renames_the_folder_of_an_upload(
    daemon: Daemon, client: Client, home: Path, kind: str
) -> None:
    """It lands in it, under its new name; a copy of the folder doesn't have half of it."""
    (home / "folder").mkdir()
    (home / "above").mkdir()
    upload = KINDS[kind](daemon, "folder", "a", b"1" * SIZE)
    eventually(lambda: os.listdir(home / "folder"))
    answer = client.batch(mv("folder", "above/moved"), cp("above", "copy"), mv("above", "top"))
    assert answer.status == 200, answer

    assert upload.finish() in DONE
    assert (home / "top/moved/a").read_bytes() == b"1" * SIZE
    assert os.listdir(home / "copy/moved") == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_that_fails_beside_an_upload(
    daemon: Daemon, client: Client, home: Path, kind: str
) -> None:
    """All is put back, and the upload lands where it should."""
    (home / "folder").mkdir()
    upload = KINDS[kind](daemon, "folder", "a", b"1" * SIZE)
    eventually(lambda: os.listdir(home / "folder"))
    assert client.batch(mv("folder", "moved"), rm("nothing")).status == 400

    assert upload.finish() in DONE
    assert (home / "folder/a").read_bytes() == b"1" * SIZE


@pytest.mark.parametrize("change", ["batch", "delete"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_folder_of_an_upload_is_removed(
    daemon: Daemon, client: Client, home: Path, kind: str, change: str
) -> None:
    """404, and nothing of it stays."""
    (home / "above/folder").mkdir(parents=True)
    upload = KINDS[kind](daemon, "above/folder", "a", b"1" * SIZE)
    eventually(lambda: os.listdir(home / "above/folder"))
    answer = client.batch(rm("above")) if change == "batch" else client.delete("above")
    assert answer.status == 200, answer

    assert upload.finish() == 404
    assert os.listdir(home) == []


def test_batches_and_uploads_of_one_name(daemon: Daemon, home: Path) -> None:
    """Whoever is first: no file is lost, and none is half of each."""
    path = "/server/app/file?path=a"
    for number in range(10):
        new, old = f"new {number}" * 1000, f"old {number}" * 1000
        (home / "b").write_text(old)
        body = json.dumps({"operations": [rm("a"), mv("b", "a")] if number else [mv("b", "a")]})
        batch, upload = at_once(
            lambda body=body: daemon.ask("PATCH", "/server/app/files", body),  # type: ignore[misc]
            lambda new=new: daemon.ask("PUT", path, new),  # type: ignore[misc]
        )
        assert upload.status == 200
        assert (batch.status, (home / "b").exists()) in {(200, False), (409, True)}
        assert (home / "a").read_text() in {new, old}


# -- archives and others ---------------------------------------------------------------------


def test_compressing_beside_a_batch(daemon: Daemon, client: Client, home: Path) -> None:
    """The archive is whole; of what moves it has what it found."""
    make_tree(home / "tree", 1, 200)
    full = {f"tree/{name}" for name in digests(home / "tree")} | {"tree"}
    for number in range(8):
        packed, moved = at_once(
            lambda n=number: daemon.ask("POST", f"/server/app/compress?path=a{n}.zip", '["tree"]'),  # type: ignore[misc]
            lambda: client.batch(*[mv(f"tree/d{n}", f"d{n}") for n in range(7)], rm("d0")),
        )
        assert (packed.status, moved.status) == (200, 200), (packed, moved)
        with zipfile.ZipFile(home / f"a{number}.zip") as made:
            assert made.testzip() is None
            assert {name.rstrip("/") for name in made.namelist()} <= full
        for each in range(7):
            shutil.rmtree(home / f"d{each}", ignore_errors=True)
        make_tree(home / "tree", 1, 200)


def test_deleting_beside_unpacking(daemon: Daemon, client: Client, home: Path) -> None:
    """The destination is gone, or holds all of the archive and nothing else."""
    chance = random.Random(5)
    make_tree(home / "model", 2, 150)
    model = digests(home / "model")
    (home / "a.tar").write_bytes(tar_of(home / "model"))
    statuses = set()
    for _ in range(12):
        make_tree(home / "to", 3, 100)
        pause_s = chance.uniform(0, 0.12)

        def delete(pause_s: float = pause_s) -> Answer:
            time.sleep(pause_s)  # the moment is what this is about
            return client.delete("to")

        unpacked, deleted = at_once(
            lambda: daemon.ask("POST", "/server/app/decompress?path=a.tar", "to"), delete
        )
        assert deleted.status == 200, deleted
        assert unpacked.status in {200, 404}, unpacked
        statuses.add(unpacked.status)
        assert not (home / "to").exists() or digests(home / "to") == model
        assert not remains(daemon)
        shutil.rmtree(home / "to", ignore_errors=True)
    print("answers to decompress:", statuses)


@pytest.mark.parametrize("work", ["decompress", "copy"])
def test_what_fills_a_deleted_folder_gives_up(
    daemon: Daemon, client: Client, home: Path, work: str
) -> None:
    """It would make files as fast as they are removed."""
    (home / "model").mkdir()
    for number in range(20_000):
        (home / "model" / str(number)).touch()
    (home / "a.tar").write_bytes(tar_of(home / "model"))
    (home / "to").mkdir()

    def fill() -> Answer:
        if work == "copy":
            return client.change("cp", "model", "to/model")
        return daemon.ask("POST", "/server/app/decompress?path=a.tar", "to")

    def delete() -> Answer:
        eventually(lambda: any((home / "to").glob("*/*")))
        return client.delete("to")

    filled, deleted = at_once(fill, delete)
    assert deleted.status == 200, deleted
    assert filled.status == (404 if work == "decompress" else 400), filled
    assert not (home / "to").exists()
    eventually(lambda: not remains(daemon))


def test_two_archives_into_one_folder(daemon: Daemon, home: Path) -> None:
    """One after the other; each file is of one of them, whole."""
    archives = []
    for number in (0, 1):
        make_tree(home / "model", ("both", number), 100)
        archives.append(digests(home / "model"))
        (home / f"{number}.tar").write_bytes(tar_of(home / "model"))
    for _ in range(5):
        answers = at_once(
            lambda: daemon.ask("POST", "/server/app/decompress?path=0.tar", "to"),
            lambda: daemon.ask("POST", "/server/app/decompress?path=1.tar", "to"),
        )
        assert [answer.status for answer in answers] == [200, 200], answers
        assert digests(home / "to") in archives


def test_the_jobs_of_an_account_that_goes_end(daemon: Daemon, home: Path) -> None:
    """Deleted or renamed; nothing of them is left."""
    (home / "large").write_bytes(os.urandom(20_000_000))
    for method, body in (("DELETE", ""), ("PATCH", '{"username": "c"}')):
        daemon.ask("POST", "/accounts", '{"username": "b", "password": "p"}')
        token = daemon.token("b", "p")
        path = "/server/app/compress?path=a.tar.xz&archiveType=tar&compress=xz&async=true"
        assert daemon.api("POST", path, '["large"]', Authorization=token).status == 200
        eventually(lambda: remains(daemon))
        assert daemon.ask(method, "/accounts?username=b", body).status == 200
        eventually(lambda: not remains(daemon), 20, "the job goes on")
        assert os.listdir(home) == ["large"]
