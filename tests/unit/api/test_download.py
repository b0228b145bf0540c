"""How much of a file is sent at once."""

from octyne.api.handlers.download import LEAST_BYTES, MOST_BYTES, next_piece


def test_fast_clients_get_more_at_once() -> None:
    """Up to a bound."""
    size = LEAST_BYTES
    for _ in range(10):
        size = next_piece(size, 0.001)

    assert size == MOST_BYTES


def test_slow_clients_get_less_at_once() -> None:
    """What waits for them is in our memory; a piece must be through before they count as dead."""
    size = MOST_BYTES
    for _ in range(10):
        size = next_piece(size, 2.0)

    assert size == LEAST_BYTES


def test_others_get_what_they_had() -> None:
    """Neither fast nor slow."""
    assert next_piece(MOST_BYTES // 2, 0.3) == MOST_BYTES // 2
