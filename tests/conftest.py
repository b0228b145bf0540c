"""Settings for all tests."""

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
