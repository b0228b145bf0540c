"""Uploads that are sent in pieces and go on after a pause: of the client, or of the daemon.

What has come is a hidden file beside the target; its size says where to go on.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from octyne.errors import (
    ConflictError,
    DaemonError,
    NotFoundError,
    RateLimitedError,
)
from octyne.files.errors import named
from octyne.files.incoming import (
    Incoming,
    check_size,
    last_part,
    refused,
    target_at,
)
from octyne.files.leftovers import Leftovers
from octyne.files.turns import Turns
from octyne.files.upload import Uploads
from octyne.files.upload_pieces import BUSY, Disk, Piece, Writer
from octyne.files.upload_records import Owner, Upload, UploadRecords
from octyne.system.paths.folder import Root, file_id
from octyne.system.paths.names import Parts, join, parse

MAX_OPEN = 100  # uploads of one account that aren't finished
MAX_FINISHED = 100  # that still say so
RETRY_S = 600  # seconds
TAKE_OVER_S = 15.0  # seconds in which the request before must let go
SWEEP_S = 600.0  # seconds between looks for expired ones

NO_UPLOAD = "This upload does not exist!"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announced:
    """What a client says of a file that it is about to send.

    Attributes:
        folder, name: where it shall be.
        length: bytes; None: it will say so later.
        metadata: as it was given.
    """

    folder: str
    name: str
    length: int | None
    metadata: str


class Resumable:
    """All such uploads. Cancelling is safe: what has come stays, and the offset says how much."""

    def __init__(
        self, records: UploadRecords, uploads: Uploads, turns: Turns, leftovers: Leftovers
    ) -> None:
        self._records = records
        self._uploads = uploads
        self._turns = turns
        self._leftovers = leftovers
        self._writers: dict[str, Writer] = {}

    def load(self) -> set[str]:
        """Read the records. The hidden names that they own. Blocks; call it once, at the start."""
        self._records.load()
        return {upload.hidden for upload in self._records if not upload.is_finished}

    async def create(self, owner: Owner, announced: Announced, limit: int) -> Upload:
        """Begin one; one of no bytes is finished at once.

        Raises as `Uploads.receive_file`, and RateLimitedError when the account has too many.
        """
        with named("folder path"):
            parts = parse(announced.folder)
        parts = (*parts, last_part(announced.name))
        check_size(announced.length, limit)
        with self._uploads.slots.taken(owner.username):
            upload = await self._uploads.workers.run(self._begin, owner, parts, announced)
        if upload.length == 0:
            await self._finish(upload)
        return upload

    def find(self, key: str, owner: Owner) -> Upload:
        """One of this account's, for this app. Raises NotFoundError."""
        upload = self._records.get(key)
        if upload is None or upload.owner != owner:
            raise NotFoundError(NO_UPLOAD)
        return upload

    async def offset(self, upload: Upload) -> int:
        """How much of it has come. One that is whole is put in place now, if it wasn't.

        Raises:
            NotFoundError: somebody removed what had come.
        """
        if (writer := self._writers.get(upload.id)) is not None:
            return writer.offset
        size = await self._uploads.workers.run(self._size, upload)
        if size == upload.length:
            await self._finish(upload)
        return size

    async def append(self, upload: Upload, piece: Piece) -> int:
        """Add a piece; when that was the last one, put the file in place. The new offset.

        A request that stands where this one begins is taken for dead, and ends: its client has
        lost its connection and comes back before the daemon knows.

        Raises:
            ConflictError: it belongs elsewhere, or another request is at work.
            DamagedError: it isn't what its checksum says.
            TooLargeError: there is more than was announced.
        """
        if upload.is_finished:
            raise ConflictError(f"This upload is finished: it has {upload.length} bytes.")
        with self._uploads.slots.taken(upload.owner.username):
            async with self._writing(upload, piece) as (writer, disk):
                await self._uploads.workers.run(disk.open)

                def step(data: bytes) -> None:
                    writer.offset = disk.write(data)

                await self._uploads.pump(lambda: writer.read(piece.body.read), step)
                await self._uploads.workers.run(disk.verify)
        size = disk.size
        if size == upload.length:
            await self._finish(upload)
        return size

    async def remove(self, upload: Upload) -> None:
        """Give it up. What came of it is removed; a file that was put in place stays."""
        await self._stop_writer(upload.id)
        await self._uploads.workers.run(self._remove, upload)

    async def run(self) -> None:
        """Put in place what a killed daemon had no time for; then remove what has expired."""
        for upload in self._records:
            if not upload.is_finished:
                with _logging(upload):
                    await self.offset(upload)
        while True:
            for upload in self._records:
                if upload.expires_s < time.time() and upload.id not in self._writers:
                    with _logging(upload):
                        await self._uploads.workers.run(self._remove, upload)
            await asyncio.sleep(SWEEP_S)

    # -- one writer at a time ----------------------------------------------------------------

    @asynccontextmanager
    async def _writing(
        self, upload: Upload, piece: Piece
    ) -> AsyncIterator[tuple["Writer", "Disk"]]:
        before = self._writers.get(upload.id)
        if before is not None:
            if before.offset != piece.offset:
                raise ConflictError(BUSY)
            await self._stop_writer(upload.id)
        writer = self._writers[upload.id] = Writer(piece.offset)
        disk = Disk(self, upload, piece)

        def release(settled: "asyncio.Future[None]") -> None:
            del self._writers[upload.id]
            writer.ended.set()
            if not settled.cancelled():
                settled.exception()

        try:
            yield writer, disk
        finally:
            settled = self._uploads.workers.start(disk.settle)
            settled.add_done_callback(release)
            await asyncio.shield(settled)

    async def _stop_writer(self, key: str) -> None:
        """Have the request that is at work end. Raises ConflictError when it doesn't."""
        if (writer := self._writers.get(key)) is None:
            return
        writer.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(TAKE_OVER_S):
                await writer.ended.wait()
        if key in self._writers:
            raise ConflictError(BUSY)

    # -- in threads --------------------------------------------------------------------------

    def save(self, upload: Upload) -> None:
        """Write its record down."""
        with refused():
            self._records.save(upload)

    def open(self, upload: Upload) -> Incoming:
        """What has come of it, cut to what counts.

        Raises:
            NotFoundError: it is gone, or finished.
        """
        try:
            with named("file path"):
                file = Incoming.resume(
                    self._leftovers, upload.owner.directory, upload.hidden, upload.name
                )
        except (FileNotFoundError, NotADirectoryError) as error:
            self._look_for_end(upload)
            raise NotFoundError(NO_UPLOAD) from error
        if file.identity != upload.identity:
            file.close()
            raise NotFoundError(NO_UPLOAD)
        try:
            if upload.is_unsettled(file.size):
                file.truncate(upload.certain(file.size))
                file.sync()
                upload.settle(file.size)
                self.save(upload)
        except BaseException:
            file.close()
            raise
        return file

    def _look_for_end(self, upload: Upload) -> None:
        """A daemon that was killed may have put it in place, and not have noted it."""
        with (
            suppress(OSError, DaemonError),
            Root.open(upload.owner.directory) as root,
            target_at(root, parse(upload.path)) as place,
        ):
            found = place.folder.find(place.name)
            if found is not None and file_id(found) == upload.identity:
                upload.finish()
                self.save(upload)

    def _drop_if_lost(self, upload: Upload) -> None:
        """Forget one whose file isn't there, if it can't come back: its disk is there.

        Call it in the app's turn: a batch that has taken the folder away may put it back.
        """
        with suppress(OSError), Root.open(upload.owner.directory) as root:
            if not upload.is_finished and root.stat().st_dev == upload.identity[0]:
                self._remove(upload)

    def _begin(self, owner: Owner, parts: Parts, announced: Announced) -> Upload:
        self._check_count(owner)
        file = Incoming.begin(self._leftovers, owner.directory, parts)
        try:
            file.check_room(announced.length)
            upload = Upload(
                id=secrets.token_hex(16),
                owner=owner,
                hidden=file.hidden,
                name=file.name,
                path="/" + join(parts),
                length=announced.length,
                metadata=announced.metadata,
                identity=file.identity,
            )
            upload.settle(0)
            self.save(upload)
        except BaseException:
            file.discard()
            raise
        file.close()
        return upload

    def _check_count(self, owner: Owner) -> None:
        mine = self._records.of(owner.username)
        finished = [upload for upload in mine if upload.is_finished]
        for upload in finished[:-MAX_FINISHED]:
            self._records.remove(upload)
        if len(mine) - len(finished) >= MAX_OPEN:
            raise RateLimitedError(
                f"You have {MAX_OPEN} uploads that are not finished. Finish or cancel some.",
                retry_after_s=RETRY_S,
            )

    def _size(self, upload: Upload) -> int:
        if not upload.is_finished:
            try:
                file = self.open(upload)
            except NotFoundError:
                if not upload.is_finished:
                    raise
            else:
                file.close()
                return file.size
        return upload.length or 0

    async def _finish(self, upload: Upload) -> None:
        owner = upload.owner
        await self._turns.run(owner.username, owner.directory, self._place, upload)

    def _place(self, upload: Upload) -> None:
        """Put it in place; in the app's turn."""
        if upload.is_finished:
            return
        try:
            file = self.open(upload)
        except NotFoundError:
            self._drop_if_lost(upload)
            raise
        try:
            if file.size != upload.length:
                raise ConflictError(BUSY)
            try:
                file.place()
            except NotFoundError:  # its folder is being removed
                file.discard()
                self._records.remove(upload)
                raise
            file.sync_folder()
        finally:
            file.close()
        upload.finish()
        self.save(upload)

    def _remove(self, upload: Upload) -> None:
        if not upload.is_finished:
            try:
                self.open(upload).discard()
            except NotFoundError:
                self._leftovers.forget(upload.hidden)
        self._records.remove(upload)


@contextmanager
def _logging(upload: Upload) -> Iterator[None]:
    """What goes wrong with one upload doesn't keep the others from their end."""
    try:
        yield
    except NotFoundError:
        pass  # somebody removed what had come
    except (DaemonError, OSError) as error:
        log.warning("An upload of %s can't be settled: %s", upload.owner.username, error)
