"""Would the apps die with the daemon here? Looks at what supervises us, and says so. Blocks."""

import os
import subprocess

ASK_S = 3.0


def what_ends_apps() -> str:
    """A warning when ending the daemon would end the apps too; "" when it wouldn't."""
    if os.getpid() == 1:
        return (
            "The daemon is the first process of a container: when it ends, the container and"
            " all apps end with it. Use an init (docker run --init) to restart the daemon alone."
        )
    unit = _unit()
    if unit and _kill_mode(unit) in {"control-group", "mixed"}:
        return (
            f"systemd will end all apps when it stops or restarts {unit}:"
            " set KillMode=process in the unit (see docs/deploy.md)."
        )
    return ""


def _unit() -> str:
    """The systemd service that we are the main process of; "" when there is none."""
    if "INVOCATION_ID" not in os.environ:
        return ""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            paths = [line.strip().rpartition(":")[2] for line in file]
    except OSError:
        return ""
    names = [part for path in paths for part in path.split("/") if part.endswith(".service")]
    return names[-1] if names else ""


def _kill_mode(unit: str) -> str:
    scope = ["--user"] if os.geteuid() != 0 and unit.startswith("user@") else []
    try:
        done = subprocess.run(
            ["systemctl", *scope, "show", "--property=KillMode", "--value", unit],  # noqa: S607  # from PATH, as an administrator would
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ASK_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace").strip()
