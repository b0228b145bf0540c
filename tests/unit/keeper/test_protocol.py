"""Messages between daemon and keeper, and the records they leave."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octyne.keeper import protocol
from octyne.keeper.protocol import Decoder, ProtocolError, encode, read_record, write_record

words = st.text(alphabet='a"\\\n\u00e9\U0001f600', max_size=4)
messages = st.dictionaries(words, words | st.integers() | st.none(), max_size=3).map(
    lambda extra: {**extra, "type": "any"}
)


@settings(max_examples=50)
@given(st.lists(messages, max_size=4), st.lists(st.integers(1, 20), max_size=10))
def test_messages_survive_any_cut(sent: list[dict[str, Any]], sizes: list[int]) -> None:
    """However a stream of messages is cut, the same messages come out."""
    stream, decoder, got = b"".join(map(encode, sent)), Decoder(), []
    for size in sizes:
        got += decoder.feed(stream[:size])
        stream = stream[size:]
    got += decoder.feed(stream)

    assert got == sent


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"null", b"[]", b'"x"', b"{}", b'{"type":1}', b"\xff", b"[" * 100_000, b"9" * 9999],
)
def test_what_is_no_message_is_refused(line: bytes) -> None:
    """Whatever stands there, it is a `ProtocolError` and nothing else."""
    with pytest.raises(ProtocolError):
        Decoder().feed(line + b"\n")


def test_an_endless_line_is_refused() -> None:
    """A line that grows over the limit is not kept in memory for its end."""
    decoder = Decoder()
    assert decoder.feed(b"x" * protocol.MESSAGE_LIMIT) == []

    with pytest.raises(ProtocolError):
        decoder.feed(b"x")


def test_a_record_is_read_back(tmp_path: Path) -> None:
    """A record is private, whole, and leaves no temporary file."""
    anchor = os.open(tmp_path, os.O_RDONLY)
    write_record("exit.json", {"code": 1}, anchor)
    write_record("exit.json", {"code": 2}, anchor)
    found = read_record("exit.json", anchor)
    os.close(anchor)

    assert found == {"code": 2}
    assert os.listdir(tmp_path) == ["exit.json"]
    assert (tmp_path / "exit.json").stat().st_mode & 0o777 == 0o600


def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """What fails on the way costs nothing that was there."""
    anchor = os.open(tmp_path, os.O_RDONLY)
    write_record("exit.json", {"code": 1}, anchor)
    with pytest.raises(TypeError):
        write_record("exit.json", {"code": object()}, anchor)
    found = read_record("exit.json", anchor)
    os.close(anchor)

    assert found == {"code": 1}
    assert os.listdir(tmp_path) == ["exit.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_record_counts_as_none(tmp_path: Path, content: bytes) -> None:
    """Broken files and absent ones are the same."""
    (tmp_path / "run.json").write_bytes(content)
    anchor = os.open(tmp_path, os.O_RDONLY)
    broken, absent = read_record("run.json", anchor), read_record("none.json", anchor)
    os.close(anchor)

    assert (broken, absent) == (None, None)


def test_a_message_is_one_line() -> None:
    """Line ends in texts don't end a message."""
    line = encode({"type": "input", "data": "a\nb\r\n\u2028"})

    assert line.count(b"\n") == 1
    assert json.loads(line)["data"] == "a\nb\r\n\u2028"
