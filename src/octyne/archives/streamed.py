"""Archives that are sent while they are made: no file of them is anywhere."""

from dataclasses import dataclass

from octyne.archives import pack
from octyne.archives.members import Walk
from octyne.archives.pack import PackRequest
from octyne.archives.progress import Progress
from octyne.archives.sinks import CallSink
from octyne.errors import InvalidError, NotFoundError
from octyne.files.errors import NO_FOLDER, NOT_A_FOLDER, missing, named
from octyne.files.service import Files
from octyne.files.targets import open_root
from octyne.system.paths.folder import Root
from octyne.system.paths.names import Parts, parse

THREADS = 2  # each of one download has about 4 MiB in hand
# What a client may ask for: kind, compression.
TYPES = {
    "zip": ("zip", "deflate"),
    "tar": ("tar", "none"),
    "tar.gz": ("tar", "gzip"),
    "tar.zst": ("tar", "zstd"),
}
CONTENT_TYPES = {
    "zip": "application/zip",
    "tar": "application/x-tar",
    "tar.gz": "application/gzip",
    "tar.zst": "application/zstd",
}


@dataclass(frozen=True)
class Selection:
    """A folder, what of it is wanted, and as what; checked."""

    base: Parts
    chosen: list[Parts]
    type: str

    def name(self, app: str) -> str:
        """What the archive is called: as the one thing in it, else as the folder, else the app."""
        parts = (*self.base, *self.chosen[0]) if len(self.chosen) == 1 else self.base
        return f"{parts[-1] if parts else app}.{self.type}"


def select(directory: str, folder: str, names: list[str], archive_type: str) -> Selection:
    """Check what a client asks for; no names are the whole folder. Blocks briefly.

    Raises:
        InvalidError, DeniedError: a path is refused; there is no such type.
        NotFoundError: the folder, or something of it, is not there.
    """
    if archive_type not in TYPES:
        raise InvalidError(pack.BAD_TYPE)
    with named("folder path"), missing(NO_FOLDER), Root.open(directory) as root:
        base = parse(folder)
        if base and _is_no_folder(root, base):
            raise InvalidError(NOT_A_FOLDER)
        root.at(base).close()
        try:
            chosen = pack.check_names(root, base, names or [""])
        except pack.NoSuchFileError as error:
            raise NotFoundError(str(error)) from error
    return Selection(base, chosen, archive_type)


def send(
    files: Files, directory: str, selection: Selection, progress: Progress, sink: CallSink
) -> None:
    """Write the archive to the sink. Blocks for as long as the sink does.

    Raises:
        NotFoundError: the app's directory has gone.
        DeniedError: something is closed to us.
        CancelledError: told to end.
        Exception: whatever the sink raises.
    """
    kind, compression = TYPES[selection.type]
    request = PackRequest(kind=kind, compression=compression, path="", base="", names=[])
    with open_root(directory) as root:
        walk = Walk(root, selection.base, selection.chosen, files.leftovers.is_hidden)
        pack.write(walk, request, sink, progress, THREADS)


def _is_no_folder(root: Root, parts: Parts) -> bool:
    try:
        root.at(parts).close()
    except NotADirectoryError:
        with root.place(parts) as place:
            return place.folder.find(place.name) is not None
    return False
