"""The real daemon, as a process of its own, in a directory of its own."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect, unix_connect

from octyne.system import process
from support.eventually import eventually

Body = bytes | str | Iterator[bytes]

START_S = 20.0
PROGRAMS = Path(__file__).parents[1] / "programs"


def free_port() -> int:
    """A port that nobody uses at this moment, and that the kernel gives to nobody who asks."""
    while True:
        port = random.randrange(20_000, 32_000)  # below the ephemeral ones
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def program(name: str, *arguments: object) -> list[str]:
    """The command of a program in tests/programs, as a config takes it."""
    return [sys.executable, "-u", str(PROGRAMS / name), *map(str, arguments)]


class Answer:
    """An HTTP answer, read to its end."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:500]!r}>"


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self._path)


class Daemon:
    """One Octyne: its directory, its process, its three doors.

    ``apps`` is the `servers` part of the config. `start` and the signals may be used many times.
    """

    def __init__(self, directory: Path, apps: dict[str, Any], **config: Any) -> None:
        self.directory = directory
        self.homes = [directory]  # and where else its processes run
        self.port = self.web_port = free_port()
        while self.web_port == self.port:
            self.web_port = free_port()
        self.socket_path = directory / "s"
        self.config: dict[str, Any] = {
            "port": self.port,
            "webUI": {"enabled": True, "port": self.web_port},
            "unixSocket": {"location": str(self.socket_path)},
            "logging": {"path": str(directory / "logs")},
            "servers": apps,
            **config,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.command = [sys.executable, "-m", "octyne"]
        self.environment: dict[str, str] = {}
        self.password = ""
        self.write_config()

    # -- the process -------------------------------------------------------------------------

    def write_config(self) -> None:
        """Put `config` into the file."""
        (self.directory / "config.json").write_text(json.dumps(self.config))

    def but_for(self, module: str, **values: str) -> "Daemon":
        """Give names of a module other values (expressions; the module is ``x``) than they have.

        For what takes longer than a test may: the daemon is the real one but for these.
        """
        changes = "; ".join(f"x.{name} = {value}" for name, value in values.items())
        code = f"import octyne.__main__ as main, {module} as x; {changes}; main.main()"
        self.command = [sys.executable, "-c", code]
        return self

    def start(self, *arguments: str) -> "Daemon":
        """Start it and wait until it is ready."""
        self.launch(*arguments)
        eventually(lambda: "is ready" in self.log or self.exited, START_S, "the daemon isn't ready")
        assert not self.exited, self.log
        return self

    def launch(self, *arguments: str) -> None:
        """Start it without waiting."""
        with (self.directory / "err").open("ab") as err, (self.directory / "out").open("ab") as out:
            err.truncate(0)
            self.process = subprocess.Popen(
                [*self.command, *arguments],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**os.environ, "TMPDIR": str(self.directory), **self.environment},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self.process is not None
        return self.process.pid

    @property
    def exited(self) -> bool:
        """Whether it has ended."""
        return self.process is None or self.process.poll() is not None

    @property
    def log(self) -> str:
        """What this run has said on stderr."""
        return (self.directory / "err").read_text()

    @property
    def output(self) -> str:
        """What all runs have said on stdout."""
        return (self.directory / "out").read_text()

    def tell(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, within_s: float = 30.0) -> int:
        """Wait for its end; its exit code."""
        assert self.process is not None
        return self.process.wait(within_s)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self.tell(signal.SIGKILL)
        self.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it in order; its exit code."""
        self.tell(number)
        return self.wait()

    def end(self) -> None:
        """End it and all its apps, whatever state they are in."""
        if self.process is not None and not self.exited:
            with contextlib.suppress(ProcessLookupError):
                self.tell(signal.SIGCONT)
                self.tell(signal.SIGKILL)
            self.wait()
        # More than once: one that was just beginning may have forked meanwhile.
        eventually(lambda: not self._kill_all(), 10)

    def _kill_all(self) -> bool:
        """Kill what is left; whether there was anything."""
        left = {*self.keepers(), *self._at_home()}
        for pid in left:
            for each in [*descendants(pid), pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
        return bool(left)

    def _at_home(self) -> list[int]:
        """All that runs below our directories: also a keeper that hasn't written its record yet."""
        homes = [home.resolve() for home in self.homes]
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                cwd = (entry / "cwd").readlink()
                if any(cwd.is_relative_to(home) for home in homes):
                    found.append(int(entry.name))
        return found

    def keepers(self) -> list[int]:
        """The pids of the keepers that live in this daemon's state directory."""
        found = []
        for record in self.directory.glob(".octyne/apps/*"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                pid = int(json.loads((record / "run.json").read_text())["keeper_pid"])
                if Path(f"/proc/{pid}/cwd").readlink() == record:
                    found.append(pid)
        return found

    # -- its doors ---------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Body = b"", **headers: str) -> Answer:
        """A request on the Unix socket, as @local; an iterator's pieces are sent as chunks."""
        return _exchange(_UnixConnection(str(self.socket_path)), method, path, body, headers)

    def api(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """A request on the API port. ``Header_Name`` stands for ``Header-Name``."""
        return _exchange(_tcp(self.port), method, path, body, headers)

    def web(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """A request on the dashboard port."""
        return _exchange(_tcp(self.web_port), method, path, body, headers)

    def get(self, path: str) -> Any:
        """What a GET on the Unix socket answers, as JSON."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def patch(self, **changes: Any) -> None:
        """Change top-level keys of the config, over the API."""
        self.config |= changes
        answer = self.ask("PATCH", "/config", json.dumps(self.config))
        assert (answer.status, answer.json) == (200, {"success": True}), answer

    def post(self, app: str, word: str) -> Any:
        """Have something done to an app."""
        answer = self.ask("POST", f"/server/{app}", word)
        assert answer.status == 200, answer
        return answer.json

    def status(self, app: str) -> int:
        """The app's status number."""
        return int(self.get("/servers")["servers"][app])

    def until(self, app: str, status: int, within_s: float = 15.0) -> None:
        """Wait until the app has that status."""
        eventually(
            lambda: self.status(app) == status, within_s, f"{app} isn't {status} after {within_s} s"
        )

    def lines(self, app: str, limit: int = 10_000) -> list[str]:
        """The newest lines of the app's console log."""
        page = self.get(f"/server/{app}/console/log?limit={limit}")
        return [line["text"] for line in page["lines"]]

    def until_line(self, app: str, text: str, within_s: float = 15.0) -> None:
        """Wait until a line of the console holds ``text``."""
        eventually(
            lambda: any(text in line for line in self.lines(app)),
            within_s,
            f"no {text!r} on the console of {app}",
        )

    def token(self, username: str = "admin", password: str = "") -> str:
        """Log in; without a password with the one that the first run has shown."""
        password = password or self.first_password()
        answer = self.api("GET", "/login", Username=username, Password=password)
        assert answer.status == 200, answer
        return str(answer.json["token"])

    def first_password(self) -> str:
        """The admin's password as it was shown."""
        line = next(line for line in self.output.splitlines() if "password:" in line)
        return line.rpartition(" ")[2]

    def console(self, app: str, query: str = "", **options: Any) -> ClientConnection:
        """A console-v2 viewer on the Unix socket."""
        connection: ClientConnection = unix_connect(
            str(self.socket_path),
            f"ws://localhost/server/{app}/console{query}",
            subprotocols=["console-v2"],
            compression=None,
            max_size=None,
            ping_interval=None,
            **options,
        )
        return connection

    def tcp_console(self, app: str, query: str = "", **options: Any) -> ClientConnection:
        """A viewer on the API port; pass `subprotocols` and `additional_headers`."""
        connection: ClientConnection = connect(
            f"ws://127.0.0.1:{self.port}/server/{app}/console{query}",
            compression=None,
            max_size=None,
            ping_interval=None,
            **options,
        )
        return connection


def descendants(pid: int) -> list[int]:
    """All processes below ``pid``."""
    return process.descendants(pid)


def alive(pids: list[int]) -> list[int]:
    """Those that still run; a zombie that waits for its parent does not."""
    known = [one for one in map(process.identity, pids) if one is not None]
    return [one.pid for one in known if process.is_alive(one)]


@contextlib.contextmanager
def running(directory: Path, apps: dict[str, Any], **config: Any) -> Iterator[Daemon]:
    """A daemon that runs while the block does, and nothing of it afterwards."""
    daemon = Daemon(directory, apps, **config)
    try:
        yield daemon.start()
    finally:
        daemon.end()


def _tcp(port: int) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", port, timeout=30)


def _exchange(
    connection: HTTPConnection, method: str, path: str, body: Body, headers: dict[str, str]
) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, data or None, named)
        return Answer(connection.getresponse())
    finally:
        connection.close()
