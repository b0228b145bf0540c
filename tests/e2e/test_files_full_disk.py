"""A disk that fills up in the midst of any change to files: the app's, or that of the state.

Each change says clearly that there is no room and leaves all as it was, or it is done; and when
there is room again, everything goes on.
"""

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.daemon import Answer, Daemon
from support.full_disk import files_of_at_most, fill, small_disk

from .conftest import MakeDaemon

KIB = 1 << 10
NO_ROOM = "There is not enough free space on the disk."
TUS = {"Tus_Resumable": "1.0.0", "Upload_Metadata": "filename bmV3"}  # "new"
NEW = os.urandom(150 * KIB)
FORM = b'--b\r\nContent-Disposition: form-data; name="upload"; filename="old"\r\n\r\n%b\r\n--b--'
BATCH = 150  # copies in a batch
FREE = [0, 4, 8, 12, 20, 36, 80, 144, 160, 200]  # KiB

Change = Callable[[Daemon], Answer]


def chunks(body: bytes) -> Iterator[bytes]:
    """So that nobody knows how long it is."""
    for start in range(0, len(body), 16 * KIB):
        yield body[start : start + 16 * KIB]


def send_form(daemon: Daemon) -> Answer:
    """Over a file."""
    kind = "multipart/form-data; boundary=b"
    return daemon.ask("POST", "/server/app/file?path=/", chunks(FORM % NEW), Content_Type=kind)


def put(daemon: Daemon) -> Answer:
    """Over a file."""
    return daemon.ask("PUT", "/server/app/file?path=old", chunks(NEW))


def send_by_tus(daemon: Daemon) -> Answer:
    """Begun, sent in one piece, and given up when that failed."""
    length = {"Upload_Length": str(len(NEW))}
    begun = daemon.ask("POST", "/server/app/uploads", b"", **TUS, **length)
    if begun.status != 201:
        return begun
    path = "/server/app/" + begun.headers["Location"]
    offset = {"Upload_Offset": "0", "Tus_Resumable": "1.0.0"}
    answer = daemon.ask("PATCH", path, chunks(NEW), **offset)
    if answer.status != 204:
        left = daemon.ask("DELETE", path, Tus_Resumable="1.0.0")
        assert left.status == 204, left
    return answer


def send_at_once_by_tus(daemon: Daemon) -> Answer:
    """Created with its content."""
    kind = {"Upload_Length": str(len(NEW)), "Content_Type": "application/offset+octet-stream"}
    return daemon.ask("POST", "/server/app/uploads", chunks(NEW), **TUS, **kind)


def change(operation: str, source: str, target: str) -> Change:
    """A move or copy."""
    body = json.dumps({"operation": operation, "src": source, "dest": target})
    return lambda daemon: daemon.ask("PATCH", "/server/app/file", body)


def batch(daemon: Daemon) -> Answer:
    """Something of everything, and much of it."""
    operations = [{"operation": "mv", "src": "old", "dest": "moved"}]
    for number in range(BATCH):
        name = f"a name that fills the journal {number}"
        operations.append({"operation": "cp", "src": "moved", "dest": name})
    operations += [
        {"operation": "mv", "src": "tree", "dest": "moved tree"},
        {"operation": "rm", "path": "moved tree/d0"},
        {"operation": "cp", "src": "moved tree", "dest": "copied tree"},
    ]
    return daemon.ask("PATCH", "/server/app/files", json.dumps({"operations": operations}))


def small_batch(daemon: Daemon) -> Answer:
    """It needs no room but in the journal."""
    operations = [
        {"operation": "mv", "src": "old", "dest": "moved"},
        {"operation": "rm", "path": "tree"},
    ]
    return daemon.ask("PATCH", "/server/app/files", json.dumps({"operations": operations}))


def compress(query: str) -> Change:
    """Into a new archive."""
    return lambda daemon: daemon.ask("POST", f"/server/app/compress?path=new&{query}", '["tree"]')


def decompress(target: str) -> Change:
    """A tar that the app has."""
    return lambda daemon: daemon.ask("POST", "/server/app/decompress?path=a.tar", target)


def make_folder(daemon: Daemon) -> Answer:
    """A new one."""
    return daemon.ask("POST", "/server/app/folder?path=new")


def delete(daemon: Daemon) -> Answer:
    """A tree."""
    return daemon.ask("DELETE", "/server/app/file?path=tree")


CHANGES: dict[str, Change] = {
    "form": send_form,
    "put": put,
    "tus": send_by_tus,
    "tus at once": send_at_once_by_tus,
    "copy": change("cp", "tree", "new"),
    "move": change("mv", "tree", "new"),
    "batch": batch,
    "small batch": small_batch,
    "zip": compress("archiveType=zip"),
    "tar": compress("archiveType=tar&compress=false"),
    "zstd": compress("archiveType=tar&compress=zstd"),
    "unpack": decompress("new"),
    "merge": decompress("tree"),
    "folder": make_folder,
    "delete": delete,
}


def furnish(home: Path) -> None:
    """The same things as ever, and nothing else."""
    for path in home.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    (home / "old").write_bytes(b"old")
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for number in range(12):
            content = os.urandom(8 * KIB)
            path = home / f"tree/d{number % 3}/{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            info = tarfile.TarInfo(f"d{number % 4}/{number}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content[::-1]))
    (home / "a.tar").write_bytes(made.getvalue())


def contents(home: Path) -> dict[str, bytes]:
    """All that is there, whatever it is called, but for the ballast."""
    paths = [path for path in home.rglob("*") if path.name != "ballast"]
    return {str(path): path.read_bytes() if path.is_file() else b"/" for path in paths}


def records(daemon: Daemon) -> list[Path]:
    """What is kept of changes that aren't over."""
    found = (daemon.directory / ".octyne/files").rglob("*")
    return [path for path in found if path.is_file() and path.parent.name != "uploads"]


def try_all(daemon: Daemon, home: Path, name: str, disk: Path) -> set[int]:
    """A change with more and more room; the statuses that it had."""
    statuses = set()
    for free in FREE:
        furnish(home)
        before = contents(home)
        ballast = fill(disk, but_for=free * KIB)
        answer = CHANGES[name](daemon)
        where = f"{name} with {free} KiB: {answer}"
        assert answer.status in {200, 201, 204, 503}, where
        if answer.status == 503:
            assert NO_ROOM in answer.body.decode(), where
            assert contents(home) == before, where
        assert not list(home.rglob(".octyne-*")), where
        assert records(daemon) == [], where
        ballast.unlink()
        statuses.add(answer.status)
    furnish(home)
    assert CHANGES[name](daemon).status in {200, 201, 204}, "there is room again"
    assert "Traceback" not in daemon.log, daemon.log
    return statuses


APP = {"command": ["cat"], "enabled": False}
ALWAYS_DONE = {"move", "folder", "delete", "small batch"}  # they need no room in the app's disk


@pytest.fixture(scope="module")
def full_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Path]]:
    """A daemon whose app is on a small disk."""
    directory = tmp_path_factory.mktemp("app")
    with small_disk(directory / "disk", "4m") as home:
        daemon = Daemon(directory, {"app": {**APP, "directory": str(home)}})
        try:
            yield daemon.start(), home
        finally:
            daemon.end()


@pytest.mark.parametrize("name", CHANGES)
def test_the_disk_of_the_app_is_full(full_app: tuple[Daemon, Path], name: str) -> None:
    """At any point of a change."""
    daemon, home = full_app
    statuses = try_all(daemon, home, name, home)

    assert (503 in statuses) == (name not in ALWAYS_DONE)


@pytest.fixture(scope="module")
def full_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Path]]:
    """A daemon whose state is on a small disk."""
    directory = tmp_path_factory.mktemp("state")
    (directory / "home").mkdir()
    with small_disk(directory / ".octyne", "2m"):
        daemon = Daemon(directory, {"app": {**APP, "directory": str(directory / "home")}})
        try:
            yield daemon.start("--state=.octyne"), directory / "home"
        finally:
            daemon.end()


@pytest.mark.parametrize("name", CHANGES)
def test_the_disk_of_the_state_is_full(full_state: tuple[Daemon, Path], name: str) -> None:
    """What can't be written down isn't begun; what is done already stays so."""
    daemon, home = full_state
    statuses = try_all(daemon, home, name, daemon.directory / ".octyne")

    assert (503 in statuses) == (name not in {"move", "folder"})


def test_a_disk_without_inodes(full_app: tuple[Daemon, Path]) -> None:
    """Nothing new can be made, though there is room."""
    daemon, home = full_app
    furnish(home)
    before = contents(home)
    used = len(list(home.rglob("*"))) + 1
    mounted = ["mount", "-o", f"remount,nr_inodes={used}", str(home)]
    subprocess.run(mounted, check=True)
    try:
        for name in ("form", "put", "tus", "copy", "batch", "zip", "unpack", "merge", "folder"):
            answer = CHANGES[name](daemon)
            assert (answer.status, NO_ROOM in answer.body.decode()) == (503, True), (name, answer)
            assert contents(home) == before, name
            assert records(daemon) == [], name
    finally:
        subprocess.run(["mount", "-o", "remount,nr_inodes=0", str(home)], check=True)
    assert "Traceback" not in daemon.log, daemon.log


def test_a_disk_that_takes_no_large_files(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """As FAT has it, or a limit of the process."""
    daemon = make_daemon({"app": {**APP, "directory": str(tmp_path / "home")}})
    home = tmp_path / "home"
    home.mkdir()
    furnish(home)
    (home / "large").write_bytes(os.urandom(800 * KIB))
    shutil.rmtree(home / "tree")
    shutil.copyfile(home / "large", home / "tree")
    with tarfile.open(home / "a.tar", "w") as tar:
        tar.add(home / "large", "d/large")
    before = contents(home)
    with files_of_at_most(500 * KIB):
        daemon.start()
    large = b"n" * 600 * KIB
    answers = {
        "put": daemon.ask("PUT", "/server/app/file?path=old", chunks(large)),
        **{name: CHANGES[name](daemon) for name in ("copy", "zip", "tar", "zstd", "unpack")},
    }

    said = {name: (answer.status, answer.json["error"]) for name, answer in answers.items()}
    assert said == dict.fromkeys(answers, (413, "This disk can't hold such a large file."))
    assert contents(home) == before
    assert records(daemon) == []
    assert "Traceback" not in daemon.log, daemon.log
