"""Nobody is kept out, in no state of any page: contrast, names, roles, by axe's rules."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.browser import Window
from support.daemon import Daemon
from support.tour import apps, tour


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_keeps_anybody_out(
    make_daemon: Callable[..., Daemon],
    pages: Callable[..., Window],
    tmp_path: Path,
    *,
    dark: bool,
) -> None:
    """Axe finds nothing serious: in dialogs, menus, while loading, after errors, cut off."""
    daemon = make_daemon(apps(tmp_path)).start()
    window = pages(daemon, dark=dark)
    stops = []
    faults = []
    for stop in tour(window, daemon):
        window.still()
        stops.append(stop)
        faults += [f"{stop}: {fault}" for fault in window.serious()]

    assert len(stops) > 50
    assert not faults, "\n".join(faults)
