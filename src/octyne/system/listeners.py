"""Listening sockets: Unix with the right permissions from the start, TCP for both families.

Knows nothing of HTTP. All functions block, but briefly: call them while starting.
"""

import contextlib
import errno
import grp
import os
import pwd
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator

from octyne.errors import InvalidError, UnavailableError

BACKLOG = 512  # connections that the kernel holds for us while we are busy
PROBE_S = 1.0  # seconds; a living daemon's socket takes a connection at once
# The kernel's sun_path without its closing NUL.
LONGEST_PATH_BYTES = 103 if sys.platform == "darwin" else 107


def unix_socket(path: str, *, mode: int = 0o600, owner: str = "", group: str = "") -> socket.socket:
    """Listen at ``path``; nobody can connect, at any moment, whom the mode doesn't allow.

    The socket is made in a private directory beside ``path``, gets its owner, group and mode,
    listens, and only then gets its name. A socket that a dead daemon left is replaced.
    ``owner``, ``group``: names or numbers, "" leaves them as they are.
    Raises InvalidError for what the config must change, UnavailableError when the place is taken.
    """
    _require_usable_path(path)
    user_id, group_id = _user_id(owner), _group_id(group)
    found = _examine(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _private_directory(path) as private:
            name = os.path.join(private, "s")
            with _short_name(private) as short:
                listener.bind(short)
            _give(name, user_id, group_id, mode)
            listener.listen(BACKLOG)
            if found is not None:
                _take_away(path, found, private)
            _publish(name, path)
    except OSError as error:
        listener.close()
        raise UnavailableError(f"Cannot listen at {path}: {_reason(error)}.") from error
    except BaseException:
        listener.close()
        raise
    listener.settimeout(0)
    return listener


def remove_unix_socket(path: str) -> None:
    """Remove the name of a socket that was closed; anybody else's living one stays.

    Never raises: a name that stays is replaced at the next start.
    """
    with contextlib.suppress(OSError, UnavailableError, InvalidError):
        found = _examine(path)
        if found is not None:
            with _private_directory(path) as private:
                _take_away(path, found, private)


def tcp_socket(host: str, port: int) -> socket.socket:
    """Listen on ``port``; 0 lets the system choose.

    ``host``: an address, or "" for all of them, IPv6 and IPv4 in one socket where the system
    can (IPv4 peers then look like ``::ffff:192.0.2.1``). Raises UnavailableError when the port
    is taken, InvalidError for a host that is none of ours.
    """
    try:
        return _listen_everywhere(port) if not host else _listen_at(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(
                f"Port {port} is already in use by another program: "
                "stop that program, or set another port in the config."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise UnavailableError(
                f"We may not listen on port {port}: {_reason(error)}."
            ) from error
        place = f"{host}, port {port}" if host else f"port {port}"
        raise InvalidError(f"Cannot listen at {place}: {_reason(error)}.") from error


def _listen_everywhere(port: int) -> socket.socket:
    try:
        return _listen(socket.AF_INET6, ("::", port))
    except OSError as error:
        if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT):
            raise
    return _listen(socket.AF_INET, ("0.0.0.0", port))  # noqa: S104  # that is what was asked for


def _listen_at(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    # A build without IPv6 would give raw bytes for such addresses.
    assert isinstance(address[0], str)
    return _listen(family, (address[0], *address[1:]))


def _listen(family: int, address: tuple[str, int] | tuple[str, int, int, int]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port whose last connections still linger is free for a restart.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.settimeout(0)
    except BaseException:
        listener.close()
        raise
    return listener


def _require_usable_path(path: str) -> None:
    if "\0" in path or not path:
        raise InvalidError("The location of the Unix socket is empty or holds a NUL byte.")
    if len(os.fsencode(path)) > LONGEST_PATH_BYTES:
        raise InvalidError(
            f"The location of the Unix socket has {len(os.fsencode(path))} bytes, "
            f"and the system takes {LONGEST_PATH_BYTES}: choose a shorter one."
        )
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise InvalidError(f"The directory of the Unix socket {path} does not exist.")


def _examine(path: str) -> os.stat_result | None:
    """Return the stale socket at ``path``, or None for nothing there; raise for all else."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnavailableError(f"Cannot look at {path}: {_reason(error)}.") from error
    if not stat.S_ISSOCK(found.st_mode):
        raise UnavailableError(
            f"There is something at {path} that is not a socket. We leave it alone: "
            "move it away, or set another location for the Unix socket."
        )
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with probe:
        probe.settimeout(PROBE_S)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return found
        except FileNotFoundError:
            return None
        except OSError as error:
            # A full backlog or another kind of socket: somebody is there all the same.
            raise UnavailableError(f"The socket {path} is in use: {_reason(error)}.") from error
    raise UnavailableError(
        f"Another Octyne (or other program) already listens at {path}: "
        "stop it, or set another location for the Unix socket."
    )


@contextlib.contextmanager
def _private_directory(path: str) -> Iterator[str]:
    private = tempfile.mkdtemp(prefix=".octyne-", dir=os.path.dirname(path) or ".")  # 0700
    try:
        yield private
    finally:
        shutil.rmtree(private, ignore_errors=True)


@contextlib.contextmanager
def _short_name(private: str) -> Iterator[str]:
    """Name a socket in ``private`` in few bytes, as `bind` takes no more than in a path."""
    if not os.path.isdir("/proc/self/fd"):
        yield os.path.join(private, "s")
        return
    directory = os.open(private, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/s"
    finally:
        os.close(directory)


def _give(name: str, user_id: int, group_id: int, mode: int) -> None:
    if (user_id, group_id) != (-1, -1):
        try:
            os.chown(name, user_id, group_id)
        except PermissionError as error:
            raise InvalidError(
                "We may not give the Unix socket to that owner or group: "
                "run as root, or choose a group that we are a member of."
            ) from error
    os.chmod(name, mode)


def _take_away(path: str, stale: os.stat_result, private: str) -> None:
    """Move the stale socket out of the way, and nothing else.

    A daemon that starts at the same moment may have put its own there since we looked:
    then that is put back, and we give up.
    """
    away = os.path.join(private, "stale")
    try:
        os.rename(path, away)
    except FileNotFoundError:
        return
    moved = os.lstat(away)
    # Inode numbers come round at once; a socket's mtime is when it was made.
    if not os.path.samestat(moved, stale) or moved.st_mtime_ns != stale.st_mtime_ns:
        os.rename(away, path)
        raise UnavailableError(f"Another program has just taken {path}.")


def _publish(name: str, path: str) -> None:
    """Give the socket its name; unlike a rename, a link never replaces what came meanwhile."""
    try:
        os.link(name, path, follow_symlinks=False)
    except FileExistsError as error:
        raise UnavailableError(f"Another program has just taken {path}.") from error
    except OSError:  # a file system without links
        os.rename(name, path)


def _user_id(name: str) -> int:
    if not name:
        return -1
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as error:
        if name.isdecimal():
            return int(name)
        raise InvalidError(f"There is no user {name!r} to own the Unix socket.") from error


def _group_id(name: str) -> int:
    if not name:
        return -1
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        if name.isdecimal():
            return int(name)
        raise InvalidError(f"There is no group {name!r} for the Unix socket.") from error


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
