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
    unit, is_users = _unit()
    if unit and _kill_mode(unit, is_users=is_users) in {"control-group", "mixed"}:
        return (
            f"systemd will end all apps when it stops or restarts {unit}:"
            " set KillMode=process in the unit (see docs/deploy.md)."
        )
    return ""


def _unit() -> tuple[str, bool]:
    """The systemd service that we are the main process of ("": none); is it a user's own?"""
    if os.environ.get("SYSTEMD_EXEC_PID") != str(os.getpid()):
        return "", False
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            return unit_of(file.read())
    except OSError:
        return "", False


def unit_of(cgroups: str) -> tuple[str, bool]:
    """The innermost service in the text of ``/proc/PID/cgroup``, and whether a user manages it."""
    paths = [line.rpartition(":")[2] for line in cgroups.splitlines()]
    services = [part for path in paths for part in path.split("/") if part.endswith(".service")]
    if not services:
        return "", False
    return services[-1], any(service.startswith("user@") for service in services[:-1])


def _kill_mode(unit: str, *, is_users: bool) -> str:
    scope = ["--user"] if is_users else []
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
