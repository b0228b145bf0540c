"""Paths, and what is above and beneath them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octyne.system.paths.names import Parts


class PathSet:
    """Some paths. It holds each part of them once: deep ones cost no more than their length."""

    def __init__(self) -> None:
        self._top = _Node()

    def add(self, path: Parts) -> None:
        """One more."""
        node = self._top
        for part in path:
            node = node.setdefault(part, _Node())
        node.is_end = True

    def clear(self) -> None:
        """Forget all."""
        self._top = _Node()

    def covers(self, path: Parts) -> bool:
        """Whether it is one of them, or in one of them."""
        node = self._top
        for part in path:
            if node.is_end:
                return True
            if part not in node:
                return False
            node = node[part]
        return node.is_end

    def is_above(self, path: Parts) -> bool:
        """Whether one of them is in it."""
        node = self._top
        for part in path:
            if part not in node:
                return False
            node = node[part]
        return bool(node)


class _Node(dict[str, "_Node"]):
    """What is next on the paths that lead here; ``is_end``: one ends here."""

    is_end = False
