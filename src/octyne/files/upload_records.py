"""What is remembered of uploads that go on over several requests, and over restarts."""

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from octyne.errors import InvalidError
from octyne.system.paths.folder import FileId
from octyne.system.process import boot_id
from octyne.system.replaced_file import replace_file

SUFFIX = ".json"
RECORD_MODE = 0o600
LIFE_S = 7 * 86_400  # seconds after its last request that an upload stays
FINISHED_S = 3_600  # seconds that a finished one still says so
ALGORITHMS = ("sha1", "sha256", "sha512", "md5")

log = logging.getLogger(__name__)


class Owner(msgspec.Struct, frozen=True):
    """Whose uploads: what an account sends to an app.

    Attributes:
        directory: the app's.
    """

    app: str
    directory: str
    username: str


class Upload(msgspec.Struct):
    """One upload.

    Attributes:
        hidden: the name of what has come, in the target's folder; its place is in the record of
            the hidden name.
        name: what it will be called.
        path: what the client calls it.
        length: bytes that it will have; None while the client hasn't said.
        metadata: as the client gave it, to be given back.
        identity: of the hidden file, and later of the file itself.
        expires_s: when it goes, in seconds since 1970.
        synced: bytes that are on the disk for sure; what counts after a power cut.
        boot: which boot of the machine that was.
        unverified: where a piece began whose checksum wasn't compared yet; None: there is none.
        is_finished: it has its name.
    """

    id: str
    owner: Owner
    hidden: str
    name: str
    path: str
    length: int | None
    metadata: str
    identity: FileId
    expires_s: int = 0
    synced: int = 0
    boot: str = ""
    unverified: int | None = None
    is_finished: bool = False

    def certain(self, size: int) -> int:
        """How much of a file of ``size`` bytes counts."""
        if self.boot != boot_id():
            size = min(size, self.synced)
        return size if self.unverified is None else min(size, self.unverified)

    def is_unsettled(self, size: int) -> bool:
        """Whether something of the file doesn't count, or it can't be known without the record."""
        return self.boot != boot_id() or self.certain(size) != size or self.unverified is not None

    def settle(self, size: int) -> None:
        """All of its bytes count, and are synced; it lives on from now."""
        self.synced, self.boot, self.unverified = size, boot_id(), None
        self.expires_s = int(time.time()) + LIFE_S

    def finish(self) -> None:
        """It has its name; for a while it still says so."""
        self.is_finished = True
        self.expires_s = int(time.time()) + FINISHED_S


class Checksum:
    """What a piece must be; of the Upload-Checksum header's ``algorithm digest``."""

    def __init__(self, algorithm: str, digest: bytes) -> None:
        if algorithm not in ALGORITHMS:
            raise InvalidError(f"Unknown checksum algorithm! There are {', '.join(ALGORITHMS)}.")
        self._digest = digest
        self._hash = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        """More of the piece."""
        self._hash.update(data)

    def matches(self) -> bool:
        """Whether this is all of it, as it was sent."""
        return secrets.compare_digest(self._hash.digest(), self._digest)


class UploadRecords:
    """The records, in memory and in a directory. Methods that write block."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._all: dict[str, Upload] = {}

    def load(self) -> None:
        """Read what earlier daemons wrote; what can't be read is dropped."""
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        for entry in list(os.scandir(self._directory)):
            if not entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    os.unlink(entry.path)  # half a record
                continue
            try:
                with open(entry.path, "rb") as file:
                    upload = msgspec.json.decode(file.read(), type=Upload)
                self._all[upload.id] = upload
            except (OSError, ValueError) as error:
                log.warning("A record of an upload can't be used (%s): %s", entry.name, error)
                with suppress(OSError):
                    os.unlink(entry.path)

    def get(self, key: str) -> Upload | None:
        """The upload of an id."""
        return self._all.get(key)

    def of(self, username: str) -> list[Upload]:
        """Those of one account, for whatever app; the one that goes first comes first."""
        found = [each for each in self if each.owner.username == username]
        return sorted(found, key=lambda each: each.expires_s)

    def __iter__(self) -> Iterator[Upload]:
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def save(self, upload: Upload) -> None:
        """Write one down, atomically and durably."""
        replace_file(self._path(upload.id), msgspec.json.encode(upload), most=RECORD_MODE)
        self._all[upload.id] = upload

    def remove(self, upload: Upload) -> None:
        """Forget one."""
        self._all.pop(upload.id, None)
        with suppress(FileNotFoundError):
            os.unlink(self._path(upload.id))

    def _path(self, key: str) -> str:
        return os.path.join(self._directory, key + SUFFIX)
