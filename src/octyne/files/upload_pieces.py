"""A piece of a resumable upload, while it comes: the request's side, and the disk's."""

import asyncio
import threading
from dataclasses import dataclass
from typing import Protocol

from octyne.errors import ConflictError, DamagedError, InvalidError
from octyne.files.incoming import Incoming, check_size
from octyne.files.upload import Arriving, Read
from octyne.files.upload_records import Checksum, Upload

BUSY = "Another request adds to this upload now. Ask for its offset, and go on from there."


class Store(Protocol):
    """What a piece needs of `files.resumable.Resumable`."""

    def open(self, upload: Upload) -> Incoming:
        """What has come of it."""

    def save(self, upload: Upload) -> None:
        """Write its record down."""


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


class Writer:
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


class Disk:
    """The disk's side of one piece: runs in threads, one call at a time."""

    def __init__(self, store: Store, upload: Upload, piece: Piece) -> None:
        self.size = piece.offset
        self._store = store
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
            file = self._file = self._store.open(upload)
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
                self._store.save(upload)

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
                self._store.save(self._upload)
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
