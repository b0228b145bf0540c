"""Names and links of members."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.archives.claims import (
    Member,
    MemberKind,
    check_target,
    clamped_ns,
    member_parts,
    shown,
)
from octyne.archives.errors import BrokenArchiveError

PIECES = st.lists(
    st.sampled_from(["..", ".", "", "a", "b", "/", "\\", "C:", "\0", "é"]), max_size=6
)


@given(PIECES)
def test_no_name_leads_out(pieces: list[str]) -> None:
    """Whatever is let through stays beneath."""
    name = "/".join(pieces)
    try:
        parts = member_parts(name)
    except BrokenArchiveError:
        return

    assert not {"", ".", ".."} & set(parts)
    assert posixpath.normpath(name) == "/".join(parts) or not parts


@given(PIECES, st.lists(st.sampled_from("xyz"), max_size=3))
def test_no_symlink_leads_out(pieces: list[str], place: list[str]) -> None:
    """Wherever it is."""
    target = "/".join(pieces)
    member = Member("l", (*place, "l"), MemberKind.SYMLINK, 0o777, target=target)
    try:
        check_target(member, tuple(place), ("/srv/app",))
    except BrokenArchiveError:
        return

    end = posixpath.normpath(posixpath.join("/srv/app", *place, target))
    assert end == "/srv/app" or end.startswith("/srv/app/")


@pytest.mark.parametrize("target", ["/srv/app", "/srv/app/x", "../x", "x/y", "..", "./x"])
def test_symlinks_that_stay_inside(target: str) -> None:
    """Absolute ones too."""
    member = Member("l", ("d", "l"), MemberKind.SYMLINK, 0o777, target=target)

    check_target(member, ("d",), ("/srv/app",))


@pytest.mark.parametrize("target", ["/srv/apple", "/srv/app/../x", "x/..", "../..", "/", "\udcff"])
def test_symlinks_that_do_not(target: str) -> None:
    """Also those of which only the text looks harmless."""
    member = Member("l", ("d", "l"), MemberKind.SYMLINK, 0o777, target=target)

    with pytest.raises(BrokenArchiveError):
        check_target(member, ("d",), ("/srv/app",))


@given(st.floats())
def test_times_are_those_that_disks_keep(seconds: float) -> None:
    """Infinity and what is no number, too."""
    assert -(1 << 31) * 10**9 <= clamped_ns(seconds) <= (1 << 34) * 10**9


def test_long_and_odd_names_are_shown_short_and_clean() -> None:
    """They go into an answer."""
    assert shown("n" * 999) == "n" * 200 + "..."
    assert shown("\udcff") == "\\udcff"
