"""The keeper: a small program that holds one app, whatever becomes of the daemon.

Run by file path with the isolated interpreter (``python -I -S main.py``), standard library
only. It reads its orders (JSON, see `octyne.keeper.client.launch`) from stdin, detaches, starts
the app, says on stdout whether that worked, and from then on writes all output to the console
log, serves the daemon on a Unix socket in its working directory, and in the end leaves an exit
record. It never waits for the daemon.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # -I keeps our own package off the path. Appended: nothing there may hide the library's.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import ctypes
import fcntl
import json
import signal
import socket
import time

from octyne.keeper import child, protocol
from octyne.keeper.holder import MAX_LINKS, Holder
from octyne.keeper.log_writer import LogBusyError, LogWriter
from octyne.system import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

PR_SET_CHILD_SUBREAPER = 36  # see prctl(2)
LOCK_S = 5.0  # for a keeper that is on its way out
LOCK_POLL_S = 0.02


def main() -> None:
    """Detach, start the app, report, and keep it."""
    _close_inherited()
    spec = json.load(sys.stdin.buffer)
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    _become_subreaper()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report, spec["started_ms"] = sys.stdout.fileno(), int(time.time() * 1000)
    try:
        lock = _lock()
        writer = LogWriter(protocol.CONSOLE_DIRECTORY, spec["console_limit"])
        listener = _listen()
        wakeup = _wakeup()
        app = _start(spec, writer)
    except (LogBusyError, BlockingIOError):
        _report(report, {"ok": False, "code": "held", "reason": "A keeper holds this app."})
        return
    except (child.SpawnError, OSError) as error:
        _report(report, {"ok": False, "code": "spawn", "reason": str(error)})
        return
    _record_run(spec, app.pid)
    _report(report, {"ok": True, "pid": app.pid, "started_ms": spec["started_ms"]})
    _detach_streams()
    Holder(spec, writer, app).run(listener, wakeup)
    os.close(lock)


def _close_inherited() -> None:
    """Close what a daemon's other threads left open across exec: we outlive it by far."""
    for name in os.listdir("/dev/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:
                continue  # the listing's own


def _start(spec: Message, writer: LogWriter) -> child.Child:
    """Start the app, and say on its console whether that worked, before its own first word."""
    try:
        app = child.spawn(spec)
    except child.SpawnError as error:
        writer.notice(f"{spec['failed_notice']} {error}")
        writer.close()
        raise
    writer.notice(spec["started_notice"])
    return app


def _become_subreaper() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _lock() -> int:
    fd = os.open(protocol.LOCK_FILE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    # The one before us tells its app's exit a moment before it is gone itself.
    deadline = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOCK_POLL_S)
        else:
            return fd


def _listen() -> socket.socket:
    """Listen in the working directory: a path from the root may be too long for a socket."""
    try:
        os.unlink(protocol.SOCKET_FILE)
    except FileNotFoundError:
        pass
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(protocol.SOCKET_FILE)
    listener.listen(MAX_LINKS)
    return listener


def _wakeup() -> int:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return reader


def _record_run(spec: Message, pid: int) -> None:
    """Write down who runs, so that the app's processes are found if we are killed."""
    keeper, app = process.identity(os.getpid()), process.identity(pid)
    record = {
        "run": spec["run"],
        "pid": pid,
        "app_start": app.start_ticks if app else 0,
        "keeper_pid": os.getpid(),
        "keeper_start": keeper.start_ticks if keeper else 0,
        "boot": process.boot_id(),
        "started_ms": spec["started_ms"],
        "stop_timeout": spec["stop"]["timeout"],
        "protocol": protocol.VERSION,
    }
    try:
        protocol.write_record(protocol.RUN_FILE, record)
    except OSError as error:  # a full disk: the daemon still finds us by our socket
        print(f"The run could not be recorded: {error}", file=sys.stderr)


def _report(fd: int, message: Message) -> None:
    try:
        os.write(fd, protocol.encode(message))
    except BrokenPipeError:
        pass  # the daemon that started us is gone; the next one finds us by our socket


def _detach_streams() -> None:
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        log = os.open(protocol.KEEPER_LOG_FILE, flags, 0o600)
    except OSError:  # a full disk must not take the app down with us
        log = os.dup(null)
    for target, source in enumerate((null, null, log)):
        os.dup2(source, target)
    os.close(null)
    os.close(log)


if __name__ == "__main__":
    main()
