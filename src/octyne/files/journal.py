"""Several changes to an app's files as one: all of them are done, or none, whatever happens.

A journal is a file of JSON lines in the state directory. What is about to be done is written there,
and synced, before it is done; so `settle` can undo it at the next start, or finish it.
"""

import errno
import logging
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from octyne.files import settle
from octyne.files.leftovers import PREFIX, Leftovers
from octyne.files.settle import COMMITTED, UNDONE, Record
from octyne.system.paths.folder import Folder, Root, file_id
from octyne.system.paths.names import Parts, PathError

JOURNAL_MODE = 0o600
JOURNALS_DIRECTORY = "journals"
_NO_LINK = (errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV)

log = logging.getLogger(__name__)


class Home(Protocol):
    """What a journal needs of `files.service.Files`."""

    directory: str
    leftovers: Leftovers


@dataclass(frozen=True, slots=True)
class Rename:
    """Something gets another name; nothing may have that yet (FileExistsError)."""

    folder: Folder
    name: str
    to: Folder
    to_name: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Like `Rename`, over a file or symlink that may have the new name.

    Who reads sees the old one or the new one, never none (but on file systems without hard links).
    """

    folder: Folder
    name: str
    to: Folder
    to_name: str


@dataclass(frozen=True, slots=True)
class TakeAway:
    """Something goes: it gets a hidden name now, and is removed once all is done."""

    folder: Folder
    name: str


@dataclass(frozen=True, slots=True)
class SetMode:
    """A file with one name only, or a folder, gets another mode (PathError when it is else)."""

    folder: Folder
    name: str
    mode: int


Step = Rename | Replace | TakeAway | SetMode


class Journal:
    """One set of changes. Leaving its block normally commits them, an exception undoes them.

    It belongs to one thread at a time; everything blocks. Have the app's turn (`files.turns`).

    Attributes:
        at: the number of the step, of one call of `perform`, that it was at when it failed.
    """

    def __init__(self, files: Home, root: Root, *, finish_later: bool = False) -> None:
        """With ``finish_later``, the caller calls `finish` or `hand_over` after the block."""
        self.at = 0
        self._leftovers = files.leftovers
        self._root = root
        self._finish_later = finish_later
        directory = os.path.join(files.directory, JOURNALS_DIRECTORY)
        self._path = os.path.join(directory, f"{secrets.token_hex(8)}{settle.SUFFIX}")
        self._file = -1
        self._size = 0
        self._records: list[Record] = []
        self._touched: set[Parts] = set()
        self._known: dict[int, Parts] = {}  # folders of one call of `perform`, by descriptor
        self._hidden: list[str] = []
        self._is_committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._commit_or_undo()
        elif not self._is_committed:
            self.undo()
        if self._is_committed and not self._finish_later:
            self.finish()

    # -- changes -----------------------------------------------------------------------------

    def perform(self, steps: Sequence[Step]) -> None:
        """Write all steps down (one sync), then do them in order.

        Steps of one call must not build on each other; those of a later call may.

        Raises:
            FileExistsError: the new name of one is taken.
            OSError: one can't be done, or not be written down. Let it leave the block.
        """
        try:
            plans = [self._plan(step) for self.at, step in enumerate(steps)]
            self._write([record for records in plans for record in records])
            for self.at, (step, records) in enumerate(zip(steps, plans, strict=True)):
                self._do(step, records)
        finally:
            self._known.clear()

    def made(self, folder: Folder, name: str) -> None:
        """Tell of something new, which is removed when all is undone.

        Call it while it has a hidden name still: it may not even be there yet, and nothing waits
        for the disk. Or else at least before users rely on it.
        """
        found = folder.find(name)
        if found is None and not name.startswith(PREFIX):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        place = (*self._root.relative(folder), name)
        record = Record(None, place, file_id(found) if found else None)
        self._write([record], sync=not name.startswith(PREFIX))

    def hidden_name(self, kind: str) -> str:
        """A name for `made`, hidden from users until the journal ends."""
        name = f"{PREFIX}{kind}-{secrets.token_hex(8)}"
        self._leftovers.hide(name)
        self._hidden.append(name)
        return name

    # -- the end -----------------------------------------------------------------------------

    def commit(self) -> None:
        """Say durably that all is done; from here on nothing is undone. Raises OSError."""
        if self._is_committed:
            return
        if self._records:
            for parts in self._touched:
                with suppress(OSError, PathError), self._root.at(parts) as folder:
                    folder.sync()
            self._append(settle.mark(COMMITTED))
        self._is_committed = True

    def finish(self) -> None:
        """Remove what was taken away, once that is committed. Logs what can't be removed."""
        if not self._is_committed:
            return
        self._finish(None)

    def hand_over(self) -> list[str]:
        """Like `finish`, for what is removed in a moment; call it in the turn still.

        The names of the rest are for `Leftovers.remove`, which knows where they are, also when
        somebody renames a folder above them meanwhile.
        """
        slow: list[str] = []
        if self._is_committed:
            self._finish(slow)
        return slow

    def _finish(self, slow: list[str] | None) -> None:
        if settle.finish(self._root, self._records, self._leftovers, slow):
            self._drop()
        else:
            log.warning("A removed file stays hidden until the next start")
            self._close()

    def undo(self) -> None:
        """Put everything back as it was. Logs what can't be."""
        if settle.undo(self._root, self._records, self._leftovers, self._note_undone):
            with suppress(OSError):
                self._append(settle.mark(UNDONE))
            self._drop()
        else:
            log.warning("A change could not be undone; the next start tries again")
            self._close()

    def _note_undone(self, left: int) -> None:
        with suppress(OSError):
            self._append(settle.progress(left), sync=False)

    def _commit_or_undo(self) -> None:
        try:
            self.commit()
        except BaseException:
            self.undo()
            raise

    # -- one step ----------------------------------------------------------------------------

    def _plan(self, step: Step) -> list[Record]:
        found = step.folder.lstat(step.name)
        source = self._place(step.folder, step.name)
        moved = file_id(found)
        if isinstance(step, TakeAway):
            hidden = self._place(step.folder, self.hidden_name("old"))
            return [Record(source, hidden, moved, rest=True)]
        if isinstance(step, SetMode):
            return [Record(source, source, moved, mode=stat.S_IMODE(found.st_mode))]
        target = self._place(step.to, step.to_name)
        there = step.to.find(step.to_name) if isinstance(step, Replace) else None
        if there is None:
            return [Record(source, target, moved)]
        if settle.is_folder(there) or settle.is_folder(found):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        old = file_id(there)
        saved = Record(
            target, (*target[:-1], self.hidden_name("old")), old, rest=True, linked=old != moved
        )
        return [saved, Record(source, target, moved)]

    def _do(self, step: Step, records: list[Record]) -> None:
        moved = records[-1]
        name = moved.place[-1]
        if isinstance(step, TakeAway):
            self._move(step.folder, step.name, step.folder, name, moved)
        elif isinstance(step, SetMode):
            step.folder.chmod(name, step.mode, sole=True)
        elif len(records) == 1:
            self._move(step.folder, step.name, step.to, name, moved)
        else:
            saved = records[0]
            if self._save(step.to, name, saved):
                step.folder.replace(step.name, step.to, name)
            else:
                step.folder.move(step.name, step.to, name)

    def _move(self, folder: Folder, name: str, to: Folder, to_name: str, record: Record) -> None:
        origin = record.origin
        if origin is None or not settle.is_folder(folder.lstat(name)):
            folder.move(name, to, to_name)
            return
        self._leftovers.moving(self._root, origin, record.place)
        folder.move(name, to, to_name)
        self._touched = {settle.moved(parts, origin, record.place) for parts in self._touched}

    def _save(self, folder: Folder, name: str, saved: Record) -> bool:
        """Give the old file a hidden name; whether it has the other one, too."""
        hidden = saved.place[-1]
        if saved.linked:
            try:
                folder.hard_link(name, folder, hidden)
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
            else:
                return True
        folder.move(name, folder, hidden)
        return False

    def _place(self, folder: Folder, name: str) -> Parts:
        parts = self._known.get(folder.fd)
        if parts is None:
            parts = self._known[folder.fd] = self._root.relative(folder)
            self._touched.add(parts)
        return (*parts, name)

    # -- the file ----------------------------------------------------------------------------

    def _write(self, records: list[Record], *, sync: bool = True) -> None:
        if not records:
            return
        if self._file < 0:
            self._create()
        self._append(b"".join(settle.line(record) for record in records), sync=sync)
        self._records.extend(records)

    def _create(self) -> None:
        directory = os.path.dirname(self._path)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path, flags, JOURNAL_MODE)
        with _opened(directory) as descriptor:
            os.fsync(descriptor)
        self._append(settle.header(self._root), sync=False)

    def _append(self, data: bytes, *, sync: bool = True) -> None:
        """Write, and mostly sync; what can't be written whole isn't written at all."""
        if self._file < 0:
            return
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            if sync:
                _sync_data(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)

    def _drop(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        self._close()

    def _close(self) -> None:
        for name in self._hidden:
            self._leftovers.show(name)
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


def recover(files: Home) -> None:
    """Settle all journals of earlier daemons: finish what was committed, undo the rest.

    Nothing that can't be settled stops the others; it is logged, and its journal set aside.
    """
    directory = os.path.join(files.directory, JOURNALS_DIRECTORY)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    journals = [entry.path for entry in os.scandir(directory) if entry.name.endswith(settle.SUFFIX)]
    for path in sorted(journals, key=settle.is_committed):  # a rename that is undone puts in its
        settle.recover(path, files.leftovers)  # place again what a committed one has to remove


@contextmanager
def _opened(directory: str) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync_data(descriptor: int) -> None:
    sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
    sync(descriptor)
