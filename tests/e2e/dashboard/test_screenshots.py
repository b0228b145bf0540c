"""Pictures of every page and state, for people to look at: `make screenshots`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.browser import Window
from support.daemon import Daemon
from support.tour import apps, tour

SIZES = {"desktop": (1360, 860), "phone": (390, 844), "ultrawide": (2560, 1080)}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pictures(
    make_daemon: Callable[..., Daemon],
    pages: Callable[..., Window],
    directory: Path,
    tmp_path: Path,
    *,
    size: str,
    dark: bool,
) -> None:
    """Each page as it is used; then what it shows when it is empty, fails or is cut off."""
    daemon = make_daemon(apps(tmp_path))
    (daemon.directory / "config.json").write_text(json.dumps(daemon.config, indent=2))
    window = pages(daemon.start(), size=SIZES[size], dark=dark)
    kind = "dark" if dark else "light"
    for stop in tour(window, daemon):
        window.still()
        window.page.screenshot(path=str(directory / f"{stop}-{size}-{kind}.png"))
