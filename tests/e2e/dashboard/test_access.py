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
    found = {}
    for stop in tour(window, daemon):
        window.still()
        found[stop] = window.serious()

    assert len(found) > 50
    assert {stop: faults for stop, faults in found.items() if faults} == {}
