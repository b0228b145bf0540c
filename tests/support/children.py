"""Small Python programs as real child processes."""

import subprocess
from collections.abc import Callable

Start = Callable[..., subprocess.Popen[str]]

# Writes one line when it is ready, then waits until its input ends.
WAIT = "import sys; print('ready', flush=True); sys.stdin.read()"


def read(child: subprocess.Popen[str]) -> str:
    """Read a line of its output."""
    assert child.stdout is not None
    return child.stdout.readline().strip()
