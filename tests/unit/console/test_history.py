"""Pages through any log: each line exactly once, in both directions, filtered or not."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octyne.console import history, log
from octyne.console.history import LogLine, Query, download, page, size
from octyne.keeper.log_writer import LogWriter
from support.console_log import Line, Operation, Recorded, operations

sizes = st.integers(8, 64)
limits = st.integers(1, 5)
greps = st.sampled_from(["", "a", "BC", "\x00", "octyne"])


def shown(line: Line) -> LogLine:
    """The line as a page has it."""
    text = line.data.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")
    return LogLine(line.offset, line.time_ms, text)


def forwards(directory: str, limit: int, grep: str) -> list[LogLine]:
    """All lines, page after page from the start."""
    found: list[LogLine] = []
    position: int | None = 0
    while position is not None:
        got = page(directory, Query(since=position, limit=limit, grep=grep))
        assert len(got.lines) <= limit
        assert got.next is None or got.next > position
        found += got.lines
        position = got.next
    return found


def backwards(directory: str, limit: int, grep: str) -> list[LogLine]:
    """All lines, page before page from the end."""
    found: list[LogLine] = []
    query = Query(limit=limit, grep=grep)
    while True:
        got = page(directory, query)
        assert len(got.lines) <= limit
        found = got.lines + found
        if got.previous is None:
            return found
        assert query.until is None or got.previous < query.until
        query = Query(until=got.previous, limit=limit, grep=grep)


@settings(max_examples=75)
@given(operations(), sizes, limits, greps, st.tuples(st.integers(16, 60), st.integers(0, 60)))
def test_each_line_stands_on_one_page(
    steps: list[Operation], segment: int, limit: int, grep: str, blocks: tuple[int, int]
) -> None:
    """Forwards and backwards, whatever the limits, segments, holes and block sizes are."""
    with Recorded(segment * 16, segment) as recorded, pytest.MonkeyPatch.context() as patch:
        recorded.play(steps)
        lines = list(recorded.lines())
        longest = max((len(line.data) for line in lines), default=1)
        patch.setattr(log, "SCAN_BYTES", blocks[0])
        patch.setattr(history, "BLOCK_BYTES", longest + blocks[1])
        patch.setattr(history, "MAX_PAGE_BYTES", 200)
        there, back = (
            forwards(recorded.directory, limit, grep),
            backwards(recorded.directory, limit, grep),
        )
        raw, length = b"".join(download(recorded.directory)), size(recorded.directory)

    wanted = [shown(line) for line in lines if grep.encode().lower() in line.data.lower()]
    assert there == wanted
    assert back == wanted
    assert raw == recorded.kept()
    assert length >= len(raw)


@settings(max_examples=100)
@given(operations(), sizes, st.integers(0, 3000), st.integers(0, 3000))
def test_any_offsets_may_be_asked_for(
    steps: list[Operation], segment: int, since: int, until: int
) -> None:
    """Whatever they are: what lies between them comes, and nothing else."""
    with Recorded(segment * 16, segment) as recorded:
        recorded.play(steps)
        lines = [shown(line) for line in recorded.lines()]
        got = page(recorded.directory, Query(since=since, until=until))
        before = page(recorded.directory, Query(until=until))

    assert [line for line in lines if since <= line.offset < until][1:-1] == got.lines[1:-1] or (
        all(since <= line.offset < until for line in got.lines)
    )
    assert all(since <= line.offset < until for line in got.lines)
    assert [line.offset for line in before.lines][-1:] == [
        line.offset for line in lines if line.offset < until
    ][-1:]


@settings(max_examples=75)
@given(operations(), sizes, st.integers(0, 60), st.integers(0, 60))
def test_times_may_be_asked_for(
    steps: list[Operation], segment: int, since: int, span: int
) -> None:
    """Lines that came from one time on and before another."""
    begin = 1_700_000_000_000 + since
    with Recorded(segment * 16, segment) as recorded:
        recorded.play(steps)
        lines = [shown(line) for line in recorded.lines()]
        got = page(recorded.directory, Query(since_ms=begin, until_ms=begin + span))

    wanted = [line.offset for line in lines if begin <= line.time_ms < begin + span]
    assert set(wanted) <= {line.offset for line in got.lines}


def test_a_line_that_is_longer_than_a_block_comes_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order, nothing lost, and the lines around it whole."""
    monkeypatch.setattr(history, "BLOCK_BYTES", 10)
    writer = LogWriter(str(tmp_path), 1 << 20)
    writer.append(b"before\n" + b"0123456789" * 5 + b"\nafter\n")
    writer.close()
    there, back = forwards(str(tmp_path), 2, ""), backwards(str(tmp_path), 2, "")

    for lines in (there, back):
        texts = [line.text for line in lines]
        assert (texts[0], texts[-1]) == ("before", "after")
        assert "".join(texts[1:-1]) == "0123456789" * 5


def test_an_absent_log_has_no_lines(tmp_path: Path) -> None:
    """And no pages before or after."""
    nowhere = str(tmp_path / "none")

    assert page(nowhere, Query()) == history.LogPage([], 0, 0, None, None)
    assert page(nowhere, Query(since=5, until=2)).lines == []
    assert (list(download(nowhere)), size(nowhere)) == ([], 0)


def test_a_page_says_what_is_kept(tmp_path: Path) -> None:
    """And where the pages before and after it are."""
    writer = LogWriter(str(tmp_path), 1 << 20)
    writer.append(b"a\nb\nc\nd\n")
    writer.close()
    got = page(str(tmp_path), Query(since=2, limit=2))

    assert [line.text for line in got.lines] == ["b", "c"]
    assert (got.start, got.end, got.previous, got.next) == (0, 8, 2, 6)


def test_a_long_search_ends_with_where_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that finds nothing reads the whole log: it does so in parts."""
    monkeypatch.setattr(history, "SEARCH_S", 0.0)
    monkeypatch.setattr(history, "BLOCK_BYTES", 1000)
    directory = str(tmp_path / "log")
    writer = LogWriter(directory, 1 << 20)
    for number in range(1000):
        writer.append(b"line %03d\n" % number)
    writer.close()

    backwards = [history.page(directory, Query(grep="line 003"))]
    while (until := backwards[-1].previous) is not None:
        backwards.append(history.page(directory, Query(until=until, grep="line 003")))
    assert [line.text for page in backwards for line in page.lines] == ["line 003"]
    assert 3 < len(backwards) < 20

    forwards = [history.page(directory, Query(since=0, grep="line 997"))]
    while (since := forwards[-1].next) is not None:
        forwards.append(history.page(directory, Query(since=since, grep="line 997")))
    assert [line.text for page in forwards for line in page.lines] == ["line 997"]
    assert 3 < len(forwards) < 20
