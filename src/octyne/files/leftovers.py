"""What a daemon that is killed leaves in apps' directories, so that the next one can remove it.

Each hidden file or folder of ours has a record in the state directory from before it is made until
it has its final name or is gone. A record says where it is; `sweep` removes what is there.
"""

import contextlib
import errno
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from octyne.files.trees import Deadline, Stop, remove_tree
from octyne.system.paths.folder import Folder, Root
from octyne.system.paths.names import OutsideError, Parts, PathError

PREFIX = ".octyne-"  # of all names that we make in apps' directories
RECORD_MODE = 0o600
SUFFIX = ".json"
MAX_PLACES = 50  # of one hidden name, the newest
LOOK_S = 0.2  # seconds between two looks at a folder that long work fills
MADE_MEANWHILE_S = 5.0  # seconds in which something may be made in a folder that is removed
PAUSE_S = 0.02  # seconds between two tries

log = logging.getLogger(__name__)

_Place = tuple[str, Parts]  # an app's directory, and a folder in it


class Leftovers:
    """The records. Safe to use from several threads; all methods block briefly.

    Attributes:
        names: hidden names in use now; listings, searches and archives leave them out.
        hurry: when removals have to give way: to the start of the daemon, or to its end. What
            isn't removed then keeps its record.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._adopted: set[str] = set()
        self._late: list[str] = []  # records of what is still to be removed
        self.names: set[str] = set()
        self.hurry = Deadline()

    @contextlib.contextmanager
    def hidden(self, root: Root, folder: Folder, kind: str) -> Iterator[str]:
        """A hidden name in ``folder``, for the block to make something of.

        What still has that name when the block ends is removed, whatever it is.
        """
        name = self.note(root, folder, kind)
        try:
            yield name
        finally:
            self.discard(folder, name)

    def note(self, root: Root, folder: Folder, kind: str) -> str:
        """A hidden name in ``folder``, which has a record, for things that outlive a block."""
        name = f"{PREFIX}{kind}-{secrets.token_hex(8)}"
        self._note(root, folder, name)
        return name

    def adopt(self, root: Root, folder: Folder, name: str) -> None:
        """Make a record of a hidden name that had none; the next start removes what has it."""
        self._note(root, folder, name)
        self._adopted.add(name)

    def _note(self, root: Root, folder: Folder, name: str) -> None:
        places = [list(root.relative(folder))]
        body = {"directory": root.directory, "folders": places, "name": name}
        with self._lock:
            self._write(self.record(name), json.dumps(body).encode())
            self.names.add(name)

    def record(self, name: str) -> str:
        """The path of the record of a hidden name."""
        return os.path.join(self._directory, name.removeprefix(".") + SUFFIX)

    def places(self, name: str) -> list[Parts]:
        """The folders in which a hidden name can be, the likeliest first.

        More than one when a folder above was renamed, or was about to be.

        Raises:
            OSError: it has no record.
        """
        with open(self.record(name), "rb") as file:
            folders = json.load(file)["folders"]
        return [tuple(parts) for parts in reversed(folders)]

    def discard(self, folder: Folder, name: str) -> None:
        """Remove what has a hidden name, if anything still has, then its record."""
        try:
            remove_tree(folder, name, self.hurry)
        except InterruptedError:
            return
        except OSError as error:
            log.warning("A hidden file stays until the next start: %s", error.strerror)
            return
        self.forget(name)

    def remove(self, names: Collection[str]) -> None:
        """Remove what has these hidden names, by their records. Logs what can't be removed."""
        for name in names:
            try:
                until_empty(partial(self._sweep, self.record(name), self.hurry))
            except InterruptedError:
                return  # the next start goes on
            except (OSError, PathError) as error:
                log.warning("A hidden file stays until the next start: %s", error)
                continue
            with self._lock:
                self.names.discard(name)
                self._adopted.discard(name)

    def forget(self, name: str) -> None:
        """Drop its record: what had the name has its final one, or is gone."""
        with self._lock:
            self.names.discard(name)
            with suppress(FileNotFoundError):
                os.unlink(self.record(name))

    def hide(self, name: str) -> None:
        """A hidden name that a journal has a record of."""
        with self._lock:
            self.names.add(name)

    def show(self, name: str) -> None:
        """Nothing has that name any more, unless it was adopted."""
        with self._lock:
            if name not in self._adopted:
                self.names.discard(name)

    def is_hidden(self, name: str) -> bool:
        """Whether a name in an app's directory is one of ours."""
        return name.startswith(PREFIX) and name in self.names

    def check_visible(self, root: Root, folder: Folder) -> None:
        """Look that users see a folder: one that was taken away is no place for anything.

        Call it in the app's turn.

        Raises:
            FileNotFoundError: it was removed, is just being, or was moved out.
        """
        try:
            parts = root.relative(folder)
        except OutsideError as error:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
        if any(self.is_hidden(part) for part in parts):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def watch(self, root: Root, folder: Folder) -> "Watch":
        """For long work in a folder, outside its app's turn: when it can be given up."""
        return Watch(self, root, folder)

    def sweep(self, keep: Collection[str] = ()) -> None:
        """Remove what earlier daemons left, but for the names that somebody goes on with.

        Call at start, after journals were settled. What takes too long is left to `sweep_rest`.
        """
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        for entry in list(os.scandir(self._directory)):
            if not entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    os.unlink(entry.path)  # half a record: what it stood for was never made
                continue
            name = f".{entry.name.removesuffix(SUFFIX)}"
            if name in keep:
                self.names.add(name)
            elif not self._try_to_sweep(entry.path, self.hurry):
                self.names.add(name)
                self._late.append(name)

    def sweep_rest(self, stop: Stop) -> None:
        """Go on where `sweep` gave way; takes as long as it takes."""
        while self._late and self._try_to_sweep(self.record(self._late[-1]), stop):
            with self._lock:
                self.names.discard(self._late.pop())

    def _try_to_sweep(self, record: str, stop: Stop) -> bool:
        """Whether it had the time to."""
        try:
            self._sweep(record, stop)
        except InterruptedError:
            return False
        except (OSError, PathError) as error:
            log.warning("A hidden file stays (%s): %s", os.path.basename(record), error)
        except (ValueError, KeyError, TypeError) as error:  # as a power cut may leave it
            name = os.path.basename(record)
            log.warning("A record of a hidden file is broken (%s): %s", name, error)
            with suppress(OSError):
                os.unlink(record)
        return True

    def _sweep(self, record: str, stop: Stop) -> None:
        looked_at: set[_Place] = set()
        while True:
            with self._lock:  # users may rename the folders above meanwhile
                body = _read(record)
                places = set(_places(body)) - looked_at
                if not places:
                    os.unlink(record)
                    return
            name = body["name"]
            if not name.startswith(PREFIX) or "/" in name:
                raise ValueError("not a hidden name")
            for directory, parts in places:
                with (
                    suppress(FileNotFoundError, NotADirectoryError, OutsideError),
                    Root.open(directory) as root,
                    root.at(parts) as folder,
                ):
                    remove_tree(folder, name, stop)
            looked_at |= places

    def moving(self, root: Root, old: Parts, new: Parts) -> None:
        """Tell that a folder is about to be renamed: what is hidden in it goes along."""
        with self._lock:
            if not self.names or not os.path.isdir(self._directory):
                return
            for entry in list(os.scandir(self._directory)):
                if not entry.name.endswith(SUFFIX):
                    continue  # half a record
                self._add_places(entry.path, _Renaming(root, old, new))

    def _add_places(self, record: str, renaming: "_Renaming") -> None:
        body = _read(record)
        places = _places(body)
        moved = {found for place in places if (found := renaming.moved(*place)) is not None}
        if moved:
            kept = [place for place in places if place not in moved][-MAX_PLACES:]
            places = [*kept, *sorted(moved)]
            own = body["directory"]
            body["folders"] = [parts for directory, parts in places if directory == own]
            body["others"] = [place for place in places if place[0] != own]
            self._write(record, json.dumps(body).encode())

    def _write(self, record: str, body: bytes) -> None:
        """Not synced: after a power cut a hidden file may stay; after a SIGKILL none does."""
        aside = f"{record}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            # An app whose directory holds our own may have removed it; users aren't to hear that
            # their folder doesn't exist.
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            with open(os.open(aside, flags, RECORD_MODE), "wb") as file:
                file.write(body)
            os.rename(aside, record)
        except BaseException:
            with suppress(OSError):
                os.unlink(aside)
            raise


class Watch:
    """Whether users still see a folder; looks now and then. Safe to use from several threads."""

    def __init__(self, leftovers: Leftovers, root: Root, folder: Folder) -> None:
        self._leftovers = leftovers
        self._root = root
        self._folder = folder
        self._next_look_s = 0.0
        self._is_gone = False

    @property
    def is_gone(self) -> bool:
        """Whether it was taken away, by the last look; whoever removes it waits for us to end."""
        now = time.monotonic()
        if now >= self._next_look_s:
            self._next_look_s = now + LOOK_S
            try:
                self._leftovers.check_visible(self._root, self._folder)
            except FileNotFoundError:
                self._is_gone = True
        return self._is_gone


def until_empty(remove: Callable[[], None]) -> None:
    """Remove a folder in which something may still be made. Raises what ``remove`` does.

    Our own work in there gives up soon (`Watch`); an app may go on for ever.
    """
    deadline = time.monotonic() + MADE_MEANWHILE_S
    while True:
        try:
            remove()
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)
        else:
            return


class _Renaming:
    """A folder in an app's directory is about to get another name."""

    def __init__(self, root: Root, old: Parts, new: Parts) -> None:
        self._directory = root.directory
        self._old = old
        self._new = new
        self._top = _split(root.path())

    def moved(self, directory: str, parts: Parts) -> _Place | None:
        """Where something in an app's directory goes with it; None when it stays.

        The app may be another, with the same directory by another name, or one that is in this
        one, or around it.
        """
        if directory == self._directory:
            if parts[: len(self._old)] != self._old:
                return None
            return directory, (*self._new, *parts[len(self._old) :])
        top = _split(os.path.realpath(directory))
        place, old = (*top, *parts), (*self._top, *self._old)
        if place[: len(old)] != old:
            return None
        found = (*self._top, *self._new, *place[len(old) :])
        if found[: len(top)] == top:
            return directory, found[len(top) :]
        return self._directory, found[len(self._top) :]


def _split(path: str) -> Parts:
    return tuple(part for part in path.split("/") if part)


def _places(body: dict[str, Any]) -> list[_Place]:
    own = [(str(body["directory"]), tuple(parts)) for parts in body["folders"]]
    return [*own, *((directory, tuple(parts)) for directory, parts in body.get("others", ()))]


def _read(record: str) -> dict[str, Any]:
    with open(record, "rb") as file:
        body: dict[str, Any] = json.load(file)
    return body
