"""From paths to places, where the contract's tests don't look."""

import os
from pathlib import Path

import pytest

from octyne.errors import InvalidError
from octyne.files import targets
from octyne.system.paths.folder import Root


def test_nothing_stays_open(home: Path, opened: Root) -> None:
    """Whether a pair is found or not."""
    (home / "a").touch()
    (home / "t").mkdir()
    before = len(os.listdir("/proc/self/fd"))
    with targets.find_pair(opened, ("a",), ("t",), "moved") as pair:
        assert (pair.target.name, pair.is_folder) == ("a", False)
    for source, target in ((("no",), ("t",)), (("a",), ("no", "x")), (("t",), ("t", "x"))):
        with pytest.raises(InvalidError):
            targets.find_pair(opened, source, target, "moved")

    assert len(os.listdir("/proc/self/fd")) == before
