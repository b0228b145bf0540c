"""What clients change: move, copy, delete, new folders, modes, batches. Each in its app's turn."""

import errno
import logging
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from octyne.errors import ConflictError, DeniedError, InvalidError, UnavailableError
from octyne.files import errors, targets
from octyne.files.batch import Batch, BatchError, check_mode, explain
from octyne.files.copies import TreeCopy
from octyne.files.journal import Journal
from octyne.files.leftovers import until_empty
from octyne.files.operations import ChangeMode, Copy, Move, Operation, Remove
from octyne.files.service import Files
from octyne.files.settle import bring_back
from octyne.files.trees import can_remove, remove_tree
from octyne.system.paths.folder import Place, Root
from octyne.system.paths.names import Parts, parse

if TYPE_CHECKING:
    from octyne.files.leftovers import Watch

FOLDER_MODE = 0o755

log = logging.getLogger(__name__)

# -- folders and modes ----------------------------------------------------------------------------


async def make_folder(files: Files, directory: str, path: str, account: str) -> None:
    """Make one folder, for that account.

    Raises:
        InvalidError: the path is refused, taken, or its parent is missing.
        DeniedError, UnavailableError: the operating system doesn't let us.
    """
    await files.turns.run(account, directory, _make_folder, directory, path)


def _make_folder(directory: str, path: str) -> None:
    with errors.named("folder path"), targets.open_root(directory) as root:
        parts = parse(path)
        if not parts:
            raise InvalidError(errors.FOLDER_TAKEN)
        missing, no_folder = errors.NO_FOLDER_PARENT, errors.FOLDER_PARENT_NOT_A_FOLDER
        with targets.find_parent(root, parts, missing, no_folder) as place:
            try:
                place.folder.make_folder(place.name, FOLDER_MODE)
            except FileExistsError as error:
                raise InvalidError(errors.FOLDER_TAKEN) from error
            _undo_umask(place)
            place.folder.sync()


def _undo_umask(place: Place) -> None:
    mode = stat.S_IMODE(place.folder.lstat(place.name).st_mode)
    if mode & 0o777 != FOLDER_MODE:
        place.folder.chmod(place.name, mode & ~0o777 | FOLDER_MODE)


async def change_mode(files: Files, directory: str, change: ChangeMode, account: str) -> None:
    """Change the mode of one file or folder, for that account.

    Raises:
        InvalidError: it is missing, a symlink, something special, or has other names.
        DeniedError: the operating system doesn't let us.
    """
    await files.turns.run(account, directory, _change_mode, directory, change)


def _change_mode(directory: str, change: ChangeMode) -> None:
    with targets.open_root(directory) as root:
        place, found = targets.find(root, change.path, "file path", errors.NO_PATH)
        with place, errors.named("file path"), errors.absent(errors.NO_PATH):
            check_mode(found)
            place.folder.chmod(place.name, change.mode, sole=True)


# -- moves ----------------------------------------------------------------------------------------


async def move(files: Files, directory: str, change: Move, account: str) -> None:
    """Give something another name, for that account, at once.

    Across file systems it is copied, all or nothing.

    Raises:
        InvalidError: the source is missing, the target has no parent or is in the source.
        ConflictError: the target's name is taken.
        DeniedError, UnavailableError: the operating system doesn't let us.
    """
    await files.turns.run(account, directory, _move, files, directory, change)


def _move(files: Files, directory: str, change: Move) -> None:
    with targets.open_root(directory) as root:
        with targets.find_pair(root, change.source, change.target, "moved") as pair:
            try:
                _rename(files, root, pair)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise explain(change, error) from error
            else:
                targets.sync(pair.source.folder, pair.target.folder)
                return
        try:
            with (
                errors.named("path"),
                Journal(files, root) as journal,
                Batch(files, root, journal) as batch,
            ):
                batch.run([change])
        except BatchError as error:
            raise error.cause from error


def _rename(files: Files, root: Root, pair: targets.Pair) -> None:
    source, target = pair.source, pair.target
    if pair.is_folder:
        old, new = root.relative(source.folder), root.relative(target.folder)
        files.leftovers.moving(root, (*old, source.name), (*new, target.name))
    try:
        source.folder.move(source.name, target.folder, target.name)
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise InvalidError("A folder can't be moved into itself!") from error
        raise


# -- copies ---------------------------------------------------------------------------------------


async def copy(files: Files, directory: str, change: Copy, account: str) -> None:
    """Copy a file or tree for that account; users see it once it is whole. Raises as `move`."""
    work = _Copy(files, directory, change)
    try:
        await files.run_long(account, work.prepare)
        await files.turns.run(account, directory, work.place)
    finally:
        await files.run_cleanup(account, work.close)


class _Copy:
    """A copy in three parts: made under a hidden name, placed in the app's turn, cleaned up."""

    def __init__(self, files: Files, directory: str, change: Copy) -> None:
        self._files = files
        self._directory = directory
        self._change = change
        self._root: Root | None = None
        self._target: Place | None = None
        self._watch: Watch | None = None
        self._hidden = ""
        self._resources = ExitStack()
        self._is_at_work = Lock()  # nothing is cleaned up under a thread that still copies
        self._is_given_up = False

    def is_set(self) -> bool:
        """Whether to stop: the stop event of `TreeCopy`."""
        if self._is_given_up or self._files.stopping.is_set():
            return True
        return self._watch is not None and self._watch.is_gone

    def prepare(self) -> None:
        with self._is_at_work:
            self._prepare()

    def _prepare(self) -> None:
        root = self._root = self._resources.enter_context(targets.open_root(self._directory))
        change, is_hidden = self._change, self._files.leftovers.is_hidden
        pair = self._resources.enter_context(
            targets.find_pair(root, change.source, change.target, "copied")
        )
        with errors.named("source path"), errors.absent(errors.NO_SOURCE):
            self._target = pair.target
            self._hidden = self._resources.enter_context(
                self._files.leftovers.hidden(root, pair.target.folder, "copy")
            )
            self._watch = self._files.leftovers.watch(root, pair.target.folder)
            tree = TreeCopy(pair.source.folder, pair.source.name, self, is_hidden)
            try:
                tree.run(pair.target.folder, self._hidden)
            except UnavailableError as error:
                if self._watch.is_gone:
                    raise InvalidError(errors.NO_PARENT) from error
                raise

    def place(self) -> None:
        assert self._root is not None, "prepare has been called"
        assert self._target is not None, "prepare has been called"
        folder = self._target.folder
        with errors.named("destination path"):
            try:
                self._files.leftovers.check_visible(self._root, folder)
                folder.move(self._hidden, folder, self._target.name)
            except FileExistsError as error:
                raise ConflictError(errors.TAKEN) from error
            except FileNotFoundError as error:
                raise InvalidError(errors.NO_PARENT) from error
            folder.sync()

    def close(self) -> None:
        self._is_given_up = True
        with self._is_at_work:
            self._resources.close()


# -- deletions ------------------------------------------------------------------------------------


async def delete(files: Files, directory: str, path: str, account: str) -> None:
    """Remove, for that account, a file, a folder with all that is in it, or a symlink itself.

    It is gone for users at once; a folder's contents are removed outside the turn.

    Raises:
        DeniedError: it is the app's directory, or the operating system doesn't let us.
        InvalidError: the path is refused.
        NotFoundError: there is no such thing.
        UnavailableError: too many of this account or in all are under way, or wait for a turn.
    """
    with files.removals.taken(account):
        gone = await files.turns.run(account, directory, _take_away, files, directory, path)
        if gone is not None:
            await files.run_cleanup(account, gone.remove)


def _take_away(files: Files, directory: str, path: str) -> "_Gone | None":
    """Let it go; a folder is only hidden by now."""
    with errors.named("file path"), errors.missing(errors.NO_FILE):
        parts = parse(path)
        if not parts:
            raise DeniedError(errors.DANGEROUS)
        resources = ExitStack()
        try:
            root = resources.enter_context(targets.open_root(directory))
            place = resources.enter_context(targets.place(root, parts))
            if _removed(place):
                resources.close()
                return None
            with _permitted():
                return _hide(files, root, place, resources)
        except BaseException:
            resources.close()
            raise


def _removed(place: Place) -> bool:
    """Remove what is no folder; False for a folder, also one that is there only by now."""
    if stat.S_ISDIR(place.folder.lstat(place.name).st_mode):
        return False
    try:
        with _permitted():
            place.folder.remove(place.name)
    except IsADirectoryError:
        return False
    place.folder.sync()
    return True


def _hide(files: Files, root: Root, place: Place, resources: ExitStack) -> "_Gone":
    if not can_remove(place.folder, place.name):
        raise DeniedError(errors.NO_PERMISSION)
    old: Parts = (*root.relative(place.folder), place.name)
    hidden = files.leftovers.note(root, place.folder, "gone")
    try:
        files.leftovers.moving(root, old, (*old[:-1], hidden))
        place.folder.move(place.name, place.folder, hidden)
    except BaseException:
        files.leftovers.forget(hidden)
        raise
    place.folder.sync()
    return _Gone(files, place, hidden, resources)


class _Gone:
    """A folder that users don't see any more, and that still is there."""

    def __init__(self, files: Files, place: Place, hidden: str, resources: ExitStack) -> None:
        self._files = files
        self._place = place
        self._hidden = hidden
        self._resources = resources

    def remove(self) -> None:
        """Remove it; DeniedError when that isn't permitted: then what is left is there again."""
        with self._resources:
            try:
                self._remove()
            except InterruptedError:
                return  # the next start goes on
            except OSError as error:
                self._put_back()
                raise explain(Remove(()), error) from error
            self._files.leftovers.forget(self._hidden)

    def _remove(self) -> None:
        stop = self._files.stopping
        until_empty(lambda: remove_tree(self._place.folder, self._hidden, stop))

    def _put_back(self) -> None:
        folder, name = self._place.folder, self._place.name
        try:
            bring_back(folder, self._hidden, folder, name)
        except OSError as error:
            log.warning("What is left of a folder stays hidden: %s", error.strerror)
            return
        self._files.leftovers.forget(self._hidden)


@contextmanager
def _permitted() -> Iterator[None]:
    """The contract's text for what may not be removed."""
    try:
        yield
    except PermissionError as error:
        raise DeniedError(errors.NO_PERMISSION) from error


# -- batches --------------------------------------------------------------------------------------


async def run_batch(
    files: Files, directory: str, operations: Sequence[Operation], account: str
) -> None:
    """Do all of them in order, or none, for that account; later ones may build on earlier ones.

    Raises:
        BatchError: one failed, and everything is as it was.
        UnavailableError: no room on the disk to say that all are done; likewise. Or as `delete`.
    """
    if not operations:
        return
    with files.removals.taken(account):
        gone = await files.turns.run(account, directory, _run_batch, files, directory, operations)
        if gone:
            await files.run_cleanup(account, partial(files.leftovers.remove, gone))


def _run_batch(files: Files, directory: str, operations: Sequence[Operation]) -> list[str]:
    """Returns the hidden names of what takes long to remove, and is removed outside the turn."""
    with targets.open_root(directory) as root:
        journal = Journal(files, root, finish_later=True)
        with errors.named("path"), journal, Batch(files, root, journal) as batch:
            batch.run(operations)
        return journal.hand_over()
