"""An upgrade of the daemon under running apps: a newer one over old keepers, and back."""

import json
import shutil
from pathlib import Path

import octyne
from support.daemon import Daemon, program

from .conftest import MakeDaemon


def newer(directory: Path) -> str:
    """A copy of the program as a later version: its keepers speak a newer protocol."""
    copy = directory / "newer"
    shutil.copytree(Path(octyne.__file__).parent, copy / "octyne")
    for name, old, new in (
        ("__init__.py", '__version__ = "', '__version__ = "99.'),
        ("keeper/protocol.py", "VERSION = 1", "VERSION = 2"),
    ):
        file = copy / "octyne" / name
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))
    return str(copy)


def says(daemon: Daemon, text: str) -> str:
    """What the app answers to a line."""
    with daemon.console("app") as console:
        console.send(json.dumps({"type": "input", "data": text}))
        while True:
            message = json.loads(console.recv(10))
            for line in message.get("data", "").split("\n"):
                if text in line:
                    return str(line)


def protocol_of(daemon: Daemon) -> int:
    """The protocol that the app's keeper speaks."""
    record = json.loads((daemon.directory / ".octyne/apps/app/run.json").read_text())
    return int(record["protocol"])


def test_apps_run_on_through_an_upgrade_and_a_downgrade(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    """Old keepers work with the newer daemon, and the newer's keepers with the old one."""
    daemon = make_daemon({"app": {"directory": ".", "command": program("prompt.py")}})
    daemon.start()
    daemon.until("app", 1)
    pid = daemon.get("/server/app")["pid"]
    daemon.stop()
    daemon.environment["PYTHONPATH"] = newer(tmp_path)
    daemon.start()

    assert daemon.get("/")["productVersion"].startswith("99.")
    assert daemon.get("/server/app")["pid"] == pid
    assert "you said old keeper" in says(daemon, "old keeper")
    daemon.post("app", "RESTART")
    daemon.until_line("app", "has stopped")
    daemon.until("app", 1)
    assert protocol_of(daemon) == 2

    pid = daemon.get("/server/app")["pid"]
    daemon.stop()
    del daemon.environment["PYTHONPATH"]
    daemon.start()
    assert daemon.get("/server/app")["pid"] == pid
    assert "you said newer keeper" in says(daemon, "newer keeper")
    daemon.post("app", "TERM")
    daemon.until("app", 0)
