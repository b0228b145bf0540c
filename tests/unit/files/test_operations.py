"""What clients can have done, as values."""

import pytest

from octyne.errors import InvalidError
from octyne.files.operations import parse_mode


@pytest.mark.parametrize(("text", "mode"), [("644", 0o644), ("0644", 0o644), ("000", 0)])
def test_modes_are_octal(text: str, mode: int) -> None:
    """Three or four digits."""
    assert parse_mode(text) == mode


@pytest.mark.parametrize("text", ["", "8", "64", "0o644", "644\n", "-644", "1644", "07000", "4755"])
def test_other_modes_are_refused(text: str) -> None:
    """Nonsense, and the bits that give rights away."""
    with pytest.raises(InvalidError):
        parse_mode(text)
