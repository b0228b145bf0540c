"""The daemon's side of a keeper: launching one, and the connection to one that lives."""

import asyncio
import fcntl
import json
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Self, cast

from octyne.errors import UnavailableError
from octyne.keeper import protocol

LAUNCH_S = 15.0  # for a keeper to report whether its app started
ANSWER_S = 5.0  # for a keeper to answer a request
BACKLOG_BYTES = 4 << 20  # that a keeper has not taken yet; then it gets no more input

_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "main.py")


class KeeperError(UnavailableError):
    """The keeper is away, refused, or did not answer in time; the text says what to do."""

    code = "keeper"


class LaunchError(KeeperError):
    """The app could not be started.

    Attributes:
        held: another keeper holds this app already; connect to that one.
    """

    def __init__(self, message: str, *, held: bool = False) -> None:
        super().__init__(message)
        self.held = held


@dataclass(frozen=True, kw_only=True)
class Stop:
    """How an app is asked to end: a command on its stdin, or else a signal to its group."""

    signal: str
    command: str
    timeout_s: float


@dataclass(frozen=True, kw_only=True)
class Launch:
    """The orders for a keeper.

    Attributes:
        run: names this run of the app for good; goes into the app's environment.
        umask: what the app gets.
        open_files: soft and hard limit of open files that the app gets.
        console_limit: bytes of output that are kept.
        on_full: "drop" or "block" when the disk takes no more output.
        started_notice: the console's first line of this run.
        failed_notice: the same when the start fails; the reason follows it.
    """

    run: str
    argv: list[str]
    directory: str
    env: dict[str, str]
    terminal: bool
    umask: int
    open_files: tuple[int, int]
    console_limit: int
    on_full: str
    stop: Stop
    started_notice: str
    failed_notice: str

    def encode(self) -> bytes:
        """The orders as a keeper reads them."""
        stop = {
            "signal": self.stop.signal,
            "command": self.stop.command,
            "timeout": self.stop.timeout_s,
        }
        orders = {**vars(self), "stop": stop}
        orders["env"] = {**self.env, protocol.RUN_VARIABLE: self.run}
        return json.dumps(orders).encode()


@dataclass(frozen=True, kw_only=True)
class Hello:
    """What a keeper says of itself and its app."""

    protocol: int
    run: str
    pid: int
    keeper_pid: int
    started_ms: int
    start: int
    end: int
    asked: str
    disk_full: bool = False

    @classmethod
    def of(cls, message: dict[str, Any]) -> Self:
        """Take what we know from a hello; newer keepers may say more."""
        return cls(**{name: message[name] for name in cls.__dataclass_fields__ if name in message})


async def launch(directory: str, orders: Launch) -> None:
    """Start a keeper in ``directory`` (its own, 0700) and wait until its app runs.

    Cancelling stops the waiting; the keeper goes on and is found by `connect`.

    Raises:
        LaunchError: no keeper, or no app; the text says why.
    """
    try:
        async with asyncio.timeout(LAUNCH_S):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", _PROGRAM),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=directory,
                start_new_session=True,
            )
            report, complaint = await process.communicate(orders.encode())
    except TimeoutError as error:
        raise LaunchError("The app's keeper did not start in time.") from error
    except OSError as error:
        raise LaunchError(f"The app's keeper could not be started: {error.strerror}.") from error
    _check_report(report, complaint)


def _check_report(report: bytes, complaint: bytes) -> None:
    try:
        answer = json.loads(report)
    except ValueError as error:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise LaunchError(f"The app's keeper failed to start. {last}".strip()) from error
    if not answer["ok"]:
        raise LaunchError(answer["reason"], held=answer["code"] == "held")


def is_held(directory: str) -> bool:
    """Whether a living keeper holds the app of this directory.

    The kernel drops the keeper's lock with the keeper, so this is never wrong for a recycled
    pid. Blocks.
    """
    try:
        fd = os.open(os.path.join(directory, protocol.LOCK_FILE), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


class KeeperLink(asyncio.Protocol):
    """A connection to a living keeper.

    ``on_output(start, end)`` is called at first and when more of the log is on disk,
    ``on_exit(record)`` once with the exit record, ``on_lost()`` once when the connection is gone,
    after either.

    Attributes:
        disk_full: whether output is lost or waits because the disk takes no more.
        has_told_exit: whether ``on_exit`` was called; that may be before `connect` returns.
    """

    def __init__(
        self,
        on_output: Callable[[int, int], None],
        on_exit: Callable[[dict[str, Any]], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._on_output = on_output
        self._on_exit = on_exit
        self._on_lost = on_lost
        self._decoder = protocol.Decoder()
        self._transport: asyncio.Transport | None = None
        self._hello: asyncio.Future[Hello] = asyncio.get_running_loop().create_future()
        self._answers: dict[int, asyncio.Future[None]] = {}
        self._ids = count(1)
        self.has_told_exit = False
        self.disk_full = False

    async def connect(self, directory: str) -> Hello:
        """Connect to the keeper that works in ``directory``, and learn about its app.

        Raises:
            KeeperError: nobody listens there, or nobody answers in time.
        """
        try:
            connection = _connect(directory)
            loop = asyncio.get_running_loop()
            await loop.create_unix_connection(lambda: self, sock=connection)
        except OSError as error:
            raise KeeperError("The app's keeper can't be reached.") from error
        self._send({"type": "hello", "protocol": protocol.VERSION})
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._hello
        except TimeoutError as error:
            raise KeeperError("The app's keeper does not answer.") from error
        finally:
            if not self._hello.done() or self._hello.cancelled():
                self.close()

    def tell(self, kind: str, **fields: object) -> None:
        """Ask for something without waiting for it; a later `request` is dealt with after it.

        Raises:
            KeeperError: it is gone.
        """
        self._send({"type": kind, "id": 0, **fields})

    async def request(self, kind: str, **fields: object) -> None:
        """Ask for something and wait until the keeper has done it.

        Raises:
            KeeperError: it refused (the text says why), is gone, or did not answer in time.
        """
        if kind == "input" and self._backlog > BACKLOG_BYTES:
            raise KeeperError("The app's keeper does not answer.")
        number = next(self._ids)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            self._send({"type": kind, "id": number, **fields})
            async with asyncio.timeout(ANSWER_S):
                await answer
        except TimeoutError as error:
            raise KeeperError("The app's keeper does not answer.") from error
        finally:
            self._answers.pop(number, None)

    def release(self) -> None:
        """Say that the exit is known, and close; nothing is waited for."""
        if self._transport is not None:
            self._transport.write(protocol.encode({"type": "release", "id": 0}))
            self._transport.close()

    def close(self) -> None:
        """Close the connection; the keeper and its app go on."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has another ancestry

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        try:
            for message in self._decoder.feed(data):
                self._dispatch(message)
        except (protocol.ProtocolError, KeyError, TypeError):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's name
        """See `asyncio.Protocol`."""
        self._transport = None
        gone = KeeperError("The app's keeper is gone.")
        waiting: list[asyncio.Future[Any]] = [self._hello, *self._answers.values()]
        for answer in waiting:
            if not answer.done():
                answer.set_exception(gone)
                answer.exception()  # nobody may be waiting any more
        self._on_lost()

    @property
    def _backlog(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport else 0

    def _send(self, message: dict[str, Any]) -> None:
        if self._transport is None:
            raise KeeperError("The app's keeper is gone.")
        self._transport.write(protocol.encode(message))

    def _dispatch(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "output":
                self._on_output(message["start"], message["end"])
            case "exit":
                self.has_told_exit = True
                self._on_exit(message)
            case "hello" if not self._hello.done():
                hello = Hello.of(message)
                self.disk_full = hello.disk_full
                # Here, in the order of the messages: whoever waits for the hello wakes up later,
                # and would put an older end in the place of a newer one.
                self._on_output(hello.start, hello.end)
                self._hello.set_result(hello)
            case "disk":
                self.disk_full = bool(message["full"])
            case "done" | "error":
                self._take_answer(message)
            case _:
                pass  # a newer keeper says more than we know

    def _take_answer(self, message: dict[str, Any]) -> None:
        answer = self._answers.get(message["id"])
        if answer is None or answer.done():
            return
        if message["type"] == "done":
            answer.set_result(None)
        else:
            answer.set_exception(KeeperError(message["message"]))


def _connect(directory: str) -> socket.socket:
    """Connect without waiting: a keeper that lives has room in its backlog."""
    anchor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        # The directory may lie deeper than a socket's address can say.
        inside = f"/proc/self/fd/{anchor}" if os.path.isdir("/proc/self/fd") else directory
        connection.connect(f"{inside}/{protocol.SOCKET_FILE}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(anchor)
    return connection
