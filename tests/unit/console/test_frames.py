"""How messages look to each kind of viewer."""

import json

from octyne.console.frames import Frame, Piece, Style, render, render_gap

PIECE = Piece(10, 16, "a\nb\x00", 1234, [(0, 1234), (1, 1300)])


def test_old_viewers_get_text() -> None:
    """Without an envelope."""
    assert render(PIECE, Style.PLAIN) == Frame(b"a\nb\x00", 16)


def test_new_viewers_get_offsets_and_a_time() -> None:
    """The times of all lines only if they ask; "partial" only if it is."""
    plain, timed = render(PIECE, Style.V2), render(PIECE, Style.V2_TIMES)
    expected = {"type": "output", "data": "a\nb\x00", "offset": 10, "next": 16, "time": 1234}

    assert (json.loads(plain.payload), plain.next) == (expected, 16)
    assert json.loads(timed.payload) == {**expected, "times": [[0, 1234], [1, 1300]]}
    partial = Piece(10, 16, "x", 1, [], partial=True)
    assert json.loads(render(partial, Style.V2).payload)["partial"] is True


def test_a_gap_is_a_message_to_those_who_asked_for_an_offset() -> None:
    """And a line to all others."""
    asked = render_gap(5, 25, Style.V2, asked=True)
    others = render_gap(5, 25, Style.V2, asked=False), render_gap(5, 25, Style.PLAIN, asked=True)
    text = "[Octyne] 20 bytes of output are no longer kept."

    assert (json.loads(asked.payload), asked.next) == ({"type": "gap", "from": 5, "to": 25}, 25)
    assert json.loads(others[0].payload)["data"] == text
    assert others[1] == Frame(text.encode(), 25)


def test_a_log_that_begins_again_is_no_negative_gap() -> None:
    """An offset that this log never had leads back to what there is."""
    assert b"begins again" in render_gap(25, 5, Style.PLAIN, asked=True).payload
