"""How far a job is."""

import pytest

from octyne.archives.progress import CancelledError, Progress


def test_it_counts_until_it_is_cancelled() -> None:
    """And says so at the next step."""
    progress = Progress()
    progress.advance(10)
    progress.advance(5, entries=1)
    progress.check()
    progress.cancel()
    with pytest.raises(CancelledError):
        progress.check()
    with pytest.raises(CancelledError):
        progress.advance(1)

    assert (progress.bytes_done, progress.entries_done) == (16, 1)
