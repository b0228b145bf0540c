"""Uploads that are sent in pieces and go on after a pause: of the client, or of the daemon.

What has come is a hidden file beside the target; its size says where to go on.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from octyne.errors import (
    ConflictError,
    DaemonError,
    DamagedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
)
from octyne.files.errors import named
from octyne.files.incoming import (
    Incoming,
    check_size,
    identity_of,
    last_part,
    refused,
    target_at,
)
from octyne.files.leftovers import Leftovers
from octyne.files.turns import Turns
from octyne.files.upload import Arriving, Read, Uploads
from octyne.files.upload_records import Checksum, Owner, Upload, UploadRecords
from octyne.system.paths.folder import Root
from octyne.system.paths.names import Parts, join, parse

MAX_OPEN = 100  # uploads of one account that aren't finished
MAX_FINISHED = 100  # that still say so
RETRY_S = 600
TAKE_OVER_S = 15.0  # seconds in which the request before must let go
SWEEP_S = 600.0  # seconds between looks for expired ones

NO_UPLOAD = "This upload does not exist!"
BUSY = "Another request adds to this upload now. Ask for its offset, and go on from there."

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


@dataclass(frozen=True, slots=True)
class Piece:
    """What a client sends of it.

    Attributes:
        offset: where it belongs.
        length: bytes of the whole upload, where that wasn't announced.
        checksum: what the piece must be; one that isn't doesn't count.
    """

    offset: int
    body: Arriving
    length: int | None = None
    checksum: Checksum | None = None


class Resumable:
    """All such uploads. Cancelling is safe: what has come stays, and the offset says how much."""

    def __init__(
        self, records: UploadRecords, uploads: Uploads, turns: Turns, leftovers: Leftovers
    ) -> None:
        self._records = records
        self._uploads = uploads
        self._turns = turns
        self._leftovers = leftovers
        self._writers: dict[str, _Writer] = {}

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
        with self._uploads.slot():
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
        with self._uploads.slot():
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
                with suppress(DaemonError):
                    await self.offset(upload)
        while True:
            for upload in self._records:
                if upload.expires_s < time.time() and upload.id not in self._writers:
                    await self._uploads.workers.run(self._remove, upload)
            await asyncio.sleep(SWEEP_S)

    # -- one writer at a time ----------------------------------------------------------------

    @asynccontextmanager
    async def _writing(
        self, upload: Upload, piece: Piece
    ) -> AsyncIterator[tuple["_Writer", "_Disk"]]:
        before = self._writers.get(upload.id)
        if before is not None:
            if before.offset != piece.offset:
                raise ConflictError(BUSY)
            await self._stop_writer(upload.id)
        writer = self._writers[upload.id] = _Writer(piece.offset)
        disk = _Disk(self, upload, piece)

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
            file = Incoming.resume(
                self._leftovers, upload.owner.directory, upload.hidden, upload.name
            )
        except FileNotFoundError as error:
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
            if found is not None and identity_of(found) == upload.identity:
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
        await self._turns.run(upload.owner.directory, self._place, upload)

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
            with suppress(NotFoundError):
                self.open(upload).discard()
            self._leftovers.forget(upload.hidden, self._leftovers.record(upload.hidden))
        self._records.remove(upload)


class _Writer:
    """The request that now adds to an upload.

    Attributes:
        offset: how much has come and counts.
    """

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.ended = asyncio.Event()
        self._must_stop = False
        self._waiting: asyncio.Timeout | None = None

    def stop(self) -> None:
        """Let another one go on."""
        self._must_stop = True
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def read(self, read: Read) -> bytes:
        """What comes next, unless it has to stop."""
        try:
            if not self._must_stop:
                async with asyncio.timeout(None) as self._waiting:
                    return await read()
        except TimeoutError:
            if not self._must_stop:
                raise
        finally:
            self._waiting = None
        raise ConflictError(BUSY)


class _Disk:
    """The disk's side of one piece: runs in threads, one call at a time."""

    def __init__(self, owner: Resumable, upload: Upload, piece: Piece) -> None:
        self.size = piece.offset
        self._owner = owner
        self._upload = upload
        self._piece = piece
        self._file: Incoming | None = None
        self._is_over = False
        self._is_verified = piece.checksum is None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Compare what the client thinks with what is."""
        upload, piece = self._upload, self._piece
        with self._lock:
            if self._is_over:
                return
            file = self._file = self._owner.open(upload)
            self.size = file.size
            if file.size != piece.offset:
                raise ConflictError(f"This upload goes on at byte {file.size}.")
            self._learn_length()
            most = piece.body.limit if upload.length is None else upload.length
            if piece.body.length is not None:
                check_size(file.size + piece.body.length, most)
                file.check_room(piece.body.length)
            if piece.checksum is not None:
                upload.unverified = file.size
                self._owner.save(upload)

    def write(self, data: bytes) -> int:
        """More of the piece; how much of the upload counts now."""
        upload, piece = self._upload, self._piece
        with self._lock:
            if self._is_over:
                return self.size
            assert self._file is not None
            most = piece.body.limit if upload.length is None else upload.length
            self._file.write(data, most)
            if piece.checksum is None:
                self.size = self._file.size
            else:
                piece.checksum.update(data)
            return self.size

    def verify(self) -> None:
        """The piece is over. Raises DamagedError when it isn't what was sent."""
        checksum = self._piece.checksum
        with self._lock:
            if checksum is None or self._is_over:
                return
            if not checksum.matches():
                raise DamagedError("This piece is damaged: its checksum is another. Send it again.")
            self._is_verified = True

    def settle(self) -> None:
        """Keep what counts, durably; drop the rest."""
        with self._lock:
            self._is_over = True
            file = self._file
            if file is None:
                return
            try:
                if not self._is_verified:
                    file.truncate(self.size)
                file.sync()
                self.size = file.size
                self._upload.settle(file.size)
                self._owner.save(self._upload)
            finally:
                file.close()

    def _learn_length(self) -> None:
        upload, length = self._upload, self._piece.length
        if length is None or length == upload.length:
            return
        if upload.length is not None or length < self.size:
            raise InvalidError("The length of an upload can't be changed.")
        check_size(length, self._piece.body.limit)
        upload.length = length
