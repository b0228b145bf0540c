"""A disk that takes no more: by a limit on the size of files, or as a small file system."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process grows over ``size`` bytes while the block runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of that size at ``place``; the test is skipped where none can be mounted.

    End what runs on it before the block ends.
    """
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size},mode=700", "octyne-test", str(place)]
    try:
        mounted = subprocess.run(["mount", *options], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("file systems can't be mounted here: there is no mount")
    if mounted.returncode:
        pytest.skip("file systems can't be mounted here: it takes root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, *, but_for: int = 0) -> Path:
    """Leave no byte free but so many; the file to delete when there is to be room again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while free := os.statvfs(disk).f_bavail:
            with contextlib.suppress(OSError):
                file.write(b"x" * 4096 * max(1, free // 2))
        file.truncate(file.tell() - min(but_for, file.tell()))
    return ballast
