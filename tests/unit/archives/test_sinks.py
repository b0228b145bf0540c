"""Results in the order of the work; files written and patched."""

import threading
from pathlib import Path

import pytest

from octyne.aio import Helpers
from octyne.archives.progress import CancelledError
from octyne.archives.sinks import CallSink, FileSink, InOrder


def test_results_come_in_the_order_of_the_work() -> None:
    """Also when the first is the last to be done."""
    late = threading.Event()
    taken: list[int] = []

    def work(number: int) -> int:
        if number == 0:
            late.wait(10)
        if number == 2:
            late.set()
        return number

    with Helpers("test", 2) as helpers:
        pieces: InOrder[int] = InOrder(helpers, taken.append)
        for number in range(20):
            pieces.put(work, number)
        pieces.finish()

    assert taken == list(range(20))


def test_no_more_is_under_way_than_there_is_room_for() -> None:
    """Memory stays bounded, however slow the one who takes is."""
    begun: list[int] = []
    taken: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        return number

    with Helpers("test", 2) as helpers:
        most = 2 * helpers.threads + 1
        pieces: InOrder[int] = InOrder(helpers, taken.append)
        for number in range(50):
            pieces.put(work, number)
            assert len(begun) - len(taken) <= most
        pieces.finish()


def test_what_fails_is_told() -> None:
    """By the next call."""
    with Helpers("test", 2) as helpers:
        pieces: InOrder[int] = InOrder(helpers, lambda _: None)
        pieces.put(int, "no number")

        with pytest.raises(ValueError, match="no number"):
            pieces.finish()


def test_a_file_can_be_patched(tmp_path: Path) -> None:
    """A header is written anew when the sizes are known."""
    with (tmp_path / "file").open("wb") as file:
        sink = FileSink(file.fileno())
        sink.write(b"0000 content")
        sink.patch(0, b"1234")

    assert (tmp_path / "file").read_bytes() == b"1234 content"


def test_what_is_sent_cannot() -> None:
    """It is not asked for, and nothing empty is sent."""
    sent: list[bytes] = []
    sink = CallSink(sent.append)
    sink.write(b"")
    sink.write(b"x")

    assert sent == [b"x"]
    assert not sink.can_patch


def test_a_job_that_is_given_up_does_not_wait_for_its_pieces() -> None:
    """Whoever waits for a piece looks whether to go on."""
    go_on = threading.Event()

    def check() -> None:
        raise CancelledError

    with Helpers("test", 2, check) as helpers:
        pieces: InOrder[bool] = InOrder(helpers, print)
        pieces.put(go_on.wait, 20)
        with pytest.raises(CancelledError):
            pieces.finish()
        go_on.set()
