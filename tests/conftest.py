"""Settings for all tests."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more about the machine than about the code.
settings.register_profile(
    "octyne", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("octyne")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make screenshots` says."""
    parser.addoption("--screenshots", default="", help="where pictures of the dashboard go")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pictures are made for people to look at: they are no tests, unless somebody wants them."""
    is_pictures = collection_path.name.endswith("screenshots.py")
    return True if is_pictures and not config.getoption("--screenshots") else None
