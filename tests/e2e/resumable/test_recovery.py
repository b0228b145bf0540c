"""Uploads in pieces that go on: after lost connections, killed clients and killed daemons."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from support.app_files import names
from support.daemon import Daemon, program
from support.eventually import eventually
from support.resumable import MIB, TUS, UPLOADS, begun, create, hang, offset, patch, record_of


def client(daemon: Daemon, token: str, file: Path, piece: int) -> "subprocess.Popen[str]":
    """Start tuspy."""
    url = f"http://127.0.0.1:{daemon.port}{UPLOADS}"
    store = daemon.directory / "tus-store"
    return subprocess.Popen(
        program("tus_upload.py", url, token, file, piece, store),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_tuspy_uploads(daemon: Daemon, files: Path, tmp_path: Path) -> None:
    """With checksums, into the folder that its metadata name."""
    (tmp_path / "big").write_bytes(content := os.urandom(5 * MIB + 7))
    with client(daemon, daemon.token(), tmp_path / "big", MIB) as uploading:
        said, _ = uploading.communicate(timeout=30)

    assert uploading.returncode == 0, said
    assert (files / "folder/big.bin").read_bytes() == content
    assert names(files / "folder") == ["big.bin"]


def test_tuspy_goes_on_after_both_were_killed(daemon: Daemon, files: Path, tmp_path: Path) -> None:
    """The client in the middle, then the daemon; the next ones go on where those were."""
    (tmp_path / "big").write_bytes(content := os.urandom(20 * MIB + 7))
    token = daemon.token()
    with client(daemon, token, tmp_path / "big", 128 * 1024) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "from 0\n"
        reached = 0
        while reached < 2 * MIB:
            reached = int(first.stdout.readline())
        first.kill()
    daemon.kill()
    daemon.start()
    with client(daemon, token, tmp_path / "big", MIB) as second:
        said, _ = second.communicate(timeout=30)

    assert int(said.split()[1]) >= reached
    assert second.returncode == 0, said
    assert (files / "folder/big.bin").read_bytes() == content
    assert names(files / "folder") == ["big.bin"]


def test_a_finished_one_says_so(daemon: Daemon) -> None:
    """For a client that lost its last answer; also after a restart."""
    path = begun(daemon, 3)
    patch(daemon, path, 0, b"abc")
    assert offset(daemon, path) == 3
    daemon.kill()
    daemon.start()

    assert offset(daemon, path) == 3
    assert patch(daemon, path, 3, b"").status == 409


def test_a_checked_piece_counts_as_a_whole_only(daemon: Daemon, files: Path) -> None:
    """What was cut off by a SIGKILL isn't in the offset."""
    path = begun(daemon, 2 * MIB)
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(daemon.socket_path))
        head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        head += f"Upload-Checksum: sha1 {'A' * 27}=\r\nContent-Length: {2 * MIB}\r\n\r\n"
        link.sendall(head.encode() + b"x" * MIB)
        hidden = next(each for each in files.iterdir() if each.name.startswith("."))
        eventually(lambda: hidden.stat().st_size == MIB, 10)
        daemon.kill()
    daemon.start()

    assert offset(daemon, path) == 0


def test_what_came_before_the_connection_broke_counts(daemon: Daemon) -> None:
    """What was on the disk by then."""
    path = begun(daemon, MIB)
    with hang(daemon, path, 0, MIB, b"x" * 1000):
        eventually(lambda: offset(daemon, path) == 1000, 10)

    assert offset(daemon, path) == 1000
    assert patch(daemon, path, 1000, b"y").status == 204


def test_a_dead_connection_is_taken_over(daemon: Daemon, files: Path) -> None:
    """By a PATCH where it stands; one at another offset is refused and disturbs nobody."""
    path = begun(daemon, 2000)
    with hang(daemon, path, 0, 2000, b"x" * 1000) as dead:
        eventually(lambda: offset(daemon, path) == 1000, 10)
        assert patch(daemon, path, 0, b"y" * 2000).status == 409
        assert patch(daemon, path, 1000, b"z" * 1000).status == 204
        assert dead.recv(4096).startswith(b"HTTP/1.1 409")
    assert (files / "a.bin").read_bytes() == b"x" * 1000 + b"z" * 1000


def test_a_sigkill_loses_nothing(daemon: Daemon, files: Path) -> None:
    """The offset is what is in the file; the next daemon keeps it through its sweep."""
    path = begun(daemon, 2 * MIB)
    with hang(daemon, path, 0, 2 * MIB, b"x" * MIB):
        eventually(lambda: offset(daemon, path) == MIB, 10)
        daemon.kill()
    daemon.start()

    assert offset(daemon, path) == MIB
    assert patch(daemon, path, MIB, b"y" * MIB).status == 204
    assert (files / "a.bin").read_bytes() == b"x" * MIB + b"y" * MIB
    assert names(files) == ["a.bin", "folder"]


def test_a_whole_one_that_was_not_placed_is_placed(daemon: Daemon, files: Path) -> None:
    """By the next daemon, or by whoever asks."""
    (files / "a.bin").mkdir()
    answer = create(daemon, 3)
    assert (answer.status, answer.json["error"]) == (400, "This is a folder!")
    (files / "a.bin").rmdir()
    path = begun(daemon, 3)
    (files / "a.bin").mkdir()
    assert patch(daemon, path, 0, b"abc").status == 400
    daemon.kill()
    (files / "a.bin").rmdir()
    daemon.start()

    eventually((files / "a.bin").is_file, 10)
    assert (files / "a.bin").read_text() == "abc"
    assert daemon.get(path)["finished"] is True


def test_expired_ones_go(daemon: Daemon, files: Path) -> None:
    """With what had come of them."""
    path = begun(daemon, 6)
    patch(daemon, path, 0, b"abc")
    daemon.stop()
    record = record_of(daemon, path)
    assert record.stat().st_mode & 0o777 == 0o600
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "expires_s": int(time.time()) - 1}))
    daemon.start()

    eventually(lambda: names(files) == ["folder"], 10)
    assert daemon.ask("HEAD", path, **TUS).status == 404


def test_broken_records_do_no_harm(daemon: Daemon, files: Path) -> None:
    """The daemon starts; the upload is gone, and its hidden file."""
    path = begun(daemon, 6)
    daemon.kill()
    record_of(daemon, path).write_text("{")
    daemon.start()

    assert daemon.ask("HEAD", path, **TUS).status == 404
    assert names(files) == ["folder"]
