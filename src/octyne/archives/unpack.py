"""Unpacks an archive into a folder of the same app: checked while it is unpacked, all or nothing.

Everything comes out in a hidden folder first. When it is whole, that becomes the destination, or
is merged into it in one journalled change.
"""

import asyncio
import errno
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from octyne.aio import Workers
from octyne.archives import streams
from octyne.archives.claims import FOLDER_MODE
from octyne.archives.limits import Budget
from octyne.archives.merge import Merge, set_modes
from octyne.archives.progress import Progress
from octyne.archives.staging import Staging
from octyne.archives.untar import untar
from octyne.archives.unzip import unzip
from octyne.config.model import ArchivesConfig
from octyne.errors import ConflictError, InvalidError
from octyne.files.errors import NO_FOLDER, missing, named
from octyne.files.journal import Journal
from octyne.files.service import Files
from octyne.files.targets import open_root
from octyne.system.paths.folder import Folder, Place, Root
from octyne.system.paths.names import OutsideError, Parts, PathError, parse

NO_ARCHIVE = "The requested archive does not exist!"
ARCHIVE_IS_FOLDER = "The requested archive is a folder!"
UNSUPPORTED = "Unsupported archive file!"
FILE_IN_THE_WAY = "There is a file at the requested unpack destination!"
NO_PARENT = "The parent folder of the requested unpack destination does not exist!"
CHANGED = "The unpack destination was changed meanwhile! Try again."
OTHER_DISK = (
    "A folder at the unpack destination is on another disk! Unpack into that folder itself."
)

Reader = Callable[[int, Staging], None]
READERS: Mapping[str, Reader] = {".zip": unzip, ".tar": untar} | {
    ending: partial(untar, opener=opener)
    for endings, opener in (
        ((".tar.gz", ".tgz"), streams.gzip),
        ((".tar.bz", ".tbz", ".tar.bz2", ".tbz2"), streams.bzip2),
        ((".tar.xz", ".txz"), streams.xz),
        ((".tar.zst", ".tzst"), streams.zstd),
    )
    for ending in endings
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnpackRequest:
    """What to unpack where, as the client wrote it."""

    path: str
    destination: str
    limits: ArchivesConfig


def prepare(directory: str, request: UnpackRequest) -> None:
    """Refuse what is wrong with a request in itself. Blocks.

    Raises:
        InvalidError: with the contract's texts.
        DeniedError: the archive or a folder is closed to us.
    """
    with open_root(directory) as root:
        os.close(_open_archive(root, request.path))
        _reader(request.path)
        with _find_destination(root, request.destination):
            pass


async def unpack(
    files: Files,
    directory: str,
    request: UnpackRequest,
    account: str,
    progress: Progress,
    workers: Workers,
) -> None:
    """Unpack; what fails leaves nothing.

    Told to end by ``progress``. Cancelling the task itself leaves the hidden folder to the next
    start of the daemon.

    Raises:
        BrokenArchiveError: it is damaged, or must not be unpacked.
        ConflictError: something at the destination is in the way.
        DaemonError: as `prepare`; no room on the disk; the destination went away.
        CancelledError: of ``progress``.
    """
    work = _Unpacking(files, directory, request, progress)
    try:
        await workers.run(work.stage)
        await files.turns.run(account, directory, work.place)
    except asyncio.CancelledError:  # a thread may still work in there
        raise
    except BaseException:
        await workers.run(work.close)
        raise
    await workers.run(work.close)


class _Unpacking:
    """One of them: `stage`, then `place` in the app's turn, `close` in any case. All block."""

    def __init__(
        self, files: Files, directory: str, request: UnpackRequest, progress: Progress
    ) -> None:
        self._files = files
        self._directory = directory
        self._request = request
        self._progress = progress
        self._open = ExitStack()

    def close(self) -> None:
        """Remove what isn't in place."""
        self._open.close()

    def stage(self) -> None:
        """Take everything out of the archive, into a hidden folder where it is going to be."""
        request, enter = self._request, self._open.enter_context
        self._root = root = enter(open_root(self._directory))
        archive = _open_archive(root, request.path)
        self._open.callback(os.close, archive)
        self._found = found = enter(_find_destination(root, request.destination))
        with _destination_errors():
            place = root.relative(found.folder)
            self._hidden = enter(self._files.leftovers.hidden(root, found.folder, "unpack"))
            found.folder.make_folder(self._hidden, 0o700)
            self._top = enter(found.folder.folder(self._hidden))
            size = os.fstat(archive).st_size
            self._watch = self._files.leftovers.watch(root, found.folder)
            budget = Budget(
                request.limits, size, self._progress, self._top.fd, self._check_destination
            )
            self._staging = Staging(
                self._top,
                budget,
                place=(*place, found.name) if found.name else place,
                origins=(root.directory, root.path()),
            )
            self._open.callback(self._staging.close)
            _reader(request.path)(archive, self._staging)
            self._staging.finish()

    def _check_destination(self) -> None:
        if self._watch.is_gone:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def place(self) -> None:
        """Let users see it."""
        self._progress.check()
        with _destination_errors():
            home, name = self._found.folder, self._found.name
            self._files.leftovers.check_visible(self._root, home)
            if name:
                home.chmod(self._hidden, FOLDER_MODE)
                with suppress(FileExistsError):
                    home.move(self._hidden, home, name)
                    self._set_modes(self._top, set())
                    home.sync()
                    return
                home = self._open.enter_context(home.folder(name))  # made meanwhile
            self._merge_into(home)

    def _merge_into(self, target: Folder) -> None:
        merge = Merge(self._top, target, self._progress.check)
        merge.plan()
        if merge.replaces:  # what comes must be as durable as what goes
            self._top.sync_file_system()
        with Journal(self._files, self._root) as journal:
            merge.perform(journal)
        self._set_modes(target, merge.shared)

    def _set_modes(self, top: Folder, shared: set[Parts]) -> None:
        closed = self._staging.closed_folders
        modes = {parts: mode for parts, mode in closed.items() if parts not in shared}
        try:
            set_modes(top, modes)
        except (OSError, PathError) as error:  # all else is in place already
            log.warning("The mode of an unpacked folder could not be set: %s", error)


def _reader(path: str) -> Reader:
    lowered = path.lower()
    for ending, reader in READERS.items():
        if lowered.endswith(ending):
            return reader
    raise InvalidError(UNSUPPORTED)


def _open_archive(root: Root, path: str) -> int:
    with named("archive path"):
        try:
            return root.open_at(parse(path))
        except IsADirectoryError as error:
            raise InvalidError(ARCHIVE_IS_FOLDER) from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise InvalidError(NO_ARCHIVE) from error


def _find_destination(root: Root, path: str) -> Place:
    """The folder, with "" as the name; or the one that it will be in, and its name there."""
    with named("destination path"):
        parts = parse(path)
        with suppress(FileNotFoundError, NotADirectoryError):
            return Place(root.at(parts), "")
        try:
            place = root.place(parts)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise InvalidError(NO_PARENT) from error
        if place.folder.find(place.name) is not None:
            place.folder.close()
            raise InvalidError(FILE_IN_THE_WAY)
        return place


@contextmanager
def _destination_errors() -> Iterator[None]:
    """What the file system says while things are written."""
    with missing(NO_FOLDER), named("destination path"):
        try:
            yield
        except OutsideError as error:  # its folder was removed meanwhile
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
        except FileExistsError as error:
            raise ConflictError(CHANGED) from error
        except OSError as error:
            if error.errno == errno.EXDEV:
                raise ConflictError(OTHER_DISK) from error
            raise
