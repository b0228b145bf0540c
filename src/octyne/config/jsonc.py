"""JSON for people: comments and trailing commas, exact positions, no other liberty.

Comments and trailing commas are blanked in place and the standard library parses the rest,
so every offset means the same in both texts. Knows nothing of what the JSON says.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 64  # levels; nobody's config is deeper, and the parser's recursion stays bounded

MAX_LOCATED = 6  # levels down to which places are remembered; the model ends above that
MAX_PLACES = 100_000  # further ones are told by their parent's place

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
    (?P<string>  "[^"\\]*(?:\\.[^"\\]*)*"? )      # an unfinished one is the parser's to report
  | (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<open>    [{\[] )
  | (?P<close>   [}\]] )
  | (?P<comma>   , )
  | (?P<colon>   : )
  | (?P<blank>   [ \t\r\n]+ )
  | (?P<unclosed> /\* )
  | (?P<word>    [^\s{}\[\]:,"/]+ | . )           # numbers, literals and whatever is wrong
    """,
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})  # Python reads them, JSON has them not
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_MAX_DIGITS = 400  # of one number; Python refuses to convert very long ones


class JsoncError(ValueError):
    """The text is not JSON, even with comments.

    Attributes:
        message: what is wrong, as a part of a sentence, without the position.
        line: counted from 1.
        column: counted from 1, in characters.
        offset: counted from 0, in characters.
    """

    def __init__(self, message: str, text: str, offset: int) -> None:
        self.message = message
        self.offset = offset
        self.line, self.column = position(text, offset)
        super().__init__(f"line {self.line}, column {self.column}: {message}")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text that remembers where its keys stand.

    Attributes:
        value: what the text says.
        offsets: of the keys (of objects) and items (of arrays), by path.
    """

    text: str
    value: Any
    offsets: dict[Path, int]

    def locate(self, path: Path) -> tuple[int, int]:
        """The line and column, from 1, of ``path`` or of its nearest known parent."""
        while path and path not in self.offsets:
            path = path[:-1]
        return position(self.text, self.offsets.get(path, 0))


def position(text: str, offset: int) -> tuple[int, int]:
    """The line and column of ``offset``, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def loads(text: str) -> Any:  # noqa: ANN401  # JSON is anything
    """Parse JSON with ``//`` and ``/* */`` comments and trailing commas.

    Raises:
        JsoncError: for anything else, duplicate keys, lone surrogates, numbers that are too
            large and too deep nesting included.
    """
    return parse(text).value


def parse(text: str) -> Document:
    """Like `loads`, with the positions of all keys."""
    scanner = _Scanner(text)
    scanner.run()
    try:
        value = json.loads("".join(scanner.pieces))
    except json.JSONDecodeError as error:
        if scanner.problem is None or error.pos < scanner.problem.offset:
            raise JsoncError(_phrase(error.msg), text, error.pos) from error
        raise scanner.problem from None
    if scanner.problem is not None:
        raise scanner.problem
    return Document(text, value, scanner.offsets)


def _phrase(message: str) -> str:
    """The parser's message as a part of a sentence."""
    if message == "Extra data":
        return "expecting the end of the file"
    return message[:1].lower() + message[1:].removesuffix(" starting at").removesuffix(" at")


@dataclass(slots=True)
class _Level:
    """One open object or array."""

    step: str | int  # the key or index that is being read
    keys: set[str] = field(default_factory=set)

    @property
    def is_object(self) -> bool:
        return isinstance(self.step, str)


class _Scanner:
    """Goes over the tokens once: blanks what is not JSON, notes keys, finds what Python lets by.

    It does not check the grammar; the parser does. The first problem ends the scan, and the
    parser then looks at no more than what comes before it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[str] = []  # together as long as what was scanned
        self.offsets: dict[Path, int] = {}
        self.problem: JsoncError | None = None
        self._levels: list[_Level] = []
        self._last = ""  # the last token that is neither blank nor comment
        self._trailing: int | None = None  # index in pieces of a comma that may be trailing

    def run(self) -> None:
        """Scan up to the end or the first problem."""
        for match in _TOKEN.finditer(self.text):
            kind = match.lastgroup or ""
            lexeme = match.group()
            if kind == "comment":
                lexeme = "".join("\n" if char == "\n" else " " for char in lexeme)
            self.pieces.append(lexeme)
            if kind not in {"comment", "blank"}:
                self._take(kind, lexeme, match.start())
            if self.problem is not None:
                self.pieces[-1] = "0"  # a huge number would be a trouble for the parser as well
                return

    def _take(self, kind: str, lexeme: str, offset: int) -> None:
        if kind == "close":
            self._close()
        elif kind == "comma":
            self._comma()
        elif kind != "colon":
            self._value(kind, lexeme, offset)
        if kind != "comma":
            self._trailing = None
        self._last = lexeme if kind in {"open", "close", "comma", "colon"} else "value"

    def _value(self, kind: str, lexeme: str, offset: int) -> None:
        if kind == "string":
            self._string(lexeme, offset)
        elif kind == "word":
            self._word(lexeme, offset)
        elif kind == "unclosed":
            self._fail("this comment is never closed", offset)
        self._note_item(offset)
        if kind == "open":
            self._open(lexeme, offset)

    def _open(self, lexeme: str, offset: int) -> None:
        if len(self._levels) >= MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels", offset)
        self._levels.append(_Level("") if lexeme == "{" else _Level(-1))

    def _close(self) -> None:
        if self._trailing is not None:
            self.pieces[self._trailing] = " "
        if self._levels:
            self._levels.pop()

    def _comma(self) -> None:
        follows_value = self._last not in {"", "{", "[", ",", ":"}
        self._trailing = len(self.pieces) - 1 if follows_value else None

    def _note_item(self, offset: int) -> None:
        """Remember where an array's item starts."""
        if not self._levels or self._levels[-1].is_object or self._last not in {"[", ","}:
            return
        level = self._levels[-1]
        level.step = int(level.step) + 1
        self._remember(offset)

    def _string(self, lexeme: str, offset: int) -> None:
        is_key = bool(self._levels) and self._levels[-1].is_object and self._last in {"{", ","}
        if not is_key and not _SURROGATE.search(lexeme):
            return
        try:
            text = str(json.loads(lexeme))
        except json.JSONDecodeError:
            return  # the parser says what is wrong with it
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            self._fail("half of a surrogate pair is not a character", offset)
        elif is_key:
            self._key(text, offset)

    def _key(self, key: str, offset: int) -> None:
        level = self._levels[-1]
        if key in level.keys:
            self._fail("the same key twice in one object", offset)
            return
        level.keys.add(key)
        level.step = key
        self._remember(offset)

    def _remember(self, offset: int) -> None:
        if len(self._levels) <= MAX_LOCATED and len(self.offsets) < MAX_PLACES:
            self.offsets[tuple(level.step for level in self._levels)] = offset

    def _word(self, lexeme: str, offset: int) -> None:
        if lexeme in _CONSTANTS:
            self._fail(f"{lexeme} is not JSON", offset)
        elif _NUMBER.fullmatch(lexeme) and (
            len(lexeme) > _MAX_DIGITS or abs(float(lexeme)) == float("inf")
        ):
            self._fail("this number is too large", offset)

    def _fail(self, message: str, offset: int) -> None:
        self.problem = self.problem or JsoncError(message, self.text, offset)
