"""The files of the built dashboard: which there are, and in which form a browser takes them.

`web/` is built into the directory `dashboard` of this package, each file also compressed; a
checkout or a wheel without it works all the same, see `octyne.api.pages`.
"""

from dataclasses import dataclass, field
from pathlib import Path

DIRECTORY = Path(__file__).parent.parent / "dashboard"
START_PAGE = "index.html"
HASHED = "assets/"  # below it a file's name changes with its content
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # the better one first

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Attributes:
        is_hashed: its name changes with its content, so that browsers may keep it for ever.
        tag: changes when the file does.
        forms: the encodings there are, with the file of each; "" is the plain one.
    """

    path: str
    content_type: str
    is_hashed: bool
    tag: str
    forms: dict[str, str] = field(default_factory=dict)

    def choose(self, accepted: str) -> str:
        """The best encoding that a browser with this Accept-Encoding takes."""
        takes = accepted_encodings(accepted)
        return next((name for name in ENCODINGS if name in self.forms and name in takes), "")

    def etag(self, encoding: str) -> str:
        """The entity tag of one form."""
        return f'"{self.tag}{"-" if encoding else ""}{encoding}"'


def accepted_encodings(header: str) -> set[str]:
    """The encodings of an Accept-Encoding header that aren't refused by ``q=0``."""
    taken = set()
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        key, _, quality = parameters.strip().partition("=")
        if key.strip() != "q" or quality.strip().strip("0.") != "":
            taken.add(name.strip())
    return taken


def find(directory: Path) -> dict[str, Asset]:
    """All files of a built dashboard by their path in a URL; {} when it isn't built. Blocks."""
    if not (directory / START_PAGE).is_file():
        return {}
    files = {str(each.relative_to(directory)): each for each in directory.rglob("*.*")}
    found = {}
    for name, file in files.items():
        content_type = TYPES.get(file.suffix)
        if content_type is None or not file.is_file():
            continue
        status = file.stat()
        found[name] = Asset(
            path=str(file),
            content_type=content_type,
            is_hashed=name.startswith(HASHED),
            tag=f"{status.st_mtime_ns:x}-{status.st_size:x}",
            forms={
                encoding: str(files[name + suffix])
                for encoding, suffix in ENCODINGS.items()
                if name + suffix in files
            },
        )
    return found


def read(asset: Asset, encoding: str) -> bytes | None:
    """The bytes of one form; None when the file has gone since, by an upgrade. Blocks."""
    try:
        with open(asset.forms.get(encoding, asset.path), "rb") as file:
            return file.read()
    except OSError:
        return None
