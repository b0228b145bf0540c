"""What a journal's records say, and bringing them to an end: undo, or finish. All blocks.

Both work from the records alone, may be tried again, and only touch what is still the thing that
was recorded. Nothing is ever lost: what can't have its old name back gets one beside it.
"""

import errno
import io
import json
import logging
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from octyne.files.leftovers import PREFIX, Leftovers
from octyne.files.path_set import PathSet
from octyne.files.trees import remove_tree
from octyne.system.paths.folder import FileId, Folder, Root
from octyne.system.paths.names import MAX_NAME_BYTES, OutsideError, Parts, PathError, join
from octyne.system.process import boot_id

SUFFIX = ".jsonl"
ASIDE_SUFFIX = ".unsettled"
COMMITTED = "committed"
UNDONE = "undone"
FAST_BYTES = 64 << 20  # a file that has no more is removed in a moment
MAX_RESTORED = 1000  # names that are tried for what can't have its own back

_GONE = (FileNotFoundError, NotADirectoryError, OutsideError)

log = logging.getLogger(__name__)

Note = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing got a name.

    Attributes:
        origin: where it was, from the app's directory; None: it is new.
        place: where it is since then.
        identity: device and inode; None for what wasn't there yet and gets a hidden name.
        rest: it is removed when all is done.
        linked: it still had its old name, too, until that went to something else.
        mode: the name stays (origin and place are one); this was its mode.
    """

    origin: Parts | None
    place: Parts
    identity: FileId | None
    rest: bool = False
    linked: bool = False
    mode: int | None = None


def is_folder(found: os.stat_result) -> bool:
    """Whether it is one; a symlink to one isn't."""
    return stat.S_ISDIR(found.st_mode)


# -- lines ------------------------------------------------------------------------------------


def header(root: Root) -> bytes:
    """A journal's first line."""
    return _line({"directory": root.directory, "device": root.stat().st_dev})


def line(record: Record) -> bytes:
    """A record's line."""
    body = {
        "from": record.origin,
        "to": record.place,
        "id": record.identity,
        "rest": record.rest,
        "linked": record.linked,
        "mode": record.mode,
    }
    return _line(body)


def mark(word: str) -> bytes:
    """The line that says how it ended."""
    return _line({"end": word})


def progress(left: int) -> bytes:
    """The line that says how many records, the first ones, are still to be undone.

    It counts until the machine boots: it isn't synced, and may be on another disk than the files.
    """
    return _line({"left": left, "boot": boot_id()})


def _line(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class Story:
    """A whole journal, as far as it can be read.

    Attributes:
        left: how many of the records are still to be undone.
        end: how it ended.
        size: bytes that could be read.
    """

    directory: str
    device: int
    records: list[Record]
    left: int | None = None
    end: str | None = None
    size: int = 0


def read(data: bytes) -> Story | None:
    """What a journal tells; None when it was cut off before anything was done.

    The first line that isn't whole ends it: it was never synced, so what it tells wasn't done.
    """
    story: Story | None = None
    for text in data.splitlines(keepends=True):
        try:
            body = json.loads(text) if text.endswith(b"\n") else None
            if body is None:
                break
            if story is None:
                story = Story(str(body["directory"]), int(body["device"]), [])
            elif "end" in body:
                story.end = str(body["end"])
            elif "left" in body:
                story.left = int(body["left"]) if body["boot"] == boot_id() else None
            else:
                story.records.append(_record(body))
            story.size += len(text)
        except (ValueError, KeyError, TypeError):
            break
    return story


def _record(body: dict[str, Any]) -> Record:
    origin = None if body["from"] is None else tuple(body["from"])
    known = None if body["id"] is None else (int(body["id"][0]), int(body["id"][1]))
    mode = None if body["mode"] is None else int(body["mode"])
    rest, linked = bool(body["rest"]), bool(body["linked"])
    return Record(origin, tuple(body["to"]), known, rest, linked, mode)


# -- undo -------------------------------------------------------------------------------------


def undo(
    root: Root,
    records: Sequence[Record],
    leftovers: Leftovers,
    note: Note,
    *,
    device: int = -1,
) -> bool:
    """Put everything back, last thing first; False when something couldn't be (it is logged).

    A thing may come by the same name twice: what was put back must not be done again by an undo
    that goes on after a SIGKILL. So ``note`` is told how many records are left, to write it down.

    ``device``: what the root's was when the records were written; numbers change at a boot.
    """
    knower = _Knower(root, device)
    is_settled = True
    for left, record in reversed(list(enumerate(records))):
        try:
            has_changed = _undo(knower, record, leftovers)
        except (OSError, PathError) as error:
            is_settled = False
            log.warning("%s could not be put back: %s", _shown(root, record.origin), error)
        else:
            if has_changed and is_settled:
                note(left)
    return is_settled


def _undo(knower: "_Knower", record: Record, leftovers: Leftovers) -> bool:
    """Whether there was something to do."""
    root, name = knower.root, record.place[-1]
    try:
        folder = root.at(record.place[:-1])
    except (FileNotFoundError, NotADirectoryError):
        return False  # then it isn't there either
    with folder:
        found = folder.find(name)
        if found is None or not knower.is_same(found, record):
            return False
        if record.origin is None:
            _remove(root, folder, name, leftovers)
        elif record.mode is not None:
            folder.chmod(name, record.mode)
        else:
            _rename_back(knower, record, folder, found, leftovers)
    return True


def _rename_back(
    knower: "_Knower", record: Record, folder: Folder, found: os.stat_result, leftovers: Leftovers
) -> None:
    assert record.origin is not None
    name = record.place[-1]
    with knower.root.at(record.origin[:-1]) as origin:
        if record.linked and _has(knower, origin, record):
            folder.remove(name)  # its second name
            return
        if is_folder(found):
            with suppress(OSError, ValueError):
                leftovers.moving(knower.root, record.place, record.origin)
        bring_back(folder, name, origin, record.origin[-1])


def _has(knower: "_Knower", origin: Folder, record: Record) -> bool:
    assert record.origin is not None
    found = origin.find(record.origin[-1])
    return found is not None and knower.is_same(found, record, by_name=False)


def bring_back(folder: Folder, name: str, origin: Folder, old_name: str) -> None:
    """Give something its old name back, or when that is taken one beside it. Raises OSError."""
    try:
        folder.move(name, origin, old_name)
    except FileExistsError:
        restored = _free_name(origin, old_name)
        folder.move(name, origin, restored)
        log.warning("%r is there again as %r: its name was taken", old_name, restored)


def _free_name(folder: Folder, name: str) -> str:
    for number in range(1, MAX_RESTORED):
        ending = " (restored)" if number == 1 else f" (restored {number})"
        kept = os.fsencode(name)[: MAX_NAME_BYTES - len(ending)].decode(errors="ignore")
        if folder.find(kept + ending) is None:
            return kept + ending
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


@dataclass(slots=True)
class _Knower:
    """Knows things again: by inode, and by device as far as devices kept their numbers."""

    root: Root
    device: int

    def is_same(self, found: os.stat_result, record: Record, *, by_name: bool = True) -> bool:
        if by_name and record.place[-1].startswith(PREFIX):
            return True  # nobody else makes such names
        if record.identity is None:
            return False
        devices_kept = self.device in (-1, self.root.stat().st_dev)
        if devices_kept and found.st_dev != record.identity[0]:
            return False
        return found.st_ino == record.identity[1]


# -- finish -----------------------------------------------------------------------------------


def finish(
    root: Root, records: Sequence[Record], leftovers: Leftovers, slow: list[str] | None = None
) -> bool:
    """Remove what was taken away; False when something couldn't be (it is logged).

    When that takes too long, the rest is left to ``leftovers``. With ``slow``, folders and large
    files are left to them from the beginning, and their hidden names put there.
    """
    is_settled = True
    for place in _rest(records):
        try:
            with suppress(*_GONE), root.at(place[:-1]) as folder:
                if slow is not None and _is_left(root, folder, place[-1], leftovers):
                    slow.append(place[-1])
                else:
                    _remove(root, folder, place[-1], leftovers)
        except (OSError, PathError) as error:
            is_settled = False
            log.warning("%s could not be removed: %s", _shown(root, place), error)
    return is_settled


def _remove(root: Root, folder: Folder, name: str, leftovers: Leftovers) -> None:
    try:
        remove_tree(folder, name, leftovers.hurry)
    except InterruptedError:
        leftovers.adopt(root, folder, name)


def _is_left(root: Root, folder: Folder, name: str, leftovers: Leftovers) -> bool:
    """Leave it to them, if it takes long to remove and there is room for a record."""
    found = folder.lstat(name)
    if not is_folder(found) and found.st_size <= FAST_BYTES:
        return False
    try:
        leftovers.adopt(root, folder, name)
    except OSError:
        return False
    return True


def moved(place: Parts, old: Parts, new: Parts) -> Parts:
    """A path after something got another name: of that thing, or of what is in it."""
    return (*new, *place[len(old) :]) if place[: len(old)] == old else place


def _rest(records: Sequence[Record]) -> list[Parts]:
    """Where the hidden things are now: folders above them may have been renamed later on."""
    places: list[Parts] = []
    found = PathSet()  # the same: most records touch none of them
    for record in records:
        origin = record.origin
        if origin is not None and found.is_above(origin):
            places = [moved(place, origin, record.place) for place in places]
            found.clear()
            for place in places:
                found.add(place)
        if record.rest:
            places.append(record.place)
            found.add(record.place)
    return places


# -- at the start -----------------------------------------------------------------------------


def is_committed(path: str) -> bool:
    """Whether a journal has to be finished, and not undone."""
    try:
        with open(path, "rb") as file:
            story = read(file.read())
    except OSError:
        return False
    return story is not None and story.end == COMMITTED


def recover(path: str, leftovers: Leftovers) -> None:
    """Settle a journal of an earlier daemon. One that can't be is set aside; never raises."""
    try:
        with open(path, "r+b", buffering=0) as file:
            story = read(file.read())
            if story is None or _settle(story, file, leftovers):
                os.unlink(path)
                return
    except (OSError, PathError) as error:
        log.warning("Changes that were cut off can't be settled: %s", error)
    log.warning("The journal %s is kept aside", os.path.basename(path))
    with suppress(OSError):
        os.rename(path, path.removesuffix(SUFFIX) + ASIDE_SUFFIX)


def _settle(story: Story, file: io.FileIO, leftovers: Leftovers) -> bool:
    if story.end == UNDONE or not story.records:
        return True
    with Root.open(story.directory) as root:
        if story.end == COMMITTED:
            return finish(root, story.records, leftovers)
        log.info("Undoing changes that were cut off")
        file.truncate(story.size)  # what comes behind half a line isn't read
        file.seek(story.size)

        def note(left: int) -> None:
            with suppress(OSError):
                file.write(progress(left))

        return undo(root, story.records[: story.left], leftovers, note, device=story.device)


def _shown(root: Root, parts: Parts | None) -> str:
    return f"{root.directory}/{join(parts or ())}"
