"""Where an archive's bytes go, and how work of several threads comes there in its order."""

import io
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, ParamSpec, Protocol, TypeVar

from octyne.aio import Helpers

if TYPE_CHECKING:
    from concurrent.futures import Future

P = ParamSpec("P")
T = TypeVar("T")


class Sink(Protocol):
    """Takes an archive's bytes, in order. All block.

    Attributes:
        can_patch: whether what was written can be changed later.
    """

    can_patch: bool

    def write(self, data: bytes) -> None: ...  # noqa: D102
    def patch(self, offset: int, data: bytes) -> None: ...  # noqa: D102


class FileSink:
    """A new file, written from its start."""

    can_patch = True

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Append; raises OSError when the disk is full."""
        written = os.write(self._descriptor, data)
        while written < len(data):
            written += os.write(self._descriptor, data[written:])

    def patch(self, offset: int, data: bytes) -> None:
        """Write over what is there."""
        os.pwrite(self._descriptor, data, offset)


class CallSink:
    """Gives everything to a function, such as the one that sends it."""

    can_patch = False

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def write(self, data: bytes) -> None:
        """Hand it on; raises what the function does."""
        if data:
            self._take(data)

    def patch(self, offset: int, data: bytes) -> None:
        """What is sent is sent: ask `can_patch` before."""
        del offset, data
        raise io.UnsupportedOperation("what is sent can't be written over")


class InOrder(Generic[T]):
    """Has work done by helpers, and takes the results in the order of the work; bounded.

    No more than twice as many pieces as it has threads, and one, are under way or wait to be taken.
    """

    def __init__(self, helpers: Helpers, take: Callable[[T], None]) -> None:
        self._helpers = helpers
        self._take = take
        self._ahead = 2 * helpers.threads + 1
        self._pieces: deque[Future[T]] = deque()

    def put(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
        """Queue a piece; may take results before. Raises what pieces, or taking them, raise."""
        while len(self._pieces) >= self._ahead or (self._pieces and self._pieces[0].done()):
            self._take(self._helpers.result(self._pieces.popleft()))
        self._pieces.append(self._helpers.start(work, *args, **kwargs))

    def finish(self) -> None:
        """Take all that is left."""
        while self._pieces:
            self._take(self._helpers.result(self._pieces.popleft()))
