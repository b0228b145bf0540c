"""The real keeper, started as the daemon starts it, and spoken to without the daemon's code."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import octyne
from octyne.keeper.client import Launch, Stop
from octyne.system import process
from support.eventually import eventually

PROGRAM = Path(octyne.__file__).parent / "keeper" / "main.py"
WAIT_S = 15.0
SLEEP = ["sleep", "1000"]
STUBBORN = [
    sys.executable,
    "-u",
    "-c",
    "import signal, time\nsignal.signal(15, 1)\nprint('up')\ntime.sleep(999)",
]

Message = dict[str, Any]


def orders(argv: list[str], directory: Path, **changes: Any) -> Launch:
    """Orders with simple answers to all that a test doesn't care for."""
    stop = {"signal": "SIGTERM", "command": "", "timeout_s": 10.0, **changes.pop("stop", {})}
    fields: dict[str, Any] = {
        "run": "run-1",
        "env": {"PATH": os.environ["PATH"]},
        "terminal": False,
        "umask": 0o022,
        "open_files": (1024, 4096),
        "console_limit": 1 << 20,
        "on_full": "drop",
        "started_notice": "[Octyne] Started",
        "failed_notice": "[Octyne] Failed:",
        **changes,
    }
    return Launch(argv=argv, directory=str(directory), stop=Stop(**stop), **fields)


class Link:
    """A daemon's connection to a keeper."""

    def __init__(self, directory: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(WAIT_S)
        anchor = os.open(directory, os.O_RDONLY)
        self._socket.connect(f"/proc/self/fd/{anchor}/keeper.sock")
        os.close(anchor)
        self._rest = b""
        self._id = 0

    def send_bytes(self, data: bytes) -> None:
        """Send anything."""
        self._socket.sendall(data)

    def receive(self) -> Message | None:
        """The next message, None at the end."""
        while b"\n" not in self._rest:
            data = self._socket.recv(1 << 20)
            if not data:
                return None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        message: Message = json.loads(line)
        return message

    def until(self, *kinds: str) -> Message:
        """The next message of one of these types; others are passed over."""
        while (message := self.receive()) is not None:
            if message["type"] in kinds:
                return message
        raise AssertionError(f"the keeper hung up before any of {kinds}")

    def hello(self, **more: Any) -> Message:
        """Make the acquaintance."""
        self.send_bytes(json.dumps({"type": "hello", "protocol": 1, **more}).encode() + b"\n")
        return self.until("hello")

    def ask(self, kind: str, **fields: Any) -> Message:
        """Ask for something; its answer."""
        self._id += 1
        message = {"type": kind, "id": self._id, **fields}
        self.send_bytes(json.dumps(message).encode() + b"\n")
        answer = self.until("done", "error")
        assert answer["id"] == self._id
        return answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class Keeper:
    """One keeper in a directory of its own; `end` leaves nobody behind."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True, mode=0o700)
        self._links: list[Link] = []

    def start(
        self, argv: list[str], *, prepare: Callable[[], object] | None = None, **changes: Any
    ) -> Message:
        """Start it with an app; its report. ``prepare`` runs in it before it begins."""
        pass_fds = changes.pop("pass_fds", ())
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(PROGRAM)],
            input=orders(argv, changes.pop("directory", self.directory), **changes).encode(),
            capture_output=True,
            cwd=self.directory,
            start_new_session=True,
            timeout=WAIT_S,
            check=False,
            preexec_fn=prepare,
            pass_fds=pass_fds,
        )
        assert done.stdout, done.stderr.decode()
        report: Message = json.loads(done.stdout)
        return report

    def link(self) -> Link:
        """Connect, as a daemon does."""
        self._links.append(Link(self.directory))
        return self._links[-1]

    def record(self, name: str) -> Message | None:
        """A record that it wrote."""
        with contextlib.suppress(FileNotFoundError):
            found: Message = json.loads((self.directory / name).read_text())
            return found
        return None

    @property
    def pid(self) -> int:
        """Of the keeper."""
        record = self.record("run.json")
        assert record is not None
        return int(record["keeper_pid"])

    @property
    def app(self) -> int:
        """Of the app."""
        record = self.record("run.json")
        assert record is not None
        return int(record["pid"])

    @property
    def console(self) -> bytes:
        """All that it has kept of the output."""
        files = sorted((self.directory / "console").glob("*.log"))
        return b"".join(path.read_bytes() for path in files)

    def until_output(self, data: bytes) -> None:
        """Wait for some output."""
        eventually(lambda: data in self.console, WAIT_S, f"no {data!r} in {self.console!r}")

    @property
    def is_alive(self) -> bool:
        """Whether its lock is held."""
        with (self.directory / "keeper.lock").open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def until_gone(self, within_s: float = WAIT_S) -> Message:
        """Wait for its end; the exit record."""
        eventually(lambda: not self.is_alive, within_s, "the keeper goes on")
        record = self.record("exit.json")
        assert record is not None
        return record

    def end(self) -> None:
        """Kill it and all that it holds."""
        for link in self._links:
            link.close()
        record = self.record("run.json")
        if record is None:
            return
        keeper, start = int(record["keeper_pid"]), int(record["keeper_start"])
        who = process.identity(keeper)
        known = [keeper] if who is not None and who.start_ticks == start else []
        left = process.find_by_environment("OCTYNE_RUN", str(record["run"]))
        ours = [pid for pid in left if Path(f"/proc/{pid}/cwd").exists()]
        below = process.descendants(keeper) if known else []
        for pid in {*known, *below, *self._of_this_directory(ours)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _of_this_directory(self, pids: list[int]) -> list[int]:
        found = []
        for pid in pids:
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/cwd").startswith(str(self.directory)):
                    found.append(pid)
        return found
