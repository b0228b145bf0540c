"""A writer in one process and a reader in another, at full speed, over rotation and pruning."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from octyne.console.composer import Composer
from octyne.console.frames import Style
from octyne.console.history import Query, page
from octyne.console.log import Hole, LogReader
from support.eventually import eventually

WRITER = """
import sys
from octyne.keeper.log_writer import LogWriter
writer = LogWriter(sys.argv[1], int(sys.argv[2]), segment_bytes=20_000)
for start in range(0, int(sys.argv[3]), 100):
    writer.append(b"".join(b"line %d\\n" % n for n in range(start, start + 100)))
writer.append(b"done\\n")
writer.close()
"""
COUNT = 200_000


@pytest.fixture
def written(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A log that is being written, with a budget in bytes."""
    arguments = [str(tmp_path / "log"), str(request.param), str(COUNT)]
    child = subprocess.Popen([sys.executable, "-c", WRITER, *arguments])
    try:
        eventually((tmp_path / "log").exists)
        yield tmp_path / "log"
        assert child.wait(30) == 0
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("written", [1 << 30], indirect=True)
def test_a_reader_beside_a_writer_misses_nothing(written: Path) -> None:
    """Every byte once and in order, up to the last."""
    reader = LogReader(str(written))
    data = b""
    while not data.endswith(b"done\n"):
        found = reader.read(len(data), 100_000)
        assert not isinstance(found, Hole)
        data += found
    reader.close()

    assert data == b"".join(b"line %d\n" % n for n in range(COUNT)) + b"done\n"


@pytest.mark.parametrize("written", [100_000], indirect=True)
def test_a_reader_beside_a_writer_that_prunes(written: Path) -> None:
    """Holes are only where the oldest output went, and each begins and ends with a line."""
    reader = LogReader(str(written))
    composer, position, last, lines = Composer(reader), 0, "", 0
    previous = -1
    while last != "done":
        _, end = reader.refresh()
        made = composer.whole_lines(position, end, 50_000, Style.PLAIN)
        if isinstance(made, Hole):
            assert made.start == position < made.end
            position = made.end
        elif made is not None:
            for last in made.payload.decode().split("\n"):
                if last != "done":
                    number = int(last.removeprefix("line "))
                    assert number > previous
                    previous, lines = number, lines + 1
            position = made.next
    reader.close()

    assert previous == COUNT - 1
    assert lines > 0


@pytest.mark.parametrize("written", [100_000], indirect=True)
def test_pages_beside_a_writer_that_prunes(written: Path) -> None:
    """Whatever goes meanwhile, a page holds lines in order, whole but for the one at its end.

    The kernel shows a write page by page, so a page's last line may be one that is being written.
    """
    last, seen = "", 0
    while last != "done":
        got = page(str(written), Query(limit=200))
        texts = [line.text for line in got.lines]
        if texts and got.lines[-1].offset + len(texts[-1]) == got.end:  # no line feed yet
            unfinished = texts.pop()
            due = f"line {int(texts[-1][5:]) + 1}" if texts else unfinished
            assert due.startswith(unfinished) or "done".startswith(unfinished)
        numbers = [int(text[5:]) for text in texts if text != "done"]
        assert numbers == sorted(set(numbers))
        if texts:
            last, seen = texts[-1], seen + 1

    assert seen > 0
