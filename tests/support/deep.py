"""Many folders in one far down, and what it takes in memory to look through them."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

DEPTH = 200  # so that the parts of one path take 1,600 bytes
WIDTH = 400
MOST_BYTES = 1_000  # for each folder, on the way


def make_deep(home: Path) -> None:
    """``home/deep/deep/.../0`` to ``WIDTH - 1``."""
    fd = os.open(home, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("deep", dir_fd=fd)
        above, fd = fd, os.open("deep", os.O_RDONLY, dir_fd=fd)
        os.close(above)
    for number in range(WIDTH):
        os.mkdir(str(number), dir_fd=fd)
    os.close(fd)


def bytes_for_each(work: Callable[[], object]) -> float:
    """The most that ``work`` held in memory, by the folders that it went through."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / WIDTH
    finally:
        tracemalloc.stop()
