"""From the paths of a move or copy to two places in open folders, or to why it can't be. Blocks."""

import os
import stat
from dataclasses import dataclass
from typing import Self

from octyne.errors import ConflictError, InvalidError
from octyne.files import errors
from octyne.system.paths.folder import Folder, Place, Root, file_id
from octyne.system.paths.names import Parts, PathError, check_name


@dataclass(slots=True)
class Pair:
    """What is moved or copied, and the free name that it gets. Owns both folders.

    Attributes:
        found: what the source was when it was looked at.
    """

    source: Place
    found: os.stat_result
    target: Place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.folder.close()
        self.target.folder.close()

    @property
    def is_folder(self) -> bool:
        """Whether the source is one; a symlink to one isn't."""
        return stat.S_ISDIR(self.found.st_mode)


def open_root(directory: str) -> Root:
    """An app's directory. Raises NotFoundError when there is none, and DeniedError."""
    with errors.named("folder path"), errors.missing(errors.NO_DIRECTORY):
        return Root.open(directory)


def find_pair(root: Root, source: Parts, target: Parts, verb: str) -> Pair:
    """Where a move or copy ("moved", "copied") starts and ends; a folder as target means into it.

    Raises:
        InvalidError: the source is missing, the target has no parent, or is in the source.
        ConflictError: the target's name is taken.
        DeniedError: the operating system doesn't let us look.
    """
    start, found = find(root, source, "source path", errors.NO_SOURCE)
    try:
        pair = Pair(start, found, find_target(root, target, start.name))
    except BaseException:
        start.folder.close()
        raise
    try:
        with errors.named("destination path"):
            _check(root, pair, verb)
    except BaseException:
        pair.__exit__()
        raise
    return pair


def find(root: Root, parts: Parts, what: str, text: str) -> tuple[Place, os.stat_result]:
    """What has a path, its last part not followed; InvalidError with ``text`` when missing."""
    with errors.named(what), errors.absent(text):
        found = place(root, parts)
        try:
            return found, found.folder.lstat(found.name)
        except BaseException:
            found.folder.close()
            raise


def find_target(root: Root, parts: Parts, name: str) -> Place:
    """The place for something new: that path, or ``name`` in it when it is a folder."""
    with errors.named("destination path"):
        try:
            return Place(root.at(parts), name)
        except (FileNotFoundError, NotADirectoryError):
            pass
        return find_parent(root, parts, errors.NO_PARENT, errors.PARENT_NOT_A_FOLDER)


def find_parent(root: Root, parts: Parts, missing: str, no_folder: str) -> Place:
    """The place of that path; InvalidError with one of the texts when it has no folder."""
    try:
        return place(root, parts)
    except FileNotFoundError as error:
        raise InvalidError(missing) from error
    except NotADirectoryError as error:
        raise InvalidError(no_folder if _exists(root, parts[:-1]) else missing) from error


def place(root: Root, parts: Parts) -> Place:
    """Like `Root.place`; a name that no file can have is a PathError."""
    if parts:
        check_name(parts[-1])
    return root.place(parts)


def _exists(root: Root, parts: Parts) -> bool:
    try:
        with root.place(parts) as found:
            return found.folder.find(found.name) is not None
    except (OSError, PathError):
        return False


def _check(root: Root, pair: Pair, verb: str) -> None:
    if pair.is_folder and file_id(pair.found) in root.lineage(pair.target.folder):
        raise InvalidError(f"A folder can't be {verb} into itself!")
    if pair.target.folder.find(pair.target.name) is not None:
        raise ConflictError(errors.TAKEN)


def sync(*folders: Folder) -> None:
    """Make what happened to the names in some folders durable."""
    for folder in folders:
        folder.sync()
