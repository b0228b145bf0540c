"""jsonc: what it takes, what it refuses, and where it says the trouble is."""

import contextlib
import json
import math
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.config import jsonc
from octyne.config.jsonc import MAX_DEPTH, JsoncError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)
FILLERS = ["// {[,\"'\n", '/* } , // \n " */', "/**/", " ", "\n", "\t\r\n", "/* / * */"]


def with_comments(value: Any, rng: random.Random) -> str:
    """JSON of ``value`` with comments between all tokens and trailing commas here and there."""

    def filler() -> str:
        return "".join(rng.choices(FILLERS, k=rng.randrange(3)))

    def comma(items: list[str]) -> str:
        return "," + filler() if items and rng.random() < 0.5 else ""

    def render(value: Any) -> str:
        if isinstance(value, dict):
            items = [f"{json.dumps(k)}{filler()}:{render(v)}" for k, v in value.items()]
            return f"{{{filler()}{(',' + filler()).join(items)}{filler()}{comma(items)}}}{filler()}"
        if isinstance(value, list):
            items = [render(item) for item in value]
            return f"[{filler()}{(',' + filler()).join(items)}{comma(items)}]{filler()}"
        return filler() + json.dumps(value, ensure_ascii=rng.random() < 0.5) + filler()

    return filler() + render(value)


@given(VALUES, st.randoms(use_true_random=False))
def test_reads_json_with_comments_as_the_same_json_without(value: Any, rng: random.Random) -> None:
    """Comments and trailing commas change nothing."""
    assert jsonc.loads(with_comments(value, rng)) == json.loads(json.dumps(value))


@given(TEXTS)
def test_any_text_gives_a_value_or_a_position(text: str) -> None:
    """No other exception gets out."""
    with contextlib.suppress(JsoncError):
        jsonc.loads(text)


def strict_json(text: str) -> Any:
    """The standard library's parser without what it allows beyond JSON."""

    def refuse(_: object) -> Any:
        raise ValueError

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(pairs) if len(dict(pairs)) == len(pairs) else refuse(pairs)

    def finite(number: str) -> float:
        return float(number) if float(number) not in {math.inf, -math.inf} else refuse(number)

    return json.loads(text, object_pairs_hook=once, parse_constant=refuse, parse_float=finite)


@given(st.text(alphabet='{}[]",:\\ \n1aeE-.'))
def test_apart_from_comments_and_trailing_commas_it_is_strict_json(text: str) -> None:
    """Both parsers take the same texts, but for trailing commas."""
    try:
        expected = strict_json(text)
    except ValueError:
        trailing = re.search(r",\s*[}\]]", text)
        with contextlib.suppress(JsoncError) if trailing else pytest.raises(JsoncError):
            jsonc.loads(text)
        return

    assert jsonc.loads(text) == expected


@given(VALUES, st.randoms(use_true_random=False), st.sampled_from(["@", "'x'", "NaN", "}"]))
def test_trouble_after_the_value_is_found_exactly(
    value: Any, rng: random.Random, rest: str
) -> None:
    """The position is that of the first character that doesn't belong."""
    text = with_comments(value, rng) + "\n/* é */ "

    with pytest.raises(JsoncError) as caught:
        jsonc.loads(text + rest)

    assert caught.value.offset == len(text)
    assert caught.value.line == text.count("\n") + 1
    assert caught.value.column == len("/* é */ ") + 1


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("{\n  a: 1\n}", 2, 3),
        ("{'a': 1}", 1, 2),
        ("{} x", 1, 4),
        ("{\n}\n}", 3, 1),
        ("[,]", 1, 2),
        ("[1,,]", 1, 4),
        ('{"a":,}', 1, 6),
        ("{,}", 1, 2),
        ("// only a comment", 1, 18),
        ("{\n  /* never closed", 2, 3),
        ('{"a": NaN}', 1, 7),
        ('{"a": -Infinity}', 1, 7),
        ('{"a": 1e999}', 1, 7),
        ('{"a": ' + "9" * 5000 + "}", 1, 7),
        ('{"a": 1,\n "a": 2}', 2, 2),
        ('{"a": "\\ud800"}', 1, 7),
        ('{"a": "x\ny"}', 1, 9),
        ('{"a": "x', 1, 7),
        ("[" * 100_000, 1, MAX_DEPTH + 1),
        ('{"a": nul, "a": NaN}', 1, 7),
        ("[1 2]", 1, 4),
        ("[01]", 1, 3),
        ("\ufeff{}", 1, 1),
        ("[1 \xa0]", 1, 4),
        ('{"a": /x}', 1, 7),
    ],
)
def test_refuses_and_says_where(text: str, line: int, column: int) -> None:
    """Line and column, from 1, of the first trouble."""
    with pytest.raises(JsoncError) as caught:
        jsonc.loads(text)

    assert (caught.value.line, caught.value.column) == (line, column)


def test_what_looks_like_a_comment_in_a_string_stays() -> None:
    """URLs are the usual case."""
    assert jsonc.loads(r'{"url": "http://x/*\"//*/",}') == {"url": 'http://x/*"//*/'}


def test_a_surrogate_pair_is_one_character() -> None:
    """Only halves are refused."""
    assert jsonc.loads(r'["\ud83d\ude00"]') == ["😀"]


def test_the_same_key_in_two_objects_is_fine() -> None:
    """Only one object must not repeat a key."""
    assert jsonc.loads('{"a": {"b": 1}, "c": [{"b": 1}, {"b": 2}]}')


def test_documents_know_where_keys_and_items_stand() -> None:
    """Paths lead to keys and items; an unknown one to its nearest parent."""
    document = jsonc.parse('{ // one\n "a": [1,\n  {"b": 2}], "c": []}')

    assert document.locate(("a",)) == (2, 2)
    assert document.locate(("a", 0)) == (2, 8)
    assert document.locate(("a", 1, "b")) == (3, 4)
    assert document.locate(("c", "missing", 5)) == (3, 14)
    assert document.locate(("missing",)) == (1, 1)
