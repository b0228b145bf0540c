"""Programs that only some machines have: their tests are skipped there, but never where CI=true."""

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where CI=true."""
    if found := shutil.which(name):
        return found
    reason = f"{name} is not installed (scripts/system-packages lists what tests need)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
