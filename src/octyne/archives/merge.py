"""Brings what was unpacked into a folder that is there already: all of it, or nothing.

Folders come together; files and symlinks replace others. Symlinks at the destination are never
followed: one that has the name of a file gives way to it, one that has a folder's is refused.
"""

import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from octyne.archives.claims import shown
from octyne.errors import ConflictError
from octyne.files.journal import Journal, Rename, Replace, Step
from octyne.system.paths.folder import Folder
from octyne.system.paths.names import Parts, join

BATCH_STEPS = 2_000  # written down together
BATCH_FOLDERS = 50  # open at once, twice

Check = Callable[[], None]


class Merge:
    """One of them. Everything blocks; have the app's turn.

    Attributes:
        shared: folders that were there already; known after `plan`.
        replaces: whether files that were there give way; known after `plan`.
    """

    def __init__(self, staged: Folder, target: Folder, check: Check) -> None:
        self.shared: set[Parts] = set()
        self.replaces = False
        self._staged = staged
        self._target = target
        self._check = check

    def plan(self) -> None:
        """Look for what can't be brought together, before anything is touched.

        Raises:
            ConflictError: something at the destination is in the way.
        """
        with ExitStack() as opened:
            for steps in self._walk(opened):
                self.replaces = self.replaces or any(isinstance(step, Replace) for step in steps)
                opened.close()

    def perform(self, journal: Journal) -> None:
        """Do it. Raises ConflictError and OSError; the journal undoes what was done."""
        batch: list[Step] = []
        with ExitStack() as opened:
            for count, steps in enumerate(self._walk(opened), 1):
                batch += steps
                if len(batch) >= BATCH_STEPS or count % BATCH_FOLDERS == 0:
                    self._check()
                    journal.perform(batch)
                    batch = []
                    opened.close()
            journal.perform(batch)

    def _walk(self, opened: ExitStack) -> Iterator[list[Step]]:
        """The steps of one folder after another, whose descriptors ``opened`` gets."""
        pending: list[Parts] = [()]
        while pending:
            parts = pending.pop()
            staged = opened.enter_context(_descend(self._staged, parts))
            target = opened.enter_context(_descend(self._target, parts))
            with staged.scan() as entries:
                names = [(each.name, each.is_dir(follow_symlinks=False)) for each in entries]
            steps: list[Step] = []
            for name, is_folder in names:
                step = self._step(staged, target, (*parts, name), is_folder=is_folder)
                if step is None:
                    pending.append((*parts, name))
                else:
                    steps.append(step)
            yield steps

    def _step(self, staged: Folder, target: Folder, path: Parts, *, is_folder: bool) -> Step | None:
        """What to do with one thing; None for a folder that is there already."""
        name = path[-1]
        found = target.find(name)
        if found is None:
            return Rename(staged, name, target, name)
        if is_folder and stat.S_ISDIR(found.st_mode):
            self.shared.add(path)
            return None
        if is_folder:
            raise ConflictError(f'"{shown(join(path))}" is there already and is no folder!')
        if stat.S_ISDIR(found.st_mode):
            raise ConflictError(f'"{shown(join(path))}" is there already and is a folder!')
        return Replace(staged, name, target, name)


def _descend(top: Folder, parts: Parts) -> Folder:
    """A folder beneath another, through no symlink; an own descriptor."""
    here = top.folder(".")
    for part in parts:
        with here:
            deeper = here.folder(part)
        here = deeper
    return here


def set_modes(top: Folder, modes: dict[Parts, int]) -> None:
    """Set modes of folders beneath another, the deepest first."""
    for parts in sorted(modes, key=len, reverse=True):
        with _descend(top, parts[:-1]) as above:
            above.chmod(parts[-1], modes[parts])
