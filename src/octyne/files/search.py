"""Searches a tree for names and for text in files."""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from octyne import wire
from octyne.errors import InvalidError
from octyne.files import browse
from octyne.files.walk import Met, Walk
from octyne.system.paths.names import PathError, join

DEFAULT_LIMIT = 200  # results
MAX_LIMIT = 10_000
MAX_TEXT = 1_000  # characters of what is searched for
BATCH = 200  # results in one piece of the answer
BLOCK_BYTES = 256 * 1024
MOST_BYTES = 32 * 1024 * 1024  # of one file
TEXT_BYTES = 200  # of the line that a text is found in

LIMIT = "limit"


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is searched for; both must fit where both are given.

    Attributes:
        name: what an entry's name holds, or, with ``*`` or ``?`` in it, the whole name; whatever
            its case.
        content: text in a regular file, whatever the case of ASCII letters.
        limit: results.
    """

    name: str = ""
    content: str = ""
    limit: int = DEFAULT_LIMIT

    def __post_init__(self) -> None:
        if not self.name and not self.content:
            raise InvalidError("Give a name or a content to search for.")
        if max(len(self.name), len(self.content)) > MAX_TEXT:
            raise InvalidError(f"What is searched for is longer than {MAX_TEXT} characters.")


class Search:
    """A search under way. Its steps block; one at a time, each in any thread.

    Attributes:
        found: results so far.
        walk: how far it is.
    """

    def __init__(self, walk: Walk, query: Query) -> None:
        self.walk = walk
        self.found = 0
        self._limit = query.limit
        self._fits = name_test(query.name)
        self._content = query.content.encode().lower()

    @classmethod
    def open(cls, directory: str, path: str, query: Query, is_hidden: browse.IsHidden) -> Self:
        """Begin at a folder; raises as `browse.opened`. Blocks."""
        return cls(browse.walk(directory, path, is_hidden), query)

    @property
    def finished(self) -> bool:
        """Whether no more results come."""
        return self.walk.finished

    def close(self) -> None:
        """Let go of what is open."""
        self.walk.close()

    def step(self) -> list[wire.FileFound]:
        """The results of the next tenth of a second, perhaps none."""
        results: list[wire.FileFound] = []
        for met in self.walk.slice():
            result = self._look(met)
            if result is None:
                continue
            if self.found == self._limit:
                self.walk.stop(LIMIT)
                break
            self.found += 1
            results.append(result)
            if len(results) >= BATCH:
                break
        return results

    def end(self) -> wire.SearchEnd:
        """The last line."""
        walk = self.walk
        return wire.SearchEnd(True, walk.cut, self.found, walk.visited, walk.unreadable)

    def _look(self, met: Met) -> wire.FileFound | None:
        """The result, if it is one."""
        if self._fits is not None and not self._fits(met.entry.name):
            return None
        try:
            line, text = self._find(met) if self._content else (0, "")
            if self._content and not line:
                return None
            status = met.folder.lstat(met.entry.name)
        except FileNotFoundError:
            return None
        except (OSError, PathError):
            self.walk.unreadable += 1
            return None
        return wire.FileFound(
            browse.shown(join(met.parts)),
            status.st_size,
            stat.S_ISDIR(status.st_mode),
            status.st_mtime_ns // 1_000_000_000,
            line,
            text,
        )

    def _find(self, met: Met) -> tuple[int, str]:
        if not met.entry.is_file(follow_symlinks=False):
            return 0, ""
        fd = met.folder.open_file(met.entry.name)
        try:
            return find_text(fd, self._content)
        finally:
            os.close(fd)


def name_test(pattern: str) -> Callable[[str], bool] | None:
    """Whether a name fits; None when every name does. Takes time linear in the name's length."""
    if not pattern:
        return None
    wanted = pattern.casefold()
    if "*" not in wanted and "?" not in wanted:
        return lambda name: wanted in name.casefold()
    first, *middle = [
        ".".join(re.escape(text) for text in part.split("?")) for part in wanted.split("*")
    ]
    if middle:
        # Atomic: the first place where a part fits is as good as any later one.
        *inner, last = middle
        first += "".join(f"(?>.*?{part})" for part in inner) + f".*{last}"
    fits = re.compile(first, re.DOTALL).fullmatch
    return lambda name: fits(name.casefold()) is not None


def find_text(fd: int, wanted: bytes) -> tuple[int, str]:
    """The number and the beginning of the first line that holds ``wanted`` (in lower case).

    (0, "") when there is none, in binary files (a NUL in the first block), and beyond `MOST_BYTES`.
    """
    position = line = 0
    rest = b""  # of the block before: what is wanted may begin in it
    while position < MOST_BYTES:
        block = os.pread(fd, BLOCK_BYTES, position)
        if not block or (not position and b"\0" in block):
            break
        data = rest + block
        place = data.lower().find(wanted)
        if place >= 0:
            line += data.count(b"\n", 0, place) + 1
            return line, _line_at(fd, position - len(rest) + place)
        keep = len(wanted) - 1
        rest = data[-keep:] if keep else b""
        line += data.count(b"\n", 0, len(data) - len(rest))
        position += len(block)
    return 0, ""


def _line_at(fd: int, place: int) -> str:
    """What is around that byte of its line."""
    begin = max(0, place - TEXT_BYTES // 2)
    data = os.pread(fd, TEXT_BYTES, begin)
    start = data.rfind(b"\n", 0, place - begin) + 1
    return data[start:].partition(b"\n")[0].decode(errors="replace").strip("\ufffd\r")
