"""Attacks on the real daemon that once did harm: strangers, users, other users of the machine."""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from octyne.daemon.state import StateError, held
from octyne.keeper.client import ANSWER_S
from support.daemon import Daemon
from support.eventually import eventually

from .conftest import MakeDaemon

ECHO = {"command": ["/bin/cat"]}
FEW_FILES = 240
FLOOD_S = 4.0  # seconds; enough to fill what the kernel holds
EMPTY_TEXT, EMPTY_MORE = b"\x01\x80\0\0\0\0", b"\x00\x80\0\0\0\0"  # unfinished frames
PING = b"\x89\xfd\0\0\0\0" + bytes(125)


@contextlib.contextmanager
def viewer(daemon: Daemon) -> Iterator[socket.socket]:
    """A console as bytes, on the API port."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as raw:
        ticket = daemon.api("GET", "/ott", Authorization=daemon.token()).json["ticket"]
        lines = [
            f"GET /server/app/console?ticket={ticket.replace('+', '%2B')} HTTP/1.1",
            "Host: localhost",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol: console-v2",
        ]
        raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b'"type":"output"' not in answer:
            answer += raw.recv(65536)
        yield raw


def text(data: bytes) -> bytes:
    """A text frame of 64 KiB or more, as clients send it."""
    return b"\x81\xff" + struct.pack(">Q", len(data)) + bytes(4) + data


def test_strangers_leave_the_daemon_enough_descriptors(make_daemon: MakeDaemon) -> None:
    """More silent connections than it may have open files: all goes on for the others."""
    daemon = make_daemon({"app": ECHO, "later": {**ECHO, "enabled": False}})
    daemon.command = ["/bin/sh", "-c", f'ulimit -n {FEW_FILES}; exec "$0" "$@"', *daemon.command]
    daemon.start()

    with contextlib.ExitStack() as stack:
        for _ in range(2 * FEW_FILES):
            address = ("127.0.0.1", daemon.port)
            stranger = stack.enter_context(socket.create_connection(address, timeout=10))
            with contextlib.suppress(ConnectionError):
                stranger.send(b"GET / HTTP/1.1\r\nA: ")
        assert daemon.api("GET", "/").status == 200
        assert daemon.post("later", "START") == {"success": True}
        assert daemon.token()
    assert "Too many open files" not in daemon.log


@pytest.mark.parametrize("flood", [EMPTY_MORE * 100_000, PING * 20_000], ids=["fragments", "pings"])
def test_a_flood_of_tiny_frames_holds_nobody_up(make_daemon: MakeDaemon, flood: bytes) -> None:
    """Frames of no use, as fast as they go: others are answered between them."""
    daemon = make_daemon({"app": ECHO}).start()
    over = threading.Event()

    def run() -> None:
        with viewer(daemon) as raw, contextlib.suppress(OSError):
            raw.sendall(EMPTY_TEXT)
            while not over.is_set():
                raw.sendall(flood)

    flooding = threading.Thread(target=run)
    flooding.start()
    slowest, end = 0.0, time.monotonic() + FLOOD_S
    while time.monotonic() < end:
        begin = time.monotonic()
        assert daemon.ask("GET", "/").status == 200
        slowest = max(slowest, time.monotonic() - begin)
    over.set()
    flooding.join(20)
    assert slowest < 1.5


def test_input_for_a_stuck_keeper_is_bounded(make_daemon: MakeDaemon) -> None:
    """An app can stop its keeper (it is of the same user); input must not pile up in the daemon."""
    daemon = make_daemon({"app": ECHO}).start()
    daemon.until("app", 1)
    (keeper,) = daemon.keepers()
    message = text(b'{"type":"input","data":"' + b"x" * 1_000_000 + b'"}')
    os.kill(keeper, signal.SIGSTOP)
    try:
        with contextlib.ExitStack() as stack:
            viewers = [stack.enter_context(viewer(daemon)) for _ in range(10)]
            begin = time.monotonic()
            for raw in viewers:
                raw.sendall(message)
            refused = select.select(viewers, [], [], 10)[0]
            assert time.monotonic() - begin < ANSWER_S - 1, "they all wait"
            assert b"does not answer" in refused[0].recv(4096)
    finally:
        os.kill(keeper, signal.SIGCONT)


def test_an_unknown_type_is_not_echoed_whole(make_daemon: MakeDaemon) -> None:
    """No message to a viewer is over 1 MiB, whatever it sent."""
    daemon = make_daemon({"app": ECHO}).start()
    with daemon.console("app") as console:
        console.recv(), console.recv()
        console.send(json.dumps({"type": "x" * 1_000_000}))
        answer = json.loads(console.recv(timeout=5))
    assert answer["message"].startswith("Invalid message type: xxx")
    assert len(answer["message"]) < 2000


def test_an_open_state_directory_is_closed(make_daemon: MakeDaemon) -> None:
    """Made by somebody with another umask, before us."""
    daemon = make_daemon({"app": ECHO})
    state = daemon.directory / ".octyne"
    state.mkdir()
    state.chmod(0o777)
    daemon.start()
    assert state.stat().st_mode & 0o777 == 0o700


def test_a_symlink_for_a_lock_is_not_followed(make_daemon: MakeDaemon) -> None:
    """Nothing is made or opened where somebody else points."""
    daemon = make_daemon({"app": ECHO})
    state, elsewhere = daemon.directory / ".octyne", daemon.directory / "elsewhere"
    state.mkdir(mode=0o700)
    (state / "daemon.lock").symlink_to(elsewhere)
    daemon.launch()
    assert daemon.wait() == 1
    assert not elsewhere.exists()


def test_another_users_state_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner could tell the daemon anything."""
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StateError, match="belongs to another user"), held(str(tmp_path)):
        pass


def test_files_are_private_whatever_the_umask(make_daemon: MakeDaemon) -> None:
    """Started with a umask of 0: nothing of ours is for others."""
    daemon = make_daemon({"app": ECHO})
    daemon.command = ["/bin/sh", "-c", 'umask 0; exec "$0" "$@"', *daemon.command]
    daemon.start()
    daemon.until("app", 1)
    daemon.token()
    ours = [daemon.directory / name for name in (".octyne", "logs", "users.json", "s")]
    inside = [each for top in ours for each in top.rglob("*")]
    kept = [each for each in inside if each.parent.name != "apps" or each.is_dir()]
    open_ones = [str(each) for each in ours + kept if each.lstat().st_mode & 0o077]
    assert open_ones == []


def test_an_app_that_says_anything_harms_nobody(make_daemon: MakeDaemon) -> None:
    """Every byte there is, escapes, a huge line: they come as text, and the daemon lives on."""
    noise = (
        r"import os,time;os.write(1,bytes(range(256))*9+b'\x1b]0;x\x07\xf0\x9f\n'"
        r"+b'x'*3000000+b'\nlast\n');time.sleep(999)"
    )
    daemon = make_daemon({"app": {"command": [sys.executable, "-c", noise]}}).start()
    daemon.until_line("app", "last")
    with daemon.console("app") as console:
        while "last" not in json.loads(console.recv(timeout=10)).get("data", ""):
            continue
    assert eventually(lambda: daemon.status("app") == 1)
