"""Every operation on files that the API has, as functions of three paths."""

import base64
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from support.outside import Http, Reply, form, query

TUS = {"Tus_Resumable": "1.0.0"}
APP = "/server/app"


@dataclass(frozen=True)
class Paths:
    """What is attacked: something like a file, something like a folder, and nothing yet."""

    file: str
    folder: str
    new: str


Attack = Callable[[Http, Paths], list[Reply]]


def get(route: str, **fields: str) -> Callable[[Http], Reply]:
    """A GET of one of the app's routes."""
    return lambda http: http("GET", f"{APP}/{route}{query(**fields)}")


def patch(http: Http, operation: str, **fields: str) -> Reply:
    """One operation of `PATCH file`."""
    return http("PATCH", f"{APP}/file", json.dumps({"operation": operation, **fields}))


def batch(http: Http, *operations: dict[str, str]) -> Reply:
    """A `PATCH files`."""
    return http("PATCH", f"{APP}/files", json.dumps({"operations": operations}))


def send(http: Http, folder: str, name: str) -> Reply:
    """An upload by a form."""
    body, kind = form(name)
    return http("POST", f"{APP}/file{query(path=folder)}", body, Content_Type=kind)


def metadata(**pairs: str | bytes) -> str:
    """An Upload-Metadata."""
    raw = {
        key: value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        for key, value in pairs.items()
    }
    return ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in raw.items())


def tus(http: Http, folder: str, name: str, *, by_query: bool = False) -> list[Reply]:
    """An upload of three bytes in two requests; given up when it can't be ended."""
    said = metadata(filename=name) if by_query else metadata(filename=name, path=folder)
    target = f"{APP}/uploads{query(path=folder) if by_query else ''}"
    begun = http("POST", target, **TUS, Upload_Length="3", Upload_Metadata=said)
    if begun.status != 201:
        return [begun]
    return [begun, *tus_end(http, begun)]


def tus_end(http: Http, begun: Reply) -> list[Reply]:
    """Send what was announced."""
    path = f"{APP}/{begun.headers['location']}"
    piece = {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    answers = [http("PATCH", path, b"new", **TUS, **piece)]
    if answers[0].status != 204:
        http("DELETE", path, **TUS)
    return answers


def pack(http: Http, kind: str, path: str, base: str, *names: str) -> Reply:
    """A compress."""
    fields = query(path=path, basePath=base, archiveType=kind, compress="false")
    return http("POST", f"{APP}/compress{fields}", json.dumps(names))


def unpack(http: Http, path: str, to: str) -> Reply:
    """A decompress."""
    return http("POST", f"{APP}/decompress{query(path=path)}", to)


def contents(http: Http, path: str) -> Reply:
    """What is in an archive of the app, as plain text: the body of the answer."""
    reply = get("file", path=path)(http)
    if reply.status == 200:
        reply.body = unpacked(reply.body)
        reply.headers = {}
    return reply


def unpacked(archive: bytes) -> bytes:
    """All contents of an archive, one after another."""
    if archive.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            return b"".join(zipped.read(name) for name in zipped.namelist())
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return b"".join(tar.extractfile(each).read() for each in tar if each.isfile())  # type: ignore[union-attr]


def downloaded(http: Http, kind: str, path: str, *names: str) -> Reply:
    """A download of a folder, unpacked."""
    fields = query(path=path, type=kind) + "".join("&" + query(name=name)[1:] for name in names)
    reply = http("GET", f"{APP}/files/download{fields}")
    if reply.status == 200:
        reply.body = unpacked(reply.body)
    return reply


def reading() -> dict[str, Attack]:
    """Those that change nothing."""
    routes: dict[str, tuple[str, dict[str, Any]]] = {
        "list": ("files", {}),
        "extrainfo": ("files", {"extrainfo": "true"}),
        "usage": ("files/usage", {}),
        "search by name": ("files/search", {"name": "e"}),
        "search by content": ("files/search", {"content": "canary"}),
    }
    found: dict[str, Attack] = {}
    for name, (route, fields) in routes.items():
        found[name] = lambda http, p, route=route, fields=fields: [  # type: ignore[misc]
            get(route, path=path, **fields)(http) for path in (p.folder, p.file, p.new, "")
        ]
    found["get"] = lambda http, p: [get("file", path=x)(http) for x in (p.file, p.folder, p.new)]
    found["head"] = lambda http, p: [
        http("HEAD", f"{APP}/file{query(path=path)}") for path in (p.file, p.folder, p.new)
    ]
    found["range"] = lambda http, p: [
        http("GET", f"{APP}/file{query(path=p.file)}", Range="bytes=0-3"),
        http("GET", f"{APP}/file{query(path=p.file)}", If_None_Match="*"),
    ]
    for kind in ("zip", "tar"):
        found[f"download as {kind}"] = lambda http, p, kind=kind: [  # type: ignore[misc]
            downloaded(http, kind, p.folder),
            downloaded(http, kind, p.file),
            downloaded(http, kind, ""),
            downloaded(http, kind, "", p.file),
            downloaded(http, kind, "", p.folder),
            downloaded(http, kind, p.folder, "inner.txt"),
        ]
    return found


def writing() -> dict[str, Attack]:
    """Those that make files or replace them."""
    return {
        "form": lambda http, p: [send(http, p.folder, "inner.txt"), send(http, p.folder, "new")],
        "form onto": lambda http, p: [send(http, *split(p.file))],
        "form onto nothing": lambda http, p: [send(http, *split(p.new))],
        "put": lambda http, p: [http("PUT", f"{APP}/file{query(path=p.file)}", b"new")],
        "put new": lambda http, p: [http("PUT", f"{APP}/file{query(path=p.new)}", b"new")],
        "put if": lambda http, p: [
            http("PUT", f"{APP}/file{query(path=path)}", b"new", **{header: "*"})
            for path in (p.file, p.folder, p.new)
            for header in ("If_Match", "If_None_Match")
        ],
        "tus": lambda http, p: tus(http, p.folder, "inner.txt"),
        "tus by query": lambda http, p: tus(http, p.folder, "new", by_query=True),
        "tus onto": lambda http, p: tus(http, *split(p.file)),
        "mkdir": lambda http, p: [
            http("POST", f"{APP}/folder{query(path=path)}")
            for path in (p.new, p.folder, p.file, p.folder + "/new")
        ],
    }


def changing() -> dict[str, Attack]:
    """Moves, copies, removals, modes: one by one, and in batches."""
    found: dict[str, Attack] = {}
    for word in ("mv", "cp"):
        pairs: dict[str, Callable[[Paths], tuple[str, str]]] = {
            "file from": lambda p: (p.file, "got"),
            "folder from": lambda p: (p.folder, "got"),
            "into": lambda p: ("a.txt", p.folder),
            "to new": lambda p: ("a.txt", p.new),
            "onto": lambda p: ("a.txt", p.file),
            "beneath": lambda p: ("keep", p.folder + "/new"),
        }
        for name, pair in pairs.items():
            found[f"{word} {name}"] = lambda http, p, word=word, pair=pair: [  # type: ignore[misc]
                patch(http, word, src=pair(p)[0], dest=pair(p)[1])
            ]
            found[f"batch of {word} {name}"] = lambda http, p, word=word, pair=pair: [  # type: ignore[misc]
                batch(
                    http,
                    {"operation": "cp", "src": "keep", "dest": "kept"},
                    {"operation": word, "src": pair(p)[0], "dest": pair(p)[1]},
                )
            ]
    for what in ("file", "folder", "new"):
        found[f"delete {what}"] = lambda http, p, what=what: [  # type: ignore[misc]
            http("DELETE", f"{APP}/file{query(path=getattr(p, what))}")
        ]
        found[f"chmod {what}"] = lambda http, p, what=what: [  # type: ignore[misc]
            patch(http, "chmod", path=getattr(p, what), mode="0777"),
            batch(http, {"operation": "chmod", "path": getattr(p, what), "mode": "777"}),
        ]
        found[f"batch of rm {what}"] = lambda http, p, what=what: [  # type: ignore[misc]
            batch(http, {"operation": "rm", "path": getattr(p, what)})
        ]
    found["historic"] = lambda http, p: [
        http("PATCH", f"{APP}/file", f"cp\n{p.file}\ngot"),
        http("PATCH", f"{APP}/file", f"mv\na.txt\n{p.new}"),
    ]
    found["a tree of them"] = lambda http, p: [
        patch(http, "cp", src=p.file, dest="keep"),
        patch(http, "cp", src=p.folder, dest="keep"),
        patch(http, "cp", src="keep", dest="copied"),
        batch(http, {"operation": "cp", "src": "keep", "dest": "copied again"}),
        patch(http, "mv", src="keep", dest="moved"),
        http("DELETE", f"{APP}/file{query(path='moved')}"),
        http("DELETE", f"{APP}/file{query(path='copied')}"),
        batch(http, {"operation": "rm", "path": "copied again"}),
    ]
    return found


def archiving() -> dict[str, Attack]:
    """Compress and decompress."""
    found: dict[str, Attack] = {}
    for kind in ("zip", "tar"):
        found[f"{kind} to"] = lambda http, p, kind=kind: [  # type: ignore[misc]
            pack(http, kind, path, "", "a.txt") for path in (p.new, p.file, p.folder)
        ]
        found[f"{kind} base"] = lambda http, p, kind=kind: [  # type: ignore[misc]
            *(pack(http, kind, f"base-{index}", *names) for index, names in enumerate(_bases(p))),
            *(contents(http, f"base-{index}") for index in range(4)),
        ]
        found[f"{kind} of"] = lambda http, p, kind=kind: [  # type: ignore[misc]
            pack(http, kind, "got", "", p.file, p.folder, "keep"),
            contents(http, "got"),
            pack(http, kind, "got-2", "", ""),
            contents(http, "got-2"),
            pack(http, kind, "got-3", "", f"{p.folder}/inner.txt"),
            pack(http, kind, "got-4", "keep", f"../{p.file}", f"/../{p.folder}"),
            contents(http, "got-4"),
        ]
    found["unpack from"] = lambda http, p: [
        unpack(http, f"{p.folder}/a.zip", "got"),
        unpack(http, f"{p.folder}/a.tar", "got"),
        unpack(http, f"{p.file}.zip", "got"),
        get("files", path="got")(http),
    ]
    found["unpack to"] = lambda http, p: [
        pack(http, "zip", "own.zip", "", "a.txt"),
        unpack(http, "own.zip", p.folder),
        unpack(http, "own.zip", p.new),
        unpack(http, "own.zip", p.file),
        unpack(http, "own.zip", f"{p.folder}/new"),
    ]
    found["merge"] = lambda http, p: list(_merge(http, p))
    return found


def _bases(p: Paths) -> list[tuple[str, ...]]:
    return [(p.folder, ""), (p.folder, "inner.txt"), (p.file, ""), (p.new, "")]


def _merge(http: Http, p: Paths) -> Iterator[Reply]:
    """Archives whose folders and files meet links."""
    top = p.folder.split("/")[0]
    for kind, pack_one in (("zip", _zip), ("tar", _tar)):
        for number, names in enumerate(([f"{top}/inner.txt"], [p.file], [f"{top}/new"], [top])):
            name = f"m{number}.{kind}"
            yield http("PUT", f"{APP}/file{query(path=name)}", pack_one(names))
            yield unpack(http, name, "")


def _zip(names: list[str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "merged")
    return made.getvalue()


def _tar(names: list[str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 6
            archive.addfile(info, io.BytesIO(b"merged"))
    return made.getvalue()


def split(path: str) -> tuple[str, str]:
    """The folder, and the name."""
    folder, _, name = path.rpartition("/")
    return folder, name


ALL: dict[str, Attack] = {**reading(), **writing(), **changing(), **archiving()}
