"""Starts the app itself: pipes or a terminal, a session of its own, and exec.

Standard library only: the keeper imports this module. It forks without exec'ing Python again,
which is safe because a keeper has one thread.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import struct
import sys
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

PIPE_BYTES = 1024 * 1024  # asked for, so that an app that prints flat out seldom waits
F_SETPIPE_SZ = 1031  # Linux; see fcntl(2)


class SpawnError(Exception):
    """The app can't be started; the text says why."""


class Child:
    """A started app.

    Attributes:
        pid: of the app, which leads its own session and process group.
        output: descriptor of its stdout and stderr (one stream), non-blocking.
        input: descriptor of its stdin, non-blocking; the same as ``output`` with a terminal.
    """

    def __init__(self, pid: int, output: int, input_: int) -> None:
        self.pid = pid
        self.output = output
        self.input = input_


def spawn(spec: dict[str, Any]) -> Child:
    """Start the app that ``spec`` describes (keys: see `octyne.keeper.client.Launch`).

    Raises:
        SpawnError: no such command or directory, or not permitted.
    """
    theirs, ours = _terminal() if spec["terminal"] else _pipes()
    error_reader, error_writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(spec, theirs, error_writer)
    os.close(error_writer)
    for fd in set(theirs):
        os.close(fd)
    with os.fdopen(error_reader, "rb") as reader:
        failure = reader.read()
    if failure:
        os.waitpid(pid, 0)
        for fd in set(ours):
            os.close(fd)
        raise SpawnError(failure.decode(errors="replace"))
    for fd in ours:
        os.set_blocking(fd, False)
    return Child(pid, *ours)


def resize(terminal: int, columns: int, rows: int) -> None:
    """Tell the app's terminal its size; the app gets SIGWINCH from the kernel."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    input_reader, input_writer = os.pipe()
    output_reader, output_writer = os.pipe()
    try:
        if sys.platform == "linux":
            fcntl.fcntl(output_reader, F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        pass  # over the user's allowance: the usual size does
    return (input_reader, output_writer), (output_reader, input_writer)


def _terminal() -> tuple[tuple[int, int], tuple[int, int]]:
    master, slave = os.openpty()
    resize(master, 120, 40)
    return (slave, slave), (master, os.dup(master))


def _become(spec: dict[str, Any], theirs: tuple[int, int], errors: int) -> NoReturn:
    """Turn the forked process into the app; never returns."""
    try:
        os.setsid()
        _restore_defaults(spec)
        for target, source in enumerate((theirs[0], theirs[1], theirs[1])):
            os.dup2(source, target)
        if spec["terminal"]:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        _enter(spec["directory"])
        _execute(spec["argv"], spec["env"])
    except SpawnError as error:
        os.write(errors, str(error).encode())
    except BaseException as error:  # noqa: BLE001  # the parent gets the reason, whatever it is
        os.write(errors, f"The app could not be started: {error}.".encode())
    os._exit(127)


def _restore_defaults(spec: dict[str, Any]) -> None:
    """Undo what Python and the daemon changed for themselves and programs inherit."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(spec["umask"])
    soft, hard = spec["open_files"]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        raise SpawnError(f'The directory "{directory}" {_complaint(error)}.') from error


def _execute(argv: list[str], env: dict[str, str]) -> None:
    try:
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        raise SpawnError(f'The command "{argv[0]}" {_complaint(error)}.') from error
    except ValueError as error:
        raise SpawnError(
            "The command or its environment holds a NUL or an '=' in a name."
        ) from error


def _complaint(error: OSError) -> str:
    texts = {
        errno.ENOENT: "does not exist",
        errno.ENOTDIR: "is not in a directory or is not one",
        errno.EACCES: "may not be used: check its permissions",
        errno.ENOEXEC: "is not a program: does its first line lack '#!'?",
        errno.E2BIG: "has arguments and environment that are too long",
        errno.EISDIR: "is a directory",
    }
    return texts.get(error.errno or 0) or f"can't be used: {error.strerror}"
