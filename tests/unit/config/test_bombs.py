"""Configs that are valid and made to cost: memory and time stay bounded."""

import json

from octyne.config import jsonc
from octyne.config.reader import MAX_WARNINGS, read


def test_thousands_of_unknown_keys() -> None:
    """Each warning looks through the text for its line: only the first ones are made."""
    body = json.dumps({f"key{number}": 0 for number in range(10_000)})
    assert len(read(body.encode(), "config.json").warnings) == MAX_WARNINGS


def test_places_are_not_remembered_without_end() -> None:
    """Neither of a very long list nor of a very deep one."""
    many = jsonc.parse("[" + "0," * (jsonc.MAX_PLACES + 1000) + "0]")
    assert len(many.offsets) == jsonc.MAX_PLACES
    deep = jsonc.parse("[" * 60 + "0,0" + "]" * 60)
    assert len(deep.offsets) == jsonc.MAX_LOCATED
    assert deep.locate((0,) * 59) == (1, jsonc.MAX_LOCATED + 1)
