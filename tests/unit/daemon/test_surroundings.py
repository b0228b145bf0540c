"""Which systemd unit a process is in."""

import pytest

from octyne.daemon.surroundings import unit_of

USERS = "/user.slice/user-1000.slice/user@1000.service"


@pytest.mark.parametrize(
    ("cgroups", "unit", "is_users"),
    [
        ("0::/system.slice/octyne.service\n", "octyne.service", False),
        (f"0::{USERS}/app.slice/octyne.service\n", "octyne.service", True),
        ("0::/user.slice/user-1000.slice/session-2.scope\n", "", False),
        ("0::/\n", "", False),
    ],
)
def test_the_unit_of_a_process(cgroups: str, unit: str, *, is_users: bool) -> None:
    """A user's own manager is asked about its units, the system's about all others."""
    assert unit_of(cgroups) == (unit, is_users)
