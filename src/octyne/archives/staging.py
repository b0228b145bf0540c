"""What comes out of an archive, before users see it: made in a hidden folder, never through links.

Symlinks are made when all else is there, so nothing can be written through them; folders get their
modes and times last, so that none closes itself to what belongs into it.
"""

import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from octyne.archives.claims import FOLDER_MODE, Member, MemberKind, check_target, refused
from octyne.archives.errors import BrokenArchiveError
from octyne.archives.limits import Budget
from octyne.system.paths.folder import Folder
from octyne.system.paths.names import Parts

MIN_OPEN = 64  # folders; more where the way down to one is longer
OWNER = 0o700  # what we need in a folder to work in it

_IN_THE_WAY = (errno.ENOTDIR, errno.ELOOP, errno.EMLINK)


class Staging:
    """The hidden folder while it is filled. Its methods belong to one thread; they block.

    Attributes:
        closed_folders: those whose modes must be set when they are in place (a folder that we may
            not write into can't be moved, either).
    """

    def __init__(
        self, top: Folder, budget: Budget, *, place: Parts, origins: tuple[str, ...]
    ) -> None:
        """``place``: where its content goes, from the app's directory; ``origins`` name that."""
        self.budget = budget
        self.closed_folders: dict[Parts, int] = {}
        self._max_open = max(MIN_OPEN, 2 * budget.max_depth + 2)  # two ways down at once
        self._place = place
        self._origins = origins
        self._top = top
        self._open: OrderedDict[Parts, Folder] = OrderedDict()
        self._folders: dict[Parts, tuple[int, int | None]] = {}
        self._symlinks: list[Member] = []

    def close(self) -> None:
        """Close the folders that are open; what is in them stays."""
        while self._open:
            self._open.popitem()[1].close()

    def add(self, member: Member) -> int | None:
        """Make a member; of a file, the open descriptor, empty yet: the caller's to fill and close.

        Raises:
            BrokenArchiveError: it can't be there, or is too much.
        """
        self.budget.member()
        if not member.parts:
            return self._refuse_top(member)
        self.budget.depth(member.name, member.parts)
        with _in_the_way(member):
            match member.kind:
                case MemberKind.FOLDER:
                    self._add_folder(member)
                case MemberKind.SYMLINK:
                    self._add_symlink(member)
                case MemberKind.HARD_LINK:
                    raise refused(member.name, "is a hard link without a file")
                case MemberKind.FILE:
                    self.budget.entry()
                    return self._folder(member.parts[:-1]).create(member.parts[-1])
        return None

    def add_hard_link(self, member: Member, target: Parts) -> None:
        """A second name for a file that came out before.

        Raises:
            BrokenArchiveError: there is no such file.
        """
        self.budget.member()
        if not member.parts or not target:
            raise refused(member.name, "is a hard link without a file")
        self.budget.depth(member.name, member.parts)
        self.budget.entry()
        with _in_the_way(member):
            here = self._folder(member.parts[:-1])
            source = self._existing(member, target[:-1])
            found = source.find(target[-1])
            if found is None or not stat.S_ISREG(found.st_mode):
                raise refused(member.name, "is a hard link to no file of this archive")
            source.hard_link(target[-1], here, member.parts[-1])

    def finish(self) -> None:
        """Make the symlinks, then set modes and times of the folders, the deepest first."""
        for link in self._symlinks:
            with _in_the_way(link):
                folder = self._folder(link.parts[:-1])
                folder.symlink(link.target, link.parts[-1])
                if link.mtime_ns is not None:
                    folder.set_times(link.parts[-1], link.mtime_ns, link.mtime_ns)
        for parts in sorted(self._folders, key=lambda parts: (-len(parts), parts)):
            self.budget.check()
            mode, mtime_ns = self._folders[parts]
            folder = self._folder(parts[:-1])
            if mtime_ns is not None:
                folder.set_times(parts[-1], mtime_ns, mtime_ns)
            if mode & OWNER != OWNER:
                self.closed_folders[parts] = mode
                mode |= OWNER
            folder.chmod(parts[-1], mode)
        self.close()

    @staticmethod
    def _refuse_top(member: Member) -> None:
        if member.kind is not MemberKind.FOLDER:
            raise refused(member.name, "has no name")

    def _add_folder(self, member: Member) -> None:
        self._folder(member.parts)
        self._folders[member.parts] = (member.mode, member.mtime_ns)

    def _add_symlink(self, member: Member) -> None:
        check_target(member, (*self._place, *member.parts[:-1]), self._origins)
        self.budget.entry()
        self._folder(member.parts[:-1])
        self._symlinks.append(member)

    def _existing(self, member: Member, parts: Parts) -> Folder:
        if parts and parts not in self._folders:
            raise refused(member.name, "is a hard link to no file of this archive")
        return self._folder(parts)

    def _folder(self, parts: Parts) -> Folder:
        """A folder in the hidden one, open; made when it isn't there yet."""
        known = len(parts)
        while known and parts[:known] not in self._open:
            known -= 1
        here = self._open[parts[:known]] if known else self._top
        if known:
            self._open.move_to_end(parts[:known])
        for index in range(known, len(parts)):
            here = self._enter(here, parts[: index + 1])
        return here

    def _enter(self, above: Folder, parts: Parts) -> Folder:
        if parts not in self._folders:
            self.budget.entry()
            above.make_folder(parts[-1], OWNER)
            self._folders[parts] = (FOLDER_MODE, None)
        inner = above.folder(parts[-1])
        self._open[parts] = inner
        if len(self._open) > self._max_open:
            self._open.popitem(last=False)[1].close()
        return inner


@contextmanager
def _in_the_way(member: Member) -> Iterator[None]:
    """What the file system says of members that can't be there together."""
    try:
        yield
    except BrokenArchiveError:
        raise
    except FileExistsError as error:
        raise refused(member.name, "is there twice, or is both a file and a folder") from error
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            raise refused(member.name, "is beneath something that is no folder") from error
        if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL):
            raise refused(member.name, "has a name that the disk can't have") from error
        raise


def fill(descriptor: int, data: bytes) -> None:
    """Write all of ``data``. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def seal(descriptor: int, member: Member) -> None:
    """Give a file that has all its bytes its mode and time."""
    os.fchmod(descriptor, member.mode)
    if member.mtime_ns is not None:
        os.utime(descriptor, ns=(member.mtime_ns, member.mtime_ns))
