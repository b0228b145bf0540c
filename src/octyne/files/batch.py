"""Many operations as one: all are done, in order, or none. Blocks; have the app's turn.

Operations that don't touch the same paths are collected and done by one call of the journal, which
syncs once; one that may build on those before waits until they are done.
"""

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from octyne.errors import (
    ConflictError,
    DaemonError,
    DeniedError,
    InvalidError,
    UnavailableError,
)
from octyne.files import errors, targets
from octyne.files.copies import STOPPING, TreeCopy
from octyne.files.journal import Journal, Rename, SetMode, Step, TakeAway
from octyne.files.operations import ChangeMode, Copy, Move, Operation, Remove
from octyne.files.path_set import PathSet
from octyne.files.service import Files
from octyne.files.trees import can_remove, remove_tree
from octyne.system.paths.folder import Folder, Place, Root
from octyne.system.paths.names import Parts, PathError

MAX_TOGETHER = 2000  # operations that are done by one call of the journal
MAX_FOLDERS = 100  # open at once
MAX_PARTS = 100_000  # of the paths that wait together, about 350 bytes each


class BatchError(Exception):
    """One operation failed, and everything was put back; the cause is its domain error."""

    def __init__(self, index: int, cause: DaemonError) -> None:
        super().__init__(f"operation {index}: {cause}")
        self.index = index
        self.cause = cause


@dataclass(slots=True)
class _Plan:
    """One operation, looked up: the steps that do it, and the paths that they touch.

    Attributes:
        is_alone: what comes after it can't be looked up before it is done.
        is_indirect: it goes through symlinks; what comes before it may touch those.
    """

    index: int
    operation: Operation
    steps: list[Step] = field(default_factory=list)
    paths: list[Parts] = field(default_factory=list)
    is_alone: bool = False
    is_indirect: bool = False


class Batch:
    """Takes operations for one journal. Use it as a context manager, within the journal's block."""

    def __init__(self, files: Files, root: Root, journal: Journal) -> None:
        self._is_hidden = files.leftovers.is_hidden
        self._stop = files.stopping
        self._root = root
        self._journal = journal
        self._pending: list[_Plan] = []
        self._touched = PathSet()
        self._parts = 0  # of all paths in it
        self._changed_modes: set[Parts] = set()  # files touched, in no other way
        self._folders: dict[Parts, Folder] = {}
        self._has_copies = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def run(self, operations: Sequence[Operation]) -> None:
        """Do them all; the journal commits or undoes them afterwards.

        Raises:
            BatchError: one can't be done.
        """
        for index, operation in enumerate(operations):
            self._add(index, operation)
        self._flush()
        if self._has_copies:  # only now: until the commit, they would all be undone
            self._root.sync_file_system()

    def _add(self, index: int, operation: Operation) -> None:
        if self._pending and self._seems_to_build_on_pending(operation):
            self._flush()
        plan = _Plan(index, operation)
        try:
            self._look_up(plan)
        except DaemonError as error:
            if not self._pending:
                raise BatchError(index, error) from error
            self._flush()  # perhaps it builds on what waits
            self._add(index, operation)
            return
        if self._pending and self._builds_on_pending(plan):
            self._flush()
            self._add(index, operation)
            return
        self._pending.append(plan)
        if isinstance(operation, ChangeMode) and not plan.is_alone:
            self._changed_modes.update(plan.paths)
        for path in plan.paths:
            self._touched.add(path)
            self._parts += len(path)
        if plan.is_alone or self._is_full():
            self._flush()

    def _is_full(self) -> bool:
        together, opened = len(self._pending), len(self._folders)
        return together >= MAX_TOGETHER or opened >= MAX_FOLDERS or self._parts >= MAX_PARTS

    def _seems_to_build_on_pending(self, operation: Operation) -> bool:
        """By its paths alone, which saves looking it up in vain."""
        match operation:
            case Move(source, target) | Copy(source, target):
                return self._is_touched(source) or self._touched.covers(target)
            case Remove(path):
                return self._is_touched(path)
            case ChangeMode(path):
                return path not in self._changed_modes and self._is_touched(path)

    def _builds_on_pending(self, plan: _Plan) -> bool:
        if plan.is_indirect:
            return True
        if isinstance(plan.operation, ChangeMode) and self._changed_modes.issuperset(plan.paths):
            return False  # whichever of the records is undone last has the mode of before
        return any(self._is_touched(path) for path in plan.paths)

    def _is_touched(self, path: Parts) -> bool:
        return self._touched.covers(path) or self._touched.is_above(path)

    # -- looking up --------------------------------------------------------------------------

    def _look_up(self, plan: _Plan, *, by_copy: bool = False) -> None:
        """Fill in a plan. Raises DaemonError."""
        if self._stop.is_set():
            raise UnavailableError(STOPPING)
        match plan.operation:
            case Move():
                source, target = self._keep_both(plan, plan.operation, "moved")
                self._plan_move(plan, source, target, by_copy=by_copy)
            case Copy():
                source, target = self._keep_both(plan, plan.operation, "copied")
                self._plan_copy(plan, source, target)
            case Remove(path):
                self._plan_removal(plan, path)
            case ChangeMode(path, mode):
                self._plan_mode(plan, path, mode)

    def _keep_both(self, plan: _Plan, wanted: Move | Copy, verb: str) -> tuple[Place, Place]:
        with targets.find_pair(self._root, wanted.source, wanted.target, verb) as pair:
            plan.is_alone = stat.S_ISLNK(pair.found.st_mode)
            source = self._keep(plan, pair.source, wanted.source)
            return source, self._keep(plan, pair.target, wanted.target)

    def _plan_move(self, plan: _Plan, source: Place, target: Place, *, by_copy: bool) -> None:
        if by_copy:
            self._plan_copy(plan, source, target, keep_owner=True)
            plan.steps.append(TakeAway(source.folder, source.name))
        else:
            plan.steps.append(Rename(source.folder, source.name, target.folder, target.name))

    def _plan_copy(
        self, plan: _Plan, source: Place, target: Place, *, keep_owner: bool = False
    ) -> None:
        if self._pending and self._builds_on_pending(plan):
            return  # it will be looked up again
        hidden = self._journal.hidden_name("copy")
        with errors.named("source path"), errors.absent(errors.NO_SOURCE):
            self._journal.made(target.folder, hidden)
            copy = TreeCopy(
                source.folder, source.name, self._stop, self._is_hidden, keep_owner=keep_owner
            )
            try:
                copy.run(target.folder, hidden, sync=False)
            except BaseException:
                remove_tree(target.folder, hidden)
                raise
        self._has_copies = True
        plan.steps.append(Rename(target.folder, hidden, target.folder, target.name))

    def _plan_removal(self, plan: _Plan, path: Parts) -> None:
        if not path:
            raise DeniedError(errors.DANGEROUS)
        place, found = targets.find(self._root, path, "file path", errors.NO_PATH)
        with place:
            plan.is_alone = stat.S_ISLNK(found.st_mode)
            folder = self._keep(plan, place, path).folder
            with errors.named("file path"), errors.absent(errors.NO_PATH):
                if not can_remove(folder, place.name):
                    raise DeniedError(errors.NO_PERMISSION)
            plan.steps.append(TakeAway(folder, place.name))

    def _plan_mode(self, plan: _Plan, path: Parts, mode: int) -> None:
        place, found = targets.find(self._root, path, "file path", errors.NO_PATH)
        with place:
            check_mode(found)
            plan.steps.append(SetMode(self._keep(plan, place, path).folder, place.name, mode))
            plan.is_alone = stat.S_ISDIR(found.st_mode)

    def _keep(self, plan: _Plan, place: Place, path: Parts) -> Place:
        """The same place in a folder that stays open until the plan is done; notes its path."""
        with errors.named("path"):
            parts = self._root.relative(place.folder)
            found = (*parts, place.name)
            plan.paths.append(found)
            if found not in (path, (*path, place.name)):
                plan.is_indirect = True
            if parts not in self._folders:
                self._folders[parts] = Folder(os.dup(place.folder.fd))
        return Place(self._folders[parts], place.name)

    # -- doing -------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Do all that waits."""
        while self._pending:
            steps = [(plan, step) for plan in self._pending for step in plan.steps]
            try:
                self._journal.perform([step for _, step in steps])
            except (OSError, PathError) as error:
                failed = steps[self._journal.at][0]
                if not _leads_elsewhere(failed, error):
                    raise BatchError(failed.index, explain(failed.operation, error)) from error
                self._again_by_copy(failed)
            else:
                break
        self._forget()

    def _again_by_copy(self, failed: _Plan) -> None:
        """The move leads to another file system: copy, and then remove."""
        rest = self._pending[self._pending.index(failed) + 1 :]
        self._pending.clear()
        plan = _Plan(failed.index, failed.operation)
        try:
            self._look_up(plan, by_copy=True)
        except DaemonError as error:
            raise BatchError(failed.index, error) from error
        self._pending = [plan, *rest]

    def _forget(self) -> None:
        for folder in self._folders.values():
            folder.close()
        self._folders.clear()
        self._pending.clear()
        self._touched.clear()
        self._parts = 0
        self._changed_modes.clear()


def check_mode(found: os.stat_result) -> None:
    """Whether something has a mode to change.

    Raises:
        InvalidError: it has none that we change.
    """
    if stat.S_ISLNK(found.st_mode):
        raise InvalidError("The mode of a symbolic link can't be changed!")
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise InvalidError("Only the mode of files and folders can be changed!")


def explain(operation: Operation, error: OSError | PathError) -> DaemonError:
    """What users are told when a change that was looked up can't be done.

    Raises:
        OSError: nobody expected that.
    """
    is_removal = isinstance(operation, Remove)
    if isinstance(error, FileExistsError):
        return ConflictError(errors.TAKEN)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        has_source = isinstance(operation, Move | Copy)
        return InvalidError(errors.NO_SOURCE if has_source else errors.NO_PATH)
    if isinstance(error, PermissionError) and is_removal:
        return DeniedError(errors.NO_PERMISSION)
    try:
        with errors.named("path"):
            raise error
    except DaemonError as told:
        return told


def _leads_elsewhere(plan: _Plan, error: OSError | PathError) -> bool:
    """Whether a move goes to another file system, where a rename can't."""
    is_elsewhere = isinstance(error, OSError) and error.errno == errno.EXDEV
    return is_elsewhere and isinstance(plan.operation, Move)
