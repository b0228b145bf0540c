"""Which process is which: identity beyond the pid, trees, and signals that hit nobody else.

Read straight from ``/proc``; elsewhere (macOS) nothing is found and None or [] comes back.
The keeper imports this module too: it must stay on the standard library and import little.
"""

import os
import signal
import time

ENVIRON_LIMIT_BYTES = 1 << 20  # a longer environment is looked at up to here
STAT_LIMIT_BYTES = 2048  # 52 fields of at most 20 digits, and a name of at most 64 bytes

# Fields of /proc/PID/stat counted after the name, so "3" of proc(5) is 0 here.
STATE, PARENT, THREADS, START = 0, 1, 17, 19


class ProcessIdentity(tuple[int, int, str]):
    """A process for good: a pid comes back, the three together do not."""

    # Not a dataclass or NamedTuple: their modules would cost each keeper a megabyte.
    __slots__ = ()

    def __new__(  # noqa: PYI034  # Self stands in typing
        cls, pid: int, start_ticks: int, boot_id: str
    ) -> "ProcessIdentity":
        """Hold the three as one value, equal and hashable like a tuple."""
        return super().__new__(cls, (pid, start_ticks, boot_id))

    @property
    def pid(self) -> int:
        """Its number, as seen in our pid namespace."""
        return self[0]

    @property
    def start_ticks(self) -> int:
        """When it started, in clock ticks since boot."""
        return self[1]

    @property
    def boot_id(self) -> str:
        """Which boot of the machine that was."""
        return self[2]


def boot_id() -> str:
    """Name this boot of the machine; "" where the system has no such thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return _boot_id_from_sysctl()


def identity(pid: int) -> ProcessIdentity | None:
    """Say who has ``pid`` now (a zombie still has it); None when nobody has."""
    fields = _fields(pid)
    return None if fields is None else ProcessIdentity(pid, int(fields[START]), boot_id())


def age_ns(start_ticks: int) -> int:
    """How long ago a process with that start time began, in nanoseconds.

    Counted from boot, sleep included: a wall clock that jumps changes nothing.
    """
    since_boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return max(0, since_boot - start_ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def is_alive(who: ProcessIdentity) -> bool:
    """Whether exactly this process still runs; a zombie does not, a stopped process does."""
    fields = _fields(who.pid)
    if fields is None or int(fields[START]) != who.start_ticks or is_dead(fields):
        return False
    return boot_id() == who.boot_id


def descendants(pid: int) -> list[int]:
    """List all processes below ``pid``, zombies included, itself not; parents come first.

    One pass over ``/proc``. A tree that forks meanwhile can hide its newest members:
    callers that must get everybody ask again until the answer is empty.
    """
    children: dict[int, list[int]] = {}
    for each in pids():
        fields = _fields(each)
        if fields is not None:
            children.setdefault(int(fields[PARENT]), []).append(each)
    return below(pid, children)


def below(root: int, children: dict[int, list[int]]) -> list[int]:
    """Walk a map of children from ``root`` down; parents come first, ``root`` is left out.

    The map is no snapshot: with a pid that came round during the scan it can hold a circle.
    """
    seen = {root}
    found = [root]
    for parent in found:  # grows while it is walked
        new = [child for child in children.get(parent, ()) if child not in seen]
        seen.update(new)
        found.extend(new)
    return found[1:]


def children() -> list[int]:
    """List our own children, zombies included: quicker by far than a pass over ``/proc``.

    Empty where the kernel doesn't tell (CONFIG_PROC_CHILDREN), and of the main thread alone.
    """
    pid = os.getpid()
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb", buffering=0) as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def find_by_environment(name: str, value: str) -> list[int]:
    """List our own user's processes that were started with ``name=value`` in their environment.

    Other users' processes do not count, even where we could read them: anybody can put
    anything there. A process that has overwritten its environment is not found.
    """
    needle = b"\0" + os.fsencode(f"{name}={value}") + b"\0"
    user = os.geteuid()
    return [pid for pid in pids() if needle in b"\0" + _environment(pid, user) + b"\0"]


def kill(who: ProcessIdentity, number: int) -> bool:
    """Send a signal to exactly this process; False when it is gone (a zombie is).

    With a pidfd nobody else can be hit, however fast pids come round. Raises
    PermissionError when the process is not ours.
    """
    try:
        handle = _open_pidfd(who.pid)
        try:
            # In this order: if it is still the same one now, then the handle is of no other.
            if not is_alive(who):
                return False
            _send(handle, who.pid, number)
        finally:
            if handle is not None:
                os.close(handle)
    except ProcessLookupError:
        return False
    return True


def pids() -> list[int]:
    """List all processes that we can see."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def stat_fields(line: bytes, count: int = START + 1) -> list[bytes]:
    """Split the first ``count`` fields after the name of a ``/proc/PID/stat`` line.

    The name is the program's to choose and may hold brackets, blanks and new lines: only its
    last closing bracket is a sure mark. Raises ValueError for a line without all of them.
    """
    fields = line[line.rindex(b")") + 2 :].split(None, count)
    if len(fields) < count:
        raise ValueError("short stat line")
    return fields


def is_dead(fields: list[bytes]) -> bool:
    """Whether these stat fields are of a process that has ended and waits to be reaped.

    A main thread that has ended while others run looks like a zombie, but its process lives.
    """
    return fields[STATE] in b"ZXx" and int(fields[THREADS]) <= 1


def _fields(pid: int) -> list[bytes] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            return stat_fields(file.read(STAT_LIMIT_BYTES) or b"")
    except (OSError, ValueError):
        return None  # gone, or going at this moment


def _environment(pid: int, user: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_uid != user:
                return b""
            return _read_up_to(file.fileno(), ENVIRON_LIMIT_BYTES)
    except OSError:
        return b""


def _read_up_to(descriptor: int, limit: int) -> bytes:
    parts = b""
    while len(parts) < limit and (part := os.read(descriptor, limit - len(parts))):
        parts += part
    return parts


def _open_pidfd(pid: int) -> int | None:
    """Raise ProcessLookupError when nobody has ``pid``; None where there are no pidfds."""
    try:
        return os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        raise
    except OSError:  # a kernel before 5.3, or a sandbox without the call
        return None


def _send(handle: int | None, pid: int, number: int) -> None:
    if handle is None:
        os.kill(pid, number)
    else:
        signal.pidfd_send_signal(handle, number)


def _boot_id_from_sysctl() -> str:
    """Ask macOS. Kept off Linux's path: running a program needs heavy imports."""
    import subprocess  # noqa: PLC0415  # never loaded in a keeper on Linux

    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.boottime"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return parse_boottime(done.stdout)


def parse_boottime(text: bytes) -> str:
    """Take the seconds out of ``{ sec = 1700000000, usec = 12 } Tue Nov 14 ...``; "" if none."""
    after = text.partition(b"sec =")[2].split(None, 1)
    seconds = after[0].rstrip(b",") if after else b""
    return seconds.decode() if seconds.isdigit() else ""
