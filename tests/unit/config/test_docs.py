"""docs/config.md names every key of the model, with its default, and no other key."""

import json
import re
from pathlib import Path
from typing import get_args, get_origin

import msgspec
import pytest

from octyne.config.model import Config, Section

TEXT = (Path(__file__).parents[3] / "docs" / "config.md").read_text()
ROWS = dict(re.findall(r"^\| `([A-Za-z][\w.]*)` \| (.*?) \|", TEXT, re.MULTILINE))
DEFAULTS_IN_WORDS = {"redis.role": "none"}


def keys(section: Section, prefix: str = "") -> dict[str, object]:
    """All keys below a section with their defaults; apps stand under ``servers.NAME``."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(type(section)):
        value, path = getattr(section, field.name), prefix + field.encode_name
        is_map = get_origin(field.type) is dict
        inner = get_args(field.type)[1] if is_map else None
        if isinstance(value, Section):
            found |= keys(value, f"{path}.")
        elif isinstance(inner, type) and issubclass(inner, Section):
            found |= keys(inner(), f"{path}.NAME.")
        else:
            found[path] = value
    return found


@pytest.mark.parametrize(("key", "default"), keys(Config()).items())
def test_every_key_is_described_with_its_default(key: str, default: object) -> None:
    """A table row each."""
    assert key in ROWS, f"docs/config.md has no row for {key}"
    if key in DEFAULTS_IN_WORDS:
        assert ROWS[key] == DEFAULTS_IN_WORDS[key]
    else:
        assert json.loads(ROWS[key].strip("`")) == default


def test_no_other_key_is_described() -> None:
    """A key that is gone from the model goes from the docs."""
    assert ROWS.keys() == keys(Config()).keys()
