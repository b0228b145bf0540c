"""Packs files of an app into an archive beside them: checked first, then built hidden, then placed.

What changes while it is packed: a file goes in with at most the size that it had when its turn
came; one that shrinks is filled up with zeros in a tar, and shorter in a zip; one that vanishes is
left out. FIFOs, sockets and devices in folders are left out; named themselves, they are refused.
Hard links are files like others.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from octyne.aio import Helpers, Workers
from octyne.archives import encoders
from octyne.archives.members import Walk
from octyne.archives.progress import Progress
from octyne.archives.sinks import FileSink, Sink
from octyne.archives.tar_writer import TarWriter
from octyne.archives.zip_writer import ZipWriter
from octyne.errors import InvalidError
from octyne.files.errors import named
from octyne.files.service import Files
from octyne.files.targets import open_root
from octyne.system.paths.folder import Place, Root
from octyne.system.paths.names import Parts, PathError, parse

THREADS = 8  # of one job; each has about 4 MiB of files in hand
ARCHIVE_MODE = 0o644
COUNT_S = 1.0  # what takes longer has its totals counted

BAD_TYPE = "Invalid archive type!"
BAD_COMPRESSION = "Invalid compression type!"
IN_THE_WAY = "A file/folder already exists at the path of requested archive!"
NO_PARENT = "The folder of the requested archive does not exist!"
NO_BASE = "The base folder does not exist!"

KINDS = ("zip", "tar")
NONE = "none"
# What a request may say, and what that is for a tar; a zip is deflated unless it says false.
COMPRESSIONS = {
    "": "gzip", "true": "gzip", "gzip": "gzip", "xz": "xz", "zstd": "zstd", "false": NONE
}  # fmt: skip

_MISSING = (FileNotFoundError, NotADirectoryError)


class NoSuchFileError(InvalidError):
    """Something that is to be packed is not there."""


@dataclass(frozen=True, kw_only=True)
class PackRequest:
    """What is to be packed.

    Attributes:
        kind: "zip" or "tar".
        compression: "deflate" or "none" of a zip; "gzip", "xz", "zstd" or "none" of a tar.
        path, base: the archive, and the folder that `names` are relative to, as clients say.
        names: files and folders; "" is all that is in the base.
    """

    kind: str
    compression: str
    path: str
    base: str
    names: list[str]


def parse_request(
    archive_type: str, compress: str, *, path: str, base: str, names: list[str]
) -> PackRequest:
    """A request from a query's fields; "" is the default of each.

    Raises:
        InvalidError: there is no such type or compression.
    """
    kind = archive_type or "zip"
    if kind not in KINDS:
        raise InvalidError(BAD_TYPE)
    if compress not in COMPRESSIONS:
        raise InvalidError(BAD_COMPRESSION)
    compression = COMPRESSIONS[compress]
    if kind == "zip" and compression != NONE:
        compression = "deflate"
    return PackRequest(kind=kind, compression=compression, path=path, base=base, names=names)


def prepare(root: Root, request: PackRequest) -> None:
    """Check a request before it is taken on; `pack` checks again.

    Raises:
        InvalidError: what the contract says is wrong.
        DeniedError: the operating system doesn't let us look.
    """
    with _archive_place(root, request.path):
        pass
    check_names(root, _base(root, request.base), request.names)


class Built:
    """An archive that is complete and still hidden; `close` removes it, unless it was `put`."""

    def __init__(
        self, place: Place, hidden: str, held: ExitStack, check: Callable[[], None]
    ) -> None:
        """``check`` raises FileNotFoundError when its folder is gone."""
        self._check = check
        self._place = place
        self._hidden = hidden
        self._held = held

    def put(self) -> None:
        """Give it its name: the moment when it becomes visible.

        Raises:
            InvalidError: something has that name by now, or its folder is gone.
        """
        try:
            self._check()
            self._place.folder.move(self._hidden, self._place.folder, self._place.name)
        except FileExistsError as error:
            raise InvalidError(IN_THE_WAY) from error
        except FileNotFoundError as error:
            raise InvalidError(NO_PARENT) from error
        self._place.folder.sync()

    def close(self) -> None:
        """Leave nothing hidden."""
        self._held.close()


def build(files: Files, directory: str, request: PackRequest, progress: Progress) -> Built:
    """Build the archive, hidden. Blocks for as long as that takes; an error leaves nothing of it.

    Uses up to 8 threads of its own, with 8 MiB each, and for zstd 128 MiB besides (its window).

    Raises:
        InvalidError: as `prepare`.
        DeniedError, UnavailableError: a file is closed to us, the disk is full.
        CancelledError: the job was told to end.
    """
    with named("archive path"), ExitStack() as stack:
        root = stack.enter_context(open_root(directory))
        place = stack.enter_context(_archive_place(root, request.path))
        hidden = stack.enter_context(files.leftovers.hidden(root, place.folder, "pack"))
        base = _base(root, request.base)
        chosen = check_names(root, base, request.names)
        descriptor = place.folder.create(hidden)
        try:
            walk = Walk(root, base, chosen, files.leftovers.is_hidden)
            write(walk, request, FileSink(descriptor), progress)
            os.fchmod(descriptor, ARCHIVE_MODE)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        progress.check()
        check = partial(files.leftovers.check_visible, root, place.folder)
        return Built(place, hidden, stack.pop_all(), check)


async def pack(
    files: Files,
    directory: str,
    request: PackRequest,
    account: str,
    progress: Progress,
    workers: Workers,
) -> None:
    """Build the archive in a thread, and place it when it is the app's turn.

    Raises as `build` and `Built.put`. End it by ``progress``: a task that is cancelled leaves its
    thread behind, and what that makes to the next start.
    """
    built = await workers.run(build, files, directory, request, progress)
    try:
        await files.turns.run(account, directory, built.put)
    finally:
        await workers.run(built.close)


def write(
    walk: Walk, request: PackRequest, sink: Sink, progress: Progress, threads: int = THREADS
) -> None:
    """Write an archive of what is walked; raises as `pack`."""
    with Helpers("pack", threads, progress.check) as helpers:
        if sink.can_patch:
            helpers.start_later(COUNT_S, walk.count, progress)
        if request.kind == "zip":
            deflates = request.compression != NONE
            ZipWriter(sink, helpers, progress, deflates=deflates).write(iter(walk))
        else:
            encoder = _encoder(request.compression, sink, helpers)
            TarWriter(encoder, progress).write(iter(walk))


def check_names(root: Root, base: Parts, names: list[str]) -> list[Parts]:
    """Where the named things are, relative to the base; all of them are there.

    Raises:
        InvalidError: one isn't, or can't be packed.
    """
    chosen = []
    for name in dict.fromkeys(names):  # millions of the same fit into a request
        with named(f"file path {_shown(name)}"):
            parts = parse(name)
            try:
                _check_one(root, base, parts)
            except _MISSING as error:
                text = f"The file {_shown(name)} does not exist!"
                raise NoSuchFileError(text) from error
        chosen.append(parts)
    return chosen


def _check_one(root: Root, base: Parts, parts: Parts) -> None:
    if not parts:
        root.at(base).close()
        return
    with root.place((*base, *parts)) as place:
        kind = stat.S_IFMT(place.folder.lstat(place.name).st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        raise PathError("it is neither a file nor a folder")


def _base(root: Root, text: str) -> Parts:
    with named("base path"):
        parts = parse(text)
        try:
            root.at(parts).close()
        except _MISSING as error:
            raise InvalidError(NO_BASE) from error
    return parts


@contextmanager
def _archive_place(root: Root, text: str) -> Iterator[Place]:
    """Where the archive goes; there is nothing yet."""
    with named("archive path"):
        parts = parse(text)
        if not parts:
            raise InvalidError(IN_THE_WAY)
        try:
            place = root.place(parts)
        except _MISSING as error:
            raise InvalidError(NO_PARENT) from error
    with place:
        with named("archive path"):
            if place.folder.find(place.name) is not None:
                raise InvalidError(IN_THE_WAY)
        yield place


def _encoder(compression: str, sink: Sink, helpers: Helpers) -> encoders.Encoder:
    match compression:
        case "gzip":
            return encoders.Gzip(helpers, sink.write)
        case "xz":
            return encoders.Xz(helpers, sink.write)
        case "zstd":
            window, threads = encoders.ZSTD_WINDOW_LOG, helpers.threads
            if not sink.can_patch:  # many may be under way at once
                window, threads = encoders.ZSTD_SMALL_WINDOW_LOG, 1
            return encoders.Zstd(threads, window, sink.write)
        case _:
            return encoders.Plain(sink.write)


def _shown(name: str) -> str:
    """A client's own words, such as can be sent back."""
    return name.encode("utf-8", "replace").decode()
