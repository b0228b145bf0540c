"""Uploads of one request: a form with a file, or a file as it is."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from octyne.aio import Slots, Workers
from octyne.errors import RateLimitedError
from octyne.files import forms
from octyne.files.errors import NO_FOLDER, missing, named
from octyne.files.etags import ALWAYS, Condition
from octyne.files.incoming import Incoming, check_room, check_size, state_at, target_at
from octyne.files.leftovers import Leftovers
from octyne.files.turns import Turns
from octyne.system.paths.folder import Root
from octyne.system.paths.names import Parts, parse

THREADS = 8  # that write, and wait for the disk
MAX_UPLOADS = 64  # at once
RETRY_S = 10  # seconds

Read = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Arriving:
    """What comes from a client.

    Attributes:
        read: the next bytes; b"" at the end. Whatever it raises ends the upload.
        length: bytes of all that comes; None when the client doesn't say.
        limit: bytes that a file may have.
    """

    read: Read
    length: int | None
    limit: int


class Uploads:
    """Receives files: hidden beside their targets first, in place when they are whole.

    Attributes:
        slots: the uploads that may run at once; one more is a RateLimitedError.

    Cancelling is safe at any time: the old file stays, and nothing of the new one.
    """

    def __init__(self, turns: Turns, leftovers: Leftovers) -> None:
        self.workers = Workers("uploads", THREADS)
        self._turns = turns
        self._leftovers = leftovers
        self.slots = Slots(MAX_UPLOADS, _too_many)

    async def receive_form(
        self, account: str, directory: str, folder: str, content_type: str, body: Arriving
    ) -> str:
        """Take the file out of a form that ``account`` sends; the name that it has now.

        Raises:
            InvalidError: no form, no file in it, not all of it; the path is refused; a folder has
                that name.
            NotFoundError: the folder does not exist.
            TooLargeError, UnavailableError, RateLimitedError: it is refused for want of room.
        """
        with named("folder path"):
            parts = parse(folder)
        with self.slots.taken(account):
            await self.workers.run(_check_folder, directory, parts, body)
            form = forms.Form(forms.boundary_of(content_type))
            step = _FormStep(form, self._leftovers, directory, parts, body.limit)
            async with self._letting_go(step.discard):
                await self.pump(body.read, step)
                form.end()
                assert step.file is not None, "a form with a file has begun one"
                await self._place(account, directory, step.file, ALWAYS)
            return step.file.name

    async def receive_file(
        self, account: str, directory: str, path: str, condition: Condition, body: Arriving
    ) -> str:
        """Take a file as it is, from ``account``; its entity tag.

        Raises as `receive_form`, and PreconditionFailedError, at best before the body is read.
        """
        with named("file path"):
            parts = parse(path)
        check_size(body.length, body.limit)
        with self.slots.taken(account):
            await self.workers.run(_check_target, directory, parts, condition, body)
            file = await self._begun(directory, parts)
            async with self._letting_go(file.discard):
                await self.pump(body.read, lambda data: file.write(data, body.limit))
                return await self._place(account, directory, file, condition)

    async def pump(self, read: Read, step: Callable[[bytes], None]) -> None:
        """Hand all that comes to ``step``, in a thread, while the next is waited for.

        The client waits when that is slower. When this raises or is cancelled, a step may still
        be at work.
        """
        busy: asyncio.Future[None] | None = None
        try:
            while data := await read():
                if busy is not None:
                    await busy
                busy = self.workers.start(step, data)
            if busy is not None:
                await busy
        finally:
            if busy is not None:
                busy.add_done_callback(_forget)

    def close(self) -> None:
        """Forget what waits."""
        self.workers.close()

    async def _begun(self, directory: str, parts: Parts) -> Incoming:
        """Begin a file; when that is cancelled, what was begun is removed."""
        beginning = self.workers.start(Incoming.begin, self._leftovers, directory, parts)
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(self._discard_late)
            raise

    def _discard_late(self, begun: asyncio.Future[Incoming]) -> None:
        if not begun.cancelled() and begun.exception() is None:
            self.workers.start(begun.result().discard).add_done_callback(_forget)

    async def _place(
        self, account: str, directory: str, file: Incoming, condition: Condition
    ) -> str:
        await self.workers.run(file.sync)
        tag = await self._turns.run(account, directory, file.place, condition)
        await self.workers.run(file.sync_folder)
        return tag

    @asynccontextmanager
    async def _letting_go(self, discard: Callable[[], None]) -> AsyncIterator[None]:
        """Discard what didn't get its place: before anybody hears of that.

        When all went well it isn't waited for: freeing a large file that was replaced takes long.
        """
        try:
            yield
        except BaseException:
            await asyncio.shield(self.workers.start(discard))
            raise
        self.workers.start(discard).add_done_callback(_forget)


class _FormStep:
    """Feeds a form, and writes the file in it. Runs in threads, one call at a time."""

    def __init__(
        self, form: forms.Form, leftovers: Leftovers, directory: str, parts: Parts, limit: int
    ) -> None:
        self.file: Incoming | None = None
        self._form = form
        self._leftovers = leftovers
        self._directory = directory
        self._parts = parts
        self._limit = limit
        self._lock = threading.Lock()
        self._is_over = False

    def __call__(self, data: bytes) -> None:
        with self._lock:
            if self._is_over:
                return
            pieces = self._form.feed(data)
            if self.file is None and self._form.name is not None:
                parts = (*self._parts, self._form.name)
                self.file = Incoming.begin(self._leftovers, self._directory, parts)
            for piece in pieces:
                assert self.file is not None, "the name comes before the content"
                self.file.write(piece, self._limit)

    def discard(self) -> None:
        with self._lock:
            self._is_over = True
            if self.file is not None:
                self.file.discard()


def _too_many() -> RateLimitedError:
    return RateLimitedError("Too many uploads at once! Try again.", retry_after_s=RETRY_S)


def _forget(done: asyncio.Future[None]) -> None:
    """Look at an error that nobody waits for any more."""
    if not done.cancelled():
        done.exception()


def _check_folder(directory: str, parts: Parts, body: Arriving) -> None:
    with (
        named("folder path"),
        missing(NO_FOLDER),
        Root.open(directory) as root,
        root.at(parts) as folder,
    ):
        check_size(body.length, body.limit + forms.MAX_ASIDE)
        check_room(folder, body.length)


def _check_target(directory: str, parts: Parts, condition: Condition, body: Arriving) -> None:
    with missing(NO_FOLDER), Root.open(directory) as root, target_at(root, parts) as place:
        condition.check(state_at(place))
        check_room(place.folder, body.length)
