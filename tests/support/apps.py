"""Apps of a real daemon: waiting for what becomes of them, and changing the config."""

from typing import Any

from support.daemon import Daemon, descendants
from support.eventually import eventually

SLEEP = {"command": ["sleep", "1000"]}
OFF = {"enabled": False}


def started(daemon: Daemon, app: str) -> int:
    """How often it was started."""
    return daemon.lines(app).count(f"[Octyne] Started server {app}")


def ours(daemon: Daemon, app: str) -> list[str]:
    """Our own lines on its console."""
    return [line for line in daemon.lines(app) if line.startswith("[Octyne]")]


def until_started(daemon: Daemon, app: str, count: int) -> None:
    """Wait until it was started that often, and runs."""
    eventually(lambda: started(daemon, app) == count, 10, f"{app} wasn't started {count} times")
    daemon.until(app, 1)


def another_pid(daemon: Daemon, app: str, old: int) -> int:
    """Its pid, once it isn't the old one."""

    def look() -> int:
        pid = pid_of(daemon, app)
        return pid if pid != old else 0

    return eventually(look)


def pid_of(daemon: Daemon, app: str) -> int:
    """Of its first process."""
    return int(daemon.get(f"/server/{app}")["pid"])


def until_last(daemon: Daemon, app: str, line: str) -> None:
    """Wait until that is the last of our lines."""
    eventually(lambda: ours(daemon, app)[-1:] == [line], 10, f"{line!r} isn't the last")


def state(daemon: Daemon, app: str) -> str:
    """What it is doing."""
    return str(daemon.get(f"/server/{app}")["state"])


def until_state(daemon: Daemon, app: str, wanted: str, within_s: float = 15) -> None:
    """Wait until it is in that state."""
    eventually(lambda: state(daemon, app) == wanted, within_s, f"{app} isn't {wanted}")


def pass_s(daemon: Daemon, seconds: int) -> None:
    """Let time pass by the daemon's own measure: the app `clock` runs that long."""
    daemon.config["servers"]["clock"] = {"command": ["sleep", str(seconds)]}
    reload(daemon)
    daemon.until_line("clock", "Server clock has stopped", seconds + 15)


def reload(daemon: Daemon, **servers: Any) -> None:
    """Change apps in the config (None removes one), and have it read again."""
    for name, entry in servers.items():
        daemon.config["servers"][name] = entry
        if entry is None:
            del daemon.config["servers"][name]
    daemon.write_config()
    assert daemon.ask("GET", "/config/reload").json == {"success": True}


def tree_of(daemon: Daemon) -> list[int]:
    """All processes of its apps."""
    return [pid for keeper in daemon.keepers() for pid in descendants(keeper)]
