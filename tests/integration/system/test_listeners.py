"""Listening sockets as the kernel sees them."""

import grp
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from octyne.errors import InvalidError, UnavailableError
from octyne.system import listeners


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Where a socket may be."""
    return str(tmp_path / "octyne.sock")


def connect(path: str) -> socket.socket:
    """Connect as a client would."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


def leave_stale(path: str) -> None:
    """Leave what a killed daemon leaves."""
    with listeners.unix_socket(path):
        pass


def names_beside(path: str) -> list[str]:
    """List the directory of ``path``."""
    return os.listdir(os.path.dirname(path))


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_the_mode_is_what_was_asked_for(place: str, mode: int, umask: int) -> None:
    """Whatever umask we were started with; clients can connect; nothing else stays around."""
    before = os.umask(umask)
    try:
        listener = listeners.unix_socket(place, mode=mode)
    finally:
        os.umask(before)

    with listener, connect(place):
        assert stat.S_IMODE(os.stat(place).st_mode) == mode
        assert names_beside(place) == ["octyne.sock"]


def test_the_name_is_never_seen_with_another_mode(place: str) -> None:
    """A watcher that looks all the time sees the right mode or nothing."""
    done = threading.Event()
    seen: set[int] = set()

    def watch() -> None:
        while not done.is_set():
            try:
                seen.add(stat.S_IMODE(os.stat(place).st_mode))
            except FileNotFoundError:
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(50):
        leave_stale(place)
    done.set()
    watcher.join()

    assert seen <= {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner_and_group_are_set(place: str) -> None:
    """By name or by number."""
    group = next(each for each in grp.getgrall() if each.gr_gid not in (0, os.getegid()))
    with listeners.unix_socket(place, mode=0o660, owner="12345", group=group.gr_name):
        found = os.stat(place)

    assert (found.st_uid, found.st_gid) == (12345, group.gr_gid)
    assert stat.S_IMODE(found.st_mode) == 0o660


def test_a_stale_socket_is_replaced(place: str) -> None:
    """A killed daemon does not keep the next one from starting."""
    leave_stale(place)

    with listeners.unix_socket(place) as listener, connect(place):
        listener.settimeout(5)
        listener.accept()[0].close()


def test_a_living_daemon_keeps_its_socket(place: str) -> None:
    """The second one is refused with a sentence and leaves nothing behind."""
    with listeners.unix_socket(place):
        with pytest.raises(UnavailableError, match="already listens"):
            listeners.unix_socket(place)
        connect(place).close()

    assert names_beside(place) == ["octyne.sock"]


def test_a_full_backlog_counts_as_living(place: str) -> None:
    """A daemon that is stopped or overloaded is not robbed."""
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(place)
        busy.listen(0)
        waiting = connect(place)
        with waiting, pytest.raises(UnavailableError, match="in use"):
            listeners.unix_socket(place)


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("x")])
def test_what_is_no_socket_is_left_alone(place: str, make: "object") -> None:
    """A mistyped location never costs a file."""
    assert callable(make)
    make(Path(place))

    with pytest.raises(UnavailableError, match="not a socket"):
        listeners.unix_socket(place)
    assert os.path.lexists(place)


def test_of_two_that_start_at_once_one_wins(place: str) -> None:
    """A daemon that takes the place of the stale socket meanwhile keeps it."""
    leave_stale(place)
    stale = os.lstat(place)
    os.mkdir(private := place + ".d")
    os.rename(place, place + ".old")
    with listeners.unix_socket(place):
        with pytest.raises(UnavailableError, match="just taken"):
            listeners._take_away(place, stale, private)
        connect(place).close()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"group": "no such group"}, "There is no group 'no such group'"),
        ({"owner": "nobody here"}, "There is no user 'nobody here'"),
    ],
)
def test_unknown_names_are_refused(place: str, settings: dict[str, str], sentence: str) -> None:
    """Before anything is made."""
    with pytest.raises(InvalidError, match=sentence):
        listeners.unix_socket(place, **settings)  # type: ignore[arg-type]  # names only
    assert names_beside(place) == []


def test_the_longest_path_works_and_a_longer_one_says_so(tmp_path: Path) -> None:
    """The private directory's longer name takes nothing away from the user."""
    room = listeners.LONGEST_PATH_BYTES - len(os.fsencode(tmp_path)) - 1
    with listeners.unix_socket(str(tmp_path / ("x" * room))):
        connect(str(tmp_path / ("x" * room))).close()

    with pytest.raises(InvalidError, match="choose a shorter one"):
        listeners.unix_socket(str(tmp_path / ("x" * (room + 1))))


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_unusable_paths_are_refused(path: str) -> None:
    """With a sentence of ours instead of the system's."""
    with pytest.raises(InvalidError):
        listeners.unix_socket(path)


def test_a_missing_directory_is_named(place: str) -> None:
    """It is not created: that would hide a typing mistake."""
    with pytest.raises(InvalidError, match=r"directory .* does not exist"):
        listeners.unix_socket(place + "/below")


def test_removal_takes_only_what_is_dead(place: str) -> None:
    """After an orderly stop the name is gone; the next daemon's socket stays."""
    with listeners.unix_socket(place):
        listeners.remove_unix_socket(place)
        assert names_beside(place) == ["octyne.sock"]

    listeners.remove_unix_socket(place)
    listeners.remove_unix_socket(place)

    assert names_beside(place) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_all_interfaces_take_both_families(address: str) -> None:
    """One socket for IPv4 and IPv6."""
    with (
        listeners.tcp_socket("", 0) as listener,
        socket.create_connection((address, listener.getsockname()[1]), timeout=5),
    ):
        pass


def test_without_ipv6_ipv4_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many containers have none."""
    make = socket.socket

    def without(family: int = -1, *rest: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return make(family, *rest)

    monkeypatch.setattr(socket, "socket", without)

    with listeners.tcp_socket("", 0) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_one_address_is_no_more_than_that() -> None:
    """A daemon told to listen on loopback is not reachable elsewhere."""
    with listeners.tcp_socket("127.0.0.1", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_in_use_is_named() -> None:
    """The sentence says which one and what to do."""
    with listeners.tcp_socket("", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"Port {port} is already in use"):
            listeners.tcp_socket("", port)


def test_a_strange_host_is_refused() -> None:
    """An address that no interface has is a mistake in the config."""
    with pytest.raises(InvalidError, match=r"Cannot listen at 203\.0\.113\.7"):
        listeners.tcp_socket("203.0.113.7", 0)


def test_a_port_can_be_taken_again_at_once() -> None:
    """Connections that linger from before a restart are no obstacle."""
    with listeners.tcp_socket("", 0) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(5)
        client = socket.create_connection(("127.0.0.1", port), timeout=5)
        server, _ = listener.accept()
        server.close()
        client.recv(1)
        client.close()

    listeners.tcp_socket("", port).close()
