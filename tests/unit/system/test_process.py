"""The reading of /proc lines, and the walk down a tree."""

import os

import pytest

from octyne.system import process


def line(name: bytes, state: bytes = b"S", parent: int = 1, threads: int = 1) -> bytes:
    """Make a stat line as the kernel would."""
    rest = [state, b"%d" % parent] + [b"0"] * 15 + [b"%d" % threads, b"0", b"777", b"0", b"5"]
    return b"42 (" + name + b") " + b" ".join(rest) + b"\n"


@pytest.mark.parametrize("name", [b"sh", b"a b", b") R 9 (", b"x\ny", b"(((", b") ", b""])
def test_any_name_is_read_over(name: bytes) -> None:
    """A program cannot hide or invent fields by its name."""
    fields = process.stat_fields(line(name, parent=7))

    assert (fields[process.STATE], fields[process.PARENT]) == (b"S", b"7")
    assert fields[process.START] == b"777"


@pytest.mark.parametrize("text", [b"", b"42 (sh", b"42 (sh) S 1 2"])
def test_a_cut_line_is_refused(text: bytes) -> None:
    """A process that goes while it is read gives no half answer."""
    with pytest.raises(ValueError, match=r"short|not found"):
        process.stat_fields(text)


@pytest.mark.parametrize(
    ("state", "threads", "dead"),
    [(b"S", 1, False), (b"Z", 1, True), (b"X", 1, True), (b"Z", 2, False)],
)
def test_only_whole_zombies_are_dead(state: bytes, threads: int, *, dead: bool) -> None:
    """A main thread that ended before its siblings leaves a living process."""
    assert process.is_dead(process.stat_fields(line(b"x", state, threads=threads))) is dead


def test_the_walk_is_parents_first_and_survives_a_circle() -> None:
    """A pid that came round during the scan cannot make the walk endless."""
    assert process.below(1, {1: [2, 3], 2: [4], 4: [1, 2]}) == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"{ sec = 1700000000, usec = 12 } Tue Nov 14 22:13:20 2023\n", "1700000000"),
        (b"", ""),
        (b"{ sec = }", ""),
        (b"{ sec = 1;rm }", ""),
    ],
)
def test_macos_boot_time(text: bytes, expected: str) -> None:
    """The answer of sysctl is taken only when it is a number."""
    assert process.parse_boottime(text) == expected


def test_an_identity_is_a_value() -> None:
    """Identities compare and hash by what they hold, and unpack."""
    one, other = process.ProcessIdentity(1, 2, "b"), process.ProcessIdentity(1, 2, "b")

    assert one == other
    assert len({one, other}) == 1
    assert (one.pid, one.start_ticks, one.boot_id) == tuple(one)


def test_we_are_alive_and_our_recycled_pid_is_not() -> None:
    """The same pid with another start or another boot is somebody else."""
    me = process.identity(os.getpid())

    assert me is not None
    assert process.is_alive(me)
    assert not process.is_alive(process.ProcessIdentity(me.pid, me.start_ticks + 1, me.boot_id))
    assert not process.is_alive(process.ProcessIdentity(me.pid, me.start_ticks, "other"))


def test_nobody_has_no_identity() -> None:
    """A pid that nobody has yields None, not an error."""
    assert process.identity(2**30) is None
