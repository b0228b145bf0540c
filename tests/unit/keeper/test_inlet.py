"""The app's stdin as the keeper sees it, on a real pipe."""

import os
from collections.abc import Iterator

import pytest

from octyne.keeper.inlet import Inlet
from octyne.keeper.loop import Loop
from octyne.keeper.protocol import INPUT_LIMIT


class App:
    """The reading end of a pipe, and the inlet at its other end."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.reader, writer = os.pipe()
        os.set_blocking(writer, False)
        self.writer = writer
        self.inlet = Inlet(writer, self.loop)

    def read(self, size: int) -> bytes:
        """Read as an app that reads slowly."""
        data = b""
        while len(data) < size:
            data += os.read(self.reader, min(4096, size - len(data)))
            self.loop.after(0, "go on", lambda: None)
            self.loop.run_once()
        return data

    def stop_reading(self) -> None:
        """Close the app's end."""
        os.close(self.reader)
        self.reader = -1

    def end(self) -> None:
        """Close all."""
        self.inlet.close()
        self.loop._selector.close()
        if self.reader >= 0:
            os.close(self.reader)


@pytest.fixture
def app() -> Iterator[App]:
    """An app that reads when the test says so."""
    made = App()
    yield made
    made.end()


def test_input_arrives_in_order(app: App) -> None:
    """More than a pipe holds is delivered as the app reads, nothing lost."""
    lines = [f"{number:07d}\n".encode() for number in range(50_000)]
    for line in lines:
        assert app.inlet.write(line) == ""

    assert app.read(8 * 50_000) == b"".join(lines)


def test_an_app_that_does_not_read_costs_bounded_memory(app: App) -> None:
    """Over the limit input is refused as a whole; what waits is delivered when it reads."""
    block = b"x" * (INPUT_LIMIT // 4)
    answers = [app.inlet.write(block) for _ in range(6)]

    assert answers[:4] == [""] * 4
    assert "isn't reading" in answers[5]
    assert app.read(len(block)) == block
    assert app.inlet.write(b"y") == ""


def test_an_app_that_closed_its_input_is_told_of(app: App) -> None:
    """And again with every further input."""
    app.stop_reading()

    assert "closed its input" in app.inlet.write(b"x\n")
    assert "closed its input" in app.inlet.write(b"x\n")


def test_an_app_that_closes_its_input_while_input_waits(app: App) -> None:
    """What waits is dropped and the pipe closed."""
    app.inlet.write(b"x" * 1_000_000)
    app.stop_reading()
    app.loop.run_once()

    assert "closed its input" in app.inlet.write(b"x")


def test_closing_gives_the_app_the_end(app: App) -> None:
    """The app sees the end of its input; closing twice is harmless."""
    app.inlet.write(b"last")
    app.inlet.close()
    app.inlet.close()

    assert os.read(app.reader, 100) == b"last"
    assert os.read(app.reader, 100) == b""
    assert "closed its input" in app.inlet.write(b"x")
