"""Where a client's event stream goes on, and how events are written."""

import pytest

from octyne.api.handlers.events import encode, resume_position
from octyne.events import Event

CASES = [
    ("", 30),
    ("9", 10),  # saw the one before the first
    ("15", 16),
    ("29", 30),
    ("8", None),
    ("30", None),  # of another run
    ("x", None),
    ("-1", None),
    ("٣", None),
    ("9" * 30, None),
]


@pytest.mark.parametrize(("asked", "position"), CASES)
def test_resuming(asked: str, position: int | None) -> None:
    """Behind what was seen, or from anew."""
    assert resume_position(asked, first_id=10, next_id=30) == position


def test_an_event_is_three_lines() -> None:
    """Line ends in its data are escaped by JSON."""
    event = Event(5, "status", "a\nb", 1000, {"reason": "x\r\ny"})
    assert encode(event) == (
        b'id: 5\nevent: status\ndata: {"app":"a\\nb","time":1000,"data":{"reason":"x\\r\\ny"}}\n\n'
    )
