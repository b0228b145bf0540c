"""The daemon that is measured: in a directory of its own, ended with all that it started."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

START_S = 25.0
END_S = 15.0
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
PROGRAMS = Path(__file__).parent / "programs"


def program(name: str) -> list[str]:
    """The command of one of our apps."""
    return [sys.executable, "-I", "-S", str(PROGRAMS / name)]


class Daemon:
    """A daemon with ``apps`` (the `servers` of its config); see `running`."""

    def __init__(self, directory: Path, apps: dict[str, Any]) -> None:
        self.directory = directory
        self.port, self.web_port = _free_port(), _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        config = {
            "port": self.port,
            "webUI": {"port": self.web_port},
            "unixSocket": {"location": str(directory / "s")},
            "servers": apps,
        }
        (directory / "config.json").write_text(json.dumps(config))

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> float:
        """Start it; the seconds until its API port could be connected to."""
        begun = time.monotonic()
        with (self.directory / "out").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "octyne"],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,
            )
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() - begun > START_S:
                raise RuntimeError(f"The daemon did not start: {self._said()}")
            time.sleep(0.001)
        return time.monotonic() - begun

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it: SIGTERM leaves its apps running, SIGINT takes them along."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def end(self) -> None:
        """End it and everything that it started."""
        self.stop(signal.SIGINT)
        for keeper in self.keepers():
            for pid in (*children(keeper), keeper):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def keepers(self) -> list[int]:
        """The pids of the keepers that live."""
        found = []
        for place in self.directory.glob(".octyne/apps/*"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                pid = int(json.loads((place / "run.json").read_text())["keeper_pid"])
                if Path(f"/proc/{pid}/cwd").readlink() == place:
                    found.append(pid)
        return found

    def token(self) -> str:
        """Log in on the API port as the first account."""
        return str(self.get("/login", Username="admin", Password=self.password())["token"])

    def password(self) -> str:
        """Of the first account, `admin`."""
        line = next(line for line in self._said().splitlines() if "password:" in line)
        return line.rpartition(" ")[2]

    def get(self, path: str, **headers: str) -> Any:  # noqa: ANN401  # JSON
        """What a GET on the API port answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body!r}")
        return json.loads(body)

    def until_running(self, count: int, token: str) -> None:
        """Wait until so many apps run."""
        deadline = time.monotonic() + START_S
        while True:
            states = self.get("/servers", Authorization=token)["servers"].values()
            if sum(state == 1 for state in states) >= count:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"Of {count} apps some don't run: {self._said()[-2000:]}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _said(self) -> str:
        return (self.directory / "out").read_text()


@contextlib.contextmanager
def running(apps: dict[str, Any]) -> Iterator[tuple[Daemon, str]]:
    """A daemon that runs with its apps while the block does, and a token for it."""
    with directory() as place:
        daemon = Daemon(place, apps)
        try:
            daemon.start()
            token = daemon.token()
            daemon.until_running(sum(app.get("enabled", True) for app in apps.values()), token)
            yield daemon, token
        finally:
            daemon.end()


@contextlib.contextmanager
def directory(at: Path | None = None) -> Iterator[Path]:
    """A directory for one daemon, removed afterwards; ``at``: on this file system."""
    with tempfile.TemporaryDirectory(
        prefix="octyne-bench-", dir=at, ignore_cleanup_errors=True
    ) as name:
        yield Path(name).resolve()


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int) -> float:
    """Resident memory of a process."""
    return _kib(f"/proc/{pid}/smaps_rollup", ("Rss:",)) / 1024


def private_mib(pid: int) -> float:
    """Memory that a process shares with nobody."""
    return _kib(f"/proc/{pid}/smaps_rollup", ("Private_Clean:", "Private_Dirty:")) / 1024


def _kib(path: str, names: tuple[str, ...]) -> int:
    lines = Path(path).read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(names))


def children(pid: int) -> list[int]:
    """The processes that it started and that live."""
    with contextlib.suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _environment() -> dict[str, str]:
    """Ours, but with bytecode, as an installed program has it: compiling takes a second."""
    return {name: value for name, value in os.environ.items() if name != NO_BYTECODE}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
